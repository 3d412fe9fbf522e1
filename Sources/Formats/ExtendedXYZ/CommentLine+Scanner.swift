internal import Base

extension CommentLine {
  /// Goes over the bytes of the line, one pair or word at a time.
  struct Scanner {
    let line: [UInt8]
    var position = 0

    mutating func skipBlanks() {
      while position < line.count && CommentLine.isBlank(line[position]) { position += 1 }
    }

    enum Item {
      case pair(Entry)
      /// What stands alone, without its quotes.
      case word(String)
    }

    mutating func next() throws(FormatProblem) -> Item? {
      skipBlanks()
      guard position < line.count else { return nil }
      let start = position
      let name: String
      do { name = try self.name() } catch {
        position = start
        if let word = wordWithBrackets() { return .word(word) }
        // Nothing but text up to the end: quotes and brackets are no more than signs there.
        position = start
        let rest = line[start...]
        guard !rest.contains(UInt8(ascii: "=")) else { throw error }
        position = line.count
        return .word(String(decoding: rest, as: UTF8.self))
      }
      skipBlanks()
      guard position < line.count && line[position] == UInt8(ascii: "=") else {
        return .word(name)
      }
      guard !name.isEmpty, !CommentLine.isBracket(line[start]) else {
        throw FormatProblem("expected key=value, found '\(excerpt(line[start...]))'")
      }
      position += 1
      let hadBlank = position < line.count && CommentLine.isBlank(line[position])
      skipBlanks()
      guard position < line.count else {
        return .pair(Entry(name: name, raw: "\"\"", content: "", isNested: false))
      }
      let valueStart = position
      do { return .pair(try value(of: name, afterBlank: hadBlank)) } catch {
        position = valueStart
        guard !reserved.contains(name.lowercased()),
          let content = joinedValue(mayBeOpen: CommentLine.isFree(name))
        else { throw error }
        return .pair(Entry(name: name, raw: nil, content: content, isNested: false))
      }
    }

    /// A value of pieces, some in quotes or brackets, up to a blank outside of them, as ASE joins it:
    /// `"a b";` is `a b;`. Nil where a piece does not end, could be another pair, or where joining makes
    /// other numbers: `[1, 2]3`.
    ///
    /// - Parameter mayBeOpen: Whether the last piece may go on to the end of the line without its
    ///   closing sign, as in ASE; never over what could be another pair.
    private mutating func joinedValue(mayBeOpen: Bool) -> String? {
      let start = position
      var content: [UInt8] = []
      var closing: UInt8?
      while position < line.count {
        let byte = line[position]
        if byte == UInt8(ascii: "\\") {
          position += 1
          guard position < line.count else { return nil }
          content.append(line[position])
        } else if let end = closing {
          // Brackets within brackets are no pieces of a text.
          if CommentLine.isBracket(byte), !CommentLine.isQuote(end) { return nil }
          if byte == end { closing = nil } else { content.append(byte) }
        } else if CommentLine.isBlank(byte) {
          break
        } else if byte == UInt8(ascii: "=") {
          return nil
        } else if CommentLine.isQuote(byte) {
          closing = byte
        } else if CommentLine.isBracket(byte) {
          closing = byte + 2
        } else {
          content.append(byte)
        }
        position += 1
      }
      guard let text = String(validating: content, as: UTF8.self) else { return nil }
      if closing != nil {
        return mayBeOpen && !line[start...].contains(UInt8(ascii: "=")) ? text : nil
      }
      guard case .text = KeyValue(content: text) else { return nil }
      return text
    }

    /// A word with closed quotes or brackets in it, `f[0]`, as it stands; nil for what could be a pair.
    private mutating func wordWithBrackets() -> String? {
      let start = position
      var closing: UInt8?
      while position < line.count {
        let byte = line[position]
        if byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\\") { return nil }
        if let end = closing {
          if byte == end { closing = nil }
        } else if CommentLine.isBlank(byte) {
          break
        } else if CommentLine.isQuote(byte) {
          closing = byte
        } else if CommentLine.isBracket(byte) {
          closing = byte + 2
        }
        position += 1
      }
      let word = String(decoding: line[start..<position], as: UTF8.self)
      skipBlanks()
      guard closing == nil, position == line.count || line[position] != UInt8(ascii: "=") else {
        return nil
      }
      return word
    }

    /// The word at the head: what stands before `=` or alone. In quotes it may hold anything.
    private mutating func name() throws(FormatProblem) -> String {
      let start = position
      let first = line[position]
      if CommentLine.isQuote(first) || CommentLine.isBracket(first) {
        let content =
          CommentLine.isQuote(first) ? try quoted("a word") : try bracketed("a word").raw
        guard
          position == line.count || CommentLine.isBlank(line[position])
            || line[position] == UInt8(ascii: "=")
        else { throw FormatProblem("expected key=value, found '\(excerpt(line[start...]))'") }
        return content
      }
      while position < line.count && !CommentLine.isBlank(line[position])
        && line[position] != UInt8(ascii: "=")
      { position += 1 }
      guard !line[start..<position].contains(where: CommentLine.isDelimiter) else {
        throw FormatProblem("expected key=value, found '\(excerpt(line[start...]))'")
      }
      return String(decoding: line[start..<position], as: UTF8.self)
    }

    private mutating func value(
      of name: String, afterBlank: Bool
    ) throws(FormatProblem) -> Entry {
      let start = position
      let content: String
      var isNested = false
      switch line[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        content = try quoted(name)
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        (content, isNested, _) = try bracketed(name)
      default:
        content = try bare(name, afterBlank: afterBlank)
      }
      guard position == line.count || CommentLine.isBlank(line[position]) else {
        throw FormatProblem(
          "expected a blank behind the value of \(excerpt(name.utf8)), "
            + "found '\(excerpt(line[position...]))'")
      }
      let raw = String(decoding: line[start..<position], as: UTF8.self)
      return Entry(name: name, raw: raw, content: content, isNested: isNested)
    }

    /// A string up to its closing quote; a backslash keeps the quote behind it.
    private mutating func quoted(_ name: String) throws(FormatProblem) -> String {
      let quote = line[position]
      position += 1
      var content: [UInt8] = []
      while position < line.count && line[position] != quote {
        if line[position] == UInt8(ascii: "\\"), position + 1 < line.count {
          let escaped = line[position + 1]
          position += 1
          if escaped != quote && escaped != UInt8(ascii: "\\") { content.append(0x5C) }
        }
        content.append(line[position])
        position += 1
      }
      try close(name)
      return String(decoding: content, as: UTF8.self)
    }

    private mutating func bracketed(
      _ name: String
    ) throws(FormatProblem) -> (content: String, isNested: Bool, raw: String) {
      let open = line[position]
      let closing = open + 2  // "[" and "]", "{" and "}" are two apart in ASCII.
      let start = position + 1
      var depth = 0
      var isNested = false
      while position < line.count {
        let byte = line[position]
        if byte == open {
          depth += 1
          isNested = isNested || depth > 1
        } else if byte == closing {
          depth -= 1
          if depth == 0 { break }
        } else if byte == UInt8(ascii: "\"") {
          position += 1
          while position < line.count && line[position] != UInt8(ascii: "\"") {
            position += line[position] == UInt8(ascii: "\\") ? 2 : 1
          }
        }
        position += 1
      }
      position = min(position, line.count)
      let content = String(decoding: line[start..<max(position, start)], as: UTF8.self)
      try close(name)
      return (content, isNested, String(decoding: line[start - 1..<position], as: UTF8.self))
    }

    private mutating func close(_ name: String) throws(FormatProblem) {
      guard position < line.count else {
        throw FormatProblem(
          "expected a closing quote or bracket for \(excerpt(name.utf8)), "
            + "found the end of the line")
      }
      position += 1
    }

    private mutating func bare(_ name: String, afterBlank: Bool) throws(FormatProblem) -> String {
      let start = position
      while position < line.count && !CommentLine.isBlank(line[position]) { position += 1 }
      let token = line[start..<position]
      // `a= b=c` could be a="" and b=c, or a="b=c".
      let bad = token.contains { byte in
        CommentLine.isDelimiter(byte) || (afterBlank && byte == UInt8(ascii: "="))
      }
      guard !bad, token.contains(where: { $0 != UInt8(ascii: "=") }),
        token.last != UInt8(ascii: "\\")
      else {
        throw FormatProblem(
          "expected a quoted value for \(excerpt(name.utf8)), found '\(excerpt(token))'")
      }
      return String(decoding: token, as: UTF8.self)
    }
  }
}
