import Crystal
import Formats
import Foundation
import LinearAlgebra
import SiteEntropy
import TestSupport
import Testing

/// The engine for large cells against the decomposition of the cell.
struct ResolventTests {
  @Test(arguments: KnownDefect.cases)
  func resolventsGiveTheLabelsOfTheDecomposition(name: String, potential: String) throws {
    let defect = try KnownDefect(name, potential)
    func result(_ engine: FormationEngine) throws -> FormationLabeller.Result {
      try FormationLabeller(potential: defect.potential, engine: engine).labels(of: defect.frame)
    }
    let (dense, other) = (try result(.dense), try result(.resolvent))
    #expect(dense.labels.engine == "dense" && other.labels.engine == "resolvent")
    #expect(largestDifference(dense.labels.siteEntropy, other.labels.siteEntropy) < 2e-8)
    #expect(abs(dense.entropy.atVolume - other.entropy.atVolume) < 1e-10)
    #expect(other.labels.ledger.isStable)
    let (exact, found) = (dense.labels.ledger, other.labels.ledger)
    #expect(abs(found.largest / exact.largest - 1) < 0.02)
    #expect(abs(found.smallest / exact.smallest - 1) < 0.02)
  }

  /// Two dimensions, one, springs, no defect at all.
  @Test func displacedCrystalsToo() throws {
    for problem in try Problem.all() {
      func labels(_ engine: FormationEngine) throws -> [Double] {
        try FormationLabeller(potential: problem.potential, engine: engine)
          .labels(of: problem.frame).labels.siteEntropy
      }
      #expect(largestDifference(try labels(.dense), try labels(.resolvent)) < 2e-8)
    }
  }

  @Test func aSaddleIsNoMinimum() throws {
    let frame = try KnownDefect("si64_hop_saddle", "Si")
    let forced = FormationLabeller(potential: frame.potential, engine: .resolvent)
    let error = #expect(throws: FrameFailure.self) { try forced.labels(of: frame.frame) }
    #expect(error?.description.contains("expected a stable frame") ?? false)
    let result = try FormationLabeller(potential: frame.potential).labels(of: frame.frame)
    #expect(result.labels.ledger.isSaddle)
  }
}

/// Orbits of atoms about a defect.
struct PointOrbitsTests {
  @Test func aVacancyLeavesTheSymmetryOfItsSite() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let crystal = try PerfectCrystal(of: defect.frame)
    let empty = crystal.vacancies[0]
    let center = Array(crystal.frame.positions[3 * empty..<3 * empty + 3])
    let one = [Int](repeating: 0, count: defect.frame.atomCount)
    let orbits = try PointOrbits(of: defect.frame, about: center, classes: one)
    // Td, of order 24; the four neighbours are one orbit.
    #expect(orbits.operationCount == 24)
    let counts = Dictionary(grouping: orbits.representatives) { $0 }.mapValues(\.count)
    #expect(counts.values.contains(4) && counts.values.allSatisfy { 24 % $0 == 0 })
    // Atoms of an orbit have one label.
    let labels = try defect.labelled().labels.siteEntropy
    for (atom, other) in orbits.representatives.enumerated() {
      #expect(abs(labels[atom] - labels[other]) < 1e-7)
    }
    // About another point, or with every atom for itself, nothing is left.
    let shifted = [center[0] + 0.1, center[1] + 0.23, center[2] - 0.37]
    #expect(
      try PointOrbits(of: defect.frame, about: shifted, classes: one).representatives
        == Array(0..<defect.frame.atomCount))
    #expect(
      try PointOrbits(
        of: defect.frame, about: center, classes: Array(0..<defect.frame.atomCount)
      ).operationCount == 1)
  }
}

struct GaussLegendreTests {
  /// n nodes integrate polynomials of degree 2n - 1.
  @Test(arguments: [1, 2, 5, 18]) func polynomialsAreIntegratedExactly(n: Int) {
    let rule = gaussLegendre(n)
    for degree in 0..<2 * n {
      let sum = rule.reduce(0) { $0 + $1.weight * pow($1.node, Double(degree)) }
      #expect(abs(sum - (degree % 2 == 0 ? 2 / Double(degree + 1) : 0)) < 1e-13)
    }
  }
}
