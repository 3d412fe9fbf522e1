import Base
import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct MomentsEngineTests {
  /// Silicon and cadmium telluride, displaced in every way, small enough for dense labels.
  private static func frames() throws -> [Problem] {
    let kinds: [Perturbation] = [
      .rattle(amplitude: 0.05), .rattle(amplitude: 0.02),
      .localized(amplitude: 0.08, radius: 4, center: .atom(3)),
    ]
    return try kinds.map {
      try Problem("diamond", ["Si"], 5.431, [3, 2, 2], $0, potential: "Si.sw")
    }
      + kinds.map {
        try Problem(
          "zincblende", ["Cd", "Te"], 6.478, [2, 2, 2], $0, potential: "CdTe-Zhou2013.sw")
      }
  }

  @Test func theFirstMomentIsThatOfTheWholeCell() throws {
    for problem in try Problem.all() {
      let (crystal, d) = (problem.crystal, problem.frame.dimension)
      let perturbation = try problem.perturbation
      let traces = FirstMoments(perturbation.matrix, crystal.normalizer).traces()
      // E = F (H̃ - H̃0) F, dense.
      let a = DenseEngine.normalized(
        try problem.hessian(), by: crystal.normalizer, crystal.multilattice)
      let rest = DenseEngine.normalized(
        crystal.foldedHessian, by: crystal.normalizer, crystal.multilattice)
      for (atom, site) in crystal.sites.enumerated() {
        let expected = (0..<d).reduce(0.0) {
          $0 + a[d * atom + $1, d * atom + $1] - rest[d * atom + $1, d * atom + $1]
        }
        let number = site.translation * crystal.multilattice.basis.count + site.basis
        #expect(abs(traces[number] - expected) < 1e-12, "\(problem.potentialFile)")
      }
    }
  }

  @Test func aPatchThatHoldsTheCellGivesTheDenseLabels() throws {
    for problem in try Problem.all() {
      let labels = try problem.moments(steps: 12, radius: 100)
      let error = largestDifference(labels.siteEntropy, try problem.dense().siteEntropy)
      #expect(error < 1e-8, "\(problem.potentialFile)")
      #expect(labels.errorEstimate ?? 1 < 1e-7)
    }
  }

  /// Green functions in single precision, which loose tolerances take, give the same labels.
  @Test func singlePrecisionChangesNoLabelByMoreThanItsRounding() throws {
    for problem in try Self.frames() + Problem.all() {
      let perturbation = try problem.perturbation
      func labels(_ tolerance: Double) throws -> [Double] {
        try MomentsEngine(tolerance: tolerance, steps: 4, radius: 7, withEstimate: false).labels(
          of: perturbation, crystal: problem.crystal
        ).siteEntropy
      }
      let (single, double) = (try labels(1e-3), try labels(1e-9))
      let error = largestDifference(single, double)
      #expect(error < 1e-6, "\(problem.potentialFile)")
      #expect(error > 0)
    }
  }

  /// The estimate is none of a bound: one frame in twenty may be worse, none by more than three times.
  @Test func labelsAreWithinTheEstimateAndTheEstimateWithinTheTolerance() throws {
    var (count, covered) = (0, 0)
    for tolerance in [1e-3, 1e-4, 1e-6] {
      for problem in try Self.frames() + Problem.all() {
        let labels = try problem.moments(tolerance: tolerance)
        let estimate = try #require(labels.errorEstimate)
        let dense = try problem.dense()
        let error = largestDifference(labels.siteEntropy, dense.siteEntropy)
        count += 1
        covered += error <= estimate ? 1 : 0
        #expect(error <= 3 * estimate, "\(problem.potentialFile)")
        #expect(estimate <= tolerance)
        #expect(
          abs(labels.entropy - dense.entropy) <= estimate * Double(problem.frame.atomCount))
      }
    }
    #expect(20 * covered >= 19 * count, "\(covered) of \(count)")
  }

  /// Where all sites are alike the sample says nothing of what a wrong shift would do.
  @Test(arguments: [1e-3, 1e-4])
  func strainedFramesAreWithinTheEstimate(tolerance: Double) throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [3, 3, 3], .strain(amplitude: 0.01), potential: "Si.sw")
    let labels = try problem.moments(tolerance: tolerance)
    let error = largestDifference(labels.siteEntropy, try problem.dense().siteEntropy)
    #expect(error <= labels.errorEstimate ?? 0)
  }

  /// Large frames get a tolerance that a patch of the whole cell is not needed for.
  @Test func displacementsWithoutOrderAreLabelledToTheirTolerance() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [4, 4, 4], .rattle(amplitude: 0.05), potential: "Si.sw")
    let exact = try Labeller(
      potential: problem.potential, kind: .relative, engine: .polynomial, tolerance: 1e-8
    ).labels(of: problem.frame).labels.siteEntropy
    let labels = try problem.moments(tolerance: 1e-4)
    #expect(largestDifference(labels.siteEntropy, exact) <= labels.errorEstimate ?? 0)
    #expect(labels.errorEstimate ?? 1 <= 1e-4)
  }

  /// k steps are worth 2k - 1 moments: at small displacements the error falls by E² a step.
  @Test func everyStepGainsTwoOrdersOfTheDisplacement() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.02), potential: "Si.sw")
    let exact = try problem.dense().siteEntropy
    let errors = try (1...4).map {
      largestDifference(try problem.moments(steps: $0, radius: 100).siteEntropy, exact)
    }
    for (error, next) in zip(errors, errors.dropFirst()) { #expect(next < 0.1 * error) }
  }

  @Test func anUndisplacedFrameHasLabelsOfZero() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0), potential: "Si.sw")
    let labels = try problem.moments(tolerance: 1e-6)
    #expect(labels.siteEntropy.allSatisfy { $0 == 0 })
  }

  @Test func anUnstableFrameIsFound() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.35), potential: "Si.sw")
    #expect(try problem.dense().ledger.negativeModes > 0)
    #expect {
      try MomentsEngine(tolerance: 1e-4, steps: 4, radius: 6).labels(
        of: problem.perturbation, crystal: problem.crystal)
    } throws: { error in
      guard case SiteEntropyError.unstableFrame(let ledger) = error else { return false }
      return ledger.negativeModes > 0 && ledger.smallest < 0
    }
    // The labeller then has the dense engine count them.
    let labels = try problem.moments(steps: 4, radius: 6)
    #expect(labels.engine == "dense" && labels.ledger.negativeModes > 0)
  }

  @Test func threadsDoNotChangeABit() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    let all = try problem.moments(tolerance: 1e-4)
    setConcurrentBlockLimit(1)
    let one = try problem.moments(tolerance: 1e-4)
    setConcurrentBlockLimit(.max)
    #expect(one == all)
  }

  @Test func autoTakesTheMomentsWhereTheToleranceIsLoose() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [5, 5, 4], .rattle(amplitude: 0.03), potential: "Si.sw")
    let labels = try Labeller(
      potential: problem.potential, kind: .relative, tolerance: 1e-3
    ).labels(of: problem.frame).labels
    #expect(labels.engine == "moments")
    #expect(labels.errorEstimate ?? 1 <= 1e-3)
  }

  @Test func aToleranceThatNothingMeetsIsRefused() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    #expect {
      try problem.moments(tolerance: 1e-15)
    } throws: { error in
      guard let failure = error as? FrameFailure,
        case SiteEntropyError.tolerance(_, let reached, _)? = failure.error as? SiteEntropyError
      else { return false }
      return reached > 1e-15 && reached.isFinite
    }
  }
}

extension Problem {
  fileprivate func moments(
    tolerance: Double = 1e-6, steps: Int? = nil, radius: Double? = nil
  ) throws -> SiteLabels {
    try Labeller(
      potential: potential, kind: .relative, engine: .moments, tolerance: tolerance,
      radius: radius, steps: steps
    ).labels(of: frame).labels
  }
}
