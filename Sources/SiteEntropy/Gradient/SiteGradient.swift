internal import Crystal
public import Formats

/// What is differentiated.
public enum GradientTarget: Equatable, Sendable {
  /// The label S_i of an atom, counted from 0.
  case site(Int)
  /// S = Σ_i S_i.
  case total
}

/// The derivative of a label, or of their sum, by the positions of all atoms (mathematics.md (5.2)):
///
///     ∂S_i/∂u_n = -½ ⟨D log(A)[P_i], F (∂H̃/∂u_n) F⟩,   ∂S/∂u_n = -½ ⟨H̃⁺, ∂H̃/∂u_n⟩
///
/// Kind relative; as the labels of the reference are constants, those of kind absolute have the same
/// total.
public struct SiteGradient: Equatable, Sendable {
  public let target: GradientTarget
  /// The engine's name, as in `--engine`.
  public let engine: String
  /// k_B/Å, shape [N, 3]; zero along inactive axes. Its sum over n is zero.
  public let values: [Double]
  /// The spectrum of A; stable, as otherwise there is no gradient.
  public let ledger: ModeLedger
}

extension Frame {
  /// Adds the column `site_entropy_gradient`, or `entropy_gradient` for the total, and the keys that
  /// say what it is (formats/extxyz.md).
  ///
  /// - Precondition: One vector an atom.
  public mutating func setGradient(_ gradient: SiteGradient) {
    switch gradient.target {
    case .site(let atom):
      setColumn(Column("site_entropy_gradient", width: 3, .real(gradient.values)))
      setKey("gradient_site", .integer(atom))
    case .total: setColumn(Column("entropy_gradient", width: 3, .real(gradient.values)))
    }
    setKey("gradient_engine", .text(gradient.engine))
    setKey("gradient_units", .text("kB/Ang"))
  }
}
