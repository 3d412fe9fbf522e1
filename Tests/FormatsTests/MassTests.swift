import Formats
import Testing

/// Masses under the names that other programs give them, and in the units.
struct MassTests {
  private func frame(_ species: [String], _ columns: [Column] = []) -> Frame {
    var frame = Frame(
      species: species, positions: (0..<3 * species.count).map(Double.init),
      cell: [50, 0, 0, 0, 50, 0, 0, 0, 50])
    for column in columns { frame.setColumn(column) }
    return frame
  }

  private func problem(_ frame: Frame) -> String {
    do { return "\(try frame.atomicMasses())" } catch { return error.message }
  }

  @Test func withoutAColumnTheyAreStandardWeights() throws {
    #expect(try frame(["Si", "H"]).atomicMasses() == [28.085, 1.008])
  }

  @Test func anyMassInTheColumnOfASEIsTaken() throws {
    #expect(
      try frame(["Si", "Si"], [Column("masses", .real([1, 3000]))]).atomicMasses() == [1, 3000])
  }

  @Test func masesOfIsotopesAreTakenFromTheColumnOfLAMMPS() throws {
    let isotopes = [29.9738, 2.0141, 3.016, 3.016, 6.0151, 10.0129]
    let frame = frame(["Si", "H", "H", "He", "Li", "B"], [Column("mass", .real(isotopes))])
    #expect(try frame.atomicMasses() == isotopes)
    let whole = self.frame(["C"], [Column("mass", .integer([14]))])
    #expect(try whole.atomicMasses() == [14])
  }

  private static let silicon = 28.085
  static let others: [(Double, String)] = [
    (silicon * 103.642697, "eV fs²/Å² (QUIP)"), (silicon * 1822.888486, "electron masses"),
    (silicon * 1.03642697e-4, "eV ps²/Å²"), (silicon * 1.66053907e-27, "kg"),
    (silicon * 1.66053907e-24, "g ("), (14, "another unit"), (34, "another unit"),
  ]

  @Test(arguments: others)
  func massesInAnotherUnitAreRefusedByItsName(mass: Double, unit: String) {
    let message = problem(frame(["Si", "Si"], [Column("mass", .real([28.0855, mass]))]))
    #expect(message.hasPrefix("mass: expected u, within 20 % of an isotope of Si, found \(mass)"))
    #expect(message.contains(unit), "\(message)")
  }

  @Test func massesThatContradictEachOtherAreRefused() {
    let columns = [Column("mass", .real([28.0855])), Column("masses", .real([29.9738]))]
    #expect(
      problem(frame(["Si"], columns))
        == "expected mass and masses to agree, found 28.0855 and 29.9738")
    #expect(problem(frame(["Si"], [columns[0], Column("masses", .real([28.085]))])) == "[28.085]")
  }

  @Test func whatIsNoMassIsRefused() {
    #expect(
      problem(frame(["Si"], [Column("mass", .real([0]))])).contains("positive mass, found 0.0"))
    #expect(problem(frame(["Si"], [Column("mass", .text(["a"]))])).contains("one number an atom"))
    #expect(problem(frame(["X"])).contains("found 'X'"))
    #expect(problem(frame(["X"], [Column("mass", .real([1]))])).contains("found 'X'"))
  }

  @Test func framesOfOtherMassesShareNoReference() {
    let light = frame(["C"], [Column("mass", .real([12]))])
    let heavy = frame(["C"], [Column("mass", .real([13]))])
    #expect(light.sharesReference(with: light) && !light.sharesReference(with: heavy))
  }
}
