/// The number grammar of extended XYZ, read from bytes.
///
///     real    = [+-] (digits [. digits*] | . digits) [(e|E|d|D) [+-] digits]
///     integer = [+-] digits
///
/// NaN, infinities, hexadecimal and digit separators are no numbers. Reals are correctly rounded
/// (to nearest, ties to even); what exceeds the largest double is no number either.

/// The powers of ten that a double holds exactly.
private let exactPowers: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

private let integerPowers: [UInt64] = [
  1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
]

/// Reads the digits at `position`, eight at a time.
///
/// - Parameter value: Multiplied by 10^n and increased; wraps beyond 19 digits.
/// - Returns: n, the number of digits.
@inline(__always)
private func readDigits(
  _ bytes: Span<UInt8>, _ position: inout Int, into value: inout UInt64
) -> Int {
  let start = position
  while true {
    let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
    let digits = UInt64(littleEndian: word) ^ 0x3030_3030_3030_3030
    // A byte above 9 gets its high bit; a carry can only reach bytes behind the first such.
    let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
    let count = others.trailingZeroBitCount >> 3
    if count == 0 { break }
    // The first digit is the lowest byte: shifting up puts zeros in front of it.
    var pairs = digits << UInt64(64 - 8 * count)
    pairs = pairs &* 10 &+ (pairs >> 8)
    let high = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
    let low = ((pairs >> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
    value = value &* integerPowers[count] &+ ((high &+ low) >> 32)
    position &+= count
    if count < 8 { break }
  }
  return position &- start
}

/// Reads a real number at `position` and moves behind it.
///
/// - Precondition: 8 bytes may be read behind any position of the token.
/// - Returns: nil where there is no number, or one beyond the doubles; `position` is then anywhere.
@inline(__always)
func parseReal(_ bytes: Span<UInt8>, _ position: inout Int) -> Double? {
  let start = position
  let negative = bytes[position] == UInt8(ascii: "-")
  if negative || bytes[position] == UInt8(ascii: "+") { position &+= 1 }
  var mantissa: UInt64 = 0
  var digitCount = readDigits(bytes, &position, into: &mantissa)
  var exponent = 0
  if bytes[position] == UInt8(ascii: ".") {
    position &+= 1
    let count = readDigits(bytes, &position, into: &mantissa)
    digitCount &+= count
    exponent = 0 &- count
  }
  guard digitCount > 0 else { return nil }
  let letter = bytes[position] | 0x20
  if letter == UInt8(ascii: "e") || letter == UInt8(ascii: "d") {
    position &+= 1
    guard let power = parseExponent(bytes, &position) else { return nil }
    exponent &+= power
  }
  if digitCount <= 19 {
    if mantissa <= 1 << 53 && exponent >= -22 && exponent <= 0 {
      // Clinger (1990): both operands are exact, so that one division rounds once.
      let value = Double(mantissa) / exactPowers[0 &- exponent]
      return negative ? -value : value
    }
    if let value = roundedDecimal(mantissa, exponent) { return negative ? -value : value }
  }
  return parseRealSlowly(bytes, start..<position)
}

/// - Returns: The power, at most 10^6 in size: beyond it every double is 0 or infinite.
private func parseExponent(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
  let negative = bytes[position] == UInt8(ascii: "-")
  if negative || bytes[position] == UInt8(ascii: "+") { position += 1 }
  var power = 0
  let start = position
  while bytes[position] >= UInt8(ascii: "0") && bytes[position] <= UInt8(ascii: "9") {
    power = min(power * 10 + Int(bytes[position] - UInt8(ascii: "0")), 1_000_000)
    position += 1
  }
  guard position > start else { return nil }
  return negative ? -power : power
}

/// The library's conversion, correctly rounded for any number of digits.
@inline(never)
private func parseRealSlowly(_ bytes: Span<UInt8>, _ token: Range<Int>) -> Double? {
  var text = ""
  for index in token {
    let byte = bytes[index]
    let isD = byte | 0x20 == UInt8(ascii: "d")
    text.unicodeScalars.append(isD ? "e" : UnicodeScalar(byte))
  }
  guard let value = Double(text), value.isFinite else { return nil }
  return value
}

/// Reads an integer at `position` and moves behind it.
///
/// - Precondition: 8 bytes may be read behind any position of the token.
/// - Returns: nil where there is none, or one beyond 18 digits.
@inline(__always)
func parseInteger(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
  let negative = bytes[position] == UInt8(ascii: "-")
  if negative || bytes[position] == UInt8(ascii: "+") { position &+= 1 }
  var value: UInt64 = 0
  let start = position
  while bytes[position] == UInt8(ascii: "0") { position &+= 1 }
  let count = readDigits(bytes, &position, into: &value)
  guard position > start, count <= 18 else { return nil }
  return negative ? -Int(value) : Int(value)
}

// MARK: Rounding

/// 5^q, q = -55 ... 55, as a fraction in [1/2, 1) times a power of two: 128 bits, exact for q ≥ 0,
/// rounded up for q < 0 (too large by less than one unit in the last place).
private let powersOfFive: [(high: UInt64, low: UInt64)] = {
  (-55...55).map { q in
    var power: UInt128 = 1
    for _ in 0..<abs(q) { power *= 5 }
    power <<= UInt128(power.leadingZeroBitCount)
    if q < 0 {
      // 2^254 / power lies in (2^126, 2^127]: one division gives all 127 bits, one more the last.
      let (quotient, remainder) = power.dividingFullWidth((1 << 126, 0))
      let again = remainder << 1
      let carry = remainder >> 127 == 1 || again >= power
      let rest = carry ? again &- power : again
      power = (quotient << 1) + (carry ? 1 : 0) + (rest == 0 ? 0 : 1)
    }
    return (UInt64(truncatingIfNeeded: power >> 64), UInt64(truncatingIfNeeded: power))
  }
}()

/// mantissa · 10^exponent, rounded once; nil where this table cannot decide (then ask the library).
///
/// The 192-bit product p of the mantissa (normalised to 64 bits) and 5^q is exact for q ≥ 0 and
/// for q < 0 too large by less than 2^64, one unit of its upper 128 bits. So the upper 128 bits
/// decide the rounding, unless those below the 53 kept are a half to the last place.
private func roundedDecimal(_ mantissa: UInt64, _ exponent: Int) -> Double? {
  guard mantissa != 0 else { return 0 }
  guard exponent >= -55 && exponent <= 55 else { return nil }
  let power = powersOfFive[exponent + 55]
  let shift = mantissa.leadingZeroBitCount
  let normalized = mantissa << UInt64(shift)
  let first = normalized.multipliedFullWidth(by: power.high)
  let second = normalized.multipliedFullWidth(by: power.low)
  let (middle, carry) = first.low.addingReportingOverflow(second.high)
  var high = first.high &+ (carry ? 1 : 0)
  var low = middle
  let isExact = exponent >= 0
  let sticky = isExact && second.low != 0
  // The product of two numbers in [1/2, 1) lies in [1/4, 1): bring its first bit to the top.
  let extra = high.leadingZeroBitCount
  if extra == 1 {
    high = high << 1 | low >> 63
    low = low << 1 | second.low >> 63
  }
  var kept = high >> 11
  let below = high & 0x7FF
  // After that shift the true product lies above (high, low) - 2 and below (high, low) + 1.
  if !isExact && below == 0x400 && low <= 2 { return nil }
  if below > 0x400 || (below == 0x400 && (low != 0 || sticky || kept & 1 == 1)) { kept += 1 }
  // 5^q = fraction · 2^e with e = floor(q log2 5) + 1; 217706 / 2^16 is log2 10 to 16 bits.
  let binaryExponent = ((217_706 * exponent) >> 16) + 1 + 64 - shift - extra - 53
  // Always a normal number; a carry to 2^53 moves on to the exponent by itself.
  return Double(bitPattern: UInt64(binaryExponent + 1075) << 52 &+ (kept &- (1 << 52)))
}
