import Crystal
import Formats
import Testing

struct OccupiedLatticeTests {
  private static func crystal() throws -> Frame {
    try #require(Prototype.named("zincblende")).supercell(
      [2, 2, 2], species: ["Cd", "Te"], latticeConstant: 6.5)
  }

  private static func removing(_ sites: [Int], from frame: Frame) -> Frame {
    let kept = (0..<frame.atomCount).filter { !sites.contains($0) }
    let reference = frame.referencePositions ?? []
    let places = kept.flatMap { reference[3 * $0..<3 * $0 + 3] }
    var result = Frame(
      species: kept.map { frame.species[$0] }, positions: places, cell: frame.cell)
    result.setColumn(Column("ref_pos", width: 3, .real(places)))
    result.setColumn(
      Column("sublattice", .integer(kept.map { frame.sublattice?[$0] ?? 0 })))
    var defects = SiteDefects()
    defects.vacancies = sites
    defects.setKeys(of: &result)
    return result
  }

  @Test(arguments: [[Int](), [5], [5, 6], [0, 1, 2, 3], [10, 11, 40, 63, 62]])
  func vacantSitesAreThoseThatWereEmptied(sites: [Int]) throws {
    let crystal = try Self.crystal()
    let perfect = try Multilattice(referenceOf: crystal)
    let found = try OccupiedLattice(of: Self.removing(sites, from: crystal))
    #expect(found.siteCount == 64 && found.vacantSites.count == sites.count)
    #expect(found.multilattice.group.count == perfect.group.count)
    let reduced = ReducedCell(perfect.cell)
    let places = crystal.positions
    let emptied = stride(from: 0, to: found.vacantPlaces.count, by: 3).map { start in
      sites.first { site in
        let u = reduced.minimumImage(
          found.vacantPlaces[start] - places[3 * site],
          found.vacantPlaces[start + 1] - places[3 * site + 1],
          found.vacantPlaces[start + 2] - places[3 * site + 2])
        return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 < 1e-12
      }
    }
    #expect(Set(emptied.compactMap { $0 }) == Set(sites))
    // Every site has one atom, or is vacant.
    let numbers = found.siteOfAtom.compactMap { $0 } + found.vacantSites
    #expect(numbers.sorted() == Array(0..<64))
  }

  @Test func anotherNumberOfVacanciesIsRefused() throws {
    var frame = Self.removing([5, 9], from: try Self.crystal())
    frame.setKey("vacancies", .integer(3))
    #expect(throws: InputError.self) { try OccupiedLattice(of: frame) }
  }

  @Test func theSpeciesOfASiteIsThatOfMostAtomsThere() throws {
    var frame = try Self.crystal()
    var species = frame.species
    species[0] = species[0] == "Cd" ? "Te" : "Cd"
    frame.setColumn(Column("species", .text(species)))
    let found = try OccupiedLattice(of: frame)
    #expect(Set(found.multilattice.basis.map(\.species)) == ["Cd", "Te"])
    #expect(found.multilattice.basis.count == 2)
  }
}
