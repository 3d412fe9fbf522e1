import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import StationaryPoints
import Testing

/// Cells at rest: against published numbers, differences, and another method.
struct CellTests {
  private func relaxed(
    _ frame: Frame, _ file: String = "Si.sw", _ freedom: CellFreedom = .full,
    pressure: Double = 0
  ) throws -> (frame: Frame, cell: RelaxedCell) {
    let found = try Relaxation(potential: Structures.potential(file)).relaxedCell(
      of: frame, crystal: OccupiedLattice(of: frame), freedom: freedom, pressure: pressure,
      maximumStress: 1e-9)
    var frame = frame
    frame.setRelaxedCell(found, freedom: freedom, pressure: pressure)
    return (frame, found)
  }

  /// a = 5.43095 Å, C11, C12, C44 = 151.4, 76.4, 56.4 GPa of Stillinger-Weber silicon (Balamane,
  /// Halicioglu, Tiller 1992, Phys. Rev. B 46, 2250), from a cell that is far off, and atoms too.
  @Test func siliconHasItsPublishedConstants() throws {
    var start = try Structures.silicon(1)
    start.deform(by: Deformation(strain: [0.06, 0.02, 0, 0.02, 0.03, 0, 0, 0, -0.02]))
    start.deformReference(by: Deformation(strain: [0.06, 0.02, 0, 0.02, 0.03, 0, 0, 0, -0.02]))
    start = Structures.rattled(start, by: 0.03, seed: 3)
    let (frame, cell) = try relaxed(start)
    #expect(cell.point.kind == .minimum && cell.point.maximumForce <= 1e-8)
    #expect(abs(cbrt(try frame.positionCell().volume) - 5.43095) < 1e-5)
    let constants = try #require(cell.elasticConstants).map { $0 * RelaxedCell.gigapascal }
    // The cell may be turned against the axes by the strain that it came from: the traces are not.
    var bulk = 0.0
    for i in 0..<3 { bulk += constants[6 * i..<6 * i + 3].reduce(0, +) / 9 }
    #expect(abs(bulk - (151.42 + 2 * 76.42) / 3) < 0.01)
    let upright = try relaxed(Structures.silicon(1)).cell
    let c = try #require(upright.elasticConstants).map { $0 * RelaxedCell.gigapascal }
    for (index, value) in [(0, 151.42), (1, 76.42), (21, 56.45), (3, 0), (22, 0)] {
      #expect(abs(c[index] - value) < 0.01, "\(index)")
    }
  }

  /// Under a pressure the energy falls as the volume grows: -dE/dV = p, by relaxed neighbours.
  @Test(arguments: [CellFreedom.volume, .full])
  func theEnergyHasTheSlopeOfThePressure(freedom: CellFreedom) throws {
    let pressure = 5 / RelaxedCell.gigapascal
    let vacancy = Structures.removing([9], from: try Structures.silicon(2))
    var pushed = vacancy
    pushed.positions = try Push.inward.positions(
      of: vacancy, crystal: OccupiedLattice(of: vacancy), size: 0.3, index: 0)
    let (frame, cell) = try relaxed(pushed, "Si.sw", freedom, pressure: pressure)
    #expect(cell.point.kind == .minimum)
    let relaxation = Relaxation(potential: try Structures.potential())
    let points = try [-2e-5, 2e-5].map { strain -> (Double, Double) in
      var near = frame
      near.deform(by: Deformation(strain: [strain, 0, 0, 0, strain, 0, 0, 0, strain]))
      let point = try relaxation.stationaryPoint(of: near, crystal: OccupiedLattice(of: frame))
      return (point.energy, abs(try near.positionCell().volume))
    }
    let (rise, growth) = (points[1].0 - points[0].0, points[1].1 - points[0].1)
    let slope: Double = -rise / growth
    #expect(abs(slope - pressure) < 1e-7 * pressure + 1e-9)
  }

  /// C44 with its internal displacement, from energies of atoms relaxed in sheared cells; hexagonal
  /// cells relax in all their lengths.
  @Test func elasticConstantsAreThoseOfDifferences() throws {
    let wurtzite = try #require(Prototype.named("wurtzite")).supercell(
      [1, 1, 1], species: ["Ga", "N"], latticeConstant: 3.19,
      shape: Prototype.Shape(axisRatio: 1.626), internalParameters: [0.377])
    let (frame, cell) = try relaxed(wurtzite, "GaN.sw")
    let constants = try #require(cell.elasticConstants)
    let relaxation = Relaxation(potential: try Structures.potential("GaN.sw"))
    let crystal = try OccupiedLattice(of: frame)
    func energy(_ strain: [Double], _ size: Double) throws -> Double {
      var sheared = frame
      sheared.deform(by: Deformation(strain: strain.map { $0 * size }))
      return try relaxation.stationaryPoint(of: sheared, crystal: crystal).energy
    }
    let volume = abs(try frame.positionCell().volume)
    for (index, strain) in [
      (14, [0, 0, 0, 0, 0, 0, 0, 0, 1.0]), (21, [0, 0, 0, 0, 0, 0.5, 0, 0.5, 0]),
      (35, [0, 0.5, 0, 0.5, 0, 0, 0, 0, 0]),
    ] {
      let h = 2e-3
      let curvature =
        (try energy(strain, h) - 2 * cell.point.energy + energy(strain, -h)) / (h * h)
      #expect(abs(curvature / volume - constants[index]) < 2e-3 * constants[index], "\(index)")
    }
  }

  /// The labels of the relaxed cell are those of its reference: sites move with the cell, the lattice
  /// is found again, and a key that named the old constant is gone.
  @Test func theReferenceMovesWithTheCell() throws {
    var start = Structures.removing([9], from: try Structures.silicon(2))
    start.setKey("ref_lattice", .reals(start.cell))
    let (frame, cell) = try relaxed(start)
    #expect(frame.referenceCell == frame.cell && frame.cell != start.cell)
    #expect(frame.key("lattice_constant") == nil)
    #expect(
      frame.referencePositions == cell.deformation.applied(to: start.referencePositions ?? []))
    let lattice = try OccupiedLattice(of: frame)
    #expect(lattice.vacantSites.count == 1)
    #expect(frame.text("relax_cell") == "full" && frame.text("stationary") == "minimum")
  }

  @Test func whatHasNoStressIsRefused() throws {
    var slab = try Structures.silicon(1)
    slab.periodic = [true, true, false]
    #expect(throws: InputError.self) { try relaxed(slab) }
    let chain = try #require(Prototype.named("cscl")).supercell(
      [4, 4, 4], species: ["Ni", "Al"], latticeConstant: 2.9)
    #expect(throws: InputError.self) { try relaxed(chain, "cscl.json") }
  }
}
