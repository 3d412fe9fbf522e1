internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Labels of any frame in a time in proportion to its sites, by Gauss' quadrature at each of them
/// (mathematics.md (12.2)).
///
///     S_i ≈ T1_i + T2_i(R2) + [G_k - T1 - T2]_i(R) - shift
///
/// T1, the first moment, is linear in δH̃ and carries the slow tail: it is had with nothing cut, by
/// Bloch sums. The second moment T2 sees the sites within R2 of site i, the higher ones those within
/// R ≤ R2. k steps are exact on the moments [E]_ii … [E^(2k-1)]_ii. Steps and radii are those that the
/// tolerance needs, found on a sample of sites (``MomentsSearch``); what they leave out there gives
/// the error estimate, and its mean a shift.
public struct MomentsEngine: Sendable {
  /// Of the labels, in k_B; used where steps or radius are not given.
  public let tolerance: Double
  /// k; nil for what the tolerance needs.
  public let steps: Int?
  /// R in Å; nil for what the tolerance needs.
  public let radius: Double?
  private let memoryLimit: Int
  /// Whether errors are estimated where steps and radius are given: without, no sample is labelled.
  private let withEstimate: Bool

  /// The most steps: vectors are not orthogonalised again.
  public static let mostSteps = 12

  /// - Parameters:
  ///   - memoryLimit: Of the blocks of the Green function, in bytes.
  ///   - withEstimate: false for steps and radius that stand: labels then have no error estimate, and
  ///     are the same.
  public init(
    tolerance: Double, steps: Int? = nil, radius: Double? = nil, memoryLimit: Int = .max,
    withEstimate: Bool = true
  ) {
    (self.tolerance, self.steps, self.radius) = (tolerance, steps, radius)
    (self.memoryLimit, self.withEstimate) = (memoryLimit, withEstimate)
  }

  /// From this tolerance on, in k_B, products with the Green function within patches are in single
  /// precision.
  static let singleTolerance = 2e-5

  /// The least tolerance that `auto` takes it for, in k_B.
  static let leastTolerance = 1e-8

  /// The labels of all sites, by site number.
  ///
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)``,
  ///   ``SiteEntropyError/tolerance(wanted:reached:advice:)``,
  ///   ``SiteEntropyError/tooLarge(order:bytes:limit:)``.
  public func labels(
    of perturbation: SparsePerturbation, crystal: ReferenceCrystal
  ) throws(SiteEntropyError) -> SiteLabels {
    let matrix = perturbation.matrix
    let found = try values(
      of: perturbation, crystal: crystal, MomentsOperator(relative: crystal.normalizer))
    let ledger = ModeLedger(
      zeroModes: matrix.blockSize, negativeModes: 0, smallest: 1 + found.least,
      largest: 1 + found.largest, expectedZeroModes: matrix.blockSize)
    if ledger.smallest < Self.suspicious { try prove(matrix, crystal.normalizer) }
    return SiteLabels(
      kind: .relative, engine: "moments", siteEntropy: found.values,
      entropy: found.values.reduce(0, +), ledger: ledger,
      errorEstimate: withEstimate ? found.estimate : nil,
      quadrature: SiteLabels.Quadrature(steps: found.steps, radius: found.radius))
  }

  /// The same engine of another tolerance, for what it takes.
  func asking(_ tolerance: Double) -> MomentsEngine {
    MomentsEngine(tolerance: tolerance, memoryLimit: memoryLimit)
  }

  /// tr Xᵀ g(E) X of every site, by site number, and what it took.
  package struct Values {
    package let values: [Double]
    let estimate: Double
    let steps: Int
    let radius: Double
    /// The extreme eigenvalues of all J.
    let least: Double
    let largest: Double
  }

  package func values(
    of perturbation: SparsePerturbation, crystal: ReferenceCrystal, _ operators: MomentsOperator
  ) throws(SiteEntropyError) -> Values {
    let (matrix, function) = (perturbation.matrix, operators.function)
    var operators = operators
    operators.isSingle = tolerance >= Self.singleTolerance
    let choice = try choice(perturbation, crystal, operators)
    let run = MomentsRun(
      matrix, patches: choice.patches, wide: choice.widePatches, crystal: crystal,
      function: function)
    var rest = run.all(steps: choice.steps)
    // Some sites outside of the sample need further steps.
    let doubt = MomentsSearch.margin * choice.ratio
    var taken = choice.steps
    while steps == nil, doubt * rest.lastStep > tolerance, taken < Self.mostSteps {
      taken += 1
      run.repeatSites(of: &rest, steps: taken) { doubt * $0 > tolerance }
    }
    let estimate = max(choice.estimate, doubt * rest.lastStep)
    // A patch may be less stable than the cell: the estimate knows nothing of that.
    if function == .logarithm, 1 + rest.least <= ModeLedger.zeroTolerance {
      try prove(matrix, crystal.normalizer)
    }
    guard estimate <= tolerance || steps != nil else {
      throw .tolerance(
        wanted: tolerance, reached: estimate, advice: "the engine polynomial has no such limit")
    }
    let first = FirstMoments(matrix, crystal.normalizer, root: operators.start).traces()
    let (s, shift) = (crystal.normalizer.basisCount, choice.shift)
    let values = (0..<matrix.siteCount).map { site in
      let value =
        function.scale * (first[site] + rest.curvatures[site]) - shift.cut[site % s]
      return rest.wasRepeated.contains(site) ? value : value - shift.steps[site % s]
    }
    return Values(
      values: values, estimate: estimate, steps: choice.steps, radius: choice.radius,
      least: rest.least, largest: rest.largest)
  }

  /// Steps, radius and patches: those that are given, where nothing is to be estimated.
  private func choice(
    _ perturbation: SparsePerturbation, _ crystal: ReferenceCrystal, _ operators: MomentsOperator
  ) throws(SiteEntropyError) -> MomentsSearch.Choice {
    guard !withEstimate, let steps, let radius else {
      let search = MomentsSearch(
        perturbation, crystal: crystal, operators: operators, tolerance: tolerance,
        memoryLimit: memoryLimit)
      return try search.choose(steps: steps, radius: radius)
    }
    let matrix = perturbation.matrix
    return MomentsSearch.Choice(
      steps: steps, radius: radius, estimate: 0, ratio: 0,
      patches: (0..<crystal.normalizer.basisCount).map {
        MomentsPatch(
          basis: $0, radius: radius, perturbation: matrix, crystal: crystal, operators: operators,
          isShared: true)
      }, widePatches: nil, shift: MomentsShift(basisCount: crystal.normalizer.basisCount))
  }

  /// Where the quadratures of single sites see an eigenvalue of A below this, the spectrum itself is
  /// looked at: that of a site's own subspace is narrower.
  private static let suspicious = 0.4

  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where a mode is not positive.
  private func prove(
    _ matrix: BlockSparseMatrix, _ normalizer: Normalizer
  ) throws(SiteEntropyError) {
    let ledger = try SpectrumEnds(matrix, normalizer, signIsEnough: true).ledger
    guard ledger.isStable, ledger.smallest > ModeLedger.zeroTolerance else {
      throw .unstableFrame(ledger)
    }
  }
}
