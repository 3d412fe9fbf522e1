internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Finds the steps and the radius that a tolerance needs, on a sample of sites.
///
/// The sample, evenly spread sites and those where or at some distance from which δH̃ is largest, is
/// labelled with many steps, K, at growing radii. There the second moment is known with nothing cut, so
/// that of what (k, R, R2) leaves out only the higher moments beyond the largest radius so far, R',
/// must be guessed, by the law R^-d ~ 1/m, m the degrees of freedom within R:
///
///     Δ_i = T2_i(R2) - T2_i + κ_i + ρ_i - shift,   κ_i = [G_k - G_K]_i(R),
///     ρ_i = {[G_K - T2]_i(R) - [G_K - T2]_i(R')} / (1 - m/m')
///
/// With N sites in all the estimate of the largest error is (mathematics.md (12.5))
///
///     3 (max(max |Δ_i|, rms(Δ_i) √(2 ln N)) + ½ max |ρ_i|)
///
/// and rounding: the largest of N normal deviates as wide as the sample, doubt of the law, and a margin. Displacements
/// without order leave out nearly the same at every site: its mean over the sublattice is then taken
/// from the labels as the shift. The error of too few steps has a longer tail than that: what the last
/// step added at every site tells of it, by the ratio that the sample has.
struct MomentsSearch {
  private static let sampleCount = 36
  /// K at first.
  private static let steps = 5
  /// Of the degrees of freedom, from one radius to the next.
  private static let growth = 1.4
  /// By how much those of the largest patch exceed those of the one that is taken, where there is
  /// room.
  private static let reach = 1.9
  /// Degrees of freedom of a patch beyond which none is tried.
  private static let largestOrder = 4000
  /// Patches of more are not kept for the next frame.
  private static let keptOrder = 800
  /// What too few steps may leave of the tolerance where K is foreseen.
  private static let shareOfSteps = 0.2
  /// By how much a label may be worse than the sample tells.
  static let margin = 3.0
  /// Rounding of a label in k_B, of doubles and where H̃0⁺ is in single precision, over the least
  /// eigenvalue of A.
  private static let rounding = (double: 1e-12, single: 1e-6)
  /// Eigenvalues below this count as this.
  private static let leastEigenvalue = 1e-3

  private let matrix: BlockSparseMatrix
  private let crystal: ReferenceCrystal
  private let operators: MomentsOperator
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
    let shift: MomentsShift
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
    _ perturbation: SparsePerturbation, crystal: ReferenceCrystal, operators: MomentsOperator,
    tolerance: Double, memoryLimit: Int
  ) {
    matrix = perturbation.matrix
    self.operators = operators
    (self.crystal, self.tolerance, self.memoryLimit) = (crystal, tolerance, memoryLimit)
    sample = MomentsSample(
      perturbation.matrix, crystal: crystal, operators, count: Self.sampleCount)
  }

  /// - Throws: ``SiteEntropyError/tolerance(wanted:reached:advice:)``,
  ///   ``SiteEntropyError/tooLarge(order:bytes:limit:)``.
  func choose(steps given: Int?, radius fixed: Double?) throws(SiteEntropyError) -> Choice {
    let first = fixed ?? 1.9 * crystal.multilattice.nearestNeighborDistance
    let few = given.map { max($0 + 2, Self.steps) } ?? Self.steps
    let start = try rung(first, steps: few, needsSteps: true, isFirst: true)
    let most = MomentsEngine.mostSteps + 2
    let foreseen = min(most, max(few, stepsNeeded(start)))
    for steps in foreseen < most ? [foreseen, most] : [most] {
      let start = steps == few ? start : try rung(first, steps: steps, needsSteps: true)
      if let choice = try choose(given, fixed, from: start, steps: steps) { return choice }
    }
    let rungs = try ladder(
      from: try rung(first, steps: most, needsSteps: true), steps: most, fixed
    ) { _ in false }
    let reached = candidates(rungs, given, fixed).map(\.estimate).min() ?? .infinity
    throw .tolerance(
      wanted: tolerance, reached: reached,
      advice: "the engine polynomial has no such limit, nor has a tolerance of "
        + "\(shortDecimal(reached * 1.01))")
  }

  /// K: what the smallest patch takes to leave little, and two steps more that tell so. Steps gain
  /// there what they gain elsewhere, each as much as the one before.
  private func stepsNeeded(_ rung: Rung) -> Int {
    let scale = operators.function.scale
    func change(_ k: Int) -> Double {
      let changes = rung.quadratures.map { -scale * ($0[k - 1].rest - $0[k - 2].rest) }
      return Self.margin * MomentsSpread(changes, sites: matrix.siteCount).largest
    }
    let known = rung.quadratures.first?.count ?? 2
    let allowed = Self.shareOfSteps * tolerance
    // What step k + 1 changes is about what k steps leave.
    if let k = (1..<known).first(where: { change($0 + 1) <= allowed }) { return k + 2 }
    let (last, before) = (change(known), change(known - 1))
    guard last < before, last > 0 else { return .max }
    let further = log(allowed / last) / log(last / before)
    return known + 2 + Int(min(further.rounded(.up), Double(MomentsEngine.mostSteps)))
  }

  private func choose(
    _ given: Int?, _ fixed: Double?, from start: Rung, steps: Int
  ) throws(SiteEntropyError) -> Choice? {
    let isAsked = given != nil && fixed != nil
    func good(_ rungs: [Rung]) -> Candidate? {
      candidates(rungs, given, fixed).filter { isAsked || $0.estimate <= tolerance }
        .min { $0.cost < $1.cost }
    }
    let rungs = try ladder(from: start, steps: steps, fixed) { rungs in
      // Nothing cheaper can come once the largest radius is well beyond what is taken.
      guard fixed == nil, let best = good(rungs), let last = rungs.last else { return false }
      return Self.reach * Double(best.rung.order) <= Double(last.order)
    }
    guard let best = good(rungs) else { return nil }
    return Choice(
      steps: best.steps, radius: best.rung.radius, estimate: best.estimate, ratio: best.ratio,
      patches: best.rung.patches, widePatches: best.wide?.patches, shift: best.shift)
  }

  private struct Candidate {
    let rung: Rung
    let wide: Rung?
    let steps: Int
    let estimate: Double
    let shift: MomentsShift
    let ratio: Double
    let cost: Double
  }

  /// Radii in turn until `isEnough`, or the cell or a limit is reached.
  private func ladder(
    from start: Rung, steps: Int, _ fixed: Double?, isEnough: ([Rung]) -> Bool
  ) throws(SiteEntropyError) -> [Rung] {
    var rungs = [start]
    var radius = start.radius
    while let last = rungs.last, !last.isWhole, !isEnough(rungs) {
      if fixed != nil && rungs.count == 2 { break }
      radius *= fixed == nil ? 1.06 : 1.25
      var order = order(radius: radius)
      // A radius that takes in few more sites says nothing about what is left out.
      while Double(order) < Self.growth * Double(last.order), order < matrix.order {
        radius *= 1.06
        order = self.order(radius: radius)
      }
      if order > Self.largestOrder && fixed == nil || bytes(order: order) > memoryLimit { break }
      rungs.append(try rung(radius, steps: steps, needsSteps: fixed != nil || !areEnough(rungs)))
    }
    return rungs
  }

  /// Of the blocks of the Green function.
  private func bytes(order: Int) -> Int {
    8 * order * order * crystal.multilattice.basis.count
  }

  /// - Throws: ``SiteEntropyError/tooLarge(order:bytes:limit:)`` for the first one.
  private func rung(
    _ radius: Double, steps: Int, needsSteps: Bool, isFirst: Bool = false
  ) throws(SiteEntropyError) -> Rung {
    if isFirst {
      let order = order(radius: radius)
      let bytes = bytes(order: order)
      guard bytes <= memoryLimit else {
        throw .tooLarge(order: order, bytes: bytes, limit: memoryLimit)
      }
    }
    let patches = crystal.multilattice.basis.indices.map {
      MomentsPatch(
        basis: $0, radius: radius, perturbation: matrix, crystal: crystal, operators: operators,
        isShared: order(radius: radius) <= Self.keptOrder)
    }
    let run = MomentsRun(
      matrix, patches: patches, crystal: crystal, function: operators.function)
    // What one step less than all gives is asked of the first radius alone.
    let quadratures =
      needsSteps
      ? run.quadratures(at: sample.cells, steps: steps, without: isFirst ? nil : steps - 1) : []
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
        let higher = higherMoments(rung, steps: k, rungs)
        let none = [Double](repeating: 0, count: higher.steps.count)
        return Self.margin * 1.3 * best(higher, second: none, mayShift: true).error <= tolerance
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

  /// What too few steps, κ, and the radius, ρ, add to the moments of a label after the second, in k_B,
  /// at each site of the sample.
  private struct HigherMoments {
    var steps: [Double] = []
    var radius: [Double] = []
  }

  private func higherMoments(_ rung: Rung, steps k: Int, _ rungs: [Rung]) -> HigherMoments {
    var result = HigherMoments()
    let scale = operators.function.scale
    guard let last = rungs.last(where: { !$0.quadratures.isEmpty }) else { return result }
    let law = rung.isWhole || last.isWhole ? 1 : 1 - Double(rung.order) / Double(last.order)
    for (some, all) in zip(rung.quadratures, last.quadratures) {
      let (value, most, truth) = (
        some[k - 1].rest, some[some.count - 1].rest, all[all.count - 1].rest
      )
      result.steps.append(-scale * (most - value))
      result.radius.append(rung.radius < last.radius ? -scale * (truth - most) / law : 0)
    }
    return result
  }

  private func candidates(_ rungs: [Rung], _ given: Int?, _ fixed: Double?) -> [Candidate] {
    guard let last = rungs.last(where: { !$0.quadratures.isEmpty }) else { return [] }
    var found: [Candidate] = []
    for (index, rung) in rungs.enumerated() where !rung.quadratures.isEmpty {
      // Without a larger radius nothing is known about what this one leaves out.
      guard rung.isWhole || rung.order < last.order, fixed == nil || index == 0 else { continue }
      for k in Self.judged(rung) where given == nil || k == given {
        let higher = higherMoments(rung, steps: k, rungs)
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

  /// The shift that helps most, if any does much, and the largest error of a label with it, but for
  /// the margin.
  private func best(
    _ higher: HigherMoments, second: [Double], mayShift: Bool
  ) -> (error: Double, shift: MomentsShift) {
    let cut = zip(higher.radius, second).map { $0 + $1 }
    let none = MomentsShift(basisCount: sample.cells.count)
    let plain = largestError(cut: cut, higher)
    guard mayShift else { return (plain, none) }
    let shift = MomentsShift(cut: sample.means(cut), steps: sample.means(higher.steps))
    var rest = higher
    rest.steps = sample.subtracting(shift.steps, from: higher.steps)
    // Where all sites leave out the same, the sample says nothing of what a wrong law shifts.
    let doubt = sample.means(higher.radius).reduce(0) { max($0, abs($1)) }
    let shifted = doubt + largestError(cut: sample.subtracting(shift.cut, from: cut), rest)
    return 1.5 * shifted < plain ? (shifted, shift) : (plain, none)
  }

  private func largestError(cut: [Double], _ higher: HigherMoments) -> Double {
    // The law is a guess: half of what it says is in doubt.
    let doubt = 0.5 * higher.radius.reduce(0) { max($0, abs($1)) }
    let sites = matrix.siteCount
    // With k steps, and with as many as a site outside of the sample may make of them: the errors of
    // too few steps and of a cut may cancel.
    let all = zip(cut, higher.steps).map { $0 + $1 }
    return doubt
      + max(
        MomentsSpread(all, sites: sites).largest, MomentsSpread(cut, sites: sites).largest)
  }

  /// The slope of log and of the resolvent grows where eigenvalues are small.
  private func rounding(_ rung: Rung) -> Double {
    guard operators.isSingle else { return Self.rounding.double }
    let least = rung.quadratures.reduce(0.0) { least, site in
      site.reduce(least) { min($0, $1.least) }
    }
    let eigenvalue = max(1 + least, Self.leastEigenvalue)
    let slope = operators.function == .logarithm ? eigenvalue : eigenvalue * eigenvalue
    return Self.rounding.single / slope
  }

  private func candidate(
    _ rung: Rung, _ wide: Rung?, _ k: Int, _ higher: HigherMoments, _ squares: [Double],
    _ given: Int?, _ fixed: Double?
  ) -> Candidate {
    let factor = -operators.function.scale * operators.function.quadratic
    let second = zip(squares, sample.squares).map { factor * ($0 - $1) }
    let sites = matrix.siteCount
    // Of one step the second moment is not that of the pairs within the radius.
    let mayShift = (given == nil || fixed == nil) && (wide != nil || k > 1)
    let (largest, shift) = best(higher, second: second, mayShift: mayShift)
    var (coming, added) = (0.0, 0.0)
    for values in rung.quadratures {
      let (now, most) = (values[k - 1].curvature, values[values.count - 1].curvature)
      let step = now - (k > 1 ? values[k - 2].curvature : 0)
      coming += (most - now) * (most - now)
      added += step * step
    }
    let (blocks, d) = (Double(matrix.blockCount) / Double(sites), matrix.blockSize)
    func cost(_ rung: Rung, _ steps: Int) -> Double {
      CostModel.moments(
        order: Double(rung.order), steps: steps, blocks: blocks, dimension: d,
        isSingle: operators.isSingle)
    }
    return Candidate(
      rung: rung, wide: wide, steps: k,
      estimate: Self.margin * largest + rounding(rung),
      shift: shift, ratio: added > 0 ? (coming / added).squareRoot() : 0,
      cost: cost(rung, k) + (wide.map { cost($0, 2) } ?? 0))
  }
}
