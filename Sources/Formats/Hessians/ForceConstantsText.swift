/// phonopy's `FORCE_CONSTANTS`: the line `n n`, then for every pair `i j`, counted from 1, and three
/// rows of three numbers in eV/Å². The compact form begins with `p n` and has the rows of p atoms.
extension StoredHessian {
  /// The text, 15 decimals as phonopy writes them.
  ///
  /// - Throws: ``InputError`` for a mass-weighted Hessian or blocks that are not 3 x 3.
  public func forceConstantsText() throws(InputError) -> [UInt8] {
    try checkDense(format: "FORCE_CONSTANTS")
    let (n, values) = (siteCount, dense())
    let count = String(repeating: " ", count: max(0, 4 - "\(n)".utf8.count)) + "\(n)"
    var text = Array("\(count) \(count)\n".utf8)
    text.reserveCapacity(n * n * 220)
    for i in 0..<n {
      for j in 0..<n {
        text += "\(i + 1) \(j + 1)\n".utf8
        for a in 0..<3 {
          for b in 0..<3 {
            appendFixed(values[(3 * i + a) * 3 * n + 3 * j + b], to: &text)
          }
          text.append(0x0A)
        }
      }
    }
    return text
  }

  /// Reads a `FORCE_CONSTANTS` that holds all rows.
  ///
  /// - Throws: ``InputError`` with the line for what breaks the format, and for the compact form.
  public init(forceConstantsText bytes: [UInt8], name: String) throws(InputError) {
    guard case .full(let hessian) = try HessianFile.content(ofForceConstants: bytes, name: name)
    else { throw InputError(file: name, "expected full force constants, found compact ones") }
    self = hessian
  }

  /// The formats of others hold 3 x 3 blocks without masses.
  func checkDense(format: String) throws(InputError) {
    guard blockSize == 3 else {
      throw InputError(
        file: "-", "\(format): expected a Hessian of three dimensions, found \(blockSize)")
    }
    guard !massWeighted else {
      throw InputError(
        file: "-", "\(format): expected a Hessian without mass weights, found one with")
    }
  }
}

extension HessianFile {
  /// Reads `FORCE_CONSTANTS`: full (`n n`, or `n` as older phonopy wrote it), or compact (`p n`),
  /// whose pairs name the atom of each row.
  ///
  /// - Throws: ``InputError`` with the line for what breaks the format.
  static func content(ofForceConstants bytes: [UInt8], name: String) throws(InputError) -> Content {
    var words = WordReader(bytes: bytes, name: name)
    let rows = try words.integer()
    let n = words.isAtEndOfLine ? rows : try words.integer()
    guard rows > 0, rows <= n else {
      throw words.error("expected a row of blocks for each of some atoms, found \(rows) \(n)")
    }
    // A pair takes at least "1 1" and nine digits.
    guard n <= 1 << 20, rows * n <= bytes.count / 20 else {
      throw words.error("expected \(rows) x \(n) blocks, found \(bytes.count) bytes")
    }
    var values: [Double] = []
    values.reserveCapacity(9 * rows * n)
    var rowAtoms: [Int] = []
    for i in 0..<rows {
      for j in 0..<n {
        let (row, column) = (try words.integer(), try words.integer())
        if j == 0 { rowAtoms.append(rows == n ? i : row - 1) }
        guard row == rowAtoms[i] + 1, column == j + 1 else {
          throw words.error("expected the pair \(rowAtoms[i] + 1) \(j + 1), found \(row) \(column)")
        }
        for _ in 0..<9 { values.append(try words.real()) }
      }
    }
    try words.end()
    return rows == n
      ? .full(try StoredHessian(blocks: values, siteCount: n, file: name))
      : .compact(
        try CompactForceConstants(rowAtoms: rowAtoms, siteCount: n, values: values, file: name))
  }
}

/// Appends a number as `%22.15f` does, correctly rounded; at least one blank stands in front.
private func appendFixed(_ value: Double, to text: inout [UInt8]) {
  let magnitude = abs(value)
  guard magnitude < 1e18 else {
    // Shortest digits of a number this large have no fraction; exponents are legal in the format.
    text += " \(value)".utf8
    return
  }
  let whole = magnitude.rounded(.down)
  let decimals = quadrillionths(magnitude - whole)
  let carry = decimals == 1_000_000_000_000_000
  let digits = String(carry ? 0 : decimals)
  var number = value.sign == .minus ? "-" : ""
  number += String(UInt64(whole) + (carry ? 1 : 0)) + "."
  number += String(repeating: "0", count: 15 - digits.utf8.count) + digits
  text += [UInt8](repeating: 0x20, count: max(1, 22 - number.utf8.count)) + number.utf8
}

/// 10^15 times a number below 1, rounded to nearest, ties to even.
private func quadrillionths(_ fraction: Double) -> UInt64 {
  guard fraction.isNormal else { return 0 }
  // fraction = m / 2^k with m below 2^53, so that m · 10^15 has at most 103 bits.
  let product = UInt128(fraction.significandBitPattern | 1 << 52) * 1_000_000_000_000_000
  let k = 52 - Int(fraction.exponent)
  guard k < 128 else { return 0 }
  let quotient = product >> UInt128(k)
  let rest = product - quotient << UInt128(k)
  let half = UInt128(1) << UInt128(k - 1)
  let roundsUp = rest > half || (rest == half && quotient & 1 == 1)
  return UInt64(quotient + (roundsUp ? 1 : 0))
}

/// Words of a text, with the line they stand in.
struct WordReader {
  private let bytes: [UInt8]
  private let name: String
  private var offset = 0
  private var line = 1

  init(bytes: [UInt8], name: String) { (self.bytes, self.name) = (bytes, name) }

  func error(_ message: String) -> InputError { InputError(file: name, line: line, message) }

  private mutating func word() -> String? {
    while offset < bytes.count, bytes[offset] <= 0x20 {
      if bytes[offset] == 0x0A { line += 1 }
      offset += 1
    }
    let start = offset
    while offset < bytes.count, bytes[offset] > 0x20 { offset += 1 }
    return start == offset ? nil : String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// Whether nothing but blanks follows in the line.
  var isAtEndOfLine: Bool {
    (bytes[offset...].first { $0 == 0x0A || $0 > 0x20 } ?? 0x0A) == 0x0A
  }

  mutating func integer() throws(InputError) -> Int {
    guard let word = word() else { throw error("expected an integer, found the end") }
    guard let value = Int(word), value >= 0 else {
      throw error("expected an integer, found '\(printable(word))'")
    }
    return value
  }

  mutating func real() throws(InputError) -> Double {
    guard let word = word() else { throw error("expected a number, found the end") }
    guard word.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(word),
      value.isFinite
    else { throw error("expected a finite number, found '\(printable(word))'") }
    return value
  }

  mutating func end() throws(InputError) {
    if let word = word() { throw error("expected the end, found '\(printable(word))'") }
  }
}
