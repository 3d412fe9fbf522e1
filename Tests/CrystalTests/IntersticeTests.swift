import Crystal
import Formats
import Testing

struct IntersticeTests {
  /// Interstices of a primitive cell, and their distance to the nearest sites in units of a
  /// (textbook values).
  struct Case: Sendable, CustomTestStringConvertible {
    let prototype: String
    let species: [String]
    let kind: Interstice.Kind
    let count: Int
    let distance: Double
    var testDescription: String { "\(prototype) \(kind)" }
  }

  static let cases = [
    Case(prototype: "fcc", species: ["Cu"], kind: .octahedral, count: 1, distance: 0.5),
    Case(
      prototype: "fcc", species: ["Cu"], kind: .tetrahedral, count: 2,
      distance: 0.4330127018922193),
    Case(prototype: "bcc", species: ["W"], kind: .octahedral, count: 3, distance: 0.5),
    Case(
      prototype: "bcc", species: ["W"], kind: .tetrahedral, count: 6,
      distance: 0.5590169943749475),
    Case(
      prototype: "hcp", species: ["Mg"], kind: .octahedral, count: 2,
      distance: 0.7071067811865476),
    Case(
      prototype: "hcp", species: ["Mg"], kind: .tetrahedral, count: 4,
      distance: 0.6123724356957945),
    Case(
      prototype: "diamond", species: ["Si"], kind: .tetrahedral, count: 2,
      distance: 0.4330127018922193),
    Case(
      prototype: "diamond", species: ["Si"], kind: .hexagonal, count: 4,
      distance: 0.414578098794425),
    Case(prototype: "diamond", species: ["Si"], kind: .octahedral, count: 0, distance: 0),
    Case(
      prototype: "diamond", species: ["Si"], kind: .bond, count: 4,
      distance: 0.21650635094610965),
    Case(
      prototype: "zincblende", species: ["Cd", "Te"], kind: .tetrahedral, count: 2,
      distance: 0.4330127018922193),
    Case(
      prototype: "zincblende", species: ["Cd", "Te"], kind: .hexagonal, count: 4,
      distance: 0.414578098794425),
    Case(prototype: "cscl", species: ["Ni", "Al"], kind: .octahedral, count: 6, distance: 0.5),
    Case(
      prototype: "cscl", species: ["Ni", "Al"], kind: .tetrahedral, count: 12,
      distance: 0.5590169943749475),
    Case(
      prototype: "rocksalt", species: ["Na", "Cl"], kind: .tetrahedral, count: 2,
      distance: 0.4330127018922193),
    Case(
      prototype: "fluorite", species: ["Ca", "F"], kind: .octahedral, count: 1,
      distance: 0.4330127018922193),
  ]

  @Test(arguments: cases) func theyAreThoseOfTheTextbook(of case: Case) throws {
    let a = 4.1
    // The supercell turns nothing: its interstices are those of the primitive cell.
    let frame = try #require(Prototype.named(`case`.prototype)).supercell(
      [2, 1, 1], species: `case`.species, latticeConstant: a)
    let lattice = try Multilattice(referenceOf: frame)
    let found = try IntersticeSearch(lattice).found(`case`.kind)
    #expect(found.count == `case`.count && found.allSatisfy { $0.kind == `case`.kind })
    let reduced = ReducedCell(lattice.primitiveCell)
    for place in found {
      let distances = lattice.basis.map { site -> Double in
        let u = reduced.minimumImage(
          place.position[0] - site.position[0], place.position[1] - site.position[1],
          place.position[2] - site.position[2])
        return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
      }
      #expect(abs((distances.min() ?? 0) - a * `case`.distance) < 1e-9 * a)
    }
  }
}
