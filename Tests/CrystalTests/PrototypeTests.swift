import Crystal
import Formats
import Foundation
import Testing

struct PrototypeTests {
  /// Species, sites of the conventional and of the primitive cell, space group, and for each
  /// sublattice how many nearest neighbours at which distance in units of a (textbook values, or
  /// from the cell and its parameters).
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let species: [String]
    let conventional: Int
    let primitive: Int
    /// Number of the space group; nil for model lattices.
    var group: Int?
    let shells: [(count: Int, distance: Double)]
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "diamond", species: ["Si"], conventional: 8, primitive: 2, group: 227,
      shells: [(4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "zincblende", species: ["Cd", "Te"], conventional: 8, primitive: 2, group: 216,
      shells: [(4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "rocksalt", species: ["Na", "Cl"], conventional: 8, primitive: 2, group: 225,
      shells: [(6, 0.5), (6, 0.5)]),
    Case(
      name: "cscl", species: ["Cs", "Cl"], conventional: 2, primitive: 2, group: 221,
      shells: [(8, 0.8660254037844386), (8, 0.8660254037844386)]),
    // Ideal c/a and u: a regular tetrahedron of edge a around each atom.
    Case(
      name: "wurtzite", species: ["Ga", "N"], conventional: 4, primitive: 4, group: 186,
      shells: Array(repeating: (4, 0.6123724356957945), count: 4)),
    Case(
      name: "fluorite", species: ["Ca", "F"], conventional: 12, primitive: 3, group: 225,
      shells: [(8, 0.4330127018922193), (4, 0.4330127018922193), (4, 0.4330127018922193)]),
    Case(
      name: "perovskite", species: ["Sr", "Ti", "O"], conventional: 5, primitive: 5, group: 221,
      shells: [(12, 0.7071067811865476), (6, 0.5), (2, 0.5), (2, 0.5), (2, 0.5)]),
    Case(
      name: "heusler", species: ["Cu", "Mn", "Al"], conventional: 16, primitive: 4, group: 225,
      shells: Array(repeating: (8, 0.4330127018922193), count: 4)),
    Case(
      name: "fcc", species: ["Cu"], conventional: 4, primitive: 1, group: 225,
      shells: [(12, 0.7071067811865476)]),
    Case(
      name: "bcc", species: ["Fe"], conventional: 2, primitive: 1, group: 229,
      shells: [(8, 0.8660254037844386)]),
    Case(
      name: "hcp", species: ["Mg"], conventional: 2, primitive: 2, group: 194,
      shells: [(12, 1), (12, 1)]),
    Case(
      name: "lonsdaleite", species: ["C"], conventional: 4, primitive: 4, group: 194,
      shells: Array(repeating: (4, 0.6123724356957945), count: 4)),
    Case(
      name: "graphite", species: ["C"], conventional: 4, primitive: 4, group: 194,
      shells: Array(repeating: (3, 0.5773502691896258), count: 4)),
    Case(
      name: "graphene", species: ["C"], conventional: 2, primitive: 2, group: 191,
      shells: Array(repeating: (3, 0.5773502691896258), count: 2)),
    Case(
      name: "L1_0", species: ["Cu", "Au"], conventional: 4, primitive: 2, group: 123,
      shells: Array(repeating: (12, 0.7071067811865476), count: 2)),
    Case(
      name: "L1_2", species: ["Ni", "Al"], conventional: 4, primitive: 4, group: 221,
      shells: Array(repeating: (12, 0.7071067811865476), count: 4)),
    Case(
      name: "D0_3", species: ["Fe", "Al"], conventional: 16, primitive: 4, group: 225,
      shells: Array(repeating: (8, 0.4330127018922193), count: 4)),
    Case(
      name: "B20", species: ["Fe", "Si"], conventional: 8, primitive: 8, group: 198,
      shells: Array(repeating: (1, 0.5054124256485985), count: 8)),
    Case(
      name: "rutile", species: ["Ti", "O"], conventional: 6, primitive: 6, group: 136,
      shells: Array(repeating: (4, 0.42395046880502446), count: 2)
        + Array(repeating: (2, 0.42395046880502446), count: 4)),
    Case(
      name: "anatase", species: ["Ti", "O"], conventional: 12, primitive: 6, group: 141,
      shells: Array(repeating: (4, 0.5110272260300815), count: 2)
        + Array(repeating: (2, 0.5110272260300815), count: 4)),
    Case(
      name: "spinel", species: ["Mg", "Al", "O"], conventional: 56, primitive: 14, group: 227,
      shells: Array(repeating: (4, 0.2372909606369362), count: 2)
        + Array(repeating: (6, 0.23860427489883745), count: 4)
        + Array(repeating: (1, 0.2372909606369362), count: 8)),
    Case(
      name: "corundum", species: ["Al", "O"], conventional: 30, primitive: 10, group: 167,
      shells: Array(repeating: (3, 0.3896497290764274), count: 4)
        + Array(repeating: (2, 0.3896497290764274), count: 6)),
    Case(
      name: "sc", species: ["Po"], conventional: 1, primitive: 1, group: 221,
      shells: [(6, 1)]),
    Case(
      name: "tetragonal", species: ["Po"], conventional: 1, primitive: 1, group: 123,
      shells: [(4, 1)]),
    Case(
      name: "bct", species: ["Po"], conventional: 2, primitive: 1, group: 139,
      shells: [(8, 0.8958236433584459)]),
    Case(
      name: "orthorhombic", species: ["Po"], conventional: 1, primitive: 1, group: 47,
      shells: [(2, 1)]),
    Case(
      name: "orthorhombic-c", species: ["Po"], conventional: 2, primitive: 1, group: 65,
      shells: [(4, 0.7433034373659253)]),
    Case(
      name: "orthorhombic-i", species: ["Po"], conventional: 2, primitive: 1, group: 71,
      shells: [(8, 0.95524865872714)]),
    Case(
      name: "orthorhombic-f", species: ["Po"], conventional: 4, primitive: 1, group: 69,
      shells: [(4, 0.7433034373659253)]),
    Case(
      name: "hexagonal", species: ["Po"], conventional: 1, primitive: 1, group: 191,
      shells: [(8, 1)]),
    Case(
      name: "rhombohedral", species: ["Po"], conventional: 3, primitive: 1, group: 166,
      shells: [(6, 0.8819171036881968)]),
    Case(
      name: "monoclinic", species: ["Po"], conventional: 1, primitive: 1, group: 10,
      shells: [(2, 1)]),
    Case(
      name: "monoclinic-c", species: ["Po"], conventional: 2, primitive: 1, group: 12,
      shells: [(4, 0.7433034373659253)]),
    Case(
      name: "triclinic", species: ["Po"], conventional: 1, primitive: 1, group: 2,
      shells: [(2, 1)]),
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
        positions: frame.positions, cell: cell, cutoff: a * shell.distance * 1.004)
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
      #expect(frame.periodic == (0..<3).map { $0 < prototype.periodicAxes })
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
      [1, 1, 1], species: ["Zn", "O"], latticeConstant: 3.25,
      shape: Prototype.Shape(axisRatio: 1.602), internalParameters: [0.382])
    let c = 3.25 * 1.602
    #expect(abs(frame.positions[11] - (1 - 0.382) * c) < 1e-14)
    let chain = try #require(Prototype.named("chain"))
    let dimer = try chain.supercell(
      [1, 1, 1], species: ["C"], latticeConstant: 2, internalParameters: [0.25])
    #expect(dimer.positions == [0, 0, 0, 0.5, 0, 0])
    #expect(dimer.orbit == [0, 0])
  }

  @Test func impossibleRequestsAreRefused() throws {
    let zincblende = try #require(Prototype.named("zincblende"))
    func refusal(
      _ prototype: Prototype, _ species: [String], counts: [Int] = [1, 1, 1],
      shape: Prototype.Shape = Prototype.Shape(), internalParameters: [Double]? = nil
    ) -> PrototypeError? {
      do throws(PrototypeError) {
        _ = try prototype.supercell(
          counts, species: species, latticeConstant: 5, shape: shape,
          internalParameters: internalParameters)
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
      refusal(zincblende, ["Cd", "Te"], shape: Prototype.Shape(axisRatio: 1.6))
        == .noAxisRatio(prototype: "zincblende"))
    #expect(
      refusal(zincblende, ["Cd", "Te"], internalParameters: [0.3])
        == .noInternalParameter(prototype: "zincblende"))
    let chain = try #require(Prototype.named("chain"))
    #expect(refusal(chain, ["C"], internalParameters: [1]) == .badInternalParameter(1))
    #expect(
      refusal(chain, ["C"], counts: [4, 2, 1]) == .badSupercell(axis: 1, expected: "1", found: 2))
  }

  @Test func lengthsAndAnglesThatTheLatticeFixesAreRefused() throws {
    func refusal(
      _ name: String, _ shape: Prototype.Shape, parameters: [Double]? = nil
    ) throws -> PrototypeError? {
      let prototype = try #require(Prototype.named(name))
      do throws(PrototypeError) {
        _ = try prototype.supercell(
          [1, 1, 1], species: Array(["Ti", "O", "N"].prefix(prototype.speciesCount.lowerBound)),
          latticeConstant: 4, shape: shape, internalParameters: parameters)
        return nil
      } catch { return error }
    }
    #expect(try refusal("rutile", .init(secondRatio: 2)) == .noSecondRatio(prototype: "rutile"))
    #expect(
      try refusal("monoclinic", .init(angles: [80, nil, nil]))
        == .noAngle(prototype: "monoclinic", angle: "alpha"))
    #expect(
      try refusal("triclinic", .init(angles: [30, 30, 90])) == .badAngles([30, 30, 90]))
    #expect(
      try refusal("B20", .init(), parameters: [0.2])
        == .wrongParameterCount(prototype: "B20", expected: ["u", "v"], found: 1))
    #expect(try refusal("monoclinic", .init(secondRatio: 1.3, angles: [nil, 100, nil])) == nil)
  }

  /// Lengths and angles of the vectors are those asked for.
  @Test func aTriclinicCellHasItsLengthsAndAngles() throws {
    let frame = try #require(Prototype.named("triclinic")).supercell(
      [1, 1, 1], species: ["Po"], latticeConstant: 3,
      shape: .init(axisRatio: 1.3, secondRatio: 1.2, angles: [75, 85, 95]))
    let rows = (0..<3).map { Array(frame.cell[3 * $0..<3 * $0 + 3]) }
    func product(_ i: Int, _ j: Int) -> Double {
      (0..<3).reduce(0) { $0 + rows[i][$1] * rows[j][$1] }
    }
    let lengths = [3, 3.6, 3.9]
    for axis in 0..<3 { #expect(abs(product(axis, axis).squareRoot() - lengths[axis]) < 1e-12) }
    for (axis, angle) in [75.0, 85, 95].enumerated() {
      let (i, j) = ((axis + 1) % 3, (axis + 2) % 3)
      let cosine = product(i, j) / (lengths[i] * lengths[j])
      #expect(abs(cosine - cos(angle * .pi / 180)) < 1e-14)
    }
  }

  @Test func namesAreFoundWhateverTheirCaseAndHyphens() {
    for (text, name) in [
      ("l10", "L1_0"), ("Cu3Au", "L1_2"), ("d03", "D0_3"), ("B2", "cscl"), ("RUTILE", "rutile"),
      ("orthorhombic_c", "orthorhombic-c"), ("A15", nil),
    ] {
      #expect(Prototype.named(text)?.name == name)
    }
    let names = Prototype.all.flatMap { [$0.name] + $0.aliases }.map { $0.lowercased() }
    #expect(Set(names).count == names.count)
  }

  /// spglib finds the space group of the type, and the orbits that the labels say.
  @Test(arguments: cases.filter { $0.group != nil })
  func theSpaceGroupIsThatOfTheType(_ known: Case) throws {
    let prototype = try #require(Prototype.named(known.name))
    let frame = try prototype.supercell(
      [1, 1, 1], species: known.species, latticeConstant: 4, isPrimitive: true)
    let symmetry = try SiteSymmetry(
      cell: frame.positionCell(), positions: frame.positions, classes: frame.species)
    #expect(symmetry.spaceGroup == known.group)
    #expect(symmetry.orbits == frame.orbit)
    // As many atoms of each species as the formula says.
    let formula = prototype.formula.split(separator: " ").map { Int($0.dropFirst()) ?? 1 }
    let counts = known.species.map { symbol in frame.species.count { $0 == symbol } }
    for (count, share) in zip(counts, formula) { #expect(count * formula[0] == counts[0] * share) }
  }

  private func build(_ known: Case, a: Double, isPrimitive: Bool) throws -> Frame {
    let prototype = try #require(Prototype.named(known.name))
    let counts = (0..<3).map { $0 < prototype.periodicAxes ? 2 + $0 : 1 }
    return try prototype.supercell(
      counts, species: known.species, latticeConstant: a, isPrimitive: isPrimitive)
  }
}
