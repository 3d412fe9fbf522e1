internal import Crystal
internal import LinearAlgebra

/// Finds the steps and the radius that a tolerance needs, on a sample of sites.
///
/// The sample, half of it evenly spread and half of it the sites whose rows of δH̃ are largest, is
/// labelled with many steps at growing radii. There the second moment is known with nothing cut, so
/// that of what (k, R, R2) leaves out only the higher moments beyond the largest radius so far, R',
/// must be guessed, by the law R^-d ~ 1/m, m the degrees of freedom within R:
///
///     Δ_i = T2_i(R2) - T2_i + {[G_k - T2]_i(R) - [G_K - T2]_i(R')} / (1 - m/m')
///
/// With N sites in all the estimate of the largest error is (mathematics.md (12.5))
///
///     2.5 (max(max |Δ_i|, rms(Δ_i) √(2 ln N)) + ½ max |{…}| / (1 - m/m'))
///
/// the largest of N normal deviates as wide as the sample, doubt of the law, and a margin. Displacements
/// without order leave out nearly the same second moment at every site: its mean over the sublattice is
/// then taken from the labels, and Δ_i is what remains. The error of too few steps has a longer tail than that: what the last
/// step added at every site tells of it, by the ratio that the sample has.
struct MomentsSearch {
  private static let sampleCount = 36
  /// K at first.
  private static let steps = 6
  /// Of the degrees of freedom, from one radius to the next.
  private static let growth = 1.4
  /// By how much those of the largest patch exceed those of the one that is taken, where there is
  /// room.
  private static let reach = 1.9
  /// Degrees of freedom of a patch beyond which none is tried.
  private static let largestOrder = 2400
  /// By how much a label may be worse than the sample tells.
  static let margin = 2.5
  /// Rounding of a label in k_B.
  static let rounding = 1e-12

  private let matrix: BlockSparseMatrix
  private let crystal: ReferenceCrystal
  private let tolerance: Double
  private let memoryLimit: Int
  private let sample: MomentsSample

  struct Choice {
    let steps: Int
    let radius: Double
    let estimate: Double
    /// What the steps after k add to a label, relative to what the last one added.
    let ratio: Double
    let patches: [MomentsPatch]
    /// Those of R2, where it is larger than R.
    let widePatches: [MomentsPatch]?
    /// What is taken from the labels of each basis site.
    let shifts: [Double]
  }

  /// The sample within one radius.
  private struct Rung {
    let radius: Double
    let patches: [MomentsPatch]
    let order: Int
    /// Shape [sites][steps]; empty where the second moments alone were made.
    let quadratures: [[BlockJacobi.Quadrature]]
    /// tr [E²]_ii of the pairs within the radius.
    let squares: [Double]
    /// Whether the patch holds the whole cell.
    let isWhole: Bool
  }

  init(
    _ perturbation: SparsePerturbation, crystal: ReferenceCrystal, tolerance: Double,
    memoryLimit: Int
  ) {
    matrix = perturbation.matrix
    (self.crystal, self.tolerance, self.memoryLimit) = (crystal, tolerance, memoryLimit)
    sample = MomentsSample(
      perturbation.matrix, crystal.normalizer, count: Self.sampleCount)
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
      patches: best.rung.patches, widePatches: best.wide?.patches, shifts: best.shifts)
  }

  private struct Candidate {
    let rung: Rung
    let wide: Rung?
    let steps: Int
    let estimate: Double
    let shifts: [Double]
    let ratio: Double
    let cost: Double
  }

  /// Radii in turn until `isEnough`, or the cell or a limit is reached.
  private func ladder(
    steps: Int, _ fixed: Double?, isEnough: ([Rung]) -> Bool
  ) throws(SiteEntropyError) -> [Rung] {
    let lattice = crystal.multilattice
    var rungs: [Rung] = []
    var radius = fixed ?? 1.9 * lattice.nearestNeighborDistance
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
      rungs.append(rung(radius, steps: steps, needsSteps: fixed != nil || !areEnough(rungs)))
      guard let last = rungs.last, !last.isWhole, !isEnough(rungs) else { break }
      if fixed != nil && rungs.count == 2 { break }
      radius *= fixed == nil ? 1.06 : 1.25
    }
    return rungs
  }

  private func rung(_ radius: Double, steps: Int, needsSteps: Bool) -> Rung {
    let patches = crystal.multilattice.basis.indices.map {
      MomentsPatch(basis: $0, radius: radius, perturbation: matrix, crystal: crystal)
    }
    let run = MomentsRun(matrix, patches: patches, crystal: crystal)
    let quadratures = needsSteps ? run.quadratures(at: sample.cells, steps: steps) : []
    return Rung(
      radius: radius, patches: patches, order: patches.reduce(0) { max($0, $1.order) },
      quadratures: quadratures,
      squares: needsSteps
        ? quadratures.map { $0[$0.count - 1].square } : run.secondMoments(at: sample.cells),
      isWhole: patches.allSatisfy { $0.order == matrix.order })
  }

  /// Whether some steps and radius leave little enough of the higher moments.
  private func areEnough(_ rungs: [Rung]) -> Bool {
    guard let last = rungs.last else { return false }
    return rungs.contains { rung in
      guard !rung.quadratures.isEmpty, Self.reach * Double(rung.order) <= Double(last.order) else {
        return false
      }
      return Self.judged(rung).dropFirst().contains { k in
        let rest = higherMoments(rung, steps: k, rungs)
        return Self.margin * 2 * MomentsSpread(rest, sites: matrix.siteCount).largest <= tolerance
      }
    }
  }

  /// The numbers of steps that at least two more tell about: where the process converges slowly, one
  /// more says too little.
  private static func judged(_ rung: Rung) -> Range<Int> {
    let most = rung.quadratures.first?.count ?? 1
    return 1..<max(2, min(most - 1, MomentsEngine.mostSteps + 1))
  }

  /// Degrees of freedom within a radius of a site.
  private func order(radius: Double) -> Int {
    matrix.blockSize * LocalPatch.places(basis: 0, radius: radius, crystal: crystal).count
  }

  /// What a label lacks of the moments after the second, at each site of the sample.
  private func higherMoments(_ rung: Rung, steps k: Int, _ rungs: [Rung]) -> [Double] {
    guard let last = rungs.last(where: { !$0.quadratures.isEmpty }) else { return [] }
    let law = rung.isWhole || last.isWhole ? 1 : 1 - Double(rung.order) / Double(last.order)
    return zip(rung.quadratures, last.quadratures).map { some, all in
      let (value, truth) = (some[k - 1], all[all.count - 1])
      return 0.5 * (truth.rest - value.rest) / law
    }
  }

  private func candidates(_ rungs: [Rung], _ given: Int?, _ fixed: Double?) -> [Candidate] {
    guard let last = rungs.last(where: { !$0.quadratures.isEmpty }) else { return [] }
    var found: [Candidate] = []
    for (index, rung) in rungs.enumerated() where !rung.quadratures.isEmpty {
      // Without a larger radius nothing is known about what this one leaves out.
      guard rung.isWhole || rung.order < last.order, fixed == nil || index == 0 else { continue }
      for k in Self.judged(rung) where given == nil || k == given {
        // With k steps, and with as many as a site outside of the sample may make of them: the errors of
        // too few steps and of a cut may cancel.
        let higher = [k, rung.quadratures.first?.count ?? k].map {
          higherMoments(rung, steps: $0, rungs)
        }
        let own = rung.quadratures.map { $0[k - 1].square }
        found.append(candidate(rung, nil, k, higher, own, given, fixed))
        guard fixed == nil else { continue }
        for wide in rungs[(index + 1)...] {
          found.append(candidate(rung, wide, k, higher, wide.squares, given, fixed))
        }
      }
    }
    return found
  }

  /// The largest error of a label, but for the margin, in the worst of several cases.
  private func largestError(_ higher: [[Double]], _ second: [Double]) -> Double {
    higher.map { higher in
      // The law is a guess: half of what it says is in doubt.
      let doubt = 0.5 * higher.reduce(0) { max($0, abs($1)) }
      let differences = zip(higher, second).map { $0 + $1 }
      return doubt + MomentsSpread(differences, sites: matrix.siteCount).largest
    }.max() ?? 0
  }

  private func candidate(
    _ rung: Rung, _ wide: Rung?, _ k: Int, _ higher: [[Double]], _ squares: [Double],
    _ given: Int?, _ fixed: Double?
  ) -> Candidate {
    let second = zip(squares, sample.squares).map { 0.25 * ($0 - $1) }
    let sites = matrix.siteCount
    var (largest, shifts) = (
      largestError(higher, second), [Double](repeating: 0, count: sample.cells.count)
    )
    // Further steps change nothing of the second moment, which two steps have.
    if given == nil || fixed == nil, wide != nil || k > 1 {
      let means = sample.means(second)
      let shifted = largestError(higher, sample.subtracting(means, from: second))
      if 2 * shifted < largest { (largest, shifts) = (shifted, means) }
    }
    var (coming, added) = (0.0, 0.0)
    for values in rung.quadratures {
      let (now, most) = (values[k - 1].curvature, values[values.count - 1].curvature)
      let step = now - (k > 1 ? values[k - 2].curvature : 0)
      coming += (most - now) * (most - now)
      added += step * step
    }
    let (blocks, d) = (Double(matrix.blockCount) / Double(sites), matrix.blockSize)
    func cost(_ rung: Rung, _ steps: Int) -> Double {
      CostModel.moments(order: Double(rung.order), steps: steps, blocks: blocks, dimension: d)
    }
    return Candidate(
      rung: rung, wide: wide, steps: k, estimate: Self.margin * largest + Self.rounding,
      shifts: shifts, ratio: added > 0 ? (coming / added).squareRoot() : 0,
      cost: cost(rung, k) + (wide.map { cost($0, 2) } ?? 0))
  }
}

extension BlockJacobi.Quadrature {
  /// tr [log(1+J) - J + J²/2]_11.
  fileprivate var rest: Double { curvature + 0.5 * square }
}
