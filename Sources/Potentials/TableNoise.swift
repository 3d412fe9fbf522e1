/// How rough the second derivatives of a tabulated potential are in a crystal (mathematics.md (2.14)).
///
/// Energies and forces show nothing of it, entropies of relaxed defects do: a jump of 1e-3 of a force
/// constant at every bond of 256 atoms is a tenth of k_B.
public struct TableNoise: Sendable, Equatable {
  /// The largest jump of a force constant at a knot of the tables, in eV/Å².
  public let jump: Double
  /// The largest element of the Hessian of the crystal, in eV/Å².
  public let forceConstant: Double

  public init(jump: Double, forceConstant: Double) {
    (self.jump, self.forceConstant) = (jump, forceConstant)
  }

  /// Jumps as parts of the largest force constant.
  public var ratio: Double { forceConstant > 0 ? jump / forceConstant : 0 }

  /// Beyond this ratio the tables are worth a warning.
  public static let warned = 1e-3
  /// Beyond this ratio a formation entropy is one of the rounding.
  public static let refused = 1e-1
}
