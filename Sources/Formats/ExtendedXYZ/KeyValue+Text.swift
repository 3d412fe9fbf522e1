extension KeyValue {
  /// The value that the content of a key means, quotes and brackets already taken off.
  ///
  /// Tried in the order of both peers: integers, reals, logicals, else text. One value is a scalar,
  /// several (between blanks or commas) a vector. What is not exactly a number of the grammar, such
  /// as `007`, `nan`, `1_000` or 20 digits, stays text: nothing of it is lost.
  init(content: String) {
    var bytes = Array(content.utf8)
    let parts = Self.parts(bytes)
    // What the number grammar may load behind a token.
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "\n"), count: LineBuffer.padding + 1))
    if parts.isEmpty {
      self = .text(content)
    } else if let integers = Self.all(parts, { Self.integer(bytes, $0) }) {
      self = parts.count == 1 ? .integer(integers[0]) : .integers(integers)
    } else if let reals = Self.all(parts, { Self.real(bytes, $0) }) {
      self = parts.count == 1 ? .real(reals[0]) : .reals(reals)
    } else if let logicals = Self.all(parts, { parseLogical(bytes.span.extracting($0)) }) {
      self = parts.count == 1 ? .logical(logicals[0]) : .logicals(logicals)
    } else {
      self = .text(content)
    }
  }

  /// The tokens between blanks and commas.
  private static func parts(_ bytes: [UInt8]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start: Int?
    for (index, byte) in bytes.enumerated() {
      if byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ",") {
        if let begin = start { parts.append(begin..<index) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let start { parts.append(start..<bytes.count) }
    return parts
  }

  private static func all<T>(_ parts: [Range<Int>], _ parse: (Range<Int>) -> T?) -> [T]? {
    guard let first = parse(parts[0]) else { return nil }
    var values = [first]
    for part in parts.dropFirst() {
      guard let value = parse(part) else { return nil }
      values.append(value)
    }
    return values
  }

  /// An integer without leading zeros; `0001` is a name, not a number.
  private static func integer(_ bytes: [UInt8], _ part: Range<Int>) -> Int? {
    var position = part.lowerBound
    guard !hasLeadingZeros(bytes, part), let value = parseInteger(bytes.span, &position),
      position == part.upperBound
    else { return nil }
    return value
  }

  private static func real(_ bytes: [UInt8], _ part: Range<Int>) -> Double? {
    var position = part.lowerBound
    guard let value = parseReal(bytes.span, &position), position == part.upperBound else {
      return nil
    }
    // Digits only: no integer above, so that zeros in front or digits behind the 18th would go.
    let isWhole = bytes[part].allSatisfy { isDigit($0) || isSign($0) }
    return isWhole && (part.count > 18 || hasLeadingZeros(bytes, part)) ? nil : value
  }

  private static func hasLeadingZeros(_ bytes: [UInt8], _ part: Range<Int>) -> Bool {
    let start = isSign(bytes[part.lowerBound]) ? part.lowerBound + 1 : part.lowerBound
    return part.upperBound - start > 1 && bytes[start] == UInt8(ascii: "0")
      && isDigit(bytes[start + 1])
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
  }
}
