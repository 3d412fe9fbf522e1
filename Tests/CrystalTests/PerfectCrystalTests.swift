import Crystal
import Formats
import Foundation
import Testing

/// Defects in a crystal, and the perfect crystal that is found from the rest.
struct PerfectCrystalTests {
  static func perfect(_ counts: [Int] = [2, 2, 2]) throws -> Frame {
    try #require(Prototype.named("zincblende")).supercell(
      counts, species: ["Cd", "Te"], latticeConstant: 6.48)
  }

  /// The frame without some atoms, with others as antisites, and with added atoms.
  static func defective(
    _ frame: Frame, vacancies: [Int] = [], antisites: [Int: String] = [:],
    added: [(String, [Double])] = []
  ) -> Frame {
    let kept = (0..<frame.atomCount).filter { !vacancies.contains($0) }
    var species = kept.map { antisites[$0] ?? frame.species[$0] }
    var positions = kept.flatMap { frame.positions[3 * $0..<3 * $0 + 3] }
    var sublattice = kept.map { frame.sublattice?[$0] ?? 0 }
    for (name, place) in added {
      species.append(name)
      positions += place
      sublattice.append(SiteDefects.noSublattice)
    }
    var result = Frame(species: species, positions: positions, cell: frame.cell)
    result.setColumn(Column("sublattice", .integer(sublattice)))
    result.setColumn(Column("ref_pos", width: 3, .real(positions)))
    var defects = SiteDefects()
    defects.vacancies = vacancies
    defects.antisites = kept.indices.filter { antisites[kept[$0]] != nil }
    defects.interstitials = Array(kept.count..<species.count)
    defects.setKeys(of: &result)
    return result
  }

  @Test(arguments: [[5], [0, 63], [1, 2, 3, 4, 40], Array(stride(from: 0, to: 64, by: 9))])
  func emptySitesAreFound(vacancies: [Int]) throws {
    let frame = try Self.perfect()
    let crystal = try PerfectCrystal(of: Self.defective(frame, vacancies: vacancies))
    #expect(crystal.frame.atomCount == frame.atomCount)
    #expect(crystal.vacancies.count == vacancies.count)
    // It is the crystal: as many translations, and an atom of the right species on each empty site.
    let lattice = try Multilattice(referenceOf: crystal.frame)
    #expect(lattice.basis.count == 2 && lattice.group.count == 32)
    let cell = try frame.positionCell()
    let reduced = ReducedCell(cell)
    for site in vacancies {
      let own = frame.positions[3 * site..<3 * site + 3]
      let found = crystal.vacancies.first { candidate in
        let x = crystal.frame.positions
        let u = reduced.minimumImage(
          x[3 * candidate] - own[3 * site], x[3 * candidate + 1] - own[3 * site + 1],
          x[3 * candidate + 2] - own[3 * site + 2])
        return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 < 1e-8
      }
      let place = try #require(found)
      #expect(crystal.frame.species[place] == frame.species[site])
      #expect(crystal.frame.sublattice?[place] == frame.sublattice?[site])
    }
  }

  @Test func antisitesAndAddedAtomsAreKnown() throws {
    let frame = try Self.perfect()
    let changed = [3, 20, 60]
    let antisites = Dictionary(
      uniqueKeysWithValues: changed.map { ($0, frame.species[$0] == "Cd" ? "Te" : "Cd") })
    let crystal = try PerfectCrystal(
      of: Self.defective(
        frame, vacancies: [7], antisites: antisites, added: [("Cd", [3.24, 3.24, 3.24])]))
    #expect(crystal.antisites == changed.map { $0 > 7 ? $0 - 1 : $0 })
    #expect(crystal.interstitials == [63])
    #expect(crystal.siteOfAtom[63] == nil && crystal.siteOfAtom.compactMap { $0 }.count == 63)
    #expect(try Multilattice(referenceOf: crystal.frame).basis.map(\.species) == ["Cd", "Te"])
  }

  @Test func aPerfectCrystalStaysWhatItIs() throws {
    let frame = try Self.perfect([1, 2, 1])
    let crystal = try PerfectCrystal(of: frame)
    #expect(crystal.vacancies.isEmpty && crystal.antisites.isEmpty)
    #expect(crystal.siteOfAtom == frame.species.indices.map { $0 })
    #expect(crystal.frame.positions == frame.positions)
  }

  @Test func atomsThatLeftTheirSitesAreRefused() throws {
    let frame = Self.defective(try Self.perfect(), vacancies: [0])
    let crystal = try PerfectCrystal(of: frame)
    func check(_ step: Double) throws(InputError) {
      var moved = frame
      moved.positions[3 * 7] += step
      try crystal.checkDisplacements(of: moved, nearestNeighborDistance: 2.8)
    }
    try check(2)
    // A whole cell away is where it was.
    try check(12.96)
    let error = #expect(throws: InputError.self) { try check(2.2) }
    #expect(error?.message.contains("found 2.2 Å at atom 8") ?? false)
    #expect(throws: InputError.self) { try check(1e12) }
  }

  @Test func sitesThatKeysDoNotCountAreRefused() throws {
    let frame = try Self.perfect()
    func message(_ frame: Frame) -> String {
      do {
        _ = try PerfectCrystal(of: frame)
        return ""
      } catch { return "\(error)" }
    }
    var defects = Self.defective(frame, vacancies: [5, 9])
    defects.setKey("vacancies", .integer(0))
    #expect(message(defects).contains("expected 0 empty sites"))
    defects.setKey("vacancies", .integer(3))
    #expect(message(defects).contains("expected 3 empty sites"))
    var added = Self.defective(frame, added: [("Te", [3.24, 3.24, 3.24])])
    added.setKey("interstitials", .integer(0))
    #expect(message(added).contains("without a site"))
    var odd = Self.defective(frame, antisites: [0: "Te"])
    odd.setKey("antisite_atoms", .integer(64))
    #expect(message(odd).contains("antisite_atoms"))
    var bare = frame
    bare.removeColumn("sublattice")
    #expect(message(bare).contains("no sublattice"))
  }
}
