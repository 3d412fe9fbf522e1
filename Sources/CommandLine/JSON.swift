internal import Formats

/// A value of the lines that `--json` writes. Keys keep the order they were given in.
public enum JSONValue: Sendable, Equatable {
  case integer(Int)
  /// A number that is not finite is written as null: JSON has no other word for it.
  case real(Double)
  case logical(Bool)
  case text(String)
  case array([JSONValue])
  case object(JSONObject)
  case null
}

/// An object with its keys in order.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private var keys: [String] = []
  private var values: [JSONValue] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { append(key, value) }
  }

  /// The value of a key, or nil.
  public subscript(key: String) -> JSONValue? {
    keys.firstIndex(of: key).map { values[$0] }
  }

  public mutating func append(_ key: String, _ value: JSONValue) {
    keys.append(key)
    values.append(value)
  }

  public mutating func append(contentsOf other: JSONObject) {
    keys += other.keys
    values += other.values
  }

  /// The object on one line, without its end.
  public var serialized: String { JSONValue.object(self).serialized }

  fileprivate var json: JSON {
    .object(zip(keys, values).map { JSONMember($0, $1.json) })
  }
}

extension JSONValue {
  /// The value as JSON text without blanks; real numbers in their shortest round-trip form.
  public var serialized: String { json.compact }

  fileprivate var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .real(let value): value.isFinite ? .real(value) : .null
    case .logical(let value): .logical(value)
    case .text(let value): .text(value)
    case .array(let values): .array(values.map(\.json))
    case .object(let object): object.json
    case .null: .null
    }
  }
}
