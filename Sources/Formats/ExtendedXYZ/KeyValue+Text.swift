extension KeyValue {
  /// The value that the content of a key means, quotes and brackets already taken off.
  ///
  /// Tried in the order of both peers: integers, reals, logicals, else text. One value is a scalar,
  /// several (between blanks or commas) a vector. What is not exactly a number of the grammar, such
  /// as `007`, `nan`, `1_000` or 20 digits, stays text: nothing of it is lost.
  init(content: String) {
    let parts = content.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
    guard let first = parts.first else {
      self = .text(content)
      return
    }
    if let integers = Self.all(parts, Self.integer) {
      self = parts.count == 1 ? .integer(integers[0]) : .integers(integers)
    } else if let reals = Self.all(parts, Self.real) {
      self = parts.count == 1 ? .real(reals[0]) : .reals(reals)
    } else if first.count <= 5, let logicals = Self.all(parts, { logicalWords[String($0) ?? ""] }) {
      self = parts.count == 1 ? .logical(logicals[0]) : .logicals(logicals)
    } else {
      self = .text(content)
    }
  }

  private static func all<T>(
    _ parts: [Substring.UTF8View], _ parse: (Substring.UTF8View) -> T?
  ) -> [T]? {
    var values: [T] = []
    values.reserveCapacity(parts.count)
    for part in parts {
      guard let value = parse(part) else { return nil }
      values.append(value)
    }
    return values
  }

  /// An integer without leading zeros; `0001` is a name, not a number.
  private static func integer(_ part: Substring.UTF8View) -> Int? {
    let digits =
      part.first == UInt8(ascii: "-") || part.first == UInt8(ascii: "+")
      ? part.dropFirst() : part
    guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
    return parsed(part, parseInteger)
  }

  private static func real(_ part: Substring.UTF8View) -> Double? {
    // Several leading zeros and no point: no integer above, so no number here.
    let digits = part.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    if digits.count > 1 && digits.first == UInt8(ascii: "0") && digits.allSatisfy(isDigit) {
      return nil
    }
    // 19 digits and more would lose some of them.
    if digits.count > 18 && digits.allSatisfy(isDigit) { return nil }
    return parsed(part, parseReal)
  }

  private static func parsed<T>(
    _ part: Substring.UTF8View, _ parse: (Span<UInt8>, inout Int) -> T?
  ) -> T? {
    var token = Array(part)
    token.append(contentsOf: repeatElement(UInt8(ascii: "\n"), count: LineBuffer.padding + 1))
    var position = 0
    guard let value = parse(token.span, &position), position == part.count else { return nil }
    return value
  }
}
