internal import Base
public import Crystal
internal import Glibc
internal import LinearAlgebra

/// F = (H̃0)^(+1/2 inverse) and the lattice Green function H̃0⁺ of a periodic cell, by Bloch sums
/// (mathematics.md (4.1)).
///
///     F(k) = D(k)^(-1/2), without the d zero modes at k = 0,   F(R) = (1/M) Σ_k F(k) e^{ik·R}
///
/// The block of F between atoms (ℓ, α) and (ℓ', β) is that of R = ℓ' - ℓ: [α, β] of `root`.
/// Cost: M small eigenproblems of order S·d; an eigenproblem of the whole cell is never solved.
public struct Normalizer: Sendable {
  public let group: TranslationGroup
  public let dimension: Int
  public let basisCount: Int
  /// F(R), shape [M, S·d, S·d], in (eV/(Å² u))^(-1/2).
  public let root: [Double]
  /// H̃0⁺(R), shape [M, S·d, S·d], in Å² u/eV.
  public let green: [Double]
  /// The modes of H̃0 at the wave vectors of the cell.
  package let modes: BlochModes
  /// The spectrum of H̃0, in eV/(Å² u).
  public var ledger: ModeLedger { modes.ledger }
  /// Σ log λ over the positive spectrum of H̃0.
  public let logDeterminant: Double

  /// Degrees of freedom of a primitive cell.
  public var cellOrder: Int { basisCount * dimension }

  /// - Throws: ``SiteEntropyError/unstableReference(_:)`` where H̃0 has other zero modes than the
  ///   translations, or negative ones.
  public init(kernel: ReferenceKernel, group: TranslationGroup) throws(SiteEntropyError) {
    modes = try BlochModes(kernel, group)
    guard modes.ledger.isStable else { throw .unstableReference(modes.ledger) }
    (self.group, dimension, basisCount) = (group, kernel.dimension, kernel.basisCount)
    root = modes.betweenTranslations { 1 / $0.squareRoot() }
    green = modes.betweenTranslations { 1 / $0 }
    logDeterminant = modes.sum(of: { log($0) })
  }
}
