/// Units as programs write them beside numbers: `nm`, `eV/Angstrom^2`, `kJ mol-1 nm-1`, `Ry/au^2`.
///
/// A unit is a product of powers; `/` divides by all that follows up to the next blank, so that
/// `eV/angstrom.au` is eV/(Å a₀). Case does not matter.
package enum PhysicalUnit {
  /// Powers of length (Å), mass (u), time (fs), energy (eV), temperature (K), charge (e).
  private struct Dimension: Equatable {
    var powers: [Int]
    static let none = Dimension(powers: [0, 0, 0, 0, 0, 0])
  }

  private struct Value {
    var factor = 1.0
    var dimension = Dimension.none

    mutating func multiply(_ other: Value, power: Int) {
      for _ in 0..<abs(power) { factor = power > 0 ? factor * other.factor : factor / other.factor }
      for k in 0..<6 { dimension.powers[k] += power * other.dimension.powers[k] }
    }
  }

  private static func base(_ axis: Int, _ factor: Double) -> Value {
    var powers = Dimension.none.powers
    powers[axis] = 1
    return Value(factor: factor, dimension: Dimension(powers: powers))
  }

  /// CODATA 2018: Bohr radius in Å, Hartree in eV, electron mass in u, joule in eV, Avogadro's number.
  private static let bohr = 0.529177210903
  private static let hartree = 27.211386245988
  private static let joule = 1 / 1.602176634e-19
  private static let avogadro = 6.02214076e23
  private static let boltzmann = 8.617333262e-5

  private static let table: [String: Value] = {
    var table: [String: Value] = [:]
    let lengths = [
      "angstrom": 1, "angstroms": 1, "ang": 1, "a": 1, "å": 1, "nm": 10, "pm": 0.01, "um": 1e4,
      "µm": 1e4, "mm": 1e7, "cm": 1e8, "m": 1e10, "bohr": bohr, "a0": bohr, "au": bohr,
      "fm": 1e-5,
    ]
    let masses = [
      "u": 1, "amu": 1, "da": 1, "dalton": 1, "g": avogadro, "kg": 1000 * avogadro,
      "me": 5.48579909065e-4, "m_e": 5.48579909065e-4,
    ]
    let times = ["fs": 1, "ps": 1e3, "ns": 1e6, "us": 1e9, "s": 1e15, "as": 1e-3]
    let energies = [
      "ev": 1, "mev": 1e-3, "kev": 1e3, "hartree": hartree, "ha": hartree, "eh": hartree,
      "ry": hartree / 2, "rydberg": hartree / 2, "mry": hartree / 2000, "j": joule,
      "kj": 1e3 * joule, "cal": 4.184 * joule, "kcal": 4184 * joule,
    ]
    for (axis, units) in [lengths, masses, times, energies].enumerated() {
      for (name, factor) in units { table[name] = base(axis, factor) }
    }
    table["k"] = base(4, 1)
    table["e"] = base(5, 1)
    table["mol"] = Value(factor: avogadro)
    var entropy = base(3, boltzmann)
    entropy.multiply(base(4, 1), power: -1)
    table["kb"] = entropy
    // Newton and pascal: J/m and J/m³.
    for (name, factor, power) in [
      ("n", 1.0, -1), ("mdyn", 1e-8, -1), ("pa", 1, -3), ("gpa", 1e9, -3),
    ] {
      var force = base(3, factor * joule)
      force.multiply(base(0, 1e10), power: power)
      table[name] = force
    }
    return table
  }()

  /// What a number in the unit `name` is multiplied with to be in the unit `wanted`; nil for a unit that
  /// is unknown, or of another quantity.
  package static func factor(from name: String, to wanted: String) -> Double? {
    if name == wanted { return 1 }
    guard let found = parse(name), let target = parse(wanted),
      found.dimension == target.dimension
    else { return nil }
    // Equal units under other names leave every bit as it is.
    return found.factor == target.factor ? 1 : found.factor / target.factor
  }

  private static func parse(_ text: String) -> Value? {
    var value = Value()
    var isEmpty = true
    for word in text.lowercased().split(whereSeparator: { $0 == " " || $0 == "*" }) {
      for (index, product) in word.split(separator: "/", omittingEmptySubsequences: false)
        .enumerated()
      {
        for part in product.split(whereSeparator: { ".·()".contains($0) }) {
          guard let (unit, power) = power(part) else { return nil }
          value.multiply(unit, power: index == 0 ? power : -power)
          isEmpty = false
        }
      }
    }
    return isEmpty ? nil : value
  }

  /// `nm`, `nm-1`, `nm^-1`, `nm2`, `nm^2`.
  private static func power(_ text: Substring) -> (Value, Int)? {
    if let unit = table[String(text)] { return (unit, 1) }
    let tail = text.reversed().prefix { $0.isNumber || $0 == "-" || $0 == "+" }
    let digits = String(String(tail).reversed())
    var name = text.dropLast(digits.count)
    if name.last == "^" { name = name.dropLast() }
    guard let unit = table[String(name)], let power = Int(digits), power != 0, abs(power) <= 9
    else { return nil }
    return (unit, power)
  }
}
