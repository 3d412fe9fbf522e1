internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The quadratures of all or of some sites of a frame.
struct MomentsRun {
  private let matrix: BlockSparseMatrix
  /// One for each basis site.
  private let patches: [MomentsPatch]
  /// Those of the second moment, where they are others.
  private let wide: [MomentsPatch]?
  private let crystal: ReferenceCrystal
  private let function: MomentsOperator.Function

  init(
    _ matrix: BlockSparseMatrix, patches: [MomentsPatch], wide: [MomentsPatch]? = nil,
    crystal: ReferenceCrystal, function: MomentsOperator.Function
  ) {
    (self.matrix, self.patches, self.crystal) = (matrix, patches, crystal)
    (self.wide, self.function) = (wide, function)
  }

  /// G_k - T1 of every site, with T2 of the wide patches, over the scale of the function, and the
  /// extreme eigenvalues of all J.
  struct Results {
    var curvatures: [Double]
    var least = 0.0
    var largest = 0.0
    /// What the last step changed each label by, in k_B.
    var changes: [Double]
    /// The sites that took more steps than the others.
    var wasRepeated: Set<Int> = []

    var lastStep: Double { changes.reduce(0, max) }
  }

  func all(steps: Int) -> Results {
    let (cells, s) = (crystal.normalizer.group.count, crystal.normalizer.basisCount)
    let size = MomentsPatch.batch
    let each = (cells + size - 1) / size
    let order = crystal.cellsByPlace(together: size)
    let workspaces = Workspaces(siteCount: cells * s)
    let wideWorkspaces = Workspaces(siteCount: cells * s)
    let output = mapConcurrently(s * each) { block in
      let (basis, first) = (block / each, block % each * size)
      let group = order[first..<min(first + size, cells)]
      var results = workspaces.lend { higher(basis, group, steps, &$0) }
      guard let wide else { return results }
      wideWorkspaces.lend { workspace in
        let found = wide[basis].jacobi(at: group, steps: 1, isOpen: true, &workspace)
        for (index, jacobi) in found.enumerated() {
          results[index].curvature -= function.quadratic * jacobi.secondMoment
        }
      }
      return results
    }
    let zeros = [Double](repeating: 0, count: cells * s)
    var result = Results(curvatures: zeros, changes: zeros)
    for basis in 0..<s {
      for (index, cell) in order.enumerated() {
        let site = output[basis * each + index / size][index % size]
        result.curvatures[cell * s + basis] = site.curvature
        result.changes[cell * s + basis] = site.change
        result.least = min(result.least, site.least)
        result.largest = max(result.largest, site.largest)
      }
    }
    return result
  }

  /// What is kept of a site.
  private struct SiteResult: Sendable {
    var curvature = 0.0
    var change = 0.0
    var least = 0.0
    var largest = 0.0
    /// Of the quadrature before the last step, less the second moment where that is another's.
    var before = 0.0
  }

  private func higher(
    _ basis: Int, _ cells: ArraySlice<Int>, _ steps: Int, _ workspace: inout MomentsPatch.Workspace
  ) -> [SiteResult] {
    var spectrum = SmallSpectrum()
    return patches[basis].jacobi(at: cells, steps: steps, &workspace).map { jacobi in
      let all = jacobi.quadrature(steps: steps, of: function, using: &spectrum)
      let less =
        steps > 1
        ? jacobi.quadrature(steps: steps - 1, of: function, using: &spectrum)
        : BlockJacobi.Quadrature()
      func value(_ quadrature: BlockJacobi.Quadrature) -> Double {
        wide == nil ? quadrature.curvature : quadrature.rest
      }
      return SiteResult(
        curvature: value(all), change: -function.scale * abs(all.curvature - less.curvature),
        least: all.least, largest: all.largest, before: value(less))
    }
  }

  /// Lets the sites that a step changed much take another one.
  ///
  /// - Parameters:
  ///   - steps: One more than these sites took.
  ///   - isMuch: Told the change in k_B.
  func repeatSites(of results: inout Results, steps: Int, where isMuch: (Double) -> Bool) {
    let s = crystal.normalizer.basisCount
    let sites = results.changes.indices.filter { isMuch(results.changes[$0]) }
    let cells = (0..<s).map { basis in sites.filter { $0 % s == basis }.map { $0 / s } }
    let found = mapSample(cells) { basis, cells, workspace in
      higher(basis, cells, steps, &workspace)
    }
    let numbers = cells.enumerated().flatMap { basis, cells in cells.map { $0 * s + basis } }
    for (site, result) in zip(numbers, found) {
      results.curvatures[site] += result.curvature - result.before
      results.changes[site] = result.change
      results.least = min(results.least, result.least)
      results.largest = max(results.largest, result.largest)
      results.wasRepeated.insert(site)
    }
  }

  /// The quadratures of some sites for k = 1 … steps: shape [sites][steps].
  ///
  /// - Parameters:
  ///   - sites: Cells of each basis site.
  ///   - skipped: A number of steps that nobody will ask for.
  func quadratures(
    at sites: [[Int]], steps: Int, without skipped: Int?
  ) -> [[BlockJacobi.Quadrature]] {
    mapSample(sites) { basis, cells, workspace in
      let found = patches[basis].jacobi(at: cells, steps: steps, &workspace)
      var spectrum = SmallSpectrum()
      return found.map { jacobi in
        (1...steps).map { steps in
          steps == skipped
            ? BlockJacobi.Quadrature()
            : jacobi.quadrature(steps: steps, of: function, using: &spectrum)
        }
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
