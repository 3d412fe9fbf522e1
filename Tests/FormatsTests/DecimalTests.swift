import Base
import Formats
import Testing

/// Reads numbers through a frame whose one unknown column holds them.
func readReals(_ tokens: [String]) throws -> [Double] {
  var text = "\(tokens.count)\nProperties=species:S:1:pos:R:3:q:R:1\n"
  for token in tokens { text += "H 0 0 0 \(token)\n" }
  return try #require(readFrames(text).first?.reals("q"))
}

@Suite struct DecimalTests {
  /// Compares bits with the library's conversion, which is correctly rounded.
  private func expectExact(_ tokens: [String], sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let values = try readReals(tokens)
    let wrong = zip(tokens, values).filter { token, value in
      Double(token)?.bitPattern != value.bitPattern
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))", sourceLocation: sourceLocation)
  }

  @Test func wellKnownHardCasesAreExact() throws {
    try expectExact([
      "0", "-0", "+0.0", "1.", ".5", "-.5e1", "007", "9007199254740993", "9007199254740992",
      "9007199254740993.0000000000000000000000001", "1e22", "1e23", "8.5e22", "1e-22", "1e-23",
      "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9406564584124654e-324", "2e-324",
      "1e-400", "1.7976931348623157e308", "1.7976931348623158e308",
      "123456789012345678901234567890",
      "0.000000000000000000000000000000000000000000000000000000000000000001",
      "1.00000000000000011102230246251565", "1.00000000000000011102230246251566",
      "6.0221409e+23", "1.6021766208E-19", "5e-324", "18446744073709551615", "18446744073709551616",
      "9999999999999999999", "0.30000000000000004", "1e55", "1e56", "1e-55", "1e-56",
    ])
  }

  @Test func aMillionRandomNumbersOfEveryFormAreExact() throws {
    var generator = SplitMix64(state: 3)
    var tokens: [String] = []
    tokens.reserveCapacity(1_000_000)
    while tokens.count < 1_000_000 {
      let bits = generator.next()
      switch tokens.count % 8 {
      case 0:  // shortest form of any double, subnormal ones included
        let value = Double(bitPattern: bits)
        if value.isFinite { tokens.append("\(value)") }
      case 1:  // coordinates, 17 digits
        tokens.append("\(50 * (Double(bits >> 11) / 0x1p53 - 0.5))")
      case 2:  // coordinates, 8 decimals
        let rest = String(bits % 100_000_000)
        let zeros = String(repeating: "0", count: 8 - rest.count)
        tokens.append("\(Int(bits >> 58)).\(zeros)\(rest)")
      case 3:  // any digits and a moderate power of ten
        tokens.append("\(bits >> (bits % 60))e\(Int(generator.next() % 121) - 60)")
      case 4:  // small labels
        tokens.append("\(1e-12 * Double(Int64(bitPattern: bits)) / 0x1p63)")
      case 5:  // nearly halfway between two doubles: the middle in decimal, cut to 19 digits
        let odd = (bits >> 11 | 1 << 52) * 2 + 1
        tokens.append("\(odd)e\(Int(bits % 30) - 25)")
      case 6:  // exactly halfway
        tokens.append("\((bits >> 11 | 1 << 52) * 2 + 1).0")
      default:  // subnormal
        tokens.append("\(Double(bitPattern: bits >> 12))")
      }
    }
    try expectExact(tokens)
  }

  @Test func aDExponentIsAnE() throws {
    #expect(
      try readReals(["1.0d0", "2.5D-3", "1.2345678901234567890123d2"]) == [
        1, 2.5e-3, 1.2345678901234567890123e2,
      ])
  }

  @Test(arguments: [
    "0x10", "1e999", "-1e309", "1_000", "1e", "1e+", ".", "-",
    "1.2.3", "1,5", "--1", "1e5.0", "\u{0661}", "1d", "e5", "+-1",
  ])
  func whatIsNoFiniteDecimalIsRefused(token: String) {
    #expect(throws: InputError.self) { try readReals([token]) }
  }

  @Test func whatIsWrittenIsTheShortestDecimal() throws {
    var generator = SplitMix64(state: 4)
    var values: [Double] = [0, -0.0, 1e-4, 9.9999e-5, 1e7, 9_999_999.99999999, 0.1 + 0.2]
    values.append(.leastNonzeroMagnitude)
    for _ in 0..<200_000 {
      let bits = generator.next()
      let any = Double(bitPattern: bits)
      if any.isFinite { values.append(any) }
      values.append(50 * (Double(bits >> 11) / 0x1p53 - 0.5))
      values.append(Double(Int64(bitPattern: bits) >> (10 + bits % 44)) / 1e8)
    }
    var frame = Frame(
      species: [String](repeating: "H", count: values.count),
      positions: [Double](repeating: 0, count: 3 * values.count),
      cell: [Double](repeating: 0, count: 9), periodic: [false, false, false])
    frame.setColumn(Column("q", .real(values)))
    let lines = try written(frame).split(separator: "\n").dropFirst(2)
    let wrong = zip(values, lines).filter { "H 0.0 0.0 0.0 \($0)" != $1 }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
  }

  @Test func integersAreWrittenWhole() throws {
    var values = [0, 9, 10, 99, 100, 12_345_678, 99_999_999, 100_000_000, 100_000_009]
    values += [1_000_000_000, 2_147_483_647, -1, -10, -2_147_483_648, 1_010_101_010]
    var generator = SplitMix64(state: 6)
    for _ in 0..<10_000 {
      let bits = generator.next()
      values.append(Int(Int32(truncatingIfNeeded: bits) >> Int32(bits >> 59)))
    }
    var frame = Frame(
      species: [String](repeating: "H", count: values.count),
      positions: [Double](repeating: 0, count: 3 * values.count),
      cell: [Double](repeating: 0, count: 9), periodic: [false, false, false])
    frame.setColumn(Column("n", .integer(values)))
    let lines = try written(frame).split(separator: "\n").dropFirst(2)
    let wrong = zip(values, lines).filter { "H 0.0 0.0 0.0 \($0)" != $1 }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
  }
}
