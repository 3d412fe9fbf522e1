internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Finds the steps and the radius that a tolerance needs, on a sample of sites.
///
/// The sample, half of it evenly spread and half of it the sites whose rows of δH̃ are largest, is
/// labelled with many steps at growing radii. What (k, R) leaves out is Δ_i = [G_k](R) - [G_K](R_K)
/// against the most steps and the largest radius so far; with N sites in all the estimate is
///
///     5 max(max |Δ_i|, rms(Δ_i) √(2 ln N)) / (1 - m/m_K)
///
/// the largest of N normal deviates as wide as the sample, continued to any radius by the law
/// R^-d ~ 1/m of bounded displacements, m the degrees of freedom within R, and a margin: the worst
/// site of the frames that were tried was 4.2 times what the sample told (mathematics.md (12.5)). The error of too few steps has a longer tail than that: what the last
/// step added at every site tells of it, by the ratio that the sample has.
struct MomentsSearch {
  private static let sampleCount = 36
  /// K at first.
  private static let steps = 6
  /// Of the degrees of freedom, from one radius to the next.
  private static let growth = 1.4
  /// By how much those of the largest patch exceed those of the one that is taken, where there is
  /// room.
  private static let reach = 3.0
  /// Degrees of freedom of a patch beyond which none is tried.
  private static let largestOrder = 2400
  /// By how much a label may be worse than the sample tells.
  static let margin = 5.0
  /// Rounding of a label in k_B.
  static let rounding = 1e-12

  private let matrix: BlockSparseMatrix
  private let crystal: ReferenceCrystal
  private let tolerance: Double
  private let memoryLimit: Int
  /// Cells of the sample, for each basis site.
  private let sample: [[Int]]

  struct Choice {
    let steps: Int
    let radius: Double
    let estimate: Double
    /// What the steps after k add to a label, relative to what the last one added.
    let ratio: Double
    let patches: [MomentsPatch]
  }

  /// The sample's curvatures within one radius.
  private struct Rung {
    let radius: Double
    let patches: [MomentsPatch]
    let order: Int
    /// Shape [sites][steps].
    var curvatures: [[Double]]
    /// Whether the patch holds the whole cell.
    let isWhole: Bool
  }

  init(
    _ perturbation: SparsePerturbation, crystal: ReferenceCrystal, tolerance: Double,
    memoryLimit: Int
  ) {
    matrix = perturbation.matrix
    (self.crystal, self.tolerance, self.memoryLimit) = (crystal, tolerance, memoryLimit)
    sample = Self.sample(perturbation.matrix, crystal.normalizer)
  }

  /// - Throws: ``SiteEntropyError/tolerance(wanted:reached:advice:)``,
  ///   ``SiteEntropyError/tooLarge(order:bytes:limit:)``.
  func choose(steps given: Int?, radius fixed: Double?) throws(SiteEntropyError) -> Choice {
    let most = given.map { max($0 + 2, Self.steps) } ?? Self.steps
    if let choice = try choose(given, fixed, steps: most) { return choice }
    if given == nil, let choice = try choose(nil, fixed, steps: MomentsEngine.mostSteps + 2) {
      return choice
    }
    let reached = try reachable(given, fixed)
    throw .tolerance(
      wanted: tolerance, reached: reached,
      advice: "the engine polynomial has no such limit, nor has a tolerance of "
        + "\(shortDecimal(reached * 1.01))")
  }

  /// The least estimate that steps and radii within the limits give.
  private func reachable(_ given: Int?, _ fixed: Double?) throws(SiteEntropyError) -> Double {
    let rungs = try ladder(steps: MomentsEngine.mostSteps + 2, fixed) { _ in false }
    return candidates(rungs, given, fixed).map(\.estimate).min() ?? .infinity
  }

  private func choose(
    _ given: Int?, _ fixed: Double?, steps: Int
  ) throws(SiteEntropyError) -> Choice? {
    let isAsked = given != nil && fixed != nil
    func good(_ rungs: [Rung]) -> Candidate? {
      candidates(rungs, given, fixed).filter { isAsked || $0.estimate <= tolerance }
        .min { $0.cost < $1.cost }
    }
    let rungs = try ladder(steps: steps, fixed) { rungs in
      // Nothing cheaper can come once the largest radius is well beyond what is taken.
      guard fixed == nil, let best = good(rungs), let last = rungs.last else { return false }
      return Self.reach * Double(best.rung.order) <= Double(last.order)
    }
    guard let best = good(rungs) else { return nil }
    return Choice(
      steps: best.steps, radius: best.rung.radius, estimate: best.estimate, ratio: best.ratio,
      patches: best.rung.patches)
  }

  private struct Candidate {
    let rung: Rung
    let steps: Int
    let estimate: Double
    let ratio: Double
    let cost: Double
  }

  /// Radii in turn until `isEnough`, or the cell or a limit is reached.
  private func ladder(
    steps: Int, _ fixed: Double?, isEnough: ([Rung]) -> Bool
  ) throws(SiteEntropyError) -> [Rung] {
    let lattice = crystal.multilattice
    var rungs: [Rung] = []
    var radius = fixed ?? 1.3 * lattice.nearestNeighborDistance
    while true {
      var order = order(radius: radius)
      // A radius that takes in few more sites says nothing about what is left out.
      if let last = rungs.last {
        while Double(order) < Self.growth * Double(last.order), order < matrix.order {
          radius *= 1.06
          order = self.order(radius: radius)
        }
      }
      let bytes = 8 * order * order * lattice.basis.count
      if rungs.isEmpty, bytes > memoryLimit {
        throw .tooLarge(order: order, bytes: bytes, limit: memoryLimit)
      }
      let isTooLarge = order > Self.largestOrder && fixed == nil
      if !rungs.isEmpty, isTooLarge || bytes > memoryLimit { break }
      let patches = (0..<lattice.basis.count).map {
        MomentsPatch(basis: $0, radius: radius, perturbation: matrix, crystal: crystal)
      }
      let isWhole = patches.allSatisfy { $0.order == matrix.order }
      rungs.append(
        Rung(
          radius: radius, patches: patches, order: order,
          curvatures: MomentsRun(matrix, patches: patches, crystal: crystal).curvatures(
            at: sample, steps: steps), isWhole: isWhole))
      if isWhole || isEnough(rungs) || (fixed != nil && rungs.count == 2) { break }
      radius *= fixed == nil ? 1.06 : 1.25
    }
    return rungs
  }

  /// Degrees of freedom within a radius of a site.
  private func order(radius: Double) -> Int {
    matrix.blockSize * LocalPatch.places(basis: 0, radius: radius, crystal: crystal).count
  }

  private func candidates(_ rungs: [Rung], _ given: Int?, _ fixed: Double?) -> [Candidate] {
    guard let last = rungs.last else { return [] }
    let most = last.curvatures.first?.count ?? 1
    let truth = last.curvatures.map { $0[most - 1] }
    let sites = Double(matrix.siteCount)
    let blocks = Double(matrix.blockCount) / sites
    return rungs.enumerated().flatMap { index, rung -> [Candidate] in
      // Without a larger radius nothing is known about what this one leaves out.
      guard rung.isWhole || index + 1 < rungs.count, fixed == nil || index == 0 else { return [] }
      let law =
        rung.isWhole || last.isWhole ? 1 : 1 - Double(rung.order) / Double(last.order)
      let steps = 1..<min(most, MomentsEngine.mostSteps + 1)
      return steps.filter { given == nil || $0 == given }.map { k in
        var (largest, square) = (0.0, 0.0)
        var (coming, added) = (0.0, 0.0)
        for (values, exact) in zip(rung.curvatures, truth) {
          let difference = 0.5 * abs(values[k - 1] - exact)
          largest = max(largest, difference)
          square += difference * difference
          let step = values[k - 1] - (k > 1 ? values[k - 2] : 0)
          coming += (values[most - 1] - values[k - 1]) * (values[most - 1] - values[k - 1])
          added += step * step
        }
        let rms = (square / Double(truth.count)).squareRoot()
        let deviates = rms * (2 * log(max(sites, 2))).squareRoot()
        return Candidate(
          rung: rung, steps: k,
          estimate: Self.margin * max(largest, deviates) / law + Self.rounding,
          ratio: added > 0 ? (coming / added).squareRoot() : 0,
          cost: CostModel.moments(
            order: Double(rung.order), steps: k, blocks: blocks, dimension: matrix.blockSize))
      }
    }
  }

  private static func sample(_ matrix: BlockSparseMatrix, _ normalizer: Normalizer) -> [[Int]] {
    let (cells, s) = (normalizer.group.count, normalizer.basisCount)
    let area = matrix.blockSize * matrix.blockSize
    let each = min(cells, max(2, sampleCount / 2 / s))
    return (0..<s).map { basis in
      let spread = (0..<each).map { $0 * cells / each }
      var sizes: [(cell: Int, size: Double)] = []
      sizes.reserveCapacity(cells)
      for cell in 0..<cells {
        let site = cell * s + basis
        var size = 0.0
        for e in area * matrix.rowStarts[site]..<area * matrix.rowStarts[site + 1] {
          size += matrix.values[e] * matrix.values[e]
        }
        sizes.append((cell, size))
      }
      sizes.sort { ($1.size, $0.cell) < ($0.size, $1.cell) }
      let strongest = sizes.lazy.map(\.cell).filter { !spread.contains($0) }.prefix(each)
      return spread + strongest
    }
  }
}
