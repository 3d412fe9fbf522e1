/// Every column and key that we know, in one table (`Vocabulary.columns`, `Vocabulary.keys`): its
/// type, its unit, who gives it, and what makes it wrong.
///
/// Readers, writers and tools ask here; a name that is not in the table passes through them all.
public enum Vocabulary {
  /// What a column or key tells of.
  public enum Role: Sendable {
    /// Who an atom or a frame is, and where it comes from: true whatever happens to the positions.
    case identity
    /// Positions and cell.
    case geometry
    /// The sites of the reference crystal; xyz-label gives them.
    case reference
    /// How atoms and sites of a reference match.
    case match
    /// How the atoms were displaced.
    case displacement
    /// What was computed from the positions alone: energies, forces, Hessians.
    case calculation
    /// What was computed from positions and reference: entropies, gradients, predictions.
    case entropy

    /// Whether a column or key of this role is wrong after a change.
    func isWrong(after change: Change) -> Bool {
      switch (self, change) {
      case (.calculation, .positions), (.entropy, _), (.match, .reference): true
      default: false
      }
    }
  }

  /// What a tool may change of a frame.
  public enum Change: Sendable {
    case positions
    /// The sites that the atoms belong to.
    case reference
  }

  public enum ValueType: Sendable { case real, integer, logical, text }

  public struct Entry: Sendable {
    public let name: String
    public let type: ValueType
    /// Values of an atom or of the key; 0 where their number may differ.
    public let width: Int
    /// As the attribute `unit` of HDF5 has it; nil for pure numbers and text.
    public let unit: String?
    public let role: Role
    /// The command that gives it, for messages; nil where other programs do.
    public let command: String?
    /// Whether another type or width is refused: our own names, and those that our numbers hang on.
    public let isFixed: Bool
    /// Whether a column has a fixed place in text: that of the table, in front of all others.
    public let isPlaced: Bool
    /// Whether HDF5 says it once for the whole file as well, under /parameters.
    public let isParameter: Bool

    init(
      _ name: String, _ type: ValueType, width: Int = 1, unit: String? = nil, _ role: Role,
      by command: String? = nil, isFixed: Bool = false, isPlaced: Bool = false,
      isParameter: Bool = false
    ) {
      (self.name, self.type, self.width, self.unit) = (name, type, width, unit)
      (self.role, self.command) = (role, command)
      (self.isFixed, self.isPlaced, self.isParameter) = (isFixed, isPlaced, isParameter)
    }
  }

  public static func column(_ name: String) -> Entry? {
    columnsByName[name]
      ?? (isAtTemperature(name, of: "site_entropy")
        ? Entry(name, .real, unit: entropy, .entropy, by: "site-entropy", isFixed: true) : nil)
  }

  public static func key(_ name: String) -> Entry? {
    keysByName[name]
      ?? (isAtTemperature(name, of: "entropy")
        ? Entry(name, .real, unit: entropy, .entropy, by: "site-entropy") : nil)
  }

  /// Whether a name is that of a quantity at one of several temperatures, as `entropy_300K` is.
  public static func isAtTemperature(_ name: String, of quantity: String) -> Bool {
    guard name.hasPrefix(quantity + "_"), name.hasSuffix("K"),
      let temperature = Double(name.dropFirst(quantity.count + 1).dropLast())
    else { return false }
    return temperature > 0 && temperature.isFinite
  }

  private static let columnsByName = byName(columns)
  private static let keysByName = byName(keys)

  private static func byName(_ entries: [Entry]) -> [String: Entry] {
    Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
  }
}

extension Frame {
  /// Drops every column and key that a change makes wrong: results of other positions or of another
  /// reference must not outlive them.
  public mutating func removeResults(after change: Vocabulary.Change) {
    for column in columns
    where Vocabulary.column(column.name)?.role.isWrong(after: change) ?? false {
      removeColumn(column.name)
    }
    for key in keys where Vocabulary.key(key.name)?.role.isWrong(after: change) ?? false {
      removeKey(key.name)
    }
  }
}
