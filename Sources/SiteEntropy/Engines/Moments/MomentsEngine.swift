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
    let choice = try choice(perturbation, crystal)
    let run = MomentsRun(
      matrix, patches: choice.patches, wide: choice.widePatches, crystal: crystal)
    var (taken, estimate) = (choice.steps, choice.estimate)
    var rest = run.all(steps: taken)
    while true {
      estimate = max(choice.estimate, MomentsSearch.margin * choice.ratio * rest.lastStep)
      // Some site outside of the sample needs another step.
      guard steps == nil, estimate > tolerance, taken < Self.mostSteps else { break }
      taken += 1
      rest = run.all(steps: taken)
    }
    // A patch may be less stable than the cell: the estimate knows nothing of that.
    if 1 + rest.least <= ModeLedger.zeroTolerance { try prove(matrix, crystal.normalizer) }
    guard estimate <= tolerance || steps != nil else {
      throw .tolerance(
        wanted: tolerance, reached: estimate, advice: "the engine polynomial has no such limit")
    }
    let first = FirstMoments(matrix, crystal.normalizer).traces()
    let s = crystal.normalizer.basisCount
    let labels = (0..<matrix.siteCount).map {
      -0.5 * (first[$0] + rest.curvatures[$0]) - choice.shifts[$0 % s]
    }
    let ledger = ModeLedger(
      zeroModes: matrix.blockSize, negativeModes: 0, smallest: 1 + rest.least,
      largest: 1 + rest.largest, expectedZeroModes: matrix.blockSize)
    if ledger.smallest < Self.suspicious { try prove(matrix, crystal.normalizer) }
    return SiteLabels(
      kind: .relative, engine: "moments", siteEntropy: labels, entropy: labels.reduce(0, +),
      ledger: ledger, errorEstimate: withEstimate ? estimate : nil,
      quadrature: SiteLabels.Quadrature(steps: taken, radius: choice.radius))
  }

  /// Steps, radius and patches: those that are given, where nothing is to be estimated.
  private func choice(
    _ perturbation: SparsePerturbation, _ crystal: ReferenceCrystal
  ) throws(SiteEntropyError) -> MomentsSearch.Choice {
    guard !withEstimate, let steps, let radius else {
      let search = MomentsSearch(
        perturbation, crystal: crystal, tolerance: tolerance, memoryLimit: memoryLimit)
      return try search.choose(steps: steps, radius: radius)
    }
    let matrix = perturbation.matrix
    return MomentsSearch.Choice(
      steps: steps, radius: radius, estimate: 0, ratio: 0,
      patches: (0..<crystal.normalizer.basisCount).map {
        MomentsPatch(
          basis: $0, radius: radius, perturbation: matrix, crystal: crystal,
          known: crystal.patch(basis: $0, radius: radius))
      }, widePatches: nil,
      shifts: [Double](repeating: 0, count: crystal.normalizer.basisCount))
  }

  /// Where the quadratures of single sites see an eigenvalue of A below this, the spectrum itself is
  /// looked at: that of a site's own subspace is narrower.
  private static let suspicious = 0.4

  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where a mode is not positive.
  private func prove(
    _ matrix: BlockSparseMatrix, _ normalizer: Normalizer
  ) throws(SiteEntropyError) {
    let ledger = try SpectrumEnds(matrix, normalizer).ledger
    guard ledger.isStable, ledger.smallest > ModeLedger.zeroTolerance else {
      throw .unstableFrame(ledger)
    }
  }
}

/// The quadratures of all or of some sites of a frame.
struct MomentsRun {
  private let matrix: BlockSparseMatrix
  /// One for each basis site.
  private let patches: [MomentsPatch]
  /// Those of the second moment, where they are others.
  private let wide: [MomentsPatch]?
  private let crystal: ReferenceCrystal

  init(
    _ matrix: BlockSparseMatrix, patches: [MomentsPatch], wide: [MomentsPatch]? = nil,
    crystal: ReferenceCrystal
  ) {
    (self.matrix, self.patches, self.crystal) = (matrix, patches, crystal)
    self.wide = wide
  }

  /// G_k - T1 of every site, with T2 of the wide patches, times -2, and the extreme eigenvalues of all J.
  struct Results {
    var curvatures: [Double]
    var least = 0.0
    var largest = 0.0
    /// The most that the last step changed a label by, in k_B.
    var lastStep = 0.0
  }

  func all(steps: Int) -> Results {
    let (cells, s) = (crystal.normalizer.group.count, crystal.normalizer.basisCount)
    let size = MomentsPatch.batch
    let each = (cells + size - 1) / size
    let order = crystal.cellsByPlace(together: size)
    let workspaces = Workspaces(siteCount: cells * s)
    let wideWorkspaces = Workspaces(siteCount: cells * s)
    var output = [Double](repeating: 0, count: s * each * size * 4)
    fillBlocksConcurrently(&output, blockSize: size * 4) { block, results in
      let (basis, first) = (block / each, block % each * size)
      let group = order[first..<min(first + size, cells)]
      workspaces.lend { workspace in
        let found = patches[basis].jacobi(
          at: group, steps: steps, &workspace)
        var spectrum = SmallSpectrum()
        for (index, jacobi) in found.enumerated() {
          let quadrature = jacobi.quadrature(steps: steps, using: &spectrum)
          let before =
            steps > 1 ? jacobi.quadrature(steps: steps - 1, using: &spectrum).curvature : 0
          results[4 * index] = quadrature.curvature
          results[4 * index + 1] = quadrature.least
          results[4 * index + 2] = quadrature.largest
          results[4 * index + 3] = 0.5 * abs(quadrature.curvature - before)
          if wide != nil { results[4 * index] += 0.5 * quadrature.square }
        }
      }
      guard let wide else { return }
      wideWorkspaces.lend { workspace in
        let found = wide[basis].jacobi(at: group, steps: 1, isOpen: true, &workspace)
        for (index, jacobi) in found.enumerated() {
          results[4 * index] -= 0.5 * jacobi.secondMoment
        }
      }
    }
    var result = Results(curvatures: [Double](repeating: 0, count: cells * s))
    for basis in 0..<s {
      for (index, cell) in order.enumerated() {
        let at = ((basis * each + index / size) * size + index % size) * 4
        result.curvatures[cell * s + basis] = output[at]
        result.least = min(result.least, output[at + 1])
        result.largest = max(result.largest, output[at + 2])
        result.lastStep = max(result.lastStep, output[at + 3])
      }
    }
    return result
  }

  /// The quadratures of some sites for k = 1 … steps: shape [sites][steps].
  ///
  /// - Parameter sites: Cells of each basis site.
  func quadratures(at sites: [[Int]], steps: Int) -> [[BlockJacobi.Quadrature]] {
    mapSample(sites) { basis, cells, workspace in
      let found = patches[basis].jacobi(at: cells, steps: steps, &workspace)
      var spectrum = SmallSpectrum()
      return found.map { jacobi in
        (1...steps).map { jacobi.quadrature(steps: $0, using: &spectrum) }
      }
    }
  }

  /// tr [E²]_ii of the pairs within the radius, at some sites.
  func secondMoments(at sites: [[Int]]) -> [Double] {
    mapSample(sites) { basis, cells, workspace in
      patches[basis].jacobi(at: cells, steps: 1, isOpen: true, &workspace).map(\.secondMoment)
    }
  }

  /// The results of `body` for batches of sites, in the order of the sites.
  private func mapSample<Result: Sendable>(
    _ sites: [[Int]],
    _ body: @Sendable (Int, ArraySlice<Int>, inout MomentsPatch.Workspace) -> [Result]
  ) -> [Result] {
    var jobs: [(basis: Int, cells: ArraySlice<Int>)] = []
    for (basis, cells) in sites.enumerated() {
      for first in stride(from: 0, to: cells.count, by: MomentsPatch.batch) {
        jobs.append((basis, cells[first..<min(first + MomentsPatch.batch, cells.count)]))
      }
    }
    let workspaces = Workspaces(siteCount: matrix.siteCount)
    let frozen = jobs
    return mapConcurrently(jobs.count) { job in
      workspaces.lend { body(frozen[job].basis, frozen[job].cells, &$0) }
    }.flatMap { $0 }
  }
}

extension ReferenceCrystal {
  /// The translations in an order that keeps neighbours together: brick by brick.
  ///
  /// - Parameter count: Cells of a brick, about.
  func cellsByPlace(together count: Int) -> [Int] {
    let lattice = multilattice
    let cells = lattice.group.count
    let axes = (0..<3).filter { lattice.cell.periodic[$0] }
    guard !axes.isEmpty, cells > count else { return Array(0..<cells) }
    let heights = (0..<3).map { axes.contains($0) ? lattice.cell.height($0) : 1 }
    let volume = heights.reduce(1, *) / Double(cells)
    let edge = pow(volume * Double(count), 1 / Double(axes.count))
    let bricks = heights.map { max(1, Int(($0 / edge).rounded())) }
    let x = lattice.idealPositions
    var keys: [(brick: Int, cell: Int)] = []
    keys.reserveCapacity(cells)
    for cell in 0..<cells {
      let at = 3 * lattice.atoms[cell * lattice.basis.count]
      let f = lattice.cell.fractional(x[at], x[at + 1], x[at + 2])
      var brick = 0
      for (axis, value) in [f.0, f.1, f.2].enumerated() {
        let inside = value - value.rounded(.down)
        brick = brick * bricks[axis] + min(bricks[axis] - 1, Int(inside * Double(bricks[axis])))
      }
      keys.append((brick, cell))
    }
    return keys.sorted { $0 < $1 }.map(\.cell)
  }
}
