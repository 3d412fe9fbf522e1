internal import Base
internal import Formats

/// The words of a file of tables, behind some lines of comment; `#` starts a comment in the others.
struct TableText {
  let file: String
  private let bytes: [UInt8]
  /// Where each word lies, and on which line.
  private let words: [(range: Range<Int>, line: Int)]
  private var next = 0
  private let lineCount: Int

  /// Words not read yet.
  var remaining: Int { words.count - next }

  init(_ bytes: [UInt8], file: String, skipping comments: Int) throws(InputError) {
    (self.file, self.bytes) = (file, bytes)
    var words: [(range: Range<Int>, line: Int)] = []
    var line = 1
    var start: Int?
    var isComment = comments > 0
    for (index, byte) in bytes.enumerated() {
      let isBlank = byte == 0x20 || (0x09...0x0d).contains(byte)
      if byte == UInt8(ascii: "#") { isComment = true }
      if let from = start, isBlank || isComment {
        words.append((from..<index, line))
        start = nil
      }
      if byte == UInt8(ascii: "\n") {
        line += 1
        isComment = line <= comments
      } else if !isBlank, !isComment, start == nil {
        start = index
      }
    }
    if let start { words.append((start..<bytes.count, line)) }
    (self.words, lineCount) = (words, line)
  }

  /// The rest of the line on which the next word stands.
  ///
  /// - Parameter count: Words of lines that hold fewer are returned all the same.
  mutating func line(atLeast count: Int) -> (words: [ArraySlice<UInt8>], line: Int) {
    guard next < words.count else { return ([], lineCount) }
    let line = words[next].line
    var found: [ArraySlice<UInt8>] = []
    while next < words.count, words[next].line == line {
      found.append(bytes[words[next].range])
      next += 1
    }
    return (found, line)
  }

  /// So many finite numbers.
  mutating func numbers(_ count: Int, _ name: String) throws(InputError) -> [Double] {
    guard remaining >= count else {
      throw InputError(
        file: file, line: lineCount,
        "\(name): expected \(count) numbers, found the end of the file after \(remaining)")
    }
    var values: [Double] = []
    values.reserveCapacity(count)
    for word in words[next..<next + count] {
      guard let value = decimal(bytes[word.range]), abs(value) < 1e100 else {
        throw InputError(
          file: file, line: word.line,
          "\(name): expected a number, found \(quoted(bytes[word.range]))")
      }
      values.append(value)
    }
    next += count
    return values
  }

  func expectEnd() throws(InputError) {
    guard next < words.count else { return }
    throw InputError(
      file: file, line: words[next].line,
      "expected the end of the tables of eam, found \(remaining) more words "
        + "(eam/cd, adp and other styles are not read)")
  }

  static func words(ofLine number: Int, in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var line = 1
    var start = 0
    while line < number {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return [] }
      start = end + 1
      line += 1
    }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return bytes[start..<end].prefix { $0 != UInt8(ascii: "#") }
      .split { $0 == 0x20 || (0x09...0x0d).contains($0) }
  }

  static func integer(_ word: ArraySlice<UInt8>) -> Int? {
    Int(String(decoding: word, as: UTF8.self))
  }

  static func isLetter(_ byte: UInt8?) -> Bool {
    byte.map { (0x41...0x5a).contains($0 & 0xdf) } ?? false
  }

  /// eV in one unit of energy of a file whose first line may hold `UNITS:` and a word.
  static func energyUnit(of bytes: [UInt8], file: String) throws(InputError) -> Double {
    var words = bytes.prefix { $0 != UInt8(ascii: "\n") }
      .split { $0 == 0x20 || (0x09...0x0d).contains($0) }
    let tag = Array("UNITS:".utf8)
    guard let index = words.firstIndex(where: { $0.starts(with: tag) }) else { return 1 }
    if words[index].count > tag.count {
      words.insert(words[index].dropFirst(tag.count), at: index + 1)
    }
    let value = index + 1 < words.count ? words[index + 1] : []
    switch String(decoding: value, as: UTF8.self) {
    case "metal": return 1
    case "real": return kilocaloriePerMole
    default:
      throw InputError(
        file: file, line: 1, "UNITS: expected metal or real, found \(quoted(value))")
    }
  }
}

/// eV in 1 kcal/mol: 4184 J / (N_A e), exact in the SI.
let kilocaloriePerMole = 4184 / (6.02214076e23 * 1.602176634e-19)
