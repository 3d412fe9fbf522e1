internal import Formats

/// A value of a JSON text with its line, so that a complaint can say where it stands.
struct JSONNode: Sendable {
  enum Value: Sendable {
    case null
    case logical(Bool)
    case number(Double)
    case text(String)
    case array([JSONNode])
    /// In the order of the text; names are distinct.
    case object([(name: String, node: JSONNode)])
  }
  let line: Int
  let value: Value

  /// What the value is, for a message.
  var kind: String {
    switch value {
    case .null: "null"
    case .logical(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let text): quoted(text.utf8)
    case .array(let nodes): "an array of \(nodes.count)"
    case .object: "an object"
    }
  }
}

/// Reads JSON: each name once, finite numbers, at most 16 levels.
struct JSONText {
  private let bytes: [UInt8]
  private let file: String
  private var at = 0
  private var line = 1

  static func parse(_ bytes: [UInt8], file: String) throws(InputError) -> JSONNode {
    var text = JSONText(bytes: bytes, file: file)
    let node = try text.value(depth: 0)
    text.skipSpace()
    guard text.at == bytes.count else { throw text.error("the end of the text") }
    return node
  }

  private init(bytes: [UInt8], file: String) { (self.bytes, self.file) = (bytes, file) }

  private func error(_ expected: String) -> InputError {
    let found = at < bytes.count ? quoted(bytes[at..<min(at + 12, bytes.count)]) : "the end"
    return InputError(file: file, line: line, "expected \(expected), found \(found)")
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0d).contains(byte) {
      if byte == 0x0a { line += 1 }
      at += 1
    }
  }

  private mutating func take(_ word: String) -> Bool {
    guard bytes[at...].starts(with: word.utf8) else { return false }
    at += word.utf8.count
    return true
  }

  private mutating func value(depth: Int) throws(InputError) -> JSONNode {
    skipSpace()
    guard depth < 16 else { throw error("at most 16 levels") }
    let start = line
    switch next {
    case UInt8(ascii: "{"): return JSONNode(line: start, value: try object(depth: depth))
    case UInt8(ascii: "["): return JSONNode(line: start, value: try array(depth: depth))
    case UInt8(ascii: "\""): return JSONNode(line: start, value: .text(try string()))
    default: break
    }
    if take("true") { return JSONNode(line: start, value: .logical(true)) }
    if take("false") { return JSONNode(line: start, value: .logical(false)) }
    if take("null") { return JSONNode(line: start, value: .null) }
    let word = bytes[at...].prefix { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard let number = decimal(word) else { throw error("a value") }
    at += word.count
    return JSONNode(line: start, value: .number(number))
  }

  private mutating func array(depth: Int) throws(InputError) -> JSONNode.Value {
    at += 1
    var nodes: [JSONNode] = []
    skipSpace()
    if take("]") { return .array(nodes) }
    while true {
      nodes.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(nodes) }
      guard take(",") else { throw error("',' or ']'") }
    }
  }

  private mutating func object(depth: Int) throws(InputError) -> JSONNode.Value {
    at += 1
    var members: [(name: String, node: JSONNode)] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a name in quotes") }
      let name = try string()
      guard names.insert(name).inserted else {
        throw InputError(
          file: file, line: line, "expected each name once, found \(quoted(name.utf8)) again")
      }
      skipSpace()
      guard take(":") else { throw error("':'") }
      members.append((name, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("',' or '}'") }
    }
  }

  /// A string; of the escapes those of one character, as nothing here needs others.
  private mutating func string() throws(InputError) -> String {
    at += 1
    var content: [UInt8] = []
    while let byte = next {
      guard byte >= 0x20 else { throw error("a string without control characters") }
      at += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        content.append(byte)
        continue
      }
      switch next {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(bytes[at])
      case UInt8(ascii: "n"): content.append(0x0a)
      case UInt8(ascii: "t"): content.append(0x09)
      default: throw error("an escape \\\" \\\\ \\/ \\n or \\t")
      }
      at += 1
    }
    throw error("the end of a string")
  }
}
