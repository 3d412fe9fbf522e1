/// The second line of a frame: `key=value` pairs and bare words (formats/extxyz.md, "Comment line").
///
/// One pass over the bytes without recursion, so that time is linear in the length of the line.
struct CommentLine {
  struct Entry {
    let name: String
    /// As it stands in the file; nil for a bare word.
    let raw: String?
    /// Without delimiters; "T" for a bare word.
    let content: String
    /// Brackets within brackets: a matrix or a list of lists, which we only pass through.
    let isNested: Bool
  }

  private(set) var entries: [Entry] = []

  /// - Parameter line: Without its end.
  /// - Throws: ``FormatProblem``.
  init(_ line: [UInt8]) throws(FormatProblem) {
    if let bad = line.first(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
      throw FormatProblem("expected a comment line of text, found the byte '\(excerpt([bad]))'")
    }
    guard let checked = String(validating: line, as: UTF8.self) else {
      throw FormatProblem("expected a comment line in UTF-8, found other bytes")
    }
    if Self.isProse(line) {
      entries = [Self.comment(checked)]
      return
    }
    do { entries = try Self.entries(line) } catch {
      // Neither cell nor columns are at stake: whatever it says, it is a comment.
      guard !Self.namesCellOrColumns(checked) else { throw error }
      entries = [Self.comment(checked)]
    }
  }

  private static func entries(_ line: [UInt8]) throws(FormatProblem) -> [Entry] {
    var entries: [Entry] = []
    var words: [(text: String, index: Int)] = []
    var scanner = Scanner(line: line)
    var seen: Set<String> = []
    while let item = try scanner.next() {
      switch item {
      case .pair(let entry):
        guard seen.insert(entry.name).inserted else {
          throw FormatProblem("expected each key once, found '\(excerpt(entry.name.utf8))' twice")
        }
        entries.append(entry)
      case .word(let word): words.append((word, entries.count))
      }
    }
    // Words that could all be keys are keys, as in ASE; others say something together.
    let areKeys = words.allSatisfy { isName($0.text.utf8) && seen.insert($0.text).inserted }
    if areKeys {
      for (offset, word) in words.enumerated() {
        let entry = Entry(name: word.text, raw: nil, content: "T", isNested: false)
        entries.insert(entry, at: word.index + offset)
      }
      return entries
    }
    for word in words { try checkHarmless(word.text) }
    let text = words.map(\.text).joined(separator: " ")
    if let index = entries.firstIndex(where: { $0.name == "comment" }) {
      entries[index] = comment(entries[index].content + " " + text)
    } else {
      entries.insert(comment(text), at: words[0].index)
    }
    return entries
  }

  private static func comment(_ text: String) -> Entry {
    let blank = text.replacing("\t", with: " ")
    let trimmed = blank.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    return Entry(name: "comment", raw: nil, content: String(trimmed), isNested: false)
  }

  private static let reserved = ["lattice", "properties", "pbc"]

  /// A word that begins like a cell or columns, such as `Lattice:`, is a mistake, not a comment.
  private static func checkHarmless(_ word: String) throws(FormatProblem) {
    let lower = word.lowercased()
    let isMeant = reserved.contains { lower.hasPrefix($0) || lower.contains($0 + "=") }
    guard !isMeant else {
      throw FormatProblem("expected key=value, found '\(excerpt(word.utf8))'")
    }
  }

  private static func namesCellOrColumns(_ line: String) -> Bool {
    let lower = line.lowercased()
    return reserved.contains { lower.contains($0) }
  }

  /// Whether this is the free text of plain XYZ: no pairs, not only names, no trace of our keys.
  private static func isProse(_ line: [UInt8]) -> Bool {
    guard !line.contains(where: { $0 == UInt8(ascii: "=") || isDelimiter($0) }) else {
      return false
    }
    let words = line.split(whereSeparator: isBlank)
    guard words.contains(where: { !isName($0) }) else { return false }
    return !words.contains { word in
      let lower = word.map { $0 | 0x20 }
      return reserved.contains { lower.starts(with: $0.utf8) }
    }
  }

  /// Bytes that open or close a value.
  @inline(__always)
  private static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: "{"), UInt8(ascii: "}"):
      true
    default: false
    }
  }

  private static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  private static func isBracket(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  // MARK: Scanner

  private struct Scanner {
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
        // Nothing but text up to the end: quotes and brackets are no more than signs there.
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
        guard !reserved.contains(name.lowercased()), let content = joinedValue() else {
          throw error
        }
        return .pair(Entry(name: name, raw: nil, content: content, isNested: false))
      }
    }

    /// A value of pieces, some in quotes or brackets, up to a blank outside of them, as ASE joins it:
    /// `"a b";` is `a b;`. Nil where a piece does not end, could be another pair, or where joining makes
    /// other numbers: `[1, 2]3`.
    private mutating func joinedValue() -> String? {
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
      guard closing == nil, let text = String(validating: content, as: UTF8.self),
        case .text = KeyValue(content: text)
      else { return nil }
      return text
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

  /// Whether a key needs no quotes: `[A-Za-z0-9_]`, with `-`, `.`, `:`, `/` and `+` behind the first.
  static func isPlainKey(_ name: String) -> Bool {
    guard let first = name.utf8.first, isNameByte(first) else { return false }
    return name.utf8.allSatisfy { isNameByte($0) || isWordSign($0) }
  }
}
