import Base
import Crystal
import Formats
import Foundation
import Potentials
import StationaryPoints
import Testing

struct RelaxationTests {
  private func relaxed(
    _ frame: Frame, _ file: String = "Si.sw", push: Push? = nil, size: Double = 0.3,
    threads: Int = 1
  ) throws -> StationaryPoint {
    let crystal = try OccupiedLattice(of: frame)
    var frame = frame
    if let push {
      frame.positions = try push.positions(of: frame, crystal: crystal, size: size, index: 0)
    }
    var options = RelaxationOptions()
    options.threads = threads
    return try Relaxation(potential: Structures.potential(file), options: options)
      .stationaryPoint(of: frame, crystal: crystal)
  }

  // Energies of a dense Newton iteration on the textbook energy by automatic differentiation.
  @Test func theVacancyOfSiliconMovesInward() throws {
    for (cells, energy) in [(2, -270.3698822), (3, -929.6742164)] {
      let perfect = try Structures.silicon(cells)
      let site = Structures.central(perfect, "Si")
      let vacancy = Structures.removing([site], from: perfect)
      let ideal = try relaxed(vacancy)
      #expect(abs(ideal.energy - (cells == 2 ? -268.8691997 : -928.032399)) < 1e-7)
      #expect(ideal.kind == .minimum)
      let inward = try relaxed(vacancy, push: .inward)
      #expect(abs(inward.energy - energy) < 1e-7)
      #expect(inward.kind == .minimum && inward.negativeModes == 0)
      #expect(inward.maximumForce <= 1e-8 && inward.steps <= 8)
      // The four neighbours keep the symmetry, at 1.789 Å from the site.
      let reduced = ReducedCell(try Cell(rows: perfect.cell))
      let distances = (0..<vacancy.atomCount).map { atom -> Double in
        let u = reduced.minimumImage(
          inward.positions[3 * atom] - perfect.positions[3 * site],
          inward.positions[3 * atom + 1] - perfect.positions[3 * site + 1],
          inward.positions[3 * atom + 2] - perfect.positions[3 * site + 2])
        return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
      }.sorted()
      if cells == 3 { #expect(abs(distances[0] - 1.789) < 5e-4) }
      #expect(distances[3] - distances[0] < 1e-6)
    }
  }

  @Test func aSplitInterstitialAndAnAntisiteRelax() throws {
    let perfect = try Structures.silicon(3)
    let split = Structures.splitting(
      Structures.central(perfect, "Si"), by: [0.57, 0.57, 0], in: perfect)
    let point = try relaxed(split)
    #expect(abs(point.energy - -936.5749505) < 1e-7)
    #expect(point.kind == .minimum && point.steps <= 20)
    let blende = try Structures.cadmiumTelluride(3)
    let antisite = Structures.replacing(
      Structures.central(blende, "Te"), by: "Cd", in: blende)
    let anti = try relaxed(antisite, "CdTe-Wang1989.sw")
    #expect(abs(anti.energy - -443.1221449) < 1e-7)
    #expect(anti.kind == .minimum)
  }

  @Test func stepsAndIterationsDoNotGrowWithTheCell() throws {
    let counts = try [3, 6].map { cells in
      let perfect = try Structures.silicon(cells)
      let point = try relaxed(
        Structures.removing([Structures.central(perfect, "Si")], from: perfect), push: .inward)
      return (point.steps, point.iterations)
    }
    #expect(counts[1].0 <= counts[0].0 + 1)
    #expect(counts[1].1 <= counts[0].1 + 6)
  }

  // Off its symmetry the dumbbell runs into a minimum 5 meV below the symmetric one.
  @Test func aRandomStartFindsAMinimumAsLowAsTheSymmetricOne() throws {
    let perfect = try Structures.silicon(3)
    let split = Structures.splitting(
      Structures.central(perfect, "Si"), by: [0.57, 0.57, 0], in: perfect)
    let a = try relaxed(split, push: .random(seed: 3), size: 0.01)
    let b = try relaxed(split, push: .random(seed: 3), size: 0.01, threads: 3)
    #expect(a.kind == .minimum && a.energy < -936.5749505 + 1e-7)
    #expect(a.positions == b.positions && a.energy == b.energy)
  }

  @Test func aFrameWithoutLabelsRelaxesToo() throws {
    let perfect = try Structures.silicon(2)
    var frame = Structures.rattled(perfect, by: 0.05, seed: 2)
    frame.removeColumn("ref_pos")
    let potential = try Structures.potential()
    let point = try Relaxation(potential: potential).stationaryPoint(of: frame, crystal: nil)
    #expect(abs(point.energy - (try potential.energy(of: perfect))) < 1e-9)
    #expect(point.kind == .minimum)
  }

  @Test(arguments: [
    ("chain", ["Na", "Cl"], 5.0, [8, 1, 1], "chain.json"),
    ("square", ["Na", "Cl"], 4.0, [5, 5, 1], "square.json"),
    ("cscl", ["Cs", "Cl"], 4.0, [3, 3, 3], "cscl.json"),
  ])
  func aRattledModelLatticeComesHome(
    prototype: String, species: [String], a: Double, cells: [Int], file: String
  ) throws {
    let perfect = try #require(Prototype.named(prototype)).supercell(
      cells, species: species, latticeConstant: a)
    var frame = perfect
    var random = RandomNumbers(keys: 8)
    for atom in 0..<frame.atomCount {
      for axis in 0..<frame.dimension { frame.positions[3 * atom + axis] += 0.05 * random.normal() }
    }
    let point = try relaxed(frame, file)
    let energy = try Structures.potential(file).energy(of: perfect)
    #expect(abs(point.energy - energy) < 1e-10)
    #expect(point.kind == .minimum && point.steps <= 6)
  }

  @Test func oneAtomHasNoModeBesideTheTranslations() throws {
    let cell = [0, 2.2, 2.2, 2.2, 0, 2.2, 2.2, 2.2, 0]
    let frame = Frame(species: ["Si"], positions: [0.1, 0.2, 0.3], cell: cell)
    let point = try Relaxation(potential: Structures.potential())
      .stationaryPoint(of: frame, crystal: nil)
    #expect(point.kind == .minimum && point.steps == 0)
  }

  @Test func tooFewStepsAreAnError() throws {
    let perfect = try Structures.silicon(2)
    let frame = Structures.rattled(perfect, by: 0.05, seed: 2)
    var options = RelaxationOptions()
    options.stepLimit = 1
    #expect(throws: StationaryPointError.self) {
      try Relaxation(potential: Structures.potential(), options: options)
        .stationaryPoint(of: frame, crystal: OccupiedLattice(of: frame))
    }
  }

  @Test func inwardNeedsAVacancy() throws {
    let perfect = try Structures.silicon(2)
    #expect(throws: InputError.self) {
      try Push.inward.positions(
        of: perfect, crystal: OccupiedLattice(of: perfect), size: 0.3, index: 0)
    }
  }
}
