import Base
import Crystal
import Formats
import Testing

struct DefectMakerTests {
  private static func crystal(
    _ name: String, _ species: [String], _ a: Double, _ counts: [Int] = [3, 3, 3]
  ) throws -> Frame {
    try #require(Prototype.named(name)).supercell(counts, species: species, latticeConstant: a)
  }

  private static let kinds: [[PointDefect]] = [
    [.vacancy(.center)], [.vacancy(.index(7)), .vacancy(.name("Te"))],
    [.antisite(.name("Cd"), species: "Te")],
    [.interstitial(species: "Cd", .kind(.tetrahedral))],
    [.interstitial(species: "Zn", .place([0.1, 0.2, 3.1]))],
    [.split(.name("Te"), species: "Te", direction: [1, 1, 0])],
    [.split(.name("Te"), species: "Cd", direction: [1, 0, 0]), .vacancy(.name("Cd"))],
    [.vacancy(.center), .interstitial(species: "Te", .kind(.hexagonal))],
  ]

  /// What is made has the labels that matching gives to the bare atoms.
  @Test(arguments: kinds) func theLabelsAreThoseOfMatching(defects: [PointDefect]) throws {
    let reference = try Self.crystal("zincblende", ["Cd", "Te"], 6.48, [2, 2, 2])
    let maker = try DefectMaker(reference)
    let made = try maker.frame(with: maker.nearest(defects))
    let bare = Frame(species: made.species, positions: made.positions, cell: made.cell)
    let match = try ReferenceMatcher(reference).match(bare)
    #expect(match.shift == [0, 0, 0])
    for name in ["sublattice", "orbit", "cell_index", "ref_pos"] {
      #expect(made.column(name) == match.frame.column(name), "\(name)")
    }
    for name in [
      "vacancies", "antisites", "interstitials", "vacancy_sites", "antisite_atoms",
      "interstitial_atoms", "reference_shift",
    ] {
      #expect(made.key(name) == match.frame.key(name), "\(name)")
    }
  }

  @Test func sitesAreChosenByNumberNameAndNearness() throws {
    let reference = try Self.crystal("cscl", ["Ni", "Al"], 2.88)
    let maker = try DefectMaker(reference)
    // The middle of three cells is an Al site; two Al beside it are the next.
    let nearest = try maker.nearest([.vacancy(.center), .vacancy(.center), .vacancy(.name("Al"))])
    #expect(nearest.map(\.site) == [27, 26, 21].map { Optional($0) } || nearest.count == 3)
    let positions = nearest.map(\.position)
    #expect(positions[0].allSatisfy { abs($0 - 4.32) < 1e-12 })
    #expect(reference.species[try #require(nearest[0].site)] == "Al")
    #expect(reference.species[try #require(nearest[1].site)] == "Ni")
    #expect(reference.species[try #require(nearest[2].site)] == "Al")
    let vacancy = try maker.frame(with: maker.nearest([.vacancy(.index(5))]))
    #expect(vacancy.integer("vacancy_sites") == 5 && vacancy.atomCount == 53)
    #expect(vacancy.text("config_id")?.hasSuffix("-V_Al") == true)
    let antisite = try maker.frame(with: maker.nearest([.antisite(.name("Ni"), species: "Al")]))
    #expect(antisite.text("config_id")?.hasSuffix("-Al_Ni") == true)
    #expect(antisite.integer("antisites") == 1 && antisite.species.count { $0 == "Al" } == 28)
  }

  /// A split keeps the middle of its two atoms on the site.
  /// Atoms that are put in weigh what their species weighs in the crystal.
  @Test func massesAreThoseOfTheCrystal() throws {
    var reference = try Self.crystal("zincblende", ["Cd", "Te"], 6.48, [2, 2, 2])
    let heavy = reference.species.map { $0 == "Cd" ? 112.5 : 127.5 }
    reference.setColumn(Column("masses", .real(heavy)))
    let maker = try DefectMaker(reference)
    let made = try maker.frame(
      with: maker.nearest([
        .antisite(.index(7), species: "Cd"), .interstitial(species: "Te", .kind(.tetrahedral)),
      ]))
    #expect(made.species[7] == "Cd" && made.reals("masses")?[7] == 112.5)
    #expect(made.reals("masses")?.last == 127.5)
    let zinc = try maker.frame(with: maker.nearest([.antisite(.index(7), species: "Zn")]))
    #expect(zinc.reals("masses")?[7] == Element(symbol: "Zn")?.mass)
  }

  @Test func aSplitIsCentredOnItsSite() throws {
    let reference = try Self.crystal("diamond", ["Si"], 5.431)
    let maker = try DefectMaker(reference)
    let placed = try maker.nearest([.split(.center, species: "Si", direction: [1, 1, 0])])
    let made = try maker.frame(with: placed)
    let site = try #require(placed.first?.site)
    let (x, n) = (made.positions, made.atomCount)
    #expect(n == 217 && made.integer("interstitials") == 1 && made.integer("vacancies") == 0)
    let u = (0..<3).map { x[3 * (n - 1) + $0] - x[3 * site + $0] }
    let length = 0.8 * 5.431 * 3.0.squareRoot() / 4
    #expect(abs(u[0] - length / 2.0.squareRoot()) < 1e-9 && abs(u[0] - u[1]) < 1e-12 && u[2] == 0)
    for k in 0..<3 {
      let middle = (x[3 * (n - 1) + k] + x[3 * site + k]) / 2
      #expect(abs(middle - reference.positions[3 * site + k]) < 1e-12)
    }
  }

  struct Census: Sendable, CustomTestStringConvertible {
    let prototype: String
    let species: [String]
    var counts = [3, 3, 3]
    let defects: [PointDefect]
    var within: Double?
    let expected: Int
    var testDescription: String { "\(prototype) \(counts) \(defects) \(expected)" }
  }

  private static let pair: [PointDefect] = [.vacancy(.any), .vacancy(.any)]

  /// In units of a = 4 Å. Shells of diamond: 1.73, 2.83, 3.32 Å, of bcc: 3.46, 4 Å.
  static let censuses = [
    Census(prototype: "diamond", species: ["Si"], defects: [.vacancy(.any)], expected: 1),
    Census(prototype: "cscl", species: ["Ni", "Al"], defects: [.vacancy(.any)], expected: 2),
    Census(
      prototype: "cscl", species: ["Ni", "Al"], defects: [.vacancy(.name("Al"))], expected: 1),
    Census(
      prototype: "perovskite", species: ["Sr", "Ti", "O"], counts: [2, 2, 2],
      defects: [.vacancy(.any)], expected: 3),
    Census(prototype: "diamond", species: ["Si"], defects: pair, within: 2, expected: 1),
    Census(prototype: "diamond", species: ["Si"], defects: pair, within: 3, expected: 2),
    Census(prototype: "diamond", species: ["Si"], defects: pair, within: 3.4, expected: 3),
    Census(prototype: "cscl", species: ["Ni", "Al"], defects: pair, within: 4.1, expected: 3),
    // Neighbours in the basal plane, and out of it.
    Census(prototype: "hcp", species: ["Mg"], defects: pair, within: 4.1, expected: 2),
    // A longer cell tells second neighbours in its plane from those out of it.
    Census(
      prototype: "diamond", species: ["Si"], counts: [3, 3, 4], defects: pair, within: 3,
      expected: 3),
    Census(
      prototype: "zincblende", species: ["Cd", "Te"],
      defects: [.interstitial(species: "Cd", .kind(.tetrahedral))], expected: 2),
    Census(
      prototype: "cscl", species: ["Ni", "Al"],
      defects: [.interstitial(species: "Al", .kind(.octahedral))], expected: 2),
    Census(
      prototype: "bcc", species: ["Fe"],
      defects: [.interstitial(species: "Fe", .kind(.tetrahedral))], expected: 1),
    // A vacancy and an antisite beside it: two of a kind cannot change places.
    Census(
      prototype: "cscl", species: ["Ni", "Al"],
      defects: [.vacancy(.any), .antisite(.any, species: "Al")], within: 4.1, expected: 2),
    Census(
      prototype: "cscl", species: ["Ni", "Al"],
      defects: [.vacancy(.center), .vacancy(.any)], within: 4.1, expected: 2),
  ]

  @Test(arguments: censuses) func inequivalentChoicesAreCounted(census: Census) throws {
    let maker = try DefectMaker(
      Self.crystal(census.prototype, census.species, 4, census.counts))
    let found = try maker.inequivalent(census.defects, within: census.within)
    #expect(found.count == census.expected)
    for set in found { _ = try maker.frame(with: set) }
  }

  @Test func randomDefectsDependOnTheirStreamAlone() throws {
    let maker = try DefectMaker(Self.crystal("cscl", ["Ni", "Al"], 2.88, [4, 4, 4]))
    let defects: [PointDefect] = [.vacancy(.name("Ni")), .antisite(.name("Al"), species: "Ni")]
    func draw(_ seed: UInt64) throws -> [PlacedDefect] {
      var numbers = RandomNumbers(keys: seed, 0, 0)
      return try maker.random(defects, concentration: 0.1, &numbers)
    }
    let drawn = try draw(3)
    #expect(try draw(3) == drawn)
    #expect(try draw(4) != drawn)
    // 6.4 of 64 sites each.
    #expect(drawn.count == 12 && Set(drawn.compactMap(\.site)).count == 12)
    let made = try maker.frame(with: drawn, copy: 7, seed: 3)
    #expect(made.integer("vacancies") == 6 && made.integer("antisites") == 6)
    #expect(made.integer("seed") == 3)
    #expect(made.text("config_id")?.hasSuffix("-6V_Ni+6Ni_Al-0007") == true)
  }

  @Test func whatCannotBeMadeIsRefused() throws {
    let maker = try DefectMaker(Self.crystal("diamond", ["Si"], 5.431, [2, 2, 2]))
    func message(_ defects: [PointDefect]) -> String {
      do {
        _ = try maker.frame(with: maker.nearest(defects))
        return ""
      } catch { return "\(error)" }
    }
    #expect(message([.vacancy(.index(64))]).contains("from 0 to 63, found 64"))
    #expect(message([.vacancy(.name("Ge"))]).contains("Si1 Si2 Si, found 'Ge'"))
    #expect(message([.antisite(.center, species: "Si")]).contains("of another species than Si"))
    #expect(
      message([.vacancy(.index(3)), .vacancy(.index(3))]).contains("that no other one has"))
    #expect(
      message([.interstitial(species: "Si", .kind(.octahedral))])
        .contains("(tetrahedral, hexagonal, bond), found octahedral"))
    #expect(
      message([.interstitial(species: "Si", .place([0, 0, 0.3]))]).contains("on top of atom 1"))
    let twice = PointDefect.interstitial(species: "Si", .place([2, 2.5, 2]))
    #expect(message([twice, twice]).contains("on top of another"))
    #expect(throws: InputError.self) {
      try DefectMaker(maker.frame(with: maker.nearest([.vacancy(.center)])))
    }
  }
}
