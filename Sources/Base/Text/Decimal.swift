/// A finite decimal number: sign, digits with a point, exponent after e or E; nothing else.
///
/// `Double(String)` alone would take nan, inf, hexadecimal and what overflows.
@inlinable
public func decimal(_ word: some Collection<UInt8>) -> Double? {
  var rest = word[...]
  func digits() -> Int {
    let run = rest.prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(run.count)
    return run.count
  }
  if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
    rest = rest.dropFirst()
  }
  var count = digits()
  if rest.first == UInt8(ascii: ".") {
    rest = rest.dropFirst()
    count += digits()
  }
  guard count > 0 else { return nil }
  if let e = rest.first, e == UInt8(ascii: "e") || e == UInt8(ascii: "E") {
    rest = rest.dropFirst()
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      rest = rest.dropFirst()
    }
    guard digits() > 0 else { return nil }
  }
  guard rest.isEmpty, let value = Double(String(decoding: word, as: UTF8.self)), value.isFinite
  else { return nil }
  return value
}

/// The number of a text, or nil.
public func decimal(_ text: String) -> Double? { decimal(text.utf8) }
