import Base
import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct LocalEngineTests {
  @Test func aRadiusThatHoldsTheCellGivesTheDenseLabels() throws {
    for problem in try Problem.all() {
      let labels = try problem.local(radius: 100)
      #expect(
        largestDifference(labels.siteEntropy, try problem.dense().siteEntropy) < 1e-9,
        "\(problem.potentialFile)")
      #expect(labels.errorEstimate ?? 1 < 1e-10)
    }
  }

  @Test func aLabelIsThatOfTheFrameAtRestBeyondTheRadius() throws {
    let (radius, site) = (4.0, 11)
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [3, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    let label = try problem.local(radius: radius).siteEntropy[site]
    var cut = problem.frame
    let cell = ReducedCell(try cut.cellOfReference())
    let reference = try #require(cut.referencePositions)
    for atom in 0..<cut.atomCount {
      let u = cell.minimumImage(
        reference[3 * atom] - reference[3 * site],
        reference[3 * atom + 1] - reference[3 * site + 1],
        reference[3 * atom + 2] - reference[3 * site + 2])
      guard (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot() > radius else { continue }
      for e in 3 * atom..<3 * atom + 3 { cut.positions[e] = reference[e] }
    }
    let dense = try Problem(cut, potential: "Si.sw").dense()
    #expect(abs(label - dense.siteEntropy[site]) < 1e-9)
  }

  @Test func someAtomsHaveTheLabelsOfAll() throws {
    let problem = try Problem(
      "zincblende", ["Cd", "Te"], 6.478, [2, 2, 2], .rattle(amplitude: 0.03),
      potential: "CdTe-Wang1989.sw")
    let atoms = [3, 40, 17]
    let labels = try LocalEngine(radius: 4.5, tolerance: 1).labels(
      of: problem.frame, atoms: atoms, crystal: problem.crystal, potential: problem.potential)
    let all = try problem.local(radius: 4.5).siteEntropy
    #expect(largestDifference(labels, atoms.map { all[$0] }) < 1e-12)
  }

  @Test(arguments: [3.0, 4.5, 6.0])
  func theEstimateCoversTheError(radius: Double) throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [3, 3, 3], .rattle(amplitude: 0.05), potential: "Si.sw", seed: 3)
    let labels = try problem.local(radius: radius)
    let estimate = try #require(labels.errorEstimate)
    let error = largestDifference(labels.siteEntropy, try problem.dense().siteEntropy)
    #expect(error <= estimate)
    #expect(estimate < 20 * error)
  }

  @Test func aToleranceFindsItsRadius() throws {
    let problem = try Problem(
      "chain", ["Na", "Cl"], 5, [40, 1, 1], .rattle(amplitude: 0.02), potential: "chain.json")
    let labels = try LocalEngine(radius: nil, tolerance: 1e-3).labels(
      of: problem.frame, crystal: problem.crystal, potential: problem.potential)
    #expect(labels.errorEstimate ?? 1 <= 1e-3)
    #expect(largestDifference(labels.siteEntropy, try problem.dense().siteEntropy) <= 1e-3)
  }

  @Test func aToleranceOutOfReachSaysWhatCanBeHad() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [3, 3, 3], .rattle(amplitude: 0.05), potential: "Si.sw")
    #expect {
      try LocalEngine(radius: nil, tolerance: 1e-8, mostOrder: 647).labels(
        of: problem.frame, crystal: problem.crystal, potential: problem.potential)
    } throws: { error in
      guard case SiteEntropyError.tolerance(let wanted, let reached, let advice) = error else {
        return false
      }
      return wanted == 1e-8 && reached > 1e-8 && reached < 1 && advice.contains("radius")
    }
  }

  /// A thread displaces the same copy of the crystal for one site after the other: nothing of the
  /// last may be left.
  @Test func labelsDoNotDependOnWhatWasLabelledBefore() throws {
    let problem = try Problem(
      "chain", ["Na", "Cl"], 5, [70, 1, 1], .rattle(amplitude: 0.03), potential: "chain.json")
    setConcurrentBlockLimit(1)
    defer { setConcurrentBlockLimit(.max) }
    let all = try problem.local(radius: 30).siteEntropy
    // Sites of a sublattice go by sixteens.
    for basis in 0..<2 {
      let atoms = problem.crystal.sites.indices.filter { problem.crystal.sites[$0].basis == basis }
      for first in [0, 32, 48] {
        let batch = Array(atoms[first..<first + 16])
        let labels = try LocalEngine(radius: 30, tolerance: 1).labels(
          of: problem.frame, atoms: batch, crystal: problem.crystal, potential: problem.potential)
        #expect(labels == batch.map { all[$0] })
      }
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    setConcurrentBlockLimit(1)
    let one = try problem.local(radius: 4)
    setConcurrentBlockLimit(2)
    let two = try problem.local(radius: 4)
    setConcurrentBlockLimit(.max)
    #expect(one == two)
  }

  @Test func anUnstableFrameIsNamed() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 2], .rattle(amplitude: 0.35), potential: "Si.sw", seed: 5)
    #expect {
      try problem.local(radius: 100)
    } throws: { error in
      guard case SiteEntropyError.unstableFrame(let ledger) = error else { return false }
      return ledger.negativeModes > 0
    }
  }
}

extension Problem {
  func local(radius: Double) throws -> SiteLabels {
    try LocalEngine(radius: radius, tolerance: 1).labels(
      of: frame, crystal: crystal, potential: potential)
  }
}
