import Crystal
import Testing

struct SymmetryTests {
  private static let fcc = [0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0].map { 5.431 * $0 }

  @Test func theSitesOfDiamondAreOneOrbitThatItsOperationsSwap() throws {
    let quarter = 5.431 / 4
    let symmetry = try SiteSymmetry(
      cell: Cell(rows: Self.fcc), positions: [0, 0, 0, quarter, quarter, quarter],
      classes: ["Si", "Si"])
    #expect(symmetry.spaceGroup == 227)
    #expect(symmetry.symbol == "Fd-3m")
    #expect(symmetry.orbits == [0, 0])
    #expect(symmetry.carriers == [[0, 1], [1, 0]])
  }

  @Test func theSitesOfZincblendeAreTwo() throws {
    let quarter = 5.431 / 4
    let symmetry = try SiteSymmetry(
      cell: Cell(rows: Self.fcc), positions: [0, 0, 0, quarter, quarter, quarter],
      classes: ["Cd", "Te"])
    #expect(symmetry.spaceGroup == 216)
    #expect(symmetry.orbits == [0, 1])
  }

  /// Wurtzite: P6_3mc, where both sites of a species are equivalent.
  @Test func wurtziteHasTwoOrbitsOfTwoSites() throws {
    let (a, c, u) = (3.19, 5.19, 0.377)
    let h = 3.0.squareRoot() / 2
    func place(_ s: Double, _ t: Double, _ z: Double) -> [Double] {
      [a * (s - t / 2), a * h * t, c * z]
    }
    let positions =
      place(1.0 / 3, 2.0 / 3, 0) + place(2.0 / 3, 1.0 / 3, 0.5) + place(1.0 / 3, 2.0 / 3, u)
      + place(2.0 / 3, 1.0 / 3, 0.5 + u)
    let symmetry = try SiteSymmetry(
      cell: Cell(rows: [a, 0, 0, -a / 2, a * h, 0, 0, 0, c]), positions: positions,
      classes: ["Ga", "Ga", "N", "N"])
    #expect(symmetry.spaceGroup == 186)
    #expect(symmetry.orbits == [0, 0, 2, 2])
    for carrier in symmetry.carriers { #expect(Set(carrier) == [0, 1, 2, 3]) }
    #expect(symmetry.carriers[1][1] == 0)
    #expect(symmetry.carriers[3][3] == 2)
  }

  /// A chain of two unlike bonds: inversion exchanges the ends of a bond.
  @Test func theOpenDirectionsOfAChainDoNotMix() throws {
    let symmetry = try SiteSymmetry(
      cell: Cell(rows: [1, 0, 0, 0, 0, 0, 0, 0, 0], periodic: [true, false, false]),
      positions: [0, 0, 0, 0.4, 0, 0], classes: ["A", "A"])
    #expect(symmetry.orbits == [0, 0])
    #expect(symmetry.carriers[1] == [1, 0])
  }
}
