/// The frame of a POSCAR, CONTCAR or SPOSCAR of VASP and phonopy, as ASE reads it.
///
///     comment
///     scale                  one number (negative: minus the volume in Å³) or three
///     a, b, c                three rows of three numbers
///     symbols                VASP 5; without them the comment names the elements
///     counts
///     [Selective dynamics]
///     Direct | Cartesian
///     positions              three numbers and, with selective dynamics, three T or F
///
/// What follows (velocities) is passed over. The frame is periodic along all three vectors; atoms that
/// may move only in part get the column `move_mask`.
public struct POSCARReader: FrameSequence {
  private let source: ByteSource
  private var isAtEnd = false

  public init(_ source: ByteSource) { self.source = source }

  /// Whether the first lines of a file are those of a POSCAR: numbers in lines 2 to 5.
  static func recognises(_ start: [UInt8]) -> Bool {
    let lines = start.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.count > 6 else { return false }
    return lines[1..<5].enumerated().allSatisfy { index, line in
      let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      let count = words.prefix { Self.real($0) != nil }.count
      return index == 0 ? words.count == count && [1, 3].contains(count) : count >= 3
    }
  }

  /// - Throws: ``InputError`` with the line for what is no POSCAR.
  public mutating func next() throws -> Frame? {
    guard !isAtEnd else { return nil }
    isAtEnd = true
    let bytes = try source.readToEnd(limit: 1 << 30)
    try Envelope.refuse(bytes, file: source.name, expected: "a POSCAR")
    var lines = Lines(bytes, name: source.name)
    let comment = try lines.words()
    let scales = try lines.reals(1...3)
    guard scales.count != 2, scales.allSatisfy({ $0 != 0 }),
      scales.count == 1 || scales.allSatisfy({ $0 > 0 })
    else { throw lines.error("a scale of one or three numbers", "\(scales)") }
    var rows: [Double] = []
    for _ in 0..<3 { rows += try lines.reals(3...3, acceptsMore: true) }
    let factors = try Self.factors(scales, rows, lines)
    let cell: [Double] = (0..<9).map { (k: Int) -> Double in rows[k] * factors[k % 3] }
    let (symbols, counts) = try Self.species(&lines, comment: comment)
    var species: [String] = []
    for (symbol, count) in zip(symbols, counts) {
      species += [String](repeating: symbol, count: count)
    }
    var word = try lines.words().first ?? ""
    let isSelective = word.lowercased().hasPrefix("s")
    if isSelective { word = try lines.words().first ?? "" }
    let isCartesian = ["c", "k"].contains(word.lowercased().prefix(1))
    var positions: [Double] = []
    var masks: [Bool] = []
    positions.reserveCapacity(3 * species.count)
    for _ in species {
      let words = try lines.words()
      let x: [Double] = words.prefix(3).compactMap { (word: String) -> Double? in Self.real(word) }
      guard x.count == 3 else {
        throw lines.error("three coordinates", words.joined(separator: " "))
      }
      for axis in 0..<3 {
        if isCartesian {
          positions.append(x[axis] * factors[axis])
        } else {
          positions.append(x[0] * cell[axis] + x[1] * cell[3 + axis] + x[2] * cell[6 + axis])
        }
      }
      guard isSelective else { continue }
      let flags = words.dropFirst(3).prefix(3).map { $0.uppercased() }
      guard flags.count == 3, flags.allSatisfy({ ["T", "F", ".TRUE.", ".FALSE."].contains($0) })
      else { throw lines.error("T or F three times", words.joined(separator: " ")) }
      masks += flags.map { $0.contains("T") }
    }
    guard cell.allSatisfy(\.isFinite), positions.allSatisfy(\.isFinite) else {
      throw lines.error("finite positions", "others")
    }
    let frameSource = FrameSource(file: source.name, frame: 1)
    var frame = Frame(
      species: species, positions: positions, cell: cell, source: frameSource)
    if masks.contains(false) {
      let rows = species.indices.map { Array(masks[3 * $0..<3 * $0 + 3]) }
      let isWhole = rows.allSatisfy { Set($0).count == 1 }
      frame.setColumn(
        isWhole
          ? Column("move_mask", .logical(rows.map { $0[0] }))
          : Column("move_mask", width: 3, .logical(masks)))
    }
    do throws(FormatProblem) { try checkLattice(frame.cell, periodic: frame.periodic) } catch {
      throw InputError(frameSource, error.message)
    }
    return frame
  }

  /// What the numbers of each axis are multiplied with.
  private static func factors(
    _ scales: [Double], _ rows: [Double], _ lines: Lines
  ) throws(InputError) -> [Double] {
    guard scales.count == 1 else { return scales }
    guard scales[0] < 0 else { return [scales[0], scales[0], scales[0]] }
    let first: Double = rows[0] * (rows[4] * rows[8] - rows[5] * rows[7])
    let second: Double = rows[1] * (rows[5] * rows[6] - rows[3] * rows[8])
    let third: Double = rows[2] * (rows[3] * rows[7] - rows[4] * rows[6])
    let volume = abs(first + second + third)
    guard volume > 0 else { throw lines.error("independent cell vectors", "volume 0") }
    // The cube root by Newton's method, to the last bits.
    let wanted = -scales[0] / volume
    var root = 1.0
    for _ in 0..<400 { root = (2 * root + wanted / (root * root)) / 3 }
    return [root, root, root]
  }

  /// Symbols and counts; ASE drops what follows `_` and `/` in a symbol.
  private static func species(
    _ lines: inout Lines, comment: [String]
  ) throws(InputError) -> (symbols: [String], counts: [Int]) {
    func element(_ word: String) -> String? {
      let symbol = String(word.prefix { $0 != "_" && $0 != "/" })
      return Element(symbol: symbol)?.symbol
    }
    func counts(_ words: [String]) -> [Int]? {
      let numbers = words.prefix { $0.first != "!" }.compactMap { Int($0) }
      guard !numbers.isEmpty, numbers.count == words.prefix(while: { $0.first != "!" }).count,
        numbers.allSatisfy({ (0...Int(Int32.max)).contains($0) })
      else { return nil }
      return numbers
    }
    let words = try lines.words()
    if let numbers = counts(words) {
      let symbols = comment.prefix(numbers.count).compactMap(element)
      guard symbols.count == numbers.count else {
        throw lines.error(
          "a line of symbols, or \(numbers.count) elements in the comment",
          comment.joined(separator: " "))
      }
      return (symbols, try checked(numbers, lines))
    }
    let names = words.prefix { $0.first != "!" }
    let symbols = names.compactMap(element)
    guard !symbols.isEmpty, symbols.count == names.count else {
      throw lines.error("symbols of elements", words.joined(separator: " "))
    }
    let line = try lines.words()
    guard let numbers = counts(line), numbers.count == symbols.count else {
      throw lines.error("\(symbols.count) counts of atoms", line.joined(separator: " "))
    }
    return (symbols, try checked(numbers, lines))
  }

  private static func checked(_ counts: [Int], _ lines: Lines) throws(InputError) -> [Int] {
    let total = counts.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    // An atom takes three digits and blanks at least.
    guard total > 0, total <= lines.byteCount / 6 else {
      throw lines.error("atoms with positions", "counts that add up to \(total)")
    }
    return counts
  }

  /// A finite decimal; Fortran's d is an e.
  private static func real(_ word: some StringProtocol) -> Double? {
    guard word.utf8.allSatisfy({ "0123456789+-.eEdD".utf8.contains($0) }) else { return nil }
    let text = String(word.map { $0 == "d" || $0 == "D" ? "e" : $0 })
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The words of each line.
  private struct Lines {
    private let lines: [Substring]
    private let name: String
    private var index = 0
    let byteCount: Int

    init(_ bytes: [UInt8], name: String) {
      byteCount = bytes.count
      lines = String(decoding: bytes, as: UTF8.self)
        .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      self.name = name
    }

    mutating func words() throws(InputError) -> [String] {
      guard index < lines.count else {
        index += 1
        throw error("a POSCAR", "the end")
      }
      index += 1
      return lines[index - 1].split(whereSeparator: \.isWhitespace).map(String.init)
    }

    mutating func reals(
      _ count: ClosedRange<Int>, acceptsMore: Bool = false
    ) throws(InputError) -> [Double] {
      let words = try words()
      let reals = words.prefix { POSCARReader.real($0) != nil }.compactMap { POSCARReader.real($0) }
      guard reals.count >= count.lowerBound,
        acceptsMore || (reals.count <= count.upperBound && reals.count == words.count)
      else { throw error("\(count.upperBound) numbers", words.joined(separator: " ")) }
      return acceptsMore ? Array(reals.prefix(count.upperBound)) : reals
    }

    func error(_ expected: String, _ found: String) -> InputError {
      InputError(
        file: name, frame: 1, line: index,
        "POSCAR: expected \(expected), found '\(printable(found))'")
    }
  }
}
