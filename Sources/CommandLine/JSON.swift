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

  fileprivate var members: String {
    zip(keys, values).map { "\(JSONValue.text($0).serialized):\($1.serialized)" }
      .joined(separator: ",")
  }
}

extension JSONValue {
  /// The value as JSON text without blanks; real numbers in their shortest round-trip form.
  public var serialized: String {
    switch self {
    case .integer(let value): String(value)
    case .real(let value): value.isFinite ? String(value) : "null"
    case .logical(let value): value ? "true" : "false"
    case .text(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.serialized).joined(separator: ",") + "]"
    case .object(let object): "{" + object.members + "}"
    case .null: "null"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7f {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
