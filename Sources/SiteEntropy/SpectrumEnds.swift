internal import Base
internal import Crystal
public import Formats
internal import Glibc
package import LinearAlgebra
public import Potentials

extension ReferenceCrystal {
  /// The spectrum of A = F H̃ F of a frame as far as its stability is concerned: the extreme
  /// eigenvalues and the number of those that are not positive.
  ///
  /// Cores up to order 1500 are decomposed. Of larger ones Lanczos' method finds the ends, to 1e-10
  /// or better, from eight vectors drawn at random from a fixed seed; the count of negative modes is
  /// then that of one process, a lower bound.
  ///
  /// - Throws: `InputError` for the frame's own faults, ``SiteEntropyError``.
  public func ledger(of frame: Frame, potential: any Potential) throws -> ModeLedger {
    let perturbation =
      try localPerturbation(of: frame, potential: potential)
      ?? SparsePerturbation(
        to: potential.prepared(for: frame).hessian(positions: positions(of: frame)), crystal: self)
    if perturbation.coreOrder <= 1500 {
      let core = perturbation.core(basisCount: normalizer.basisCount)
      return try CoreEngine().labels(of: core, at: [], normalizer: normalizer).ledger
    }
    return try SpectrumEnds(perturbation.matrix, normalizer).ledger
  }
}

/// The extreme eigenvalues of E = F δH̃ F by Lanczos' method, eight processes side by side.
package struct SpectrumEnds {
  private static let width = 8
  private static let stepLimit = 400
  /// The error of an end is about the square of its residual, both relative to the larger of 1 and
  /// the norm of E.
  private static let residual = 1e-6
  /// Where only a sign is wanted, the probability that the lower end lies beyond what is believed.
  private static let probabilityOfSign = 1e-9
  /// The steps that a sign takes at least.
  private static let stepsOfSign = 8
  /// The residual, relative to the distance from 0, of a lower end that is known well enough after many
  /// steps, where it is so near 0 that the theorem would ask for more than there are.
  private static let residualOfSign = 0.05
  private static let manySteps = 100

  package let ledger: ModeLedger

  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - leastSteps: Steps to make even if both ends are known before.
  ///   - signIsEnough: Whether a ledger will do whose ends are rough where the lower one is known to
  ///     be positive.
  /// - Throws: ``SiteEntropyError``.
  package init(
    _ perturbation: BlockSparseMatrix, _ normalizer: Normalizer, leastSteps: Int = 1,
    signIsEnough: Bool = false
  ) throws(SiteEntropyError) {
    var lanczos = GreenLanczos(
      perturbation, green: .green(normalizer), vectors: Self.vectors(normalizer),
      width: Self.width)
    for steps in 1...Self.stepLimit {
      lanczos.step()
      let isSign = signIsEnough && steps >= Self.stepsOfSign
      guard steps >= leastSteps,
        isSign || steps.isMultiple(of: 5) || lanczos.columns.allSatisfy(\.isComplete)
      else { continue }
      let share = isSign ? Self.share(steps: steps, order: perturbation.order) : nil
      let isLong = steps >= Self.manySteps
      if let ledger = Self.ledger(
        lanczos.columns, dimension: normalizer.dimension, shareOfSign: share, isLong: isLong)
      {
        self.ledger = ledger
        return
      }
    }
    throw .mismatch("spectrum: expected convergence in \(Self.stepLimit) Lanczos steps")
  }

  /// y = H̃0^½ e of vectors e drawn at random, shape [order, width]: x = F y are those vectors without
  /// their part in the translations.
  private static func vectors(_ normalizer: Normalizer) -> [Double] {
    let n = normalizer.group.count * normalizer.cellOrder
    var random = RandomNumbers(keys: 0x51e8, UInt64(n))
    var vectors: [Double] = []
    vectors.reserveCapacity(n * width)
    for _ in 0..<n * width { vectors.append(random.normal()) }
    let root = BlochOperator(normalizer.modes) { $0.squareRoot() }
    do {
      var span = vectors.mutableSpan
      root.apply(&span, width: width)
    }
    return vectors
  }

  /// What all vectors together may have missed of the spectrum at an end, as a share of its width, by
  /// the theorem of ``SpectralInterval``.
  private static func share(steps: Int, order: Int) -> Double {
    let missed = log(probabilityOfSign) / Double(width)
    let root = (log(1.648 * Double(order).squareRoot()) - missed) / Double(2 * steps - 1)
    return root * root
  }

  /// The ledger where both ends have converged; nil where they have not.
  ///
  /// - Parameters:
  ///   - shareOfSign: What may have been missed, where a positive lower end is enough.
  ///   - isLong: Whether many steps were made.
  private static func ledger(
    _ columns: [JacobiMatrix], dimension: Int, shareOfSign: Double?, isLong: Bool
  ) -> ModeLedger? {
    var least = JacobiMatrix.End(value: 0, residual: 0)
    var most = least
    for column in columns {
      let ends = column.ends()
      if ends.least.value < least.value { least = ends.least }
      if ends.largest.value > most.value { most = ends.largest }
    }
    let allowed = residual * max(1, -least.value, most.value)
    let isPositive = shareOfSign.map { share in
      // Of the width that is found, the true one being at most 1/(1 - 2 share) of it.
      let margin = share / (1 - 2 * share) * (most.value - least.value)
      let isKnown = isLong && least.residual <= residualOfSign * (1 + least.value)
      return share < 0.25
        && 1 + least.value - (isKnown ? 0 : margin) > ModeLedger.zeroTolerance
    }
    guard isPositive ?? false || max(least.residual, most.residual) <= allowed else {
      return nil
    }
    return ModeLedger(
      zeroModes: dimension,
      negativeModes: columns.map { $0.count(atMost: -1 + ModeLedger.zeroTolerance) }.max() ?? 0,
      smallest: 1 + least.value, largest: 1 + most.value, expectedZeroModes: dimension)
  }
}
