internal import Base
internal import Formats

/// One entry of a file of LAMMPS: three elements and some numbers.
struct ParameterEntry {
  var line: Int
  var elements: [String]
  var numbers: [Double]

  var title: String { elements.joined(separator: " ") }
}

/// The entries of a file of LAMMPS for three-body potentials: `.sw`, `.tersoff`.
struct ParameterText {
  /// What the entries of a kind of file hold.
  struct Layout: Sendable {
    /// Of the numbers, in order.
    var names: [String]
    /// Names of numbers that may be negative.
    var signed: Set<String>
    /// What else must hold for the numbers of an entry.
    var check: @Sendable ([Double]) -> String?
  }
  var entries: [ParameterEntry] = []
  /// eV in one unit of energy of the file.
  var energyUnit = 1.0

  private static let entryLimit = 64 * 64 * 64

  private let file: String
  private let layout: Layout
  private var words: [ArraySlice<UInt8>] = []
  private var firstLine = 0
  private var unitsLine: Int?

  private var wordCount: Int { 3 + layout.names.count }

  init(_ bytes: [UInt8], file: String, layout: Layout) throws(InputError) {
    (self.file, self.layout) = (file, layout)
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let comment = line.firstIndex(of: UInt8(ascii: "#")) ?? line.endIndex
      if unitsLine == nil, entries.isEmpty { try readUnits(line[comment...], line: number) }
      try read(line[..<comment], line: number)
    }
    if !words.isEmpty {
      throw InputError(
        file: file, line: firstLine, "expected \(wordCount) words in an entry, found \(words.count)"
      )
    }
  }

  /// `UNITS: metal` in a comment before the first entry.
  private mutating func readUnits(
    _ comment: ArraySlice<UInt8>, line: Int
  ) throws(InputError) {
    let words = Self.words(of: comment)
    let tag = Array("UNITS:".utf8)
    guard let index = words.firstIndex(where: { $0.starts(with: tag) }) else { return }
    let value =
      words[index].count > tag.count
      ? words[index].dropFirst(tag.count) : (words.dropFirst(index + 1).first ?? [])
    unitsLine = line
    switch String(decoding: value, as: UTF8.self) {
    case "metal": energyUnit = 1
    case "real": energyUnit = kilocaloriePerMole
    default:
      throw InputError(
        file: file, line: line, "UNITS: expected metal or real, found \(quoted(value))")
    }
  }

  private mutating func read(_ text: ArraySlice<UInt8>, line: Int) throws(InputError) {
    let found = Self.words(of: text)
    guard !found.isEmpty else { return }
    if words.isEmpty { firstLine = line }
    words += found
    guard words.count <= wordCount else {
      throw InputError(
        file: file, line: line,
        "expected \(wordCount) words in an entry (of three elements and \(layout.names.count) "
          + "numbers), found \(words.count)")
    }
    guard words.count == wordCount else { return }
    guard entries.count < Self.entryLimit else {
      throw InputError(file: file, line: line, "expected at most \(Self.entryLimit) entries")
    }
    var elements: [String] = []
    for word in words.prefix(3) {
      guard word.count <= 32, word.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
        let first = word.first, Self.isLetter(first)
      else {
        throw InputError(
          file: file, line: firstLine, "expected an element, found \(quoted(word))")
      }
      elements.append(String(decoding: word, as: UTF8.self))
    }
    var numbers: [Double] = []
    for (name, word) in zip(layout.names, words.dropFirst(3)) {
      guard let value = decimal(word) else {
        throw InputError(
          file: file, line: line, "\(name): expected a number, found \(quoted(word))")
      }
      guard value >= 0 || layout.signed.contains(name) else {
        throw InputError(file: file, line: line, "\(name): expected at least 0, found \(value)")
      }
      numbers.append(value)
    }
    if let complaint = layout.check(numbers) {
      throw InputError(file: file, line: line, complaint)
    }
    entries.append(ParameterEntry(line: firstLine, elements: elements, numbers: numbers))
    words.removeAll()
  }

  static func words(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    text.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte & 0xdf)
  }
}

extension ParameterText {
  /// The elements in the order of the file, and the entry of each three of them, shape [n, n, n].
  func table() throws(InputError) -> (elements: [String], found: [ParameterEntry?]) {
    guard !entries.isEmpty else {
      throw InputError(
        file: file, "expected an entry of \(wordCount) words, found none")
    }
    var elements: [String] = []
    for entry in entries {
      for element in entry.elements where !elements.contains(element) { elements.append(element) }
    }
    let count = elements.count
    guard count <= 64 else {
      throw InputError(file: file, "expected at most 64 elements, found \(count)")
    }
    var found = [ParameterEntry?](repeating: nil, count: count * count * count)
    for entry in entries {
      let kinds = entry.elements.map { elements.firstIndex(of: $0) ?? 0 }
      let index = (kinds[0] * count + kinds[1]) * count + kinds[2]
      if let earlier = found[index] {
        throw InputError(
          file: file, line: entry.line,
          "expected one entry \(entry.title), found another on line \(earlier.line)")
      }
      found[index] = entry
    }
    return (elements, found)
  }
}
