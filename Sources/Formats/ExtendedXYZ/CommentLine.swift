internal import Base

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
        if seen.insert(entry.name).inserted {
          entries.append(entry)
        } else {
          try replace(entry, in: &entries)
        }
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

  /// A key that stands again: the last value counts, as in ASE, at the place of the first; what our
  /// numbers hang on must not say two things.
  private static func replace(_ entry: Entry, in entries: inout [Entry]) throws(FormatProblem) {
    guard let index = entries.firstIndex(where: { $0.name == entry.name }),
      entries[index].content != entry.content || entries[index].isNested != entry.isNested
    else { return }
    guard !reserved.contains(entry.name.lowercased()), isFree(entry.name) else {
      throw FormatProblem("expected one value of \(excerpt(entry.name.utf8)), found two")
    }
    entries[index] = entry
  }

  /// Whether nothing of ours depends on a key.
  static func isFree(_ name: String) -> Bool {
    guard name != "history", !name.hasPrefix("history_") else { return false }
    guard let entry = Vocabulary.key(name) else { return true }
    return entry.role == .identity && entry.type == .text
  }

  private static func comment(_ text: String) -> Entry {
    let blank = text.replacing("\t", with: " ")
    let trimmed = blank.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    return Entry(name: "comment", raw: nil, content: String(trimmed), isNested: false)
  }

  static let reserved = ["lattice", "properties", "pbc"]

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
  static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: "{"), UInt8(ascii: "}"):
      true
    default: false
    }
  }

  static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  static func isBracket(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Whether a key needs no quotes: `[A-Za-z0-9_]`, with `-`, `.`, `:`, `/` and `+` behind the first.
  static func isPlainKey(_ name: String) -> Bool {
    guard let first = name.utf8.first, isNameByte(first) else { return false }
    return name.utf8.allSatisfy { isNameByte($0) || isWordSign($0) }
  }
}
