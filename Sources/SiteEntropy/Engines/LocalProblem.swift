internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials

/// A frame and its reference, ready for labels of single sites.
struct LocalProblem: Sendable {
  let crystal: ReferenceCrystal
  let cutoff: Double
  /// The largest distance in Å at which a displacement changes the Hessian, and a margin.
  let reach: Double
  private let local: LocalHessian
  private let ideal: [Double]
  private let positions: [Double]
  private let isMoved: [Bool]
  /// Blocks of δH̃ below this, in eV/(Å² u), may be left out at the rim: far below the error of
  /// any radius.
  private let negligible: Double

  var dimension: Int { crystal.multilattice.dimension }

  init(_ frame: Frame, crystal: ReferenceCrystal, potential: any Potential) throws {
    guard let (positions, moved) = try crystal.displacedPositions(of: frame) else {
      throw InputError(
        frame.source, "engine local: expected a frame in the cell of its reference, found strain")
    }
    let ideal = crystal.multilattice.idealPositions
    let prepared = try potential.prepared(for: frame, at: .reference)
    var farthest = 0.0
    for atom in moved {
      let u = (0..<3).map { positions[3 * atom + $0] - ideal[3 * atom + $0] }
      farthest = max(farthest, (u[0] * u[0] + u[1] * u[1] + u[2] * u[2]).squareRoot())
    }
    local = try LocalHessian(prepared.at(ideal), reach: farthest * (1 + 1e-9))
    let perturbation = SparsePerturbation(
      to: try prepared.hessian(positions: positions), crystal: crystal)
    var isMoved = [Bool](repeating: false, count: crystal.multilattice.atomCount)
    for atom in moved { isMoved[atom] = true }
    negligible = 1e-9 * crystal.largestElement
    reach = Self.reach(perturbation.matrix, crystal.multilattice, negligible) + 0.01
    cutoff = potential.cutoff
    self.crystal = crystal
    let dimension = crystal.multilattice.dimension
    self.ideal = PreparedPotential.flat(ideal, dimension)
    self.positions = PreparedPotential.flat(positions, dimension)
    self.isMoved = isMoved
  }

  /// The longest coupling, in Å between ideal sites.
  private static func reach(
    _ matrix: BlockSparseMatrix, _ lattice: Multilattice, _ negligible: Double
  ) -> Double {
    let area = matrix.blockSize * matrix.blockSize
    let reduced = ReducedCell(lattice.cell)
    let x = lattice.idealPositions
    var longest = 0.0
    for i in 0..<matrix.siteCount {
      let a = 3 * lattice.atoms[i]
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        guard matrix.values[k * area..<(k + 1) * area].contains(where: { abs($0) > negligible })
        else { continue }
        let b = 3 * lattice.atoms[Int(matrix.indices[k])]
        let u = reduced.minimumImage(x[b] - x[a], x[b + 1] - x[a + 1], x[b + 2] - x[a + 2])
        longest = max(longest, u.0 * u.0 + u.1 * u.1 + u.2 * u.2)
      }
    }
    return longest.squareRoot()
  }

  /// |u| of an atom, in Å.
  func displacement(of atom: Int) -> Double {
    (0..<3).reduce(0) {
      let u = positions[3 * atom + $1] - ideal[3 * atom + $1]
      return $0 + u * u
    }.squareRoot()
  }

  /// The order of P for a radius in Å.
  func order(radius: Double) throws -> Int {
    dimension
      * LocalPatch.places(basis: 0, radius: radius + reach, crystal: crystal).count
  }

  /// The crystal at rest, to be displaced around one site after the other.
  struct Workspace: Sendable {
    /// The ideal ones between two sites, shape [N, 3] in Å.
    fileprivate var positions: [Double]
    /// -1 everywhere between two sites, shape [N].
    fileprivate var placeOfAtom: [Int32]
  }

  /// - Complexity: O(N), unlike that of a label.
  func makeWorkspace() -> Workspace {
    Workspace(positions: ideal, placeOfAtom: [Int32](repeating: -1, count: isMoved.count))
  }

  /// Labels of a few translations of one basis site.
  ///
  /// - Parameters:
  ///   - workspace: The same at the end.
  ///   - results: For each site: label, how far it has converged in k_B, least and largest
  ///     eigenvalue of E found, and 1 where the difference of Hessians leaves the patch.
  func label(
    _ sites: [LatticeSite], _ patch: LocalPatch, steps: Int, convergence: Double,
    workspace: inout Workspace, into results: inout MutableSpan<Double>
  ) throws {
    let (d, width) = (dimension, max(8, 4 * (sites.count + sites.count % 2)))
    var differences: [LocalOperators.Difference] = []
    for (index, site) in sites.enumerated() {
      let (difference, isWhole) = try difference(at: site, patch, &workspace)
      guard isWhole else {
        results[5 * index + 4] = 1
        return
      }
      differences.append(difference)
    }
    let operators = LocalOperators(
      green: patch.green, blockSize: d, differences: differences)
    var lanczos = BlockLanczos(operators, width: width)
    var norms = [Double](repeating: 0, count: width)
    for index in sites.indices { for a in 0..<d { norms[4 * index + a] = 1 } }
    lanczos.start(norms: norms) { rows in
      for e in rows.indices { rows[e] = 0 }
      for row in 0..<patch.green.rowCount {
        for index in sites.indices {
          for a in 0..<d { rows[row * width + 4 * index + a] = patch.roots[4 * row + a] }
        }
      }
    }
    var labels = [Double](repeating: .infinity, count: sites.count)
    for step in 1...steps {
      lanczos.step()
      guard step >= 4 || lanczos.columns.allSatisfy(\.isComplete) else { continue }
      var worst = 0.0
      for index in sites.indices {
        var label = 0.0
        for column in lanczos.columns[4 * index..<4 * index + d] {
          label -= 0.5 * (column.gauss() ?? .nan)
        }
        let change = label.isNaN ? .infinity : abs(label - labels[index])
        let columns = lanczos.columns[4 * index..<4 * index + d]
        labels[index] = label.isNaN ? .infinity : label
        results[5 * index] = label.isNaN ? 0 : label
        results[5 * index + 1] = columns.allSatisfy(\.isComplete) && !label.isNaN ? 0 : change
        worst = max(worst, results[5 * index + 1])
      }
      if worst <= convergence { break }
    }
    for index in sites.indices {
      let ends = lanczos.columns[4 * index..<4 * index + d].map { $0.extremes() }
      results[5 * index + 2] = ends.map(\.least).min() ?? 0
      results[5 * index + 3] = ends.map(\.largest).max() ?? 0
    }
  }

  /// H̃(u^R) - H̃0 around a site, and whether the patch holds all of it.
  private func difference(
    at site: LatticeSite, _ patch: LocalPatch, _ workspace: inout Workspace
  ) throws -> (LocalOperators.Difference, isWhole: Bool) {
    let lattice = crystal.multilattice
    var moved: [Int] = []
    let atoms = patch.numbers(from: site.translation, crystal.normalizer).map { lattice.atoms[$0] }
    for (index, atom) in atoms.enumerated() {
      workspace.placeOfAtom[atom] = Int32(index)
      guard patch.isInside[index], isMoved[atom] else { continue }
      moved.append(atom)
      for e in 3 * atom..<3 * atom + 3 { workspace.positions[e] = positions[e] }
    }
    defer {
      for atom in atoms { workspace.placeOfAtom[atom] = -1 }
      for atom in moved { for e in 3 * atom..<3 * atom + 3 { workspace.positions[e] = ideal[e] } }
    }
    let difference = try local.difference(moved: moved, toFlat: workspace.positions)
    let matrix = difference.matrix.scaledSymmetrically(
      by: difference.atoms.map { crystal.inverseRootMasses[$0] })
    let outside = Int32(patch.sites.count)
    var isWhole = true
    let places = difference.atoms.enumerated().map { row, atom in
      let place = workspace.placeOfAtom[atom]
      guard place < 0 else { return place }
      let area = matrix.blockSize * matrix.blockSize
      let elements = area * matrix.rowStarts[row]..<area * matrix.rowStarts[row + 1]
      if matrix.values[elements].contains(where: { abs($0) > negligible }) { isWhole = false }
      return outside
    }
    return (LocalOperators.Difference(matrix: matrix, places: places), isWhole)
  }
}
