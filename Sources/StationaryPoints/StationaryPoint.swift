/// What the spectrum of the Hessian says of a point where the forces vanish.
public enum StationaryKind: String, Sendable {
  /// No negative mode.
  case minimum
  /// One negative mode.
  case saddle
  /// Two or more negative modes.
  case higher
  /// A mode beside the translations has no stiffness that could be told from zero.
  case degenerate
  /// Nobody counted.
  case unknown

  public init(negativeModes: Int) {
    self = negativeModes == 0 ? .minimum : negativeModes == 1 ? .saddle : .higher
  }
}

/// A structure on which no atom feels a force, and how it was found.
public struct StationaryPoint: Sendable {
  /// Cartesian, in Å, shape [N, 3].
  public var positions: [Double]
  /// In eV.
  public var energy: Double
  /// The largest length of a force in eV/Å.
  public var maximumForce: Double
  /// Hessians that were built to come here.
  public var steps: Int
  /// Products with them.
  public var iterations: Int
  /// Negative eigenvalues of the Hessian, by ``NegativeModes``; 0 where the kind is unknown.
  public var negativeModes: Int
  public var kind: StationaryKind
  /// The largest force before each step and at the end, in eV/Å.
  public var forceHistory: [Double]
}

/// Why there is no stationary point.
public enum StationaryPointError: Error, Equatable, Sendable, CustomStringConvertible {
  case notConverged(steps: Int, maximumForce: Double, goal: Double)
  /// The iteration can make no step that the energy's rounding leaves room for.
  case stalled(steps: Int, maximumForce: Double, goal: Double)
  case cellNotConverged(relaxations: Int, stress: Double, goal: Double)
  case noConvergedModes(iterations: Int)
  /// The cell of a structure cannot be relaxed without.
  case noStress

  public var description: String {
    switch self {
    case .notConverged(let steps, let force, let goal):
      "expected forces of at most \(short(goal)) eV/Å within \(steps) steps, found "
        + "\(short(force)) eV/Å (--max-steps, --max-force)"
    case .stalled(let steps, let force, let goal):
      "expected forces of at most \(short(goal)) eV/Å, found \(short(force)) eV/Å after "
        + "\(steps) steps, and no step lowers them: the potential has a kink there, or its "
        + "rounding is larger (--max-force)"
    case .cellNotConverged(let relaxations, let stress, let goal):
      "expected a stress within \(short(goal * RelaxedCell.gigapascal)) GPa of the pressure, found "
        + "\(short(stress * RelaxedCell.gigapascal)) GPa off after \(relaxations) steps of the cell "
        + "(--max-stress)"
    case .noStress: "expected a stress with the forces, found none (--cell)"
    case .noConvergedModes(let iterations):
      "expected the lowest mode within \(iterations) products with the Hessian, found none"
    }
  }
}

/// A number for a message: four significant digits.
func short(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var scale = 1.0
  while abs(value) * scale < 1000 && scale < 1e18 { scale *= 10 }
  return "\((value * scale).rounded() / scale)"
}
