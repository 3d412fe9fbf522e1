import Formats

/// Potential files of our own, whose tables are cubic polynomials: interpolation is exact, and all
/// derivatives are known.
enum MadeFiles {
  static let cutoff = 4.8
  private static let (steps, densitySteps) = (960, 800)
  static let (step, densityStep) = (0.005, 0.25)

  static func text(_ name: String) -> String? {
    switch name {
    case "made.eam": funcfl
    case "made.eam.alloy": setfl(isFinnisSinclair: false)
    case "made.eam.fs": setfl(isFinnisSinclair: true)
    case "made.tersoff": tersoff
    case "made-mod.tersoff": modified
    case "made-zbl.tersoff": nuclei
    default: nil
    }
  }

  /// F(ρ) of an element.
  static func embedding(_ element: String, _ rho: Double) -> Double {
    let scale = element == "Cu" ? 1.0 : 0.8
    return scale * rho * (-0.3 + rho * (2e-3 - 3e-6 * rho))
  }

  /// The density of an element at another.
  static func density(_ element: String, at other: String, _ r: Double) -> Double {
    guard r < cutoff else { return 0 }
    let x = cutoff - r
    let scale = (element == "Cu" ? 0.4 : 0.25) * (other == "Cu" ? 1 : 1.3)
    return scale * x * x * x
  }

  /// r φ(r).
  static func pair(_ one: String, _ other: String, _ r: Double) -> Double {
    guard r < cutoff else { return 0 }
    let x = cutoff - r
    return (one == other ? (one == "Cu" ? 0.9 : 0.7) : 0.85) * x * x * x
  }

  /// Effective charge of a funcfl file, linear in r; the pair function is its square.
  static func charge(_ r: Double) -> Double { r < cutoff ? 0.3 * (cutoff - r) : 0 }

  private static func table(_ count: Int, _ step: Double, _ f: (Double) -> Double) -> String {
    (0..<count).map { "\(f(Double($0) * step))" }.joined(separator: "\n") + "\n"
  }

  private static var grid: String {
    "\(densitySteps) \(densityStep) \(steps + 2) \(step) \(cutoff)\n"
  }

  private static var funcfl: String {
    "made of polynomials\n29 63.546 3.6 fcc\n" + grid
      + table(densitySteps, densityStep) { embedding("Cu", $0) }
      + table(steps + 2, step, charge)
      + table(steps + 2, step) { density("Cu", at: "Cu", $0) }
  }

  private static func setfl(isFinnisSinclair: Bool) -> String {
    let elements = ["Cu", "Al"]
    var text = "made of polynomials\nsecond line\n# third line\n2 Cu Al\n" + grid
    for element in elements {
      text += element == "Cu" ? "29 63.546 3.6 fcc\n" : "13 26.98 4.05 fcc\n"
      text += table(densitySteps, densityStep) { embedding(element, $0) }
      for other in isFinnisSinclair ? elements : ["Cu"] {
        text += table(steps + 2, step) { density(element, at: other, $0) }
      }
    }
    for (one, other) in [("Cu", "Cu"), ("Al", "Cu"), ("Al", "Al")] {
      text += table(steps + 2, step) { pair(one, other, $0) }
    }
    return text
  }

  /// Both forms of the screening, eight different entries.
  private static let tersoff = """
    # made for tests
    Si Si Si 3 0.9 1.1 2.5 1.7 -0.4 0.8 0.6 1.6 300 2.9 0.4 2.9 1500
    C  C  C  1 1.1 0.9 1.5 0.9 -0.5 0.7 0.5 2.0 310 2.6 0.4 3.3 1200
    Si C  C  1 0.8 0.7 2.0 1.5 -0.3 0.9 0.7 1.8 320 2.8 0.3 3.1 1400
    C  Si Si 3 0.7 1.0 1.8 1.1 -0.2 0.6 0.8 1.7 290 2.8 0.3 3.1 1400
    Si Si C  3 0.6 0.8 2.2 1.3 -0.6 1.0 0.0 0.0 0.0 2.7 0.3 0.0 0.0
    Si C  Si 1 0.5 0.6 2.1 1.4 -0.1 1.0 0.0 0.0 0.0 2.8 0.2 0.0 0.0
    C  C  Si 1 0.4 0.5 1.9 1.2 -0.7 1.0 0.0 0.0 0.0 2.75 0.25 0.0 0.0
    C  Si C  3 0.9 0.4 1.7 1.0 -0.8 1.0 0.0 0.0 0.0 2.65 0.3 0.0 0.0
    """

  /// Entries of tersoff/mod: both forms of the screening, bonds that end within the cells of tests.
  private static let modified = """
    Si Si Si 1 1.2 -0.4 0.8 1.0 1.5 150 2.9 0.4 3.2 1500 0.9 0.3 0.8 1.1 0.7 1.5
    C  C  C  3 0.9 -0.3 1.2 0.9 1.6 180 2.6 0.4 3.1 1400 0.8 0.2 1.0 0.9 0.5 2.1
    Si C  C  1 1.0 -0.5 0.9 1.1 1.4 160 2.8 0.3 3.3 1450 1.1 0.4 0.9 1.3 0.6 1.2
    C  Si Si 3 0.8 -0.2 1.1 0.8 1.7 170 2.8 0.3 3.3 1450 0.7 0.1 1.2 0.8 0.9 1.8
    Si Si C  3 0.7 -0.6 1.0 1.0 0.0 0.0 2.7 0.3 0.0 0.0 1.0 0.3 0.7 1.2 0.8 1.6
    Si C  Si 1 0.6 -0.1 1.0 1.0 0.0 0.0 2.8 0.2 0.0 0.0 1.0 0.2 1.1 1.0 0.4 2.0
    C  C  Si 1 0.5 -0.7 1.0 1.0 0.0 0.0 2.75 0.25 0.0 0.0 1.0 0.5 0.6 0.7 0.3 1.4
    C  Si C  3 1.1 -0.8 1.0 1.0 0.0 0.0 2.65 0.3 0.0 0.0 1.0 0.1 0.9 1.4 0.2 1.1
    """

  /// The entries of ``tersoff`` with nuclei that are felt at the distances of crystals.
  private static var nuclei: String {
    tersoff.split(separator: "\n").dropFirst().map { line in
      let charges = line.split(separator: " ").prefix(2).map { $0 == "Si" ? "14" : "6" }
      return "\(line) \(charges[0]) \(charges[1]) 2.0 4.0\n"
    }.joined()
  }
}
