/// One named per-atom quantity of a frame.
///
/// The `width` values of atom i lie at `i * width ..< (i + 1) * width`.
public struct Column: Equatable, Sendable {
  public enum Values: Equatable, Sendable {
    case real([Double])
    case integer([Int])
    case logical([Bool])
    case text([String])

    public var count: Int {
      switch self {
      case .real(let values): values.count
      case .integer(let values): values.count
      case .logical(let values): values.count
      case .text(let values): values.count
      }
    }
  }

  /// Matches `[A-Za-z_][A-Za-z0-9_]*`.
  public let name: String
  /// Values an atom, at least 1.
  public let width: Int
  public var values: Values

  /// - Precondition: `width` divides the number of values.
  public init(_ name: String, width: Int = 1, _ values: Values) {
    precondition(width > 0 && values.count.isMultiple(of: width), "ragged column \(name)")
    (self.name, self.width, self.values) = (name, width, values)
  }
}

/// One value of the comment line of a frame (an "info key" in ASE).
public enum KeyValue: Equatable, Sendable {
  case integer(Int)
  case real(Double)
  case logical(Bool)
  case text(String)
  case integers([Int])
  case reals([Double])
  case logicals([Bool])
  case texts([String])
}

/// A key of a frame with its value.
public struct Key: Equatable, Sendable {
  public let name: String
  public let value: KeyValue
  /// The value as it stood in the file, quotes and brackets included; nil once it was set by us.
  /// The writer repeats it, so that a key which no tool touches passes through unchanged.
  public let rawText: String?

  public init(_ name: String, _ value: KeyValue, rawText: String? = nil) {
    (self.name, self.value, self.rawText) = (name, value, rawText)
  }
}
