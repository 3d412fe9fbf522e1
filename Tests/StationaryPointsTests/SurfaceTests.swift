import Crystal
import Formats
import LinearAlgebra
import Potentials
import StationaryPoints
import Testing

/// A potential of ours as another program would give it.
private struct Program: EnergySurface {
  let potential: any Potential
  var hasStress = true
  var counts = true
  /// Energies and forces are rounded to multiples of this.
  var rounding = 0.0

  func evaluate(_ frame: Frame, at positions: [Double]) throws -> SurfacePoint {
    let prepared = try potential.prepared(for: frame)
    let found = try prepared.evaluate(positions: positions)
    func rounded(_ x: Double) -> Double {
      rounding == 0 ? x : (x / rounding).rounded() * rounding
    }
    return SurfacePoint(
      energy: rounded(found.energy), forces: found.forces.map(rounded),
      stress: hasStress ? found.stress(volume: abs(prepared.cell.volume)) : nil)
  }

  func hessian(of frame: Frame) throws -> BlockSparseMatrix? {
    counts ? try potential.hessian(of: frame) : nil
  }
}

/// Relaxation by energies and forces alone, against Newton's method with the exact Hessian.
struct SurfaceTests {
  private static func vacancy(_ cells: Int) throws -> Frame {
    var frame = Structures.removing([9], from: try Structures.silicon(cells))
    frame.positions = try Push.inward.positions(
      of: frame, crystal: OccupiedLattice(of: frame), size: 0.3, index: 0)
    return frame
  }

  private static func options(_ force: Double = 1e-8) -> RelaxationOptions {
    var options = RelaxationOptions()
    options.maximumForce = force
    options.stepLimit = 500
    return options
  }

  @Test func itArrivesWhereNewtonDoes() throws {
    let potential = try Structures.potential()
    let frame = try Self.vacancy(2)
    let crystal = try OccupiedLattice(of: frame)
    let newton = try Relaxation(potential: potential).stationaryPoint(of: frame, crystal: crystal)
    let cases: [(model: (any Potential)?, lattice: OccupiedLattice?)] = [
      (potential, crystal), (nil, crystal), (nil, nil),
    ]
    for (model, lattice) in cases {
      let point = try SurfaceRelaxation(
        surface: Program(potential: potential), model: model, options: Self.options()
      ).stationaryPoint(of: frame, crystal: lattice)
      #expect(point.kind == .minimum && point.maximumForce <= 1e-8)
      #expect(zip(point.positions, newton.positions).allSatisfy { abs($0 - $1) < 1e-7 })
      #expect(abs(point.energy - newton.energy) < 1e-10)
      #expect(point.steps < (lattice == nil ? 120 : 45), "\(point.steps)")
    }
  }

  /// The preconditioner makes the steps those of the defect, not of the cell.
  @Test func stepsDoNotGrowWithTheCell() throws {
    let potential = try Structures.potential()
    let steps = try [2, 3, 4].map { cells in
      let frame = try Self.vacancy(cells)
      return try SurfaceRelaxation(
        surface: Program(potential: potential, counts: false), model: nil,
        options: Self.options(1e-6)
      ).stationaryPoint(of: frame, crystal: OccupiedLattice(of: frame)).steps
    }
    #expect(steps[2] <= steps[0] + 8, "\(steps)")
  }

  /// Nobody counted, nobody knows: no minimum is claimed, and the key is absent.
  @Test func withoutACountTheKindIsUnknown() throws {
    var frame = try Self.vacancy(2)
    let point = try SurfaceRelaxation(
      surface: Program(potential: Structures.potential(), counts: false), model: nil,
      options: Self.options()
    ).stationaryPoint(of: frame, crystal: OccupiedLattice(of: frame))
    #expect(point.kind == .unknown)
    frame.setStationaryPoint(point)
    #expect(frame.text("stationary") == "unknown" && frame.key("negative_modes") == nil)
  }

  /// Eight decimals, as many programs print them, are enough for forces of that order.
  @Test func roundedEnergiesDoNotStopIt() throws {
    let frame = try Self.vacancy(2)
    let point = try SurfaceRelaxation(
      surface: Program(potential: Structures.potential(), rounding: 1e-8), model: nil,
      options: Self.options(1e-6)
    ).stationaryPoint(of: frame, crystal: OccupiedLattice(of: frame))
    #expect(point.kind == .minimum && abs(point.energy + 270.36988224) < 1e-7)
  }

  @Test func theCellFollowsTheStressOfTheProgram() throws {
    let potential = try Structures.potential()
    let frame = try Self.vacancy(2)
    let crystal = try OccupiedLattice(of: frame)
    let pressure = 2 / RelaxedCell.gigapascal
    let newton = try Relaxation(potential: potential).relaxedCell(
      of: frame, crystal: crystal, freedom: .full, pressure: pressure, maximumStress: 1e-9)
    let found = try SurfaceRelaxation(
      surface: Program(potential: potential), model: nil, options: Self.options()
    ).relaxedCell(
      of: frame, crystal: crystal, freedom: .full, pressure: pressure, maximumStress: 1e-9)
    #expect(found.point.kind == .minimum && found.elasticConstants == nil)
    #expect(
      zip(found.point.positions, newton.point.positions).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(throws: StationaryPointError.noStress) {
      try SurfaceRelaxation(
        surface: Program(potential: potential, hasStress: false), model: nil,
        options: Self.options()
      ).relaxedCell(
        of: frame, crystal: crystal, freedom: .volume, pressure: 0, maximumStress: 1e-9)
    }
  }
}
