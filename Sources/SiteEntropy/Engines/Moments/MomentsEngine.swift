internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Labels of any frame in a time in proportion to its sites, by Gauss' quadrature at each of them
/// (mathematics.md (12.2)).
///
///     S_i ≈ T1_i + [G_k - T1]_i(R)
///
/// T1, the first moment, is linear in δH̃ and carries the slow tail: it is had with nothing cut, by
/// Bloch sums; so is most of the second one (``SecondMoments``). The higher moments see the sites
/// within R of site i. k steps are exact on the moments [E]_ii … [E^(2k-1)]_ii. Steps and radius are
/// those that the tolerance needs, found on a sample of sites (``MomentsSearch``); what they leave out
/// there gives the error estimate.
///
/// The logarithm is defined on stable frames only: that a frame is one is shown first, over the whole
/// cell, as no single site sees a mode of long waves.
public struct MomentsEngine: Sendable {
  /// Of the labels, in k_B; used where steps or radius are not given.
  public let tolerance: Double
  /// k; nil for what the tolerance needs.
  public let steps: Int?
  /// R in Å; nil for what the tolerance needs.
  public let radius: Double?
  private let memoryLimit: Int

  /// The most steps: vectors are not orthogonalised again.
  public static let mostSteps = 12

  /// - Parameters:
  ///   - memoryLimit: Of the blocks of the Green function, in bytes.
  public init(
    tolerance: Double, steps: Int? = nil, radius: Double? = nil, memoryLimit: Int = .max
  ) {
    (self.tolerance, self.steps, self.radius) = (tolerance, steps, radius)
    self.memoryLimit = memoryLimit
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
    let (matrix, normalizer) = (perturbation.matrix, crystal.normalizer)
    let ledger = try SpectrumEnds(matrix, normalizer, untilStable: true).ledger
    guard ledger.isStable, ledger.smallest > ModeLedger.zeroTolerance else {
      throw .unstableFrame(ledger)
    }
    let second = second(matrix, crystal)
    let choice = try MomentsSearch(
      matrix, second: second, crystal: crystal, tolerance: tolerance, memoryLimit: memoryLimit
    ).choose(steps: steps, radius: radius)
    let share = second.map { second in
      SecondShare(
        second, pairs: second.farPairs(within: choice.pairRadius, of: nil, crystal: crystal),
        patches: choice.patches, within: choice.pairRadius, crystal: crystal)
    }
    let run = MomentsRun(matrix, patches: choice.patches, second: share, crystal: crystal)
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
    if 1 + rest.least <= ModeLedger.zeroTolerance { estimate = .infinity }
    guard estimate <= tolerance || (steps != nil && estimate.isFinite) else {
      throw .tolerance(
        wanted: tolerance, reached: estimate, advice: "the engine polynomial has no such limit")
    }
    let first = FirstMoments(matrix, normalizer).traces()
    let labels = (0..<matrix.siteCount).map {
      -0.5 * (first[$0] + (second?.coupledTraces[$0] ?? 0) + rest.curvatures[$0])
    }
    return SiteLabels(
      kind: .relative, engine: "moments", siteEntropy: labels, entropy: labels.reduce(0, +),
      ledger: ledger, errorEstimate: estimate,
      quadrature: SiteLabels.Quadrature(steps: taken, radius: choice.radius))
  }

  /// Kinds of pairs beyond which the second moment is not had apart: the products cost more then than
  /// a larger radius.
  private static let mostKinds = 200

  private func second(_ matrix: BlockSparseMatrix, _ crystal: ReferenceCrystal) -> SecondMoments? {
    let kinds = CouplingKinds(matrix, crystal.normalizer)
    guard kinds.blocks.kindCount <= Self.mostKinds else { return nil }
    return SecondMoments(
      matrix, kinds, crystal.normalizer, rootMasses: crystal.rootMassesOfBasis)
  }
}

/// The quadratures of all or of some sites of a frame.
struct MomentsRun {
  private let matrix: BlockSparseMatrix
  /// One for each basis site.
  private let patches: [MomentsPatch]
  /// Where the second moment is had apart.
  private let second: SecondShare?
  private let crystal: ReferenceCrystal

  init(
    _ matrix: BlockSparseMatrix, patches: [MomentsPatch], second: SecondShare?,
    crystal: ReferenceCrystal
  ) {
    (self.matrix, self.patches, self.crystal) = (matrix, patches, crystal)
    self.second = second
  }

  /// G_k - T1 of every site (less what Bloch sums give of the second moment), times -2, and the
  /// least eigenvalue of all J.
  struct Results {
    var curvatures: [Double]
    var least = 0.0
    /// The most that the last step changed a label by, in k_B.
    var lastStep = 0.0
  }

  func all(steps: Int) -> Results {
    let (cells, s) = (crystal.normalizer.group.count, crystal.normalizer.basisCount)
    let size = MomentsPatch.batch
    let each = (cells + size - 1) / size
    let order = crystal.cellsByPlace(together: size)
    let workspaces = Workspaces(siteCount: cells * s)
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
          if let second {
            results[4 * index] +=
              0.5 * quadrature.square
              + second.value(at: group[group.startIndex + index], basis: basis)
          }
          results[4 * index + 1] = quadrature.least
          results[4 * index + 2] = 0.5 * abs(quadrature.curvature - before)
        }
      }
    }
    var result = Results(curvatures: [Double](repeating: 0, count: cells * s))
    for basis in 0..<s {
      for (index, cell) in order.enumerated() {
        let at = ((basis * each + index / size) * size + index % size) * 4
        result.curvatures[cell * s + basis] = output[at]
        result.least = min(result.least, output[at + 1])
        result.lastStep = max(result.lastStep, output[at + 2])
      }
    }
    return result
  }

  /// The second moments of all pairs within the radius at some sites, as ``SecondShare/value(at:basis:)``
  /// gives that of some pairs; the patches reach as far beyond it as δH̃ couples.
  ///
  /// - Parameter coupled: Of the same radius.
  func cutSecondMoments(at sites: [[Int]], coupled: SecondShare) -> [Double] {
    let squares = mapSample(sites) { basis, cells, workspace in
      patches[basis].cutSquares(at: cells, &workspace)
    }
    let places = sites.enumerated().flatMap { basis, cells in cells.map { (basis, $0) } }
    return zip(squares, places).map { square, place in
      let sums = coupled.sums(at: place.1, basis: place.0)
      return -0.5 * (square - sums.pairs - sums.remainders)
    }
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
  /// m^(1/2) of the basis sites: what a rigid shift is in weighted coordinates.
  var rootMassesOfBasis: [Double] {
    (0..<normalizer.basisCount).map { 1 / inverseRootMasses[multilattice.atoms[$0]] }
  }

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
