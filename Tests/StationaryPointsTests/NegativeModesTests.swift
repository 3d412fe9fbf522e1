import Crystal
import Formats
import LinearAlgebra
import Potentials
import StationaryPoints
import Testing

struct NegativeModesTests {
  /// The count of a full decomposition, which is that of the process.
  private func check(_ frame: Frame, labelled: Bool = true) throws -> Int {
    let potential = try Structures.potential()
    let hessian = try potential.hessian(of: frame)
    let found = try NegativeModes(
      of: UnionOperator(
        hessian: hessian,
        preconditioner: Preconditioner(
          labelled ? OccupiedLattice(of: frame) : nil, atomCount: frame.atomCount,
          potential: potential, frame: frame, hessian: hessian)))
    let values = try hessian.dense().symmetricEigen().values
    let limit = 1e-9 * (values.last ?? 0)
    let expected = values.count { $0 < -limit }
    #expect(found.count == expected)
    #expect(found.isCertain)
    #expect(found.kind == StationaryKind(negativeModes: expected))
    for mode in found.modes { #expect(mode.value < 0) }
    return expected
  }

  @Test(arguments: [0.0, 0.14, 0.18, 0.22]) func theCountIsThatOfADecomposition(size: Double) throws
  {
    let rattled = Structures.rattled(
      Structures.removing([20], from: try Structures.silicon(2)), by: size, seed: 11)
    let count = try check(rattled)
    if size == 0 { #expect(count == 0) }
    if size == 0.22 { #expect(count > 1) }
    #expect(try check(rattled, labelled: false) == count)
  }

  @Test func degenerateModesAreCountedEach() throws {
    // An atom in the middle of a ring of six: two modes that symmetry makes equal, and more.
    let perfect = try Structures.silicon(2)
    let a = 5.431
    var frame = Structures.splitting(0, by: [0, 0, 0], in: perfect)
    var positions = frame.positions
    for (axis, share) in [0.625, 0.625, 0.375].enumerated() {
      positions[3 * perfect.atomCount + axis] = share * a
    }
    frame.positions = positions
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    let count = try check(frame)
    #expect(count >= 2)
  }

  @Test func aLoneAtomHasNoStiffness() throws {
    let perfect = try Structures.silicon(2)
    // Neighbours of one atom go: it is out of reach of all others.
    let lattice = try OccupiedLattice(of: perfect).multilattice
    #expect(lattice.atomCount == 64)
    let (p, reduced) = (perfect.positions, ReducedCell(lattice.cell))
    let gone = (1..<64).filter { atom in
      let u = reduced.minimumImage(
        p[3 * atom] - p[0], p[3 * atom + 1] - p[1], p[3 * atom + 2] - p[2])
      return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 < 2.4 * 2.4
    }
    #expect(gone.count == 4)
    let frame = Structures.removing(gone, from: perfect)
    let potential = try Structures.potential()
    let hessian = try potential.hessian(of: frame)
    let found = try NegativeModes(
      of: UnionOperator(
        hessian: hessian,
        preconditioner: Preconditioner(
          OccupiedLattice(of: frame), atomCount: frame.atomCount, potential: potential,
          frame: frame, hessian: hessian)))
    #expect(found.kind == .degenerate)
  }
}
