internal import Glibc

/// A number for people: four significant digits.
public func fourDigits(_ value: Double) -> String {
  guard value != 0, value.isFinite else { return String(value) }
  let exponent = Int(log10(abs(value)).rounded(.down))
  guard !(-3..<7).contains(exponent) else {
    let unit = pow(10, Double(3 - exponent))
    return String((value * unit).rounded() / unit)
  }
  // In two steps, for 10^-exponent may overflow where the mantissa does not.
  var mantissa = value / pow(10, Double(exponent))
  mantissa = (mantissa * 1000).rounded() / 1000
  return abs(mantissa) < 10 ? "\(mantissa)e\(exponent)" : "\(mantissa / 10)e\(exponent + 1)"
}
