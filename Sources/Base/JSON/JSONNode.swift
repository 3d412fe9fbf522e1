/// A value of a JSON text with its line, so that a complaint can say where it stands.
public struct JSONNode: Sendable {
  public enum Value: Sendable {
    case null
    case logical(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case array([JSONNode])
    /// In the order of the text; names are distinct.
    case object([(name: String, node: JSONNode)])
  }

  /// Of its first byte, counted from 1.
  public let line: Int
  public let value: Value

  /// Reads a text that is one value.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  init(line: Int, _ value: Value) { (self.line, self.value) = (line, value) }

  /// The value of a number, whole or not.
  public var number: Double? {
    switch value {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// What the value is, for a message.
  public var kind: String {
    switch value {
    case .null: "null"
    case .logical(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let text): quoted(text.utf8)
    case .array(let nodes): "an array of \(nodes.count)"
    case .object: "an object"
    }
  }
}

extension JSON {
  /// Reads a text that is one value.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    self.init(try JSONNode(parsing: bytes))
  }

  init(_ node: JSONNode) {
    self =
      switch node.value {
      case .null: .null
      case .logical(let value): .logical(value)
      case .integer(let value): .integer(value)
      case .real(let value): .real(value)
      case .text(let value): .text(value)
      case .array(let nodes): .array(nodes.map { JSON($0) })
      case .object(let members):
        .object(JSONObject(members.map { JSONMember(name: $0.name, value: JSON($0.node)) }))
      }
  }
}

/// Why bytes are no JSON: what was expected, what stands there, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public let expected: String
  public let found: String
  /// Of the byte, from 1.
  public let line: Int
  /// From 0.
  public let offset: Int

  /// For a text of a file, whose line is said apart.
  public var message: String { "expected \(expected), found \(found)" }

  /// For a text inside of something else, where lines say nothing.
  public var description: String { "expected \(expected) in JSON, found none at byte \(offset)" }
}
