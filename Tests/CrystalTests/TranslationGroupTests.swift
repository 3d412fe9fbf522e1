import Crystal
import Foundation
import Testing

struct TranslationGroupTests {
  static let cells: [[Int]] = [
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [-1, 1, 1, 1, -1, 1, 1, 1, -1],
    [-3, 3, 3, 3, -3, 3, 3, 3, -3],
    [2, 1, 0, 0, 3, 1, 1, 0, 5],
    [4, 0, 0, 7, 6, 0, -3, 2, 10],
    [0, 0, 2, 0, -3, 0, 5, 0, 0],
  ]

  @Test(arguments: cells) func countsTheCellsOfTheSupercell(cell: [Int]) {
    let determinant =
      cell[0] * (cell[4] * cell[8] - cell[5] * cell[7])
      - cell[1] * (cell[3] * cell[8] - cell[5] * cell[6])
      + cell[2] * (cell[3] * cell[7] - cell[4] * cell[6])
    let group = TranslationGroup(supercell: cell)
    #expect(group.count == abs(determinant))
    #expect(group.orders[1].isMultiple(of: group.orders[0]))
    #expect(group.orders[2].isMultiple(of: group.orders[1]))
  }

  @Test(arguments: cells) func everyElementIsReachedByItsRepresentative(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    for element in 0..<group.count {
      #expect(group.index(of: group.translation(at: element)) == element)
    }
  }

  /// n and n + a row of the supercell are one translation; differences add up.
  @Test(arguments: cells) func supercellVectorsAreTheIdentity(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    for n in [(0, 0, 0), (1, 2, -3), (-7, 4, 11)] {
      for row in 0..<3 {
        let m = (n.0 + cell[3 * row], n.1 + cell[3 * row + 1], n.2 + cell[3 * row + 2])
        #expect(group.index(of: n) == group.index(of: m))
      }
    }
    let (a, b) = ((3, -1, 2), (0, 5, -4))
    let difference = group.difference(group.index(of: a), group.index(of: b))
    #expect(difference == group.index(of: (a.0 - b.0, a.1 - b.1, a.2 - b.2)))
  }

  /// Σ_R e^{-ik·R} is M at k = 0 and zero at every other k.
  @Test(arguments: cells) func phasesAreTheCharactersOfTheGroup(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    for k in 0..<group.count {
      var (c, s) = (0.0, 0.0)
      for r in 0..<group.count {
        let phase = group.phase(k, r)
        c += phase.cosine
        s += phase.sine
      }
      #expect(abs(c - (k == 0 ? Double(group.count) : 0)) < 1e-11 * Double(group.count))
      #expect(abs(s) < 1e-11 * Double(group.count))
    }
  }

  /// The reduced wave vector gives the same phase as the cyclic coordinates.
  @Test(arguments: cells) func reducedWaveVectorsAgreeWithThePhases(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    for k in 0..<group.count {
      let q = group.reducedWaveVector(k)
      for r in 0..<group.count {
        let n = group.translation(at: r)
        let turns = q[0] * Double(n.0) + q[1] * Double(n.1) + q[2] * Double(n.2)
        let exact = group.phase(k, r)
        let angle = -2 * Double.pi * turns
        #expect(abs(cosine(angle) - exact.cosine) < 1e-9)
        #expect(abs(cosine(angle - .pi / 2) - exact.sine) < 1e-9)
      }
    }
  }

  private func cosine(_ x: Double) -> Double { cos(x) }
}
