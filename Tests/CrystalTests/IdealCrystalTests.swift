import Crystal
import Formats
import Testing

struct IdealCrystalTests {
  private static let chloride = Frame(
    species: ["Cl", "Cs"], positions: [2.06, 2.06, 2.06, 0, 0, 0],
    cell: [4.12, 0, 0, 0, 4.12, 0, 0, 0, 4.12])

  @Test func theTwoSitesOfCaesiumChlorideAreNumberedByAtomicNumber() throws {
    let crystal = try IdealCrystal(of: Self.chloride, tolerance: 1e-5)
    #expect(crystal.symmetry.spaceGroup == 221)
    #expect(crystal.sublattice == [0, 1] && crystal.orbit == [0, 1])
    #expect(crystal.cellIndex == [0, 0, 0, 0, 0, 0])
    #expect(crystal.referencePositions == Self.chloride.positions)
    let frame = crystal.labelled(Self.chloride)
    #expect(frame.text("sublattice_names") == "Cl Cs")
    #expect(frame.text("space_group") == "Pm-3m")
    #expect(frame.species == ["Cl", "Cs"])
  }

  /// Perovskite in a cell that no axis of it is along, atoms reversed and in any image: the labels
  /// of an atom do not depend on it.
  @Test func theOrderAndTheImagesOfTheAtomsDoNotMatter() throws {
    let built = try #require(Prototype.named("perovskite")).supercell(
      [2, 2, 3], species: ["Sr", "Ti", "O"], latticeConstant: 3.905)
    let n = built.atomCount
    let cell = try Cell(rows: built.cell)
    let order = (0..<n).map { 7 * $0 % n }
    try #require(Set(order).count == n)
    var positions: [Double] = []
    for (new, old) in order.enumerated() {
      let image = cell.cartesian(Double(new % 3 - 1), Double(new % 2), Double(-(new % 5)))
      positions += [
        built.positions[3 * old] + image.0, built.positions[3 * old + 1] + image.1,
        built.positions[3 * old + 2] + image.2,
      ]
    }
    let shuffled = Frame(
      species: order.map { built.species[$0] }, positions: positions, cell: built.cell)
    let (first, second) = (
      try IdealCrystal(of: built, tolerance: 1e-5), try IdealCrystal(of: shuffled, tolerance: 1e-5)
    )
    #expect(second.sublattice == order.map { first.sublattice[$0] })
    #expect(second.orbit == order.map { first.orbit[$0] })
    // O, Ti, Sr by atomic number: the three sites of O are one orbit.
    #expect(
      Set(zip(first.sublattice, first.orbit).map { [$0, $1] }) == [
        [0, 0], [1, 0], [2, 0], [3, 3], [4, 4],
      ])
    #expect(first.speciesOfSublattice == ["O", "O", "O", "Ti", "Sr"])
  }

  /// ref_pos = place of the sublattice + cell_index · primitive vectors.
  @Test(arguments: Prototype.all.filter { $0.periodicAxes == 3 }.map(\.name))
  func cellIndicesCountPrimitiveVectors(name: String) throws {
    let prototype = try #require(Prototype.named(name))
    let species = ["Sr", "Ti", "O"].prefix(prototype.speciesCount.lowerBound)
    let built = try prototype.supercell([2, 1, 2], species: Array(species), latticeConstant: 4)
    let crystal = try IdealCrystal(of: built, tolerance: 1e-5)
    #expect(crystal.speciesOfSublattice.count == prototype.sublatticeCount)
    var homes: [Int: [Double]] = [:]
    for atom in 0..<built.atomCount {
      let n = crystal.cellIndex[3 * atom..<3 * atom + 3].map(Double.init)
      let rows = crystal.multilattice.primitiveVectors
      let home = (0..<3).map { k in
        crystal.referencePositions[3 * atom + k]
          - (0..<3).reduce(0) { $0 + n[$1] * rows[3 * $1 + k] }
      }
      let known = homes[crystal.sublattice[atom]] ?? home
      #expect(zip(home, known).allSatisfy { abs($0 - $1) < 1e-9 })
      homes[crystal.sublattice[atom]] = known
    }
  }

  /// Positions of three decimals: the translations are found within 1e-2, and obeyed to rounding.
  @Test func roughPositionsAreMadeIdeal() throws {
    let built = try #require(Prototype.named("diamond")).supercell(
      [2, 2, 2], species: ["Si"], latticeConstant: 5.4309)
    let rough = built.positions.map { ($0 * 1e3).rounded() / 1e3 }
    let frame = Frame(species: built.species, positions: rough, cell: built.cell)
    #expect(throws: InputError.self) { try IdealCrystal(of: frame, tolerance: 1e-5) }
    let crystal = try IdealCrystal(of: frame, tolerance: 1e-2)
    #expect(Set(crystal.sublattice) == [0, 1] && crystal.orbit.allSatisfy { $0 == 0 })
    #expect(crystal.referencePositions != rough)
    #expect(zip(crystal.referencePositions, rough).allSatisfy { abs($0 - $1) < 1e-3 })
    let again = try IdealCrystal(
      of: Frame(
        species: built.species, positions: crystal.referencePositions, cell: built.cell),
      tolerance: 1e-9)
    #expect(Set(again.sublattice).count == 2)
  }

  @Test func displacedAndDefectiveFramesAreRefused() throws {
    let built = try #require(Prototype.named("zincblende")).supercell(
      [2, 2, 2], species: ["Cd", "Te"], latticeConstant: 6.48)
    var moved = built.positions
    for k in moved.indices {
      let step = (37 * k * k + 11 * k) % 17 - 8
      moved[k] += 0.05 / 8 * Double(step)
    }
    let rattled = Frame(species: built.species, positions: moved, cell: built.cell)
    let vacant = Frame(
      species: Array(built.species.dropFirst()), positions: Array(built.positions.dropFirst(3)),
      cell: built.cell)
    for frame in [rattled, vacant] {
      let error = #expect(throws: InputError.self) {
        try IdealCrystal(of: frame, tolerance: 1e-5)
      }
      #expect(error?.message.contains("--reference") == true)
    }
    // A lone vacancy in a cell is a crystal too, for whom it is meant.
    let meant = try IdealCrystal(of: vacant, tolerance: 1e-5, acceptsDistorted: true)
    #expect(meant.symmetry.symbol == "P-43m" && Set(meant.sublattice).count == 63)
    #expect(meant.labelled(vacant).text("sublattice_names")?.hasPrefix("Cd1 Cd2 ") == true)
    let open = Frame(
      species: ["H"], positions: [0, 0, 0], cell: [Double](repeating: 0, count: 9),
      periodic: [false, false, false])
    #expect(throws: InputError.self) { try IdealCrystal(of: open, tolerance: 1e-5) }
  }

  /// Two atoms near each other in P-1 look like diamond that was displaced.
  @Test func aDisplacedPrimitiveCellIsRefused() throws {
    let fcc = [0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0].map { 5.431 * $0 }
    let frame = Frame(
      species: ["Si", "Si"], positions: [0, 0, 0, 1.42, 1.33, 1.29], cell: fcc)
    let error = #expect(throws: InputError.self) { try IdealCrystal(of: frame, tolerance: 1e-5) }
    #expect(error?.message.contains("P-1, and Fd-3m within") == true)
  }

  @Test func isotopesAreNoTranslationsOfEachOther() throws {
    let fcc = try #require(Prototype.named("fcc")).supercell(
      [1, 1, 1], species: ["Cu"], latticeConstant: 3.6)
    var frame = Frame(species: fcc.species, positions: fcc.positions, cell: fcc.cell)
    frame.setColumn(Column("masses", .real([63, 65, 65, 65])))
    let crystal = try IdealCrystal(of: frame, tolerance: 1e-5)
    #expect(Set(crystal.sublattice).count == 4 && Set(crystal.orbit).count == 2)
  }
}
