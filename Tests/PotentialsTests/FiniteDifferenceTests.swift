import Crystal
import Formats
import LinearAlgebra
import Potentials
import Testing

struct FiniteDifferenceTests {
  /// Forces of a potential of ours, as another program would give them.
  private final class Forces: ForceSource {
    private let prepared: PreparedPotential
    private let scale: Double

    /// - Parameter scale: Forces on atom i are scaled by `scale`^i: no energy has such ones.
    init(_ potential: any Potential, _ frame: Frame, scale: Double = 1) throws {
      (prepared, self.scale) = (try potential.prepared(for: frame), scale)
    }

    var atomCount: Int { prepared.atomCount }

    var inFlight: Int { 12 }

    func forces(at displacements: [GroupDisplacement]) throws -> [[Double]] {
      try displacements.map { try forces(displacing: $0.atoms, by: $0.vector) }
    }

    private func forces(displacing atoms: [Int], by vector: [Double]) throws -> [Double] {
      var positions = prepared.positions
      for atom in atoms {
        for k in 0..<3 { positions[3 * atom + k] += vector[k] }
      }
      var forces = try prepared.forces(positions: positions)
      var factor = 1.0
      for atom in 0..<atomCount {
        for k in 0..<3 { forces[3 * atom + k] *= factor }
        factor *= scale
      }
      return forces
    }
  }

  private static func silicon(_ cells: [Int], displacement: Double) throws -> Frame {
    var frame = try #require(Prototype.named("diamond")).supercell(
      cells, species: ["Si"], latticeConstant: 5.431)
    frame.positions = frame.positions.enumerated().map { (k: Int, x: Double) -> Double in
      let step = (k * k * 31 + 17 * k) % 101
      return x + displacement * (Double(step) / 50 - 1)
    }
    return frame
  }

  /// Twelve places in a ring, one apart: those that share no neighbour are three apart.
  @Test func aRingNeedsThreeGroups() throws {
    let coloring = try PerturbationColoring(
      positions: (0..<12).flatMap { [Double($0), 0, 0] },
      cell: Cell(rows: [12, 0, 0, 0, 20, 0, 0, 0, 20]), range: 1)
    #expect(
      coloring.groups.sorted { $0[0] < $1[0] }
        == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]])
  }

  @Test(arguments: [1.0, 3.9, 6.0, 30.0]) func groupsShareNoNeighbor(range: Double) throws {
    let frame = try Self.silicon([3, 3, 2], displacement: 0.1)
    let cell = try Cell(rows: frame.cell)
    let coloring = try PerturbationColoring(
      positions: frame.positions, cell: cell, range: min(range, 11))
    #expect(coloring.groups.flatMap { $0 }.sorted() == Array(0..<frame.atomCount))
    let reduced = ReducedCell(cell)
    for group in coloring.groups {
      for i in group {
        for j in group where j != i {
          let u = (0..<3).map { frame.positions[3 * i + $0] - frame.positions[3 * j + $0] }
          let v = reduced.minimumImage(u[0], u[1], u[2])
          #expect(v.0 * v.0 + v.1 * v.1 + v.2 * v.2 > 4 * min(range, 11) * min(range, 11))
        }
      }
    }
    // Nothing shares a place; all are in reach of all.
    if range == 1 { #expect(coloring.groups.count == 1) }
    if range == 30 { #expect(coloring.groups.count == frame.atomCount) }
  }

  @Test func theHessianIsTheAnalyticOne() throws {
    let frame = try Self.silicon([3, 3, 3], displacement: 0.05)
    let potential = try shipped("Si.sw")
    let exact = try potential.hessian(of: frame)
    let found = try FiniteDifferenceHessian(
      of: Forces(potential, frame), positions: frame.positions, cell: Cell(rows: frame.cell),
      classes: frame.requiredSublattice(), range: nil, step: 1e-4)
    let largest = exact.values.reduce(0) { max($0, abs($1)) }
    #expect(largest > 10)
    let (left, right) = (found.matrix.dense().storage, exact.dense().storage)
    let worst = zip(left, right).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-7 * largest)
    let (asymmetry, before) = (found.matrix.largestAsymmetry(), found.asymmetry)
    #expect(asymmetry == 0 && before < 1e-7)
    let range = found.range
    #expect(range > 3.84 && range < 5)
    // 6 atoms measure the range; the groups are far fewer than the atoms.
    let (calls, groups) = (found.forceCalls, found.groupCount)
    #expect(calls == 12 + 6 * groups && groups < 216 / 4)
  }

  @Test func aPerfectCrystalTakesThePrimitiveCellAlone() throws {
    let frame = try Self.silicon([2, 3, 2], displacement: 0)
    let potential = try shipped("Si.sw")
    let exact = try potential.hessian(of: frame)
    let found = try FiniteDifferenceHessian(
      of: Forces(potential, frame), crystal: Multilattice(referenceOf: frame), step: 1e-4)
    let (calls, range) = (found.forceCalls, found.range)
    #expect(calls == 12 && abs(range - 5.431 / 2.0.squareRoot()) < 1e-6)
    let (left, right) = (found.matrix.dense().storage, exact.dense().storage)
    let largest = exact.values.reduce(0) { max($0, abs($1)) }
    let worst = zip(left, right).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-7 * largest)
  }

  @Test func whatCannotBeRightIsRefused() throws {
    let frame = try Self.silicon([2, 2, 2], displacement: 0.05)
    let potential = try shipped("Si.sw")
    let cell = try Cell(rows: frame.cell)
    func run(_ source: Forces, range: Double?) throws -> FiniteDifferenceHessian {
      try FiniteDifferenceHessian(
        of: source, positions: frame.positions, cell: cell, classes: frame.requiredSublattice(),
        range: range, step: 1e-4)
    }
    let short = #expect(throws: FiniteDifferenceError.self) {
      try run(Forces(potential, frame), range: 2.6)
    }
    guard case .rangeTooShort(2.6, let found)? = short else {
      Issue.record("\(String(describing: short))")
      return
    }
    #expect(found > 2.6 && found < 5)
    let skewed = #expect(throws: FiniteDifferenceError.self) {
      try run(Forces(potential, frame, scale: 1.01), range: nil)
    }
    guard case .notSymmetric? = skewed else {
      Issue.record("\(String(describing: skewed))")
      return
    }
  }
}
