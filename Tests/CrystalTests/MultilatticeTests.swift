import Crystal
import Formats
import Testing

struct MultilatticeTests {
  /// Zinc blende built from whole primitive vectors n with the atoms in any cell.
  static func zincBlende(
    species: [String] = ["Cd", "Te"], supercell rows: [[Int]], a: Double = 6.482,
    rounding: Bool = false
  ) -> Frame {
    let primitive = [[0.0, a / 2, a / 2], [a / 2, 0.0, a / 2], [a / 2, a / 2, 0.0]]
    func vector(_ n: [Int]) -> [Double] {
      (0..<3).map { x in (0..<3).reduce(0.0) { $0 + Double(n[$1]) * primitive[$1][x] } }
    }
    let group = TranslationGroup(supercell: rows.flatMap { $0 })
    var (symbols, sublattice, positions): ([String], [Int], [Double]) = ([], [], [])
    for element in 0..<group.count {
      let n = group.translation(at: element)
      let origin = vector([n.0, n.1, n.2])
      for basis in 0..<2 {
        symbols.append(species[basis])
        sublattice.append(basis)
        positions += origin.map { $0 + Double(basis) * a / 4 }
      }
    }
    if rounding { positions = positions.map { ($0 * 1e8).rounded() / 1e8 } }
    var frame = Frame(species: symbols, positions: positions, cell: rows.flatMap(vector))
    frame.setColumn(Column("sublattice", .integer(sublattice)))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    return frame
  }

  static let cells: [[[Int]]] = [
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[-1, 1, 1], [1, -1, 1], [1, 1, -1]],
    [[-3, 3, 3], [3, -3, 3], [3, 3, -3]],
    [[2, 1, 0], [0, 3, 1], [1, 0, 4]],
    [[3, 0, 0], [5, 3, 0], [-4, 2, 3]],
    [[0, 0, -3], [0, 2, 0], [5, 0, 0]],
  ]

  @Test(arguments: cells, [false, true])
  func findsAllTranslationsOfAnyCell(rows: [[Int]], rounding: Bool) throws {
    let frame = Self.zincBlende(supercell: rows, rounding: rounding)
    let lattice = try Multilattice(referenceOf: frame)
    #expect(lattice.group.count == frame.atomCount / 2)
    #expect(lattice.basis.map(\.species) == ["Cd", "Te"])
    // Every atom is its basis site moved by its translation, up to supercell vectors.
    for atom in 0..<frame.atomCount {
      let (element, basis) = (lattice.translationOfAtom[atom], lattice.basisOfAtom[atom])
      #expect(lattice.atoms[element * 2 + basis] == atom)
      let t = lattice.vector(of: lattice.group.translation(at: element))
      let ideal = lattice.idealPositions[3 * atom..<3 * atom + 3]
      let difference = zip(ideal, zip(lattice.basis[basis].position, t)).map {
        $0 - $1.0 - $1.1
      }
      let s = lattice.cell.fractional(difference[0], difference[1], difference[2])
      for f in [s.0, s.1, s.2] { #expect(abs(f - f.rounded()) < 1e-12) }
    }
    let moved = zip(lattice.idealPositions, frame.positions).map { abs($0 - $1) }.max() ?? 1
    #expect(moved < (rounding ? 1e-8 : 1e-12))
  }

  /// One foreign species leaves the identity alone: the reference is one cell.
  @Test func aReferenceWithoutTranslationsIsOneCell() throws {
    var frame = Self.zincBlende(supercell: [[-2, 2, 2], [2, -2, 2], [2, 2, -2]])
    var symbols = frame.species
    symbols[5] = "Se"
    frame.setColumn(Column("species", .text(symbols)))
    let lattice = try Multilattice(referenceOf: frame)
    #expect(lattice.group.count == 1)
    #expect(lattice.basis.count == frame.atomCount)
  }

  /// Diamond with its two sublattices labelled has two sites a cell; one site more than Bravais.
  @Test func sublatticesTellEqualSpeciesApart() throws {
    let frame = Self.zincBlende(
      species: ["Si", "Si"], supercell: [[-2, 2, 2], [2, -2, 2], [2, 2, -2]])
    let lattice = try Multilattice(referenceOf: frame)
    #expect(lattice.basis.map(\.sublattice) == [0, 1])
    #expect(lattice.group.count == 32)
  }

  @Test func theConventionalCellIsTheUnitOfMultiples() throws {
    let lattice = try Multilattice(
      referenceOf: Self.zincBlende(supercell: [[-3, 3, 3], [3, -3, 3], [3, 3, -3]]))
    #expect(lattice.cellMultiples == [3, 3, 3])
    #expect(lattice.group(multiples: [5, 5, 5]).count == 500)
  }

  @Test func openDirectionsHaveNoTranslations() throws {
    var frame = Frame(
      species: ["Si", "Si", "Si"], positions: [0, 0, 0, 0, 0, 2.3, 0, 0, 4.6],
      cell: [5, 0, 0, 0, 5, 0, 0, 0, 0], periodic: [true, true, false])
    frame.setColumn(Column("ref_pos", width: 3, .real(frame.positions)))
    #expect(try Multilattice(referenceOf: frame).group.count == 1)
  }

  @Test func theDisplacementIsTheMinimumImage() throws {
    var frame = Self.zincBlende(supercell: [[3, 0, 0], [5, 3, 0], [-4, 2, 3]])
    var positions = frame.positions
    for k in 0..<3 { positions[12 + k] += [0.1, -0.2, 0.3][k] + frame.cell[k] - frame.cell[6 + k] }
    frame.positions = positions
    let u = try frame.displacements()
    for k in 0..<3 { #expect(abs(u[12 + k] - [0.1, -0.2, 0.3][k]) < 1e-13) }
    #expect(u.enumerated().allSatisfy { (12..<15).contains($0.offset) || $0.element == 0 })
  }

  @Test func aDisplacementBeyondHalfTheBondIsRefused() {
    var frame = Self.zincBlende(supercell: [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    frame.positions[9] += 1.5
    #expect(throws: InputError.self) { try frame.displacements() }
  }

  /// A reference site that was moved, and a cell of other positions: what is left of the translations
  /// would make another crystal of it.
  @Test func aReferenceThatIsNoCrystalIsRefused() throws {
    let frame = try #require(Prototype.named("zincblende")).supercell(
      [3, 3, 3], species: ["Cd", "Te"], latticeConstant: 6.48)
    var positions = try #require(frame.referencePositions)
    positions[3 * 100 + 1] += 0.05
    var moved = frame
    moved.setColumn(Column("ref_pos", width: 3, .real(positions)))
    var strained = frame
    strained.cell = frame.cell.map { 1.001 * $0 }
    positions[3 * 100 + 1] = 1e5
    var far = frame
    far.setColumn(Column("ref_pos", width: 3, .real(positions)))
    for (wrong, words) in [
      (moved, "found 0.05 Å"), (strained, "found 0.02"), (far, "found "),
    ] {
      let error = #expect(throws: InputError.self) { try Multilattice(referenceOf: wrong) }
      #expect(error?.message.contains("ref_pos: expected the sites of a sublattice") == true)
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
    // With the cell of the reference beside it, the strained frame is one of this crystal.
    strained.setKey("ref_lattice", .reals(frame.cell))
    #expect(try Multilattice(referenceOf: strained).group.count == 108)
    // A slab has no translations through its surfaces, whatever its sublattices are called.
    var slab = frame
    slab.periodic = [true, true, false]
    slab.cell[8] = 40
    #expect(try Multilattice(referenceOf: slab).basis.count == 12)
    // One heavy atom makes the whole cell primitive, and moves nothing.
    var masses = try frame.atomicMasses()
    masses[100] += 2
    var isotope = frame
    isotope.setColumn(Column("masses", .real(masses)))
    #expect(try Multilattice(referenceOf: isotope).basis.count == 216)
  }

  @Test func sitesAndDisplacementsAreCountedOneWay() throws {
    let frame = try #require(Prototype.named("zincblende")).supercell(
      [2, 1, 3], species: ["Cd", "Te"], latticeConstant: 6.48)
    let lattice = try Multilattice(referenceOf: frame)
    let numbers = lattice.siteNumbers
    #expect(numbers.sorted() == Array(0..<frame.atomCount))
    for atom in 0..<frame.atomCount { #expect(lattice.atoms[numbers[atom]] == atom) }
    // Whole cells away, and a little: the displacement is the little.
    let moved = frame.positions.enumerated().map { index, x in
      x + 0.01 * Double(index % 7) + Double(index % 3 - 1) * frame.cell[4 * (index % 3)]
    }
    for (index, u) in lattice.displacements(of: moved).enumerated() {
      #expect(abs(u - 0.01 * Double(index % 7)) < 1e-12)
    }
    let distances = lattice.distances(from: 5)
    #expect(distances[5] == 0)
    #expect(distances.count { abs($0 - 6.48 * 0.4330127018922193) < 1e-9 } == 4)
  }
}
