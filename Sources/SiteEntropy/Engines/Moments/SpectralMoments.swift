internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Labels of kinds absolute and quantum in a time in proportion to the sites, any number of
/// temperatures from one set of moments (mathematics.md (12.7), (12.8)).
///
///     S_i = s_α + Σ_j w_j r_i(s_j),   r_i(s) = s tr [(H̃+s)^-1 - (H̃0+s)^-1]_ii
///
/// s_α is the label of the site in the perfect crystal, from Bloch sums. E_s = F_s δH̃ F_s,
/// F_s = (H̃0+s)^(-1/2), is small as that of kind relative is, so that the same few steps from
/// X = s^(1/2) F_s e give r_i = tr Xᵀ [(1+E_s)^-1 - 1] X: H̃ itself, with its spectrum down to the
/// sound waves, would take many. The temperature is in w_j alone.
struct SpectralMoments: Sendable {
  let engine: MomentsEngine
  let kinds: [LabelKind]

  /// What the poles may leave of the tolerance.
  private static let shareOfPoles = 0.1
  /// The largest error of r that is asked for.
  private static let loosest = 0.05

  /// The labels of each kind, by site number.
  ///
  /// - Throws: ``SiteEntropyError``.
  func labels(
    of perturbation: SparsePerturbation, crystal: ReferenceCrystal
  ) throws(SiteEntropyError) -> [SiteLabels] {
    let normalizer = crystal.normalizer
    let (d, s) = (normalizer.dimension, normalizer.basisCount)
    let ledger = try bounds(perturbation.matrix, normalizer)
    let interval =
      0.999 * min(ledger.smallest, normalizer.ledger.smallest)...1.001
      * max(ledger.largest, normalizer.ledger.largest)
    // Two measures of d differ: each takes the error of a function at most d times.
    let most = Self.shareOfPoles * engine.tolerance / Double(2 * d)
    let poles = try PoleExpansion(
      of: kinds.map { kind in { kind.weight($0) } }, on: interval, tolerance: most)
    var labels = kinds.map { kind in
      let shares = normalizer.modes.means { kind.weight($0) }
      return (0..<perturbation.matrix.siteCount).map { shares[$0 % s] }
    }
    var estimates = poles.errors.map { Double(2 * d) * $0 }
    var (steps, radius) = (0, 0.0)
    for (j, shift) in poles.shifts.enumerated() {
      let largest = poles.weights.reduce(0) { max($0, abs($1[j])) }
      let allowed = min(
        Self.loosest,
        (1 - Self.shareOfPoles) * engine.tolerance / (Double(poles.shifts.count) * largest))
      let values = try engine.asking(allowed).values(
        of: perturbation, crystal: crystal,
        MomentsOperator(shift: shift, normalizer))
      for (index, weights) in poles.weights.enumerated() {
        for site in values.values.indices {
          labels[index][site] += weights[j] * values.values[site]
        }
        estimates[index] += abs(weights[j]) * values.estimate
      }
      (steps, radius) = (max(steps, values.steps), max(radius, values.radius))
    }
    return kinds.indices.map { index in
      SiteLabels(
        kind: kinds[index], engine: "moments", siteEntropy: labels[index],
        entropy: labels[index].reduce(0, +), ledger: ledger,
        errorEstimate: estimates[index],
        quadrature: SiteLabels.Quadrature(steps: steps, radius: radius))
    }
  }

  /// Bounds of the spectrum of H̃ but for the translations, in eV/(Å² u), as a ledger: those of
  /// A = F H̃ F times those of H̃0. Both matrices have as many negative modes.
  ///
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)``.
  private func bounds(
    _ matrix: BlockSparseMatrix, _ normalizer: Normalizer
  ) throws(SiteEntropyError) -> ModeLedger {
    let d = normalizer.dimension
    var ends = ModeLedger(
      zeroModes: d, negativeModes: 0, smallest: 1, largest: 1, expectedZeroModes: d)
    if matrix.blockCount > 0 { ends = try SpectrumEnds(matrix, normalizer).ledger }
    guard ends.isStable, ends.smallest > ModeLedger.zeroTolerance else {
      throw .unstableFrame(ends)
    }
    ends.smallest *= normalizer.ledger.smallest
    ends.largest *= normalizer.ledger.largest
    return ends
  }
}
