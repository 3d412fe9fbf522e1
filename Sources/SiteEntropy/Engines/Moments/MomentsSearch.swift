internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Finds the steps and the radius that a tolerance needs, on a sample of sites.
///
/// The sample, half of it evenly spread and half of it the sites whose rows of δH̃ are largest, is
/// labelled with many steps at growing radii. What (k, R) leaves out is Δ_i, the difference from the
/// most steps and the largest radius so far. With N sites in all the estimate of the largest error
/// is (mathematics.md (12.5))
///
///     1.5 max{ max(|Δ_i| + ½|D_i|)/f_1.5, (|⟨Δ⟩| + sd(Δ) √(2 ln N))/f_1.5, (|⟨Δ⟩| + |⟨D⟩|)/f_1 },
///     f_p = 1 - (m/m_K)^p
///
/// with the means of the sublattice where they are largest: the largest of N normal deviates about a
/// mean that the sample shares; D_i is what the second moment of the largest radius alone lacks, as
/// slow waves change little from one radius to the next. What is found is continued to any radius by
/// the law R^(-pd) ~ m^-p, m the degrees of freedom within R. The error of too few steps has a longer
/// tail: what the last step added at every site tells of it, by the ratio that the sample has.
struct MomentsSearch {
  /// Sites; of a cell of four times as many, all are.
  private static let sampleCount = 40
  /// K at first.
  private static let steps = 6
  /// Of the degrees of freedom, from one radius to the next.
  private static let growth = 1.4
  /// By how much those of the largest patch exceed those of the one that is taken, where there is
  /// room.
  private static let reach = 2.0
  /// Degrees of freedom of a patch beyond which none is tried.
  private static let largestOrder = 2400
  /// By how much a label may be worse than the sample tells.
  static let margin = 1.5
  /// Rounding of a label in k_B.
  static let rounding = 1e-12

  private let matrix: BlockSparseMatrix
  private let crystal: ReferenceCrystal
  private let tolerance: Double
  private let memoryLimit: Int
  private let second: SecondMoments?
  /// Cells of the sample, for each basis site.
  private let sample: [[Int]]

  struct Choice {
    let steps: Int
    let radius: Double
    let estimate: Double
    /// What the steps after k add to a label, relative to what the last one added.
    let ratio: Double
    let patches: [MomentsPatch]
    /// Of the pairs of the second moment, in Å.
    let pairRadius: Double
  }

  /// The sample's labels within one radius.
  private struct Rung {
    let radius: Double
    let patches: [MomentsPatch]
    let order: Int
    /// Times -2, without the first moment, and without the second where that is had apart; shape
    /// [sites][steps].
    let curvatures: [[Double]]
    /// tr [J²]_11 of the most steps, where the second moment is had apart.
    let squares: [Double]
    /// Whether the patch holds the whole cell.
    let isWhole: Bool
    /// What pairs within the radius add to the second moments, times -2, where it is known.
    var near: [Double]?

    /// Of the pairs of the second moment, in Å.
    var pairRadius: Double { isWhole ? .infinity : MomentsSearch.pairReach * radius }
  }

  /// Pairs of the second moment reach so much farther than the radius.
  private static let pairReach = 1.2

  /// - Parameter second: Of the same perturbation, where it is had apart.
  init(
    _ matrix: BlockSparseMatrix, second: SecondMoments?, crystal: ReferenceCrystal,
    tolerance: Double, memoryLimit: Int
  ) {
    (self.matrix, self.second, self.crystal) = (matrix, second, crystal)
    (self.tolerance, self.memoryLimit) = (tolerance, memoryLimit)
    sample = Self.sample(matrix, crystal.normalizer)
  }

  /// - Throws: ``SiteEntropyError/tolerance(wanted:reached:advice:)``,
  ///   ``SiteEntropyError/tooLarge(order:bytes:limit:)``.
  func choose(steps given: Int?, radius fixed: Double?) throws(SiteEntropyError) -> Choice {
    let most = given.map { max($0 + 2, Self.steps) } ?? Self.steps
    var reached = Double.infinity
    if let choice = try choose(given, fixed, steps: most, &reached) { return choice }
    if given == nil,
      let choice = try choose(nil, fixed, steps: MomentsEngine.mostSteps + 2, &reached)
    {
      return choice
    }
    throw .tolerance(
      wanted: tolerance, reached: reached,
      advice: "the engine polynomial has no such limit, nor has a tolerance of "
        + "\(shortDecimal(reached * 1.01))")
  }

  /// - Parameter reached: The least estimate that was met.
  private func choose(
    _ given: Int?, _ fixed: Double?, steps: Int, _ reached: inout Double
  ) throws(SiteEntropyError) -> Choice? {
    let isAsked = given != nil && fixed != nil
    var rungs: [Rung] = []
    while true {
      let hasGrown = try climb(&rungs, steps: steps, fixed)
      guard let last = rungs.last else { return nil }
      let isLast = !hasGrown || last.isWhole || (fixed != nil && rungs.count == 2)
      guard fixed == nil || isLast else { continue }
      /// The cheapest that is good enough, if the largest radius is well beyond it.
      func best(_ candidates: [Candidate]) -> Candidate? {
        candidates.filter { candidate in
          isAsked
            || candidate.estimate <= tolerance
              && (isLast || Self.reach * Double(candidate.rung.order) <= Double(last.order))
        }.min { $0.cost < $1.cost }
      }
      let zeros = rungs.map { _ in [Double](repeating: 0, count: last.curvatures.count) }
      var found = candidates(rungs, zeros, given, fixed)
      if let second, isLast || best(found) != nil {
        // The steps alone must do; the more they leave, the less is left for the second moment.
        let hopeful = Set(found.lazy.filter { isAsked || $0.estimate <= tolerance }.map(\.index))
        for index in rungs.indices where index == rungs.count - 1 || hopeful.contains(index) {
          if rungs[index].near == nil { rungs[index].near = nearShares(rungs[index], second) }
        }
        let near = rungs.map { $0.near ?? [] }
        found = candidates(rungs, near, given, fixed, doubts: doubts(last, near, second))
      }
      if let best = best(found) {
        return Choice(
          steps: best.steps, radius: best.rung.radius, estimate: best.estimate, ratio: best.ratio,
          patches: best.rung.patches, pairRadius: best.rung.pairRadius)
      }
      guard !isLast else {
        reached = min(reached, found.map(\.estimate).min() ?? .infinity)
        return nil
      }
    }
  }

  /// What pairs within the radius add to the sample's second moments, times -2.
  private func nearShares(_ rung: Rung, _ second: SecondMoments) -> [Double] {
    let reach = 1.001 * second.kinds.reach(crystal)
    let patches = rung.patches.map {
      MomentsPatch(
        basis: $0.basis, radius: $0.radius, reach: reach, perturbation: matrix, crystal: crystal)
    }
    let coupled = SecondShare(
      second, pairs: second.coupledPairs, patches: rung.patches, within: .infinity,
      crystal: crystal)
    return MomentsRun(matrix, patches: patches, second: nil, crystal: crystal).cutSecondMoments(
      at: sample, coupled: coupled)
  }

  /// By how much the second moment of the largest radius alone differs from that of all pairs: where
  /// displacements vary slowly, the change with the radius tells too little.
  private func doubts(_ last: Rung, _ near: [[Double]], _ second: SecondMoments) -> [Double] {
    let s = crystal.normalizer.basisCount
    let coupled = sample.enumerated().flatMap { basis, cells in
      cells.map { second.coupledTraces[$0 * s + basis] }
    }
    guard let near = near.last, near.count == coupled.count else { return [] }
    return coupled.indices.map { 0.5 * (-0.5 * last.squares[$0] - near[$0] - coupled[$0]) }
  }

  private struct Candidate {
    let index: Int
    let rung: Rung
    let steps: Int
    let estimate: Double
    let ratio: Double
    let cost: Double
  }

  /// Adds the next radius, unless the cell or a limit is reached.
  private func climb(
    _ rungs: inout [Rung], steps: Int, _ fixed: Double?
  ) throws(SiteEntropyError) -> Bool {
    let lattice = crystal.multilattice
    if let last = rungs.last, last.isWhole || (fixed != nil && rungs.count == 2) { return false }
    var radius =
      rungs.last.map { $0.radius * (fixed == nil ? 1.06 : 1.25) } ?? fixed
      ?? 1.3 * lattice.nearestNeighborDistance
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
    if !rungs.isEmpty, isTooLarge || bytes > memoryLimit { return false }
    let patches = (0..<lattice.basis.count).map {
      MomentsPatch(basis: $0, radius: radius, perturbation: matrix, crystal: crystal)
    }
    let run = MomentsRun(matrix, patches: patches, second: nil, crystal: crystal)
    let quadratures = run.quadratures(at: sample, steps: steps)
    rungs.append(
      Rung(
        radius: radius, patches: patches, order: order,
        curvatures: quadratures.map { site in
          site.map { $0.curvature + (second == nil ? 0 : 0.5 * $0.square) }
        }, squares: quadratures.map { $0[$0.count - 1].square },
        isWhole: patches.allSatisfy { $0.order == matrix.order }))
    return true
  }

  /// Degrees of freedom within a radius of a site.
  private func order(radius: Double) -> Int {
    matrix.blockSize * LocalPatch.places(basis: 0, radius: radius, crystal: crystal).count
  }

  /// - Parameter near: Of each rung; empty where it is not known, and the rung is none to take.
  private func candidates(
    _ rungs: [Rung], _ near: [[Double]], _ given: Int?, _ fixed: Double?, doubts: [Double]? = nil
  ) -> [Candidate] {
    guard let last = rungs.last, let lastNear = near.last else { return [] }
    let most = last.curvatures.first?.count ?? 1
    let sites = Double(matrix.siteCount)
    let blocks = Double(matrix.blockCount) / sites
    let doubts = doubts ?? [Double](repeating: 0, count: last.curvatures.count)
    let deviates = (2 * log(max(sites, 2))).squareRoot()
    return rungs.enumerated().flatMap { index, rung -> [Candidate] in
      // Without a larger radius nothing is known about what this one leaves out.
      guard rung.isWhole || index + 1 < rungs.count, fixed == nil || index == 0,
        near[index].count == rung.curvatures.count
      else { return [] }
      let share = Double(rung.order) / Double(last.order)
      let isExact = rung.isWhole || last.isWhole
      let law = isExact ? 1 : 1 - (second == nil ? share : share * share.squareRoot())
      let slowLaw = isExact ? 1 : 1 - share
      let steps = 1..<min(most, MomentsEngine.mostSteps + 1)
      return steps.filter { given == nil || $0 == given }.map { k in
        let differences = rung.curvatures.indices.map { site in
          0.5
            * (rung.curvatures[site][k - 1] + near[index][site] - last.curvatures[site][most - 1]
              - lastNear[site])
        }
        let spread = Spread(differences, doubts, groups: sample.map(\.count))
        var (coming, added) = (0.0, 0.0)
        for values in rung.curvatures {
          let step = values[k - 1] - (k > 1 ? values[k - 2] : 0)
          coming += (values[most - 1] - values[k - 1]) * (values[most - 1] - values[k - 1])
          added += step * step
        }
        let largest = max(
          spread.largest / law, (spread.mean + spread.deviation * deviates) / law,
          (spread.mean + spread.doubt) / slowLaw)
        return Candidate(
          index: index, rung: rung, steps: k, estimate: Self.margin * largest + Self.rounding,
          ratio: added > 0 ? (coming / added).squareRoot() : 0,
          cost: CostModel.moments(
            order: Double(rung.order), steps: k, blocks: blocks, dimension: matrix.blockSize))
      }
    }
  }

  private static func sample(_ matrix: BlockSparseMatrix, _ normalizer: Normalizer) -> [[Int]] {
    let (cells, s) = (normalizer.group.count, normalizer.basisCount)
    let area = matrix.blockSize * matrix.blockSize
    guard cells * s > 4 * sampleCount else { return (0..<s).map { _ in Array(0..<cells) } }
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

/// What a sample tells about the differences at all sites.
private struct Spread {
  /// max (|Δ_i| + ½ |D_i|).
  var largest = 0.0
  /// The largest |⟨Δ⟩| of a group, and |⟨D⟩|.
  var mean = 0.0
  var doubt = 0.0
  /// The standard deviation about the means of the groups.
  var deviation = 0.0

  /// - Parameter groups: How many sites each sublattice has, in order.
  init(_ differences: [Double], _ doubts: [Double], groups: [Int]) {
    var first = 0
    for count in groups where count > 0 {
      let sites = first..<first + count
      first += count
      let average = differences[sites].reduce(0, +) / Double(count)
      mean = max(mean, abs(average))
      doubt = max(doubt, abs(doubts[sites].reduce(0, +)) / Double(count))
      for site in sites {
        largest = max(largest, abs(differences[site]) + 0.5 * abs(doubts[site]))
        deviation += (differences[site] - average) * (differences[site] - average)
      }
    }
    deviation = (deviation / Double(max(first, 1))).squareRoot()
  }
}
