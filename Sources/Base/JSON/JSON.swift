/// A JSON value (RFC 8259); an object keeps the order of its members.
public enum JSON: Equatable, Sendable {
  case null
  case logical(Bool)
  /// A number without fraction and exponent that fits.
  case integer(Int)
  /// A number that is not finite is written as null: JSON has no other word for it.
  case real(Double)
  case text(String)
  case array([JSON])
  case object(JSONObject)

  /// The value of a member of that name, or nil.
  public subscript(name: String) -> JSON? {
    if case .object(let object) = self { object[name] } else { nil }
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }
  public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The value of a number, whole or not.
  public var real: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}

/// The members of an object in order; whoever makes one gives each name once.
public struct JSONObject: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  public private(set) var members: [JSONMember] = []

  public init() {}

  init(_ members: [JSONMember]) { self.members = members }

  public init(dictionaryLiteral elements: (String, JSON)...) {
    members = elements.map { JSONMember(name: $0, value: $1) }
  }

  public subscript(name: String) -> JSON? { members.first { $0.name == name }?.value }

  public mutating func append(_ name: String, _ value: JSON) {
    members.append(JSONMember(name: name, value: value))
  }

  public mutating func append(contentsOf other: JSONObject) { members += other.members }

  /// The object on one line without blanks and without its end.
  public var compact: String { JSON.object(self).compact }
}

public struct JSONMember: Equatable, Sendable {
  public let name: String
  public let value: JSON
}
