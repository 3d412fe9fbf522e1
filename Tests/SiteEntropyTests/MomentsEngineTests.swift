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

  @Test(arguments: [1e-3, 1e-4, 1e-6])
  func labelsAreWithinTheEstimateAndTheEstimateWithinTheTolerance(tolerance: Double) throws {
    for problem in try Self.frames() + Problem.all() {
      let labels = try problem.moments(tolerance: tolerance)
      let estimate = try #require(labels.errorEstimate)
      let dense = try problem.dense()
      let error = largestDifference(labels.siteEntropy, dense.siteEntropy)
      #expect(error <= estimate, "\(problem.potentialFile)")
      #expect(estimate <= tolerance)
      #expect(
        abs(labels.entropy - dense.entropy) <= estimate * Double(problem.frame.atomCount))
    }
  }

  /// Had nearly whole, the second moment leaves a third of what it leaves cut at the radius: 1.4e-4.
  @Test func farPairsHaveTheirShareInTheSecondMoment() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [4, 4, 4], .rattle(amplitude: 0.05), potential: "Si.sw")
    let exact = try Labeller(
      potential: problem.potential, kind: .relative, engine: .polynomial, tolerance: 1e-8
    ).labels(of: problem.frame).labels.siteEntropy
    let labels = try problem.moments(steps: 4, radius: 6)
    let square = zip(labels.siteEntropy, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect((square / Double(exact.count)).squareRoot() < 7e-5)
    #expect(largestDifference(labels.siteEntropy, exact) <= labels.errorEstimate ?? 0)
  }

  /// One step has the second moment whole, so that the error is of third order.
  @Test func oneStepIsExactToSecondOrder() throws {
    let errors = try [0.02, 0.005].map { amplitude in
      let problem = try Problem(
        "zincblende", ["Cd", "Te"], 6.478, [2, 2, 1], .rattle(amplitude: amplitude),
        potential: "CdTe-Zhou2013.sw")
      return largestDifference(
        try problem.moments(steps: 1, radius: 100).siteEntropy, try problem.dense().siteEntropy)
    }
    #expect(errors[1] < errors[0] / 40)
  }

  /// A soft acoustic mode of long waves: springs to second neighbours that repel.
  @Test func anInstabilityOfLongWavesIsFound() throws {
    let problem = try Problem(
      "chain", ["Na", "Cl"], 5, [40, 1, 1], .rattle(amplitude: 0), potential: "chain.json")
    let crystal = problem.crystal
    let reference = crystal.foldedHessian
    func softened(by stiffness: Double) throws -> SparsePerturbation {
      var hessian = reference.dense()
      let n = hessian.rowCount
      let positions = crystal.multilattice.idealPositions
      let order = (0..<n).sorted { positions[3 * $0] < positions[3 * $1] }
      let scale = crystal.inverseRootMasses
      for k in 0..<n {
        let (i, j) = (order[k], order[(k + 2) % n])
        hessian[i, i] -= stiffness * scale[i] * scale[i]
        hessian[j, j] -= stiffness * scale[j] * scale[j]
        hessian[i, j] += stiffness * scale[i] * scale[j]
        hessian[j, i] += stiffness * scale[i] * scale[j]
      }
      let sparse = BlockSparseMatrix(
        blockSize: 1, siteCount: n, rowStarts: (0...n).map { $0 * n },
        indices: (0..<n * n).map { Int32($0 % n) }, values: hessian.storage)
      return SparsePerturbation(from: reference, to: sparse, multilattice: crystal.multilattice)
    }
    func ledger(_ perturbation: SparsePerturbation) throws -> ModeLedger {
      let core = perturbation.core(basisCount: crystal.normalizer.basisCount)
      return try CoreEngine().labels(of: core, at: [], normalizer: crystal.normalizer).ledger
    }
    var stiffness = 0.1
    while try ledger(softened(by: stiffness)).negativeModes == 0, stiffness < 1e3 {
      stiffness *= 1.02
    }
    let unstable = try softened(by: stiffness)
    let exact = try ledger(unstable)
    // Two waves in opposite directions, and only just.
    #expect(exact.negativeModes >= 1 && exact.smallest > -0.1)
    let engine = MomentsEngine(tolerance: 1e-3, steps: 2, radius: 12)
    #expect {
      try engine.labels(of: unstable, crystal: crystal)
    } throws: { error in
      guard case SiteEntropyError.unstableFrame(let found) = error else { return false }
      return found.negativeModes > 0 && abs(found.smallest - exact.smallest) < 1e-6
    }
    _ = try engine.labels(of: softened(by: 0.8 * stiffness), crystal: crystal)
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
