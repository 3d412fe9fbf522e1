import Foundation
import SiteEntropy
import Testing

struct DefectEquilibriumTests {
  private typealias Defect = DefectEquilibrium.Defect
  private static let kT = 8.617_333_262e-5 * 1000

  private static func defect(
    _ name: String, _ removed: [String: Int], _ energy: Double, _ entropy: Double = 0,
    sites: Int = 1
  ) -> Defect {
    Defect(
      name: name, removed: removed, sitesPerFormula: sites, energy: energy, entropy: entropy)
  }

  /// Vacancies alone come in Schottky's pairs: both concentrations are exp(-G/2k_BT) of the pair.
  @Test func twoVacanciesAreSchottkyPairs() throws {
    let equilibrium = DefectEquilibrium(
      defects: [
        Self.defect("V_A", ["A": 1], 5.5, 2), Self.defect("V_B", ["B": 1], 7.5, 1),
      ], composition: ["A": 1, "B": 1], formulaEnergy: -10)
    let solution = try #require(equilibrium.solution(temperature: 1000))
    let pair = 5.5 + 7.5 - 10 - Self.kT * 3
    let expected = exp(-pair / (2 * Self.kT))
    for concentration in solution.concentrations {
      #expect(abs(concentration / expected - 1) < 1e-9)
    }
    #expect(equilibrium.stoichiometricGroups == [[0, 1]])
    let group = equilibrium.properties(ofGroup: [0, 1])
    #expect(abs(group.energy - 3) < 1e-12 && group.entropy == 3)
  }

  /// The condition itself, for a compound AB with all four defects and for one of three species.
  @Test func theCompositionIsThatOfTheCrystal() throws {
    let four = DefectEquilibrium(
      defects: [
        Self.defect("V_A", ["A": 1], 5.1, 2.5), Self.defect("V_B", ["B": 1], 4.9, 1.9),
        Self.defect("A_B", ["A": -1, "B": 1], 0.9, 3),
        Self.defect("B_A", ["A": 1, "B": -1], 2.2, 1),
      ], composition: ["A": 1, "B": 1], formulaEnergy: -9)
    let three = DefectEquilibrium(
      defects: [
        Self.defect("V_A", ["A": 1], 4.2, sites: 2), Self.defect("V_B", ["B": 1], 5.0),
        Self.defect("V_C", ["C": 1], 3.5), Self.defect("A_C", ["A": -1, "C": 1], 1.1),
        Self.defect("C_B", ["B": 1, "C": -1], 1.7),
      ], composition: ["A": 2, "B": 1, "C": 1], formulaEnergy: -14)
    for (equilibrium, composition) in [
      (four, ["A": 1.0, "B": 1]), (three, ["A": 2, "B": 1, "C": 1]),
    ] {
      for temperature in [300.0, 1000, 3000] {
        let solution = try #require(equilibrium.solution(temperature: temperature))
        var excess = composition.mapValues { _ in 0.0 }
        for (defect, concentration) in zip(equilibrium.defects, solution.concentrations) {
          for (species, count) in defect.removed {
            excess[species, default: 0] +=
              Double(defect.sitesPerFormula) * concentration * Double(count)
          }
        }
        let scale = solution.concentrations.max() ?? 0
        let ratio = (excess["A"] ?? 0) / (composition["A"] ?? 1)
        for (species, value) in excess {
          #expect(abs(value / (composition[species] ?? 1) - ratio) < 1e-9 * scale)
        }
        let sum = composition.reduce(0) {
          $0 + $1.value * (solution.chemicalPotentials[$1.key] ?? 0)
        }
        #expect(abs(sum - equilibrium.formulaEnergy) < 1e-11)
      }
    }
  }

  /// Two vacancies of A and an antisite A on B: the triple defect, beside Schottky's and the exchange.
  @Test func groupsHaveTheCompositionAndNoPartThatDoes() {
    let equilibrium = DefectEquilibrium(
      defects: [
        Self.defect("V_A", ["A": 1], 5), Self.defect("V_B", ["B": 1], 5),
        Self.defect("A_B", ["A": -1, "B": 1], 1), Self.defect("B_A", ["A": 1, "B": -1], 1),
      ], composition: ["A": 1, "B": 1], formulaEnergy: -9)
    #expect(equilibrium.stoichiometricGroups == [[0, 1], [2, 3], [0, 0, 2], [1, 1, 3]])
    // 2 V_A + A_B takes away one A and one B.
    #expect(equilibrium.properties(ofGroup: [0, 0, 2]).energy == 11 - 9)
  }

  @Test func whatCannotBalanceHasNoSolution() {
    for defects in [
      [Self.defect("V_A", ["A": 1], 1)],
      [Self.defect("V_A", ["A": 1], 1), Self.defect("B_A", ["A": 1, "B": -1], 1)],
    ] {
      let equilibrium = DefectEquilibrium(
        defects: defects, composition: ["A": 1, "B": 1], formulaEnergy: -3)
      #expect(equilibrium.solution(temperature: 500) == nil)
    }
  }
}
