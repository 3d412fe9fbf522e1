/// Reads JSON as RFC 8259 says it: each name of an object once, finite numbers, at most 64 levels.
struct JSONParser {
  let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var depth = 0

  /// Values inside values: bounds the recursion.
  private static let deepest = 64

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONNode {
    let result = try value()
    skipBlanks()
    guard offset == bytes.count else { throw expected("the end of the text") }
    return result
  }

  private func expected(_ what: String) -> JSONError {
    let rest = bytes[offset..<min(offset + 12, bytes.count)]
    return JSONError(
      expected: what, found: rest.isEmpty ? "the end" : quoted(rest), line: line, offset: offset)
  }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      if byte == 0x0A { line += 1 }
      offset += 1
    }
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

  private mutating func value() throws(JSONError) -> JSONNode {
    skipBlanks()
    let start = line
    switch next {
    case UInt8(ascii: "{"):
      return JSONNode(
        line: start, try nested { (parser) throws(JSONError) in try parser.object() })
    case UInt8(ascii: "["):
      return JSONNode(line: start, try nested { (parser) throws(JSONError) in try parser.list() })
    case UInt8(ascii: "\""): return JSONNode(line: start, .text(try string()))
    case UInt8(ascii: "t") where take(word: "true"): return JSONNode(line: start, .logical(true))
    case UInt8(ascii: "f") where take(word: "false"): return JSONNode(line: start, .logical(false))
    case UInt8(ascii: "n") where take(word: "null"): return JSONNode(line: start, .null)
    default: return JSONNode(line: start, try number())
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONNode.Value
  ) throws(JSONError) -> JSONNode.Value {
    depth += 1
    guard depth <= Self.deepest else { throw expected("at most \(Self.deepest) levels") }
    offset += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSONNode.Value {
    var members: [(name: String, node: JSONNode)] = []
    var names: Set<String> = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw expected("a name in quotes") }
      let start = offset
      let name = try string()
      guard names.insert(name).inserted else {
        throw JSONError(
          expected: "each name once", found: "\(quoted(name.utf8)) again", line: line,
          offset: start)
      }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw expected("':'") }
      members.append((name, try value()))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw expected("',' or '}'") }
    return .object(members)
  }

  private mutating func list() throws(JSONError) -> JSONNode.Value {
    var nodes: [JSONNode] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      nodes.append(try value())
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw expected("',' or ']'") }
    return .array(nodes)
  }

  /// number = [ "-" ] digits [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ], no leading zeros.
  private mutating func number() throws(JSONError) -> JSONNode.Value {
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
    guard let value = Double(text), value.isFinite else {
      offset = start
      throw expected("a finite number")
    }
    return .real(value)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func string() throws(JSONError) -> String {
    guard take(UInt8(ascii: "\"")) else { throw expected("a string") }
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
      case 0..<0x20:
        offset -= 1
        throw expected("a string without control characters")
      default: text.append(byte)
      }
    }
    throw expected("the end of a string")
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
