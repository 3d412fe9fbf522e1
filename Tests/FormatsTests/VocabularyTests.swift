import Formats
import Foundation
import TestSupport
import Testing

struct VocabularyTests {
  private static let page =
    (try? String(contentsOf: repositoryFile("formats/extxyz.md"), encoding: .utf8)) ?? ""

  private func frame(keys: String, columns: String = "", values: String = "") throws -> Frame {
    let text = """
      1
      Lattice="5 0 0 0 6 0 0 0 7" Properties=species:S:1:pos:R:3\(columns) \(keys)
      Si 0 0 0\(values)

      """
    var reader = ExtendedXYZReader(ByteSource(bytes: Array(text.utf8), name: "-"), name: "-")
    return try #require(try reader.next())
  }

  /// A frame with every column and key of the table, and one unknown of each.
  private func full() -> Frame {
    var frame = Frame(
      species: ["Si", "Si"], positions: [0, 0, 0, 1, 1, 1], cell: [5, 0, 0, 0, 6, 0, 0, 0, 7])
    for entry in Vocabulary.columns where !["species", "pos"].contains(entry.name) {
      let count = 2 * max(1, entry.width)
      frame.setColumn(
        Column(entry.name, width: max(1, entry.width), .real([Double](repeating: 1, count: count))))
    }
    frame.setColumn(Column("mine", .integer([3, 4])))
    for entry in Vocabulary.keys { frame.setKey(entry.name, .real(1)) }
    frame.setKey("note", .text("kept"))
    return frame
  }

  @Test func resultsOfTemperaturesDieWithThePositions() throws {
    var frame = try frame(keys: "entropy_300K=1 entropy_87.5K=2 entropy_mineK=3 entropy_K=4")
    frame.setColumn(Column("site_entropy_300K", .real([1])))
    frame.setColumn(Column("site_entropy_oldK", .real([1])))
    #expect(Vocabulary.column("site_entropy_300K")?.unit == "kB")
    frame.removeResults(after: .positions)
    #expect(frame.columns.map(\.name).filter { $0.hasSuffix("K") } == ["site_entropy_oldK"])
    #expect(frame.keys.map(\.name).filter { $0.hasSuffix("K") } == ["entropy_mineK", "entropy_K"])
    #expect(throws: InputError.self) {
      try self.frame(keys: "", columns: ":site_entropy_300K:I:1", values: " 7")
    }
  }

  @Test func eachNameStandsOnce() {
    for names in [Vocabulary.columns.map(\.name), Vocabulary.keys.map(\.name)] {
      #expect(Set(names).count == names.count)
    }
  }

  /// What has a fixed type is a rule for every file: the page must say so.
  @Test(arguments: (Vocabulary.columns + Vocabulary.keys).filter(\.isFixed).map(\.name))
  func thePageNamesWhatIsFixed(name: String) {
    #expect(Self.page.contains("`\(name)`") || Self.page.contains("`\(name):"))
  }

  @Test func whatAMoveMakesWrongIsDropped() {
    var frame = full()
    frame.removeResults(after: .positions)
    let columns = Set(frame.columns.map(\.name))
    let keys = Set(frame.keys.map(\.name))
    #expect(
      columns.isSuperset(of: [
        "species", "pos", "sublattice", "orbit", "cell_index", "ref_pos", "masses", "core", "mine",
      ]))
    #expect(
      columns.isDisjoint(with: [
        "site_entropy", "site_entropy_pred", "site_entropy_std", "extrapolation",
        "site_entropy_gradient", "entropy_gradient", "entropy_pred_gradient", "forces", "energies",
        "stresses", "charges", "magmoms",
      ]))
    #expect(
      keys.isSuperset(of: [
        "sitevib_format", "dimension", "ref_lattice", "vacancies", "config_id", "perturb_center",
        "space_group", "note",
      ]))
    #expect(
      keys.isDisjoint(with: [
        "entropy", "entropy_units", "entropy_kind", "entropy_engine", "entropy_error_bound",
        "entropy_error_estimate", "temperature", "embedding", "zero_modes", "negative_modes",
        "lambda_min", "lambda_max", "stable", "potential", "potential_sha256", "hessian_method",
        "fd_step", "gradient_site", "gradient_engine", "gradient_units", "entropy_pred",
        "entropy_std", "energy", "free_energy", "stress", "virial",
      ]))
  }

  @Test func whatAnotherReferenceMakesWrongIsDropped() {
    var frame = full()
    frame.removeResults(after: .reference)
    let columns = Set(frame.columns.map(\.name))
    let keys = Set(frame.keys.map(\.name))
    // Energies and forces belong to the positions, which stay.
    #expect(columns.isSuperset(of: ["pos", "ref_pos", "forces", "masses", "mine"]))
    #expect(keys.isSuperset(of: ["energy", "stress", "perturb_center", "note"]))
    #expect(columns.isDisjoint(with: ["site_entropy", "site_entropy_pred", "entropy_gradient"]))
    #expect(
      keys.isDisjoint(with: ["entropy", "temperature", "potential", "vacancies", "vacancy_sites"]))
  }

  @Test func wholeNumbersThatCameBackAsRealsAreWhole() throws {
    let frame = try frame(
      keys: "vacancies=1.0 antisites=0.0 interstitials=2e0 vacancy_sites=[3.0, 4.0] seed=7.0 x=1.0")
    #expect(frame.integer("vacancies") == 1 && frame.integer("antisites") == 0)
    #expect(frame.key("vacancy_sites") == .integers([3, 4]) && frame.integer("seed") == 7)
    #expect(frame.key("x") == .real(1))
    #expect(frame.siteDefects == "1 vacancy, 2 interstitials")
    var bytes: [UInt8] = []
    try ExtendedXYZWriter().append(frame, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self).contains(" vacancies=1 antisites=0 "))
  }

  @Test(arguments: [
    "vacancies=0.5", "vacancies=one", "antisites=-1", "interstitials=[1, 2]", "vacancy_sites=a",
    "reference_shift=[1, 2]",
  ])
  func whatIsNoCountIsRefused(key: String) throws {
    let name = try #require(key.split(separator: "=").first)
    let error = #expect(throws: InputError.self) { try frame(keys: key) }
    #expect(error?.message.contains(" for \(name), found '") ?? false)
  }

  @Test func integersThatStandForRealsKeepTheirText() throws {
    let frame = try frame(keys: "temperature=300 ref_lattice=[5, 0, 0, 0, 6, 0, 0, 0, 7]")
    #expect(frame.key("temperature") == .integer(300) && frame.real("temperature") == 300)
    #expect(frame.key("ref_lattice") == .reals([5, 0, 0, 0, 6, 0, 0, 0, 7]))
    #expect(frame.keys[1].rawText == "[5, 0, 0, 0, 6, 0, 0, 0, 7]")
  }
}
