/// Appends the shortest decimal that reads back as the same double, as `description` prints it; what
/// is not finite as `nan`, `inf`, `-inf`.
@inline(__always)
func appendReal(_ value: Double, to output: inout [UInt8]) {
  if !appendShortReal(value, to: &output) {
    output.append(contentsOf: (value.isNaN ? "nan" : value.description).utf8)
  }
}

/// Writes a value of at most 8 decimals; most of what other programs wrote is such.
///
/// With m = |value| 10^8 below 10^15 and m / 10^8 (one rounding of exact operands) equal to the
/// value, m / 10^8 has at most 15 digits. No two such decimals share a double, so that it is the
/// shortest one once its trailing zeros are gone.
///
/// - Returns: false where the value has more decimals or another form; nothing is then written.
@inline(__always)
private func appendShortReal(_ value: Double, to output: inout [UInt8]) -> Bool {
  let magnitude = value.magnitude
  guard magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e7) else { return false }
  let scaled = UInt64((magnitude * 1e8).rounded())
  guard Double(scaled) / 1e8 == magnitude else { return false }
  if value.sign == .minus { output.append(UInt8(ascii: "-")) }
  appendDigits(scaled / 100_000_000, to: &output)
  output.append(UInt8(ascii: "."))
  var digits = eightDigits(scaled % 100_000_000)
  // The first digit is the lowest byte: zeros at the end are zeros at the top.
  let count = max(1, 8 &- digits.leadingZeroBitCount >> 3)
  digits |= 0x3030_3030_3030_3030
  for _ in 0..<count {
    output.append(UInt8(truncatingIfNeeded: digits))
    digits >>= 8
  }
  return true
}

/// The 8 digits of a value below 10^8, the first in the lowest byte.
@inline(__always)
private func eightDigits(_ value: UInt64) -> UInt64 {
  // Halves, quarters, eighths: each step divides all parts at once, by a multiplication.
  let high = value / 10_000
  let fours = high | (value &- high &* 10_000) << 32
  let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
  let twos = hundreds | (fours &- hundreds &* 100) << 16
  let tens = ((twos &* 103) >> 10) & 0x000F_000F_000F_000F
  return tens | (twos &- tens &* 10) << 8
}

func appendInteger(_ value: Int, to output: inout [UInt8]) {
  if value < 0 { output.append(UInt8(ascii: "-")) }
  appendDigits(UInt64(value.magnitude), to: &output)
}

@inline(__always)
private func appendDigits(_ value: UInt64, to output: inout [UInt8]) {
  if value < 10 {
    output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
  } else {
    appendManyDigits(value, to: &output)
  }
}

private func appendManyDigits(_ value: UInt64, to output: inout [UInt8]) {
  var rest = value
  if rest >= 100_000_000 {
    appendDigits(rest / 100_000_000, to: &output)
    rest %= 100_000_000
  }
  var digits = eightDigits(rest)
  // No zeros in front, unless digits stand before these eight.
  let skipped = value >= 100_000_000 ? 0 : digits.trailingZeroBitCount >> 3
  digits = (digits | 0x3030_3030_3030_3030) >> UInt64(8 * skipped)
  for _ in skipped..<8 {
    output.append(UInt8(truncatingIfNeeded: digits))
    digits >>= 8
  }
}
