public import Crystal
internal import Formats
public import LinearAlgebra

/// Some atoms displaced together.
public struct GroupDisplacement: Equatable, Sendable {
  /// Counted from 0.
  public let atoms: [Int]
  /// In Å, shape [3].
  public let vector: [Double]

  public init(atoms: [Int], vector: [Double]) { (self.atoms, self.vector) = (atoms, vector) }
}

/// Forces of a structure from somewhere else: another program.
public protocol ForceSource: AnyObject {
  var atomCount: Int { get }
  /// Displacements worth asking for at once, at least 1.
  var inFlight: Int { get }
  /// The forces at each displacement, in eV/Å, shape [N, 3], in order.
  func forces(at displacements: [GroupDisplacement]) throws -> [[Double]]
}

/// Why finite differences give no Hessian.
public enum FiniteDifferenceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Forces change beyond the given range.
  case rangeTooShort(range: Double, found: Double)
  case notSymmetric(asymmetry: Double, range: Double)
  case noForces

  public var description: String {
    switch self {
    case .rangeTooShort(let range, let found):
      "range \(range) Å: expected no force to change farther from a displaced atom, found one that "
        + "does at \(found) Å"
    case .notSymmetric(let asymmetry, let range):
      "range \(range) Å: expected a symmetric Hessian, found differences of \(asymmetry) of its "
        + "largest element: the range is too short, or the forces are no derivatives of an energy"
    case .noForces: "expected forces that change when an atom moves, found none"
    }
  }
}

/// The Hessian of a source of forces by central differences,
///
///     H_{ia,jb} = -[f_ia(x_jb + s) - f_ia(x_jb - s)] / 2s,
///
/// with atoms that share no force displaced together, or, in a perfect crystal, those of one
/// primitive cell alone.
public struct FiniteDifferenceHessian: Sendable {
  /// Symmetric; a translation of all atoms costs nothing.
  public let matrix: BlockSparseMatrix
  /// Evaluations of all forces.
  public let forceCalls: Int
  /// Groups of atoms displaced together.
  public let groupCount: Int
  /// Distance in Å up to which the force on an atom depends on others.
  public let range: Double
  /// The largest |H_ij - H_ji| before symmetrization, divided by the largest |H_ij|.
  public let asymmetry: Double

  /// A force that changes by less than this share of the largest change does not change.
  static let threshold = 1e-8
  /// What neighbours of other atoms may be farther than those of the ones that were tried, in Å.
  static let margin = 0.2
  /// Groups are kept farther apart than the range demands by twice this, in Å: a force that reaches
  /// beyond the range by less than that cannot hide within the range of another atom.
  static let slack = 0.1
  /// Atoms of each class, and of all, at which the range is measured.
  private static let probes = (ofClass: 3, inAll: 30)
  /// A larger asymmetry is not that of the step.
  static let largestAsymmetry = 0.05
  /// A larger asymmetry than this comes from a kink of the forces within the step, as where a pair
  /// crosses a cutoff, or from forces beyond the range.
  public static let usualAsymmetry = 1e-4
  private static let attempts = 6

  /// - Parameters:
  ///   - positions: In Å, shape [N, 3].
  ///   - classes: A number for each kind of atom; the range is measured at a few of each. Shape [N].
  ///   - range: Known range in Å; nil to measure it.
  ///   - step: s in Å.
  /// - Throws: ``FiniteDifferenceError``, `NeighborError`, and what `source` throws.
  public init(
    of source: any ForceSource, positions: [Double], cell: Cell, classes: [Int], range: Double?,
    step: Double
  ) throws {
    var difference = Differences(source, step: step)
    let reduced = ReducedCell(cell)
    func distance(_ i: Int, _ j: Int) -> Double {
      let u = reduced.minimumImage(
        positions[3 * i] - positions[3 * j], positions[3 * i + 1] - positions[3 * j + 1],
        positions[3 * i + 2] - positions[3 * j + 2])
      return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
    }
    let measured =
      try range.map { ($0, 0.0) }
      ?? Self.measuredRange(&difference, classes: classes, distance: distance)
    var (reach, largest) = measured
    for attempt in 1...Self.attempts {
      let isLast = attempt == Self.attempts || range != nil
      let coloring = try PerturbationColoring(
        positions: positions, cell: cell, range: range ?? reach + Self.slack)
      let pattern = try Pattern(positions: positions, cell: cell, range: reach)
      var values = [Double](repeating: 0, count: 9 * pattern.indices.count)
      var outside = 0.0
      sweep: for groups in coloring.groups.chunked(by: max(1, source.inFlight / 6)) {
        let columns = try difference.columns(of: groups)
        for (index, change) in columns.enumerated() {
          let (group, axis) = (groups[index / 3], index % 3)
          largest = max(largest, change.reduce(0) { max($0, abs($1)) })
          var isReached = [Bool](repeating: false, count: source.atomCount)
          for j in group {
            for (i, block) in pattern.rows(ofColumn: j) {
              isReached[i] = true
              for a in 0..<3 { values[9 * block + 3 * a + axis] = change[3 * i + a] }
            }
          }
          for i in 0..<source.atomCount where !isReached[i] {
            let moved = change[3 * i..<3 * i + 3].reduce(0) { max($0, abs($1)) }
            guard moved > Self.threshold * largest else { continue }
            outside = max(outside, group.map { distance(i, $0) }.min() ?? 0)
          }
          if outside > 0, axis == 2 { break sweep }
        }
      }
      guard largest > 0 else { throw FiniteDifferenceError.noForces }
      if outside > 0 {
        if isLast { throw FiniteDifferenceError.rangeTooShort(range: reach, found: outside) }
        reach = max(outside, reach) + Self.margin
        continue
      }
      let raw = pattern.matrix(values)
      let asymmetry = raw.largestAsymmetry() / largest
      guard asymmetry <= Self.largestAsymmetry else {
        throw FiniteDifferenceError.notSymmetric(asymmetry: asymmetry, range: reach)
      }
      self.asymmetry = asymmetry
      self.range = reach
      matrix = raw.symmetrized().withoutTranslations()
      forceCalls = difference.calls
      groupCount = coloring.groups.count
      return
    }
    throw FiniteDifferenceError.noForces
  }

  /// The Hessian of a perfect crystal: the columns of one primitive cell, carried to the others.
  ///
  /// - Parameter lattice: Of the structure whose forces `source` gives, in its order.
  /// - Throws: As ``init(of:positions:cell:classes:range:step:)``.
  public init(of source: any ForceSource, crystal lattice: Multilattice, step: Double) throws {
    var difference = Differences(source, step: step)
    let (n, s) = (lattice.atomCount, lattice.basis.count)
    // Columns of the atoms of translation 0, shape [S, 3, N, 3].
    var columns: [[[Double]]] = []
    var largest = 0.0
    for basis in 0..<s {
      let atom = lattice.atoms[basis]
      let found = try difference.columns(of: [[atom]])
      for change in found { largest = max(largest, change.reduce(0) { max($0, abs($1)) }) }
      columns.append(found)
    }
    guard largest > 0 else { throw FiniteDifferenceError.noForces }
    // Site ℓ', β of column 0, α is site ℓ' + ℓ, β of column ℓ, α.
    var reach = 0.0
    var kept: [[(step: Int, row: Int, atom: Int)]] = []
    for basis in 0..<s {
      let distances = lattice.distances(from: lattice.atoms[basis])
      var list: [(Int, Int, Int)] = []
      for i in 0..<n {
        let size = (0..<3).reduce(0.0) { size, axis in
          columns[basis][axis][3 * i..<3 * i + 3].reduce(size) { max($0, abs($1)) }
        }
        guard size > Self.threshold * largest else { continue }
        reach = max(reach, distances[i])
        list.append((lattice.translationOfAtom[i], lattice.basisOfAtom[i], i))
      }
      kept.append(list)
    }
    var rows = [[(column: Int32, basis: Int, atom: Int)]](repeating: [], count: n)
    let group = lattice.group
    for j in 0..<n {
      let (cell, basis) = (lattice.translationOfAtom[j], lattice.basisOfAtom[j])
      for entry in kept[basis] {
        // ℓ + ℓ' = ℓ - (0 - ℓ').
        let target = group.difference(cell, group.opposite(entry.step))
        rows[lattice.atoms[target * s + entry.row]].append((Int32(j), basis, entry.atom))
      }
    }
    var starts = [0]
    var indices: [Int32] = []
    var values: [Double] = []
    for row in rows {
      for entry in row {
        indices.append(entry.column)
        for a in 0..<3 {
          for b in 0..<3 { values.append(columns[entry.basis][b][3 * entry.atom + a]) }
        }
      }
      starts.append(indices.count)
    }
    let raw = BlockSparseMatrix(
      blockSize: 3, siteCount: n, rowStarts: starts, indices: indices, values: values)
    asymmetry = raw.largestAsymmetry() / largest
    range = reach
    guard asymmetry <= Self.largestAsymmetry else {
      throw FiniteDifferenceError.notSymmetric(asymmetry: asymmetry, range: reach)
    }
    matrix = raw.symmetrized().withoutTranslations()
    forceCalls = difference.calls
    groupCount = s
  }

  /// The distance in Å at which forces still change when one of some atoms moves, with the margin, and
  /// the largest change.
  private static func measuredRange(
    _ difference: inout Differences, classes: [Int], distance: (Int, Int) -> Double
  ) throws -> (range: Double, largest: Double) {
    var (range, largest) = (0.0, 0.0)
    var members: [Int: [Int]] = [:]
    for (atom, number) in classes.enumerated() { members[number, default: []].append(atom) }
    let tried = members.values.flatMap { atoms in
      let count = min(probes.ofClass, atoms.count)
      return (0..<count).map { atoms[$0 * atoms.count / count] }
    }
    for atom in tried.sorted().prefix(probes.inAll) {
      let change = try difference.column(of: [atom], along: [0.36, 0.48, 0.8])
      let size = change.reduce(0) { max($0, abs($1)) }
      largest = max(largest, size)
      for i in classes.indices
      where change[3 * i..<3 * i + 3].contains(where: { abs($0) > threshold * size }) {
        range = max(range, distance(i, atom))
      }
    }
    guard largest > 0 else { throw FiniteDifferenceError.noForces }
    return (range + margin, largest)
  }
}

/// Central differences of a source, counted.
private struct Differences {
  private let source: any ForceSource
  private let step: Double
  private(set) var calls = 0

  init(_ source: any ForceSource, step: Double) { (self.source, self.step) = (source, step) }

  /// -∂f/∂x for each group displaced along x, y and z, in eV/Å², shape [groups, 3] of [N, 3].
  mutating func columns(of groups: [[Int]]) throws -> [[Double]] {
    try changes(
      groups.flatMap { group in
        (0..<3).map { axis in (group, (0..<3).map { $0 == axis ? 1 : 0 }) }
      })
  }

  mutating func column(of group: [Int], along direction: [Double]) throws -> [Double] {
    try changes([(group, direction)])[0]
  }

  private mutating func changes(_ asked: [([Int], [Double])]) throws -> [[Double]] {
    let step = step
    let found = try source.forces(
      at: asked.flatMap { group, direction in
        [step, -step].map { size in
          GroupDisplacement(atoms: group, vector: direction.map { $0 * size })
        }
      })
    calls += found.count
    return asked.indices.map { index in
      zip(found[2 * index], found[2 * index + 1]).map { -($0 - $1) / (2 * step) }
    }
  }
}

extension Array {
  /// The elements in order, so many at a time.
  fileprivate func chunked(by count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map {
      Array(self[$0..<Swift.min($0 + count, self.count)])
    }
  }
}

/// Blocks between atoms within a range.
private struct Pattern {
  let rowStarts: [Int]
  let indices: [Int32]

  init(positions: [Double], cell: Cell, range: Double) throws(NeighborError) {
    let list = try NeighborSearch(positions: positions, cell: cell, cutoff: range)
      .neighborsOfAll()
    var starts = [0]
    var indices: [Int32] = []
    for atom in 0..<positions.count / 3 {
      let row = Set(list.neighbors[list.starts[atom]..<list.starts[atom + 1]] + [Int32(atom)])
      indices += row.sorted()
      starts.append(indices.count)
    }
    (rowStarts, self.indices) = (starts, indices)
  }

  /// The rows of a column with the numbers of their blocks: the pattern is symmetric.
  func rows(ofColumn j: Int) -> [(row: Int, block: Int)] {
    (rowStarts[j]..<rowStarts[j + 1]).map { k in
      let i = Int(indices[k])
      var (low, high) = (rowStarts[i], rowStarts[i + 1])
      while low < high {
        let middle = (low + high) / 2
        if Int(indices[middle]) < j { low = middle + 1 } else { high = middle }
      }
      return (i, low)
    }
  }

  func matrix(_ values: [Double]) -> BlockSparseMatrix {
    BlockSparseMatrix(
      blockSize: 3, siteCount: rowStarts.count - 1, rowStarts: rowStarts, indices: indices,
      values: values)
  }
}
