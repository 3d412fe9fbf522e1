/// A JSON value (RFC 8259); an object keeps the order of its members.
package enum JSON: Equatable, Sendable {
  case null
  case logical(Bool)
  /// A number without fraction and exponent that fits.
  case integer(Int)
  case real(Double)
  case text(String)
  case array([JSON])
  case object([JSONMember])

  /// The value of the first member of that name, or nil.
  package subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var text: String? { if case .text(let text) = self { text } else { nil } }
  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The value of a number, whole or not.
  package var real: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}

package struct JSONMember: Equatable, Sendable {
  package let name: String
  package let value: JSON

  package init(_ name: String, _ value: JSON) { (self.name, self.value) = (name, value) }
}

// MARK: Writing

extension JSON: CustomStringConvertible {
  /// The value as JSON on one line; numbers are the shortest that read back equal.
  ///
  /// - Precondition: Reals are finite: JSON has no others.
  package var description: String { text(afterComma: " ") }

  /// The same without blanks.
  package var compact: String { text(afterComma: "") }

  private func text(afterComma blank: String) -> String {
    var text = ""
    write(to: &text, blank)
    return text
  }

  private func write(to text: inout String, _ blank: String) {
    switch self {
    case .null: text += "null"
    case .logical(let value): text += value ? "true" : "false"
    case .integer(let value): text += value.description
    case .real(let value):
      precondition(value.isFinite, "JSON has no number for \(value)")
      text += value.description
    case .text(let value): Self.quote(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," + blank }
        value.write(to: &text, blank)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," + blank }
        Self.quote(member.name, to: &text)
        text += ":" + blank
        member.value.write(to: &text, blank)
      }
      text += "}"
    }
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case _ where scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

// MARK: Reading

/// Why bytes are no JSON: what, and at which byte.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package let expected: String
  package let offset: Int

  package var description: String { "expected \(expected) in JSON, found none at byte \(offset)" }
}

extension JSON {
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var offset = 0
  private var depth = 0

  /// Values inside values: bounds the recursion.
  private static let deepest = 64

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    let result = try value()
    skipBlanks()
    guard offset == bytes.count else { throw expected("the end") }
    return result
  }

  private func expected(_ what: String) -> JSONError { JSONError(expected: what, offset: offset) }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset += 1
    return true
  }

  private mutating func take(word: StaticString) -> Bool {
    let text = word.description.utf8
    guard bytes[offset...].starts(with: text) else { return false }
    offset += text.count
    return true
  }

  private mutating func value() throws(JSONError) -> JSON {
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.list() }
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t") where take(word: "true"): return .logical(true)
    case UInt8(ascii: "f") where take(word: "false"): return .logical(false)
    case UInt8(ascii: "n") where take(word: "null"): return .null
    default: return try number()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSON
  ) throws(JSONError) -> JSON {
    depth += 1
    guard depth <= Self.deepest else { throw expected("at most \(Self.deepest) levels") }
    offset += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSON {
    var members: [JSONMember] = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipBlanks()
      let name = try string()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw expected("':'") }
      members.append(JSONMember(name, try value()))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw expected("'}'") }
    return .object(members)
  }

  private mutating func list() throws(JSONError) -> JSON {
    var values: [JSON] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      values.append(try value())
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw expected("']'") }
    return .array(values)
  }

  /// number = [ "-" ] digits [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ], no leading zeros.
  private mutating func number() throws(JSONError) -> JSON {
    let start = offset
    _ = take(UInt8(ascii: "-"))
    let first = offset
    let count = skipDigits()
    guard count > 0, count == 1 || bytes[first] != UInt8(ascii: "0") else {
      offset = start
      throw expected("a value")
    }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard skipDigits() > 0 else { throw expected("a digit") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw expected("a digit") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    // "-0" is a real: an integer would lose its sign.
    if isWhole, let value = Int(text), value != 0 || text == "0" { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw expected("a finite number") }
    return .real(value)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func string() throws(JSONError) -> String {
    guard take(UInt8(ascii: "\"")) else { throw expected("'\"'") }
    var text: [UInt8] = []
    while let byte = next {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw expected("UTF-8 text")
        }
        return result
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw expected("a printable character")
      default: text.append(byte)
      }
    }
    throw expected("'\"'")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw expected("a character") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw expected("the second half of a character")
        }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
          throw expected("the second half of a character")
        }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw expected("a character") }
      text += Array(String(Character(scalar)).utf8)
    default: throw expected("a known escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw expected("four hexadecimal digits")
      }
      code = code << 4 + UInt32(digit)
      offset += 1
    }
    return code
  }
}
