/// Appends the shortest decimal that reads back as the same double, as `description` prints it.
///
/// - Precondition: `value` is finite.
@inline(__always)
func appendReal(_ value: Double, to output: inout [UInt8]) {
  if !appendShortReal(value, to: &output) { output.append(contentsOf: value.description.utf8) }
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
  var scaled = UInt64((magnitude * 1e8).rounded())
  guard Double(scaled) / 1e8 == magnitude else { return false }
  if value.sign == .minus { output.append(UInt8(ascii: "-")) }
  appendDigits(scaled / 100_000_000, to: &output)
  output.append(UInt8(ascii: "."))
  scaled %= 100_000_000
  var unit: UInt64 = 10_000_000
  repeat {
    output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: scaled / unit))
    scaled %= unit
    unit /= 10
  } while scaled != 0
  return true
}

func appendInteger(_ value: Int, to output: inout [UInt8]) {
  if value < 0 { output.append(UInt8(ascii: "-")) }
  appendDigits(UInt64(value.magnitude), to: &output)
}

@inline(__always)
private func appendDigits(_ value: UInt64, to output: inout [UInt8]) {
  var unit: UInt64 = 1
  while value / unit >= 10 { unit *= 10 }
  var rest = value
  while unit > 0 {
    output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest / unit))
    rest %= unit
    unit /= 10
  }
}
