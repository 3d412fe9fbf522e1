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
      let text = sanitizedText(checked)
      entries = [Entry(name: "comment", raw: nil, content: text, isNested: false)]
      return
    }
    var scanner = Scanner(line: line)
    var seen: Set<String> = []
    while let entry = try scanner.next() {
      guard seen.insert(entry.name).inserted else {
        throw FormatProblem("expected each key once, found '\(excerpt(entry.name.utf8))' twice")
      }
      entries.append(entry)
    }
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
      return ["lattice", "properties", "pbc"].contains { lower.starts(with: $0.utf8) }
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

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  // MARK: Scanner

  private struct Scanner {
    let line: [UInt8]
    var position = 0

    mutating func skipBlanks() {
      while position < line.count && CommentLine.isBlank(line[position]) { position += 1 }
    }

    mutating func next() throws(FormatProblem) -> Entry? {
      skipBlanks()
      guard position < line.count else { return nil }
      let start = position
      while position < line.count && !CommentLine.isBlank(line[position])
        && line[position] != UInt8(ascii: "=")
      { position += 1 }
      let nameBytes = line[start..<position]
      guard CommentLine.isKey(nameBytes) else {
        throw FormatProblem("expected key=value, found '\(excerpt(line[start...]))'")
      }
      let name = String(decoding: nameBytes, as: UTF8.self)
      skipBlanks()
      guard position < line.count && line[position] == UInt8(ascii: "=") else {
        return Entry(name: name, raw: nil, content: "T", isNested: false)
      }
      position += 1
      let hadBlank = position < line.count && CommentLine.isBlank(line[position])
      skipBlanks()
      guard position < line.count else {
        return Entry(name: name, raw: "\"\"", content: "", isNested: false)
      }
      return try value(of: name, afterBlank: hadBlank)
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
        (content, isNested) = try bracketed(name)
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
    ) throws(FormatProblem) -> (content: String, isNested: Bool) {
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
      return (content, isNested)
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
      guard !bad, token.last != UInt8(ascii: "\\") else {
        throw FormatProblem(
          "expected a quoted value for \(excerpt(name.utf8)), found '\(excerpt(token))'")
      }
      return String(decoding: token, as: UTF8.self)
    }
  }

  /// A key as it may stand in a file: a name, with `-`, `.`, `:`, `/` and `+` allowed inside.
  static func isKey(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, isNameByte(first), !isDigit(first) else { return false }
    return bytes.allSatisfy { isNameByte($0) || isWordSign($0) }
  }
}
