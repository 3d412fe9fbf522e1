import Base
import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct PolynomialEngineTests {
  @Test func labelsOfEveryCrystalAreWithinTheBoundOfTheDenseOnes() throws {
    for problem in try Problem.all() {
      let dense = try problem.dense()
      let labels = try problem.polynomial()
      let bound = try #require(labels.errorBound)
      #expect(bound <= 1e-10 + PolynomialEngine.rounding)
      #expect(problem.difference(dense, bySite: labels) <= bound, "\(problem.potentialFile)")
      #expect(labels.ledger.isStable)
      #expect(labels.ledger.smallest >= dense.ledger.smallest - 1e-12)
      #expect(labels.ledger.largest <= dense.ledger.largest + 1e-12)
      try labels.checkSumRule()
    }
  }

  @Test(arguments: [(1, 0.01, 1e-4), (2, 0.03, 1e-6), (3, 0.06, 1e-8), (4, 0.09, 1e-9)])
  func theBoundHoldsAtEveryToleranceAndAmplitude(
    seed: Int, amplitude: Double, tolerance: Double
  ) throws {
    for (prototype, species, constant, counts, file) in [
      ("diamond", ["Si"], 5.431, [1, 1, 2], "Si.sw"),
      ("square", ["Na", "Cl"], 4, [5, 3, 1], "square-soft.json"),
      ("chain", ["Na", "Cl"], 5, [17, 1, 1], "chain-soft.json"),
    ] {
      let problem = try Problem(
        prototype, species, constant, counts, .rattle(amplitude: amplitude), potential: file,
        seed: UInt64(seed))
      let dense = try problem.dense()
      guard dense.ledger.isStable else { continue }
      let labels = try problem.polynomial(tolerance: tolerance)
      let bound = try #require(labels.errorBound)
      #expect(bound <= tolerance + PolynomialEngine.rounding)
      #expect(problem.difference(dense, bySite: labels) <= bound)
    }
  }

  /// Fifty frames in all: the bound is never below the error.
  @Test(arguments: 1...10)
  func theBoundHoldsForRandomFrames(seed: Int) throws {
    for (prototype, species, constant, counts, file) in [
      ("diamond", ["Si"], 5.431, [1, 1, 2], "Si.sw"),
      ("zincblende", ["Cd", "Te"], 6.478, [1, 2, 1], "CdTe-Wang1989.sw"),
      ("zincblende", ["Cd", "Te"], 6.478, [2, 1, 1], "CdTe-Zhou2013.sw"),
      ("wurtzite", ["Ga", "N"], 3.19, [2, 1, 1], "GaN.sw"),
      ("cscl", ["Cs", "Cl"], 4, [2, 2, 2], "cscl-soft.json"),
    ] {
      let problem = try Problem(
        prototype, species, constant, counts, .rattle(amplitude: 0.006 * Double(seed)),
        potential: file, seed: UInt64(seed + 100))
      let dense = try problem.dense()
      try #require(dense.ledger.isStable)
      let labels = try problem.polynomial(tolerance: 1e-8)
      let bound = try #require(labels.errorBound)
      #expect(bound <= 1e-8 + PolynomialEngine.rounding)
      #expect(problem.difference(dense, bySite: labels) <= bound, "\(file)")
    }
  }

  @Test func aCoreOfFewAtomsGivesTheLabelsOfTheCoreEngine() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2],
      .localized(amplitude: 0.05, radius: 3, center: .atom(5)), potential: "Si.sw")
    let labels = try problem.polynomial()
    #expect(
      problem.difference(try problem.core(), bySite: labels) <= labels.errorBound ?? 0)
  }

  @Test func anUndisplacedFrameHasNoEntropy() throws {
    let problem = try Problem(
      "zincblende", ["Cd", "Te"], 6.478, [1, 1, 1], .rattle(amplitude: 0),
      potential: "CdTe-Zhou2013.sw")
    let labels = try problem.polynomial()
    #expect(labels.siteEntropy.allSatisfy { $0 == 0 })
  }

  @Test func negativeModesAreFoundAndNamed() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 2], .rattle(amplitude: 0.35), potential: "Si.sw", seed: 5)
    let dense = try problem.dense()
    try #require(dense.ledger.negativeModes > 0)
    #expect {
      try problem.polynomial()
    } throws: { error in
      guard case SiteEntropyError.unstableFrame(let ledger) = error else { return false }
      return 1...dense.ledger.negativeModes ~= ledger.negativeModes
        && ledger.smallest >= dense.ledger.smallest - 1e-10 && ledger.smallest < 0
    }
    let labels = try Labeller(potential: problem.potential, kind: .relative, engine: .polynomial)
      .labels(of: problem.frame).labels
    #expect(labels == dense)
  }

  @Test func aToleranceBelowRoundingIsRefused() throws {
    let problem = try Problem(
      "chain", ["Na", "Cl"], 5, [6, 1, 1], .rattle(amplitude: 0.01), potential: "chain.json")
    #expect(throws: SiteEntropyError.self) { try problem.polynomial(tolerance: 1e-15) }
  }

  @Test func threadsDoNotChangeABit() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    setConcurrentBlockLimit(1)
    let one = try problem.polynomial()
    setConcurrentBlockLimit(2)
    let two = try problem.polynomial()
    setConcurrentBlockLimit(.max)
    #expect(one == two)
  }

  @Test func displacedAtomsAloneGiveTheDifferenceOfWholeHessians() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2],
      .localized(amplitude: 0.05, radius: 3, center: .atom(5)), potential: "Si.sw")
    let (labels, _) = try Labeller(
      potential: problem.potential, kind: .relative, engine: .core
    ).labels(of: problem.frame)
    #expect(largestDifference(labels.siteEntropy, try problem.dense().siteEntropy) < 1e-10)
  }
}

extension Problem {
  var perturbation: SparsePerturbation {
    get throws {
      SparsePerturbation(
        from: crystal.foldedHessian, to: try hessian(), multilattice: crystal.multilattice)
    }
  }

  func polynomial(tolerance: Double = 1e-10) throws -> SiteLabels {
    try PolynomialEngine(tolerance: tolerance).labels(
      of: perturbation, normalizer: crystal.normalizer)
  }

  /// The largest difference of labels by atom from labels by site number.
  func difference(_ byAtom: SiteLabels, bySite: SiteLabels) -> Double {
    let s = crystal.multilattice.basis.count
    return crystal.sites.enumerated().reduce(0) { worst, entry in
      let label = bySite.siteEntropy[entry.element.translation * s + entry.element.basis]
      return max(worst, abs(label - byAtom.siteEntropy[entry.offset]))
    }
  }
}
