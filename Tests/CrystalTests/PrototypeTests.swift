import Crystal
import Formats
import Testing

struct PrototypeTests {
  /// Species, sites of the conventional and of the primitive cell, and for each sublattice how many
  /// nearest neighbours at which distance in units of a (textbook values).
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let species: [String]
    let conventional: Int
    let primitive: Int
    let shells: [(count: Int, distance: Double)]
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "diamond", species: ["Si"], conventional: 8, primitive: 2,
      shells: [(4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "zincblende", species: ["Cd", "Te"], conventional: 8, primitive: 2,
      shells: [(4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "rocksalt", species: ["Na", "Cl"], conventional: 8, primitive: 2,
      shells: [(6, 0.5), (6, 0.5)]),
    Case(
      name: "cscl", species: ["Cs", "Cl"], conventional: 2, primitive: 2,
      shells: [(8, 0.8660254037844386), (8, 0.8660254037844386)]),
    // Ideal c/a and u: a regular tetrahedron of edge a around each atom.
    Case(
      name: "wurtzite", species: ["Ga", "N"], conventional: 4, primitive: 4,
      shells: Array(repeating: (4, 0.6123724356957945), count: 4)),
    Case(
      name: "fluorite", species: ["Ca", "F"], conventional: 12, primitive: 3,
      shells: [(8, 0.4330127018922193), (4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "perovskite", species: ["Sr", "Ti", "O"], conventional: 5, primitive: 5,
      shells: [(12, 0.7071067811865476), (6, 0.5), (2, 0.5), (2, 0.5), (2, 0.5)]),
    Case(
      name: "heusler", species: ["Cu", "Mn", "Al"], conventional: 16, primitive: 4,
      shells: Array(repeating: (8, 0.4330127018922193), count: 4)),
    Case(
      name: "fcc", species: ["Cu"], conventional: 4, primitive: 1,
      shells: [(12, 0.7071067811865476)]),
    Case(
      name: "bcc", species: ["Fe"], conventional: 2, primitive: 1,
      shells: [(8, 0.8660254037844386)]),
    Case(
      name: "hcp", species: ["Mg"], conventional: 2, primitive: 2, shells: [(12, 1), (12, 1)]),
    Case(
      name: "chain", species: ["Si", "C"], conventional: 2, primitive: 2,
      shells: [(2, 0.5), (2, 0.5)]),
    Case(
      name: "square", species: ["Si", "C"], conventional: 2, primitive: 2,
      shells: [(4, 0.7071067811865476), (4, 0.7071067811865476)]),
  ]

  @Test func everyPrototypeIsTested() {
    #expect(Self.cases.map(\.name) == Prototype.all.map(\.name))
  }

  @Test(arguments: cases, [false, true])
  func nearestNeighborsAreThoseOfTheTextbook(_ known: Case, isPrimitive: Bool) throws {
    let a = 3.7
    let frame = try build(known, a: a, isPrimitive: isPrimitive)
    let cell = try frame.positionCell()
    let sublattice = try frame.requiredSublattice()
    #expect(Set(sublattice).count == known.primitive)
    for (index, shell) in known.shells.enumerated() {
      let search = try NeighborSearch(
        positions: frame.positions, cell: cell, cutoff: a * shell.distance * 1.01)
      let list = try search.neighborsOfAll()
      for atom in 0..<frame.atomCount where sublattice[atom] == index {
        let distances = list.distances[list.pairs(of: atom)]
        #expect(distances.count == shell.count)
        #expect(distances.allSatisfy { abs($0 - a * shell.distance) < 1e-13 * a })
      }
    }
  }

  /// x = Σ_a m_a P_a + p_α with the primitive vectors P and one basis vector p for a sublattice.
  @Test(arguments: cases, [false, true])
  func cellIndicesAreTranslationsOfThePrimitiveCell(_ known: Case, isPrimitive: Bool) throws {
    let prototype = try #require(Prototype.named(known.name))
    let unit = try prototype.supercell(
      [1, 1, 1], species: known.species, latticeConstant: 1, isPrimitive: true)
    let frame = try build(known, a: 1, isPrimitive: isPrimitive)
    let (cells, sublattice) = (try #require(frame.cellIndex), try frame.requiredSublattice())
    var seen: Set<[Int]> = []
    for atom in 0..<frame.atomCount {
      let site = sublattice[atom]
      seen.insert([site] + cells[3 * atom..<3 * atom + 3])
      for axis in 0..<3 {
        var x = unit.positions[3 * site + axis]
        for vector in 0..<3 { x += Double(cells[3 * atom + vector]) * unit.cell[3 * vector + axis] }
        #expect(abs(frame.positions[3 * atom + axis] - x) < 1e-14)
      }
    }
    #expect(seen.count == frame.atomCount)
  }

  @Test(arguments: cases) func cellsHoldTheirAtomsAndAreRightHanded(_ known: Case) throws {
    let prototype = try #require(Prototype.named(known.name))
    for (isPrimitive, count) in [(false, known.conventional), (true, known.primitive)] {
      let frame = try prototype.supercell(
        [1, 1, 1], species: known.species, latticeConstant: 4, isPrimitive: isPrimitive)
      #expect(frame.atomCount == count)
      #expect(try frame.positionCell().volume > 0)
      #expect(frame.periodic == (0..<3).map { $0 < prototype.dimension })
      #expect(frame.dimension == prototype.dimension)
    }
  }

  @Test func siliconOf216AtomsHasTheNumbersOfAnyTextbook() throws {
    let diamond = try #require(Prototype.named("diamond"))
    let frame = try diamond.supercell([3, 3, 3], species: ["Si"], latticeConstant: 5.431)
    #expect(frame.cell == [16.293, 0, 0, 0, 16.293, 0, 0, 0, 16.293])
    #expect(
      Array(frame.positions[0..<9]) == [0, 0, 0, 1.35775, 1.35775, 1.35775, 0, 2.7155, 2.7155])
    #expect(frame.sublattice?[0..<4] == [0, 1, 0, 1])
    #expect(frame.orbit.map(Set.init) == [0])
  }

  /// The last coordinate of a long row of cells is the product of integers and a, rounded once.
  @Test func coordinatesDoNotGatherRoundOff() throws {
    let fcc = try #require(Prototype.named("fcc"))
    let frame = try fcc.supercell([1000, 1, 1], species: ["Cu"], latticeConstant: 3.61)
    for cell in 0..<1000 {
      #expect(frame.positions[12 * cell] == Double(cell) * 3.61)
      #expect(frame.positions[12 * cell + 6] == (Double(cell) + 0.5) * 3.61)
    }
  }

  @Test func theInternalParameterMovesTheSecondSites() throws {
    let wurtzite = try #require(Prototype.named("wurtzite"))
    let frame = try wurtzite.supercell(
      [1, 1, 1], species: ["Zn", "O"], latticeConstant: 3.25, axisRatio: 1.602,
      internalParameter: 0.382)
    let c = 3.25 * 1.602
    #expect(abs(frame.positions[11] - (1 - 0.382) * c) < 1e-14)
    let chain = try #require(Prototype.named("chain"))
    let dimer = try chain.supercell(
      [1, 1, 1], species: ["C"], latticeConstant: 2, internalParameter: 0.25)
    #expect(dimer.positions == [0, 0, 0, 0.5, 0, 0])
    #expect(dimer.orbit == [0, 0])
  }

  @Test func impossibleRequestsAreRefused() throws {
    let zincblende = try #require(Prototype.named("zincblende"))
    func refusal(
      _ prototype: Prototype, _ species: [String], counts: [Int] = [1, 1, 1],
      axisRatio: Double? = nil, internalParameter: Double? = nil
    ) -> PrototypeError? {
      do throws(PrototypeError) {
        _ = try prototype.supercell(
          counts, species: species, latticeConstant: 5, axisRatio: axisRatio,
          internalParameter: internalParameter)
        return nil
      } catch { return error }
    }
    #expect(
      refusal(zincblende, ["Si"])
        == .wrongSpeciesCount(prototype: "zincblende", expected: 2...2, found: 1))
    #expect(refusal(zincblende, ["Si", "Si"]) == .repeatedSpecies("Si"))
    #expect(refusal(zincblende, ["Si", "Q"]) == .unknownSpecies("Q"))
    #expect(
      refusal(zincblende, ["Cd", "Te"], counts: [0, 1, 1])
        == .badSupercell(axis: 0, expected: "at least 1", found: 0))
    #expect(
      refusal(zincblende, ["Cd", "Te"], counts: Array(repeating: Int(Int32.max), count: 3))
        == .tooManyAtoms(limit: Prototype.atomLimit))
    #expect(
      refusal(zincblende, ["Cd", "Te"], axisRatio: 1.6) == .noAxisRatio(prototype: "zincblende"))
    #expect(
      refusal(zincblende, ["Cd", "Te"], internalParameter: 0.3)
        == .noInternalParameter(prototype: "zincblende"))
    let chain = try #require(Prototype.named("chain"))
    #expect(refusal(chain, ["C"], internalParameter: 1) == .badInternalParameter(1))
    #expect(
      refusal(chain, ["C"], counts: [4, 2, 1]) == .badSupercell(axis: 1, expected: "1", found: 2))
  }

  private func build(_ known: Case, a: Double, isPrimitive: Bool) throws -> Frame {
    let prototype = try #require(Prototype.named(known.name))
    let counts = (0..<3).map { $0 < prototype.dimension ? 2 + $0 : 1 }
    return try prototype.supercell(
      counts, species: known.species, latticeConstant: a, isPrimitive: isPrimitive)
  }
}
