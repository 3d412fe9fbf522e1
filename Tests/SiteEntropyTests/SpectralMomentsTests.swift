import Base
import Crystal
import Formats
import Glibc
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

/// Kinds absolute and quantum by moments of resolvents.
struct SpectralMomentsTests {
  private static func silicon() throws -> Problem {
    try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
  }

  /// 1/(λ+s) is one pole; the logarithm takes a few for each decade.
  @Test func polesGiveFunctionsOnTheInterval() throws {
    let poles = try PoleExpansion(
      of: [{ -0.5 * log($0) }, { 1 / (0.2 + $0) }], on: 0.01...2, tolerance: 1e-7)
    for index in 0...50 {
      let x = 0.01 * pow(200, Double(index) / 50)
      func value(_ f: Int, _ x: Double) -> Double {
        zip(poles.weights[f], poles.shifts).reduce(0) { $0 + $1.0 * $1.1 / (x + $1.1) }
      }
      // Constants cancel in differences, which are all that is taken.
      #expect(abs(value(0, x) - value(0, 1) + 0.5 * log(x)) < 2e-7)
      #expect(abs(value(1, x) - value(1, 1) - 1 / (0.2 + x) + 1 / 1.2) < 2e-7)
    }
    #expect(poles.errors.allSatisfy { $0 <= 1e-7 })
  }

  /// r_i(s) = s tr [(H̃+s)^-1 - (H̃0+s)^-1]_ii from eigendecompositions.
  @Test func resolventsOfAPatchThatHoldsTheCellAreThoseOfTheDenseMatrix() throws {
    for problem in try Problem.all() {
      let (crystal, s) = (problem.crystal, 0.1)
      let values = try MomentsEngine(tolerance: 1e-9, steps: 12, radius: 100).values(
        of: problem.perturbation, crystal: crystal,
        MomentsOperator(shift: s, crystal.normalizer)
      ).values
      let d = problem.frame.dimension
      func resolvent(_ matrix: BlockSparseMatrix) throws -> [Double] {
        let eigen = try matrix.dense().symmetricEigen()
        let n = eigen.values.count
        return (0..<n / d).map { atom in
          (0..<n).reduce(0) { sum, mode in
            sum
              + (0..<d).reduce(0) { sum, a in
                let e = eigen.vectors[mode, atom * d + a]
                return sum + e * e * s / (eigen.values[mode] + s)
              }
          }
        }
      }
      let (after, before) = (
        try resolvent(problem.hessian()), try resolvent(crystal.foldedHessian)
      )
      for (atom, number) in crystal.multilattice.siteNumbers.enumerated() {
        #expect(abs(values[number] - (after[atom] - before[atom])) < 1e-9)
      }
    }
  }

  @Test func labelsOfEveryTemperatureAreWithinTheEstimateOfTheDenseOnes() throws {
    let temperatures = [10.0, 30, 100, 300, 1000]
    for problem in [try Self.silicon()] + (try Problem.all()) {
      let found = try Self.labels(problem, .moments, temperatures, tolerance: 1e-4)
      let dense = try Self.labels(problem, .dense, temperatures)
      #expect(found.count == temperatures.count)
      for (labels, exact) in zip(found, dense) {
        let error = largestDifference(labels.siteEntropy, exact.siteEntropy)
        let estimate = try #require(labels.errorEstimate)
        #expect(labels.engine == "moments" && labels.kind == exact.kind)
        #expect(error <= estimate, "\(problem.potentialFile) \(labels.kind)")
        #expect(estimate <= 1e-4)
        #expect(
          labels.ledger.smallest <= exact.ledger.smallest * (1 + 1e-6)
            && labels.ledger.largest >= exact.ledger.largest * (1 - 1e-6))
      }
    }
  }

  @Test func absoluteLabelsAreWithinTheEstimate() throws {
    let problem = try Self.silicon()
    func labels(_ engine: EngineChoice) throws -> SiteLabels {
      try Labeller(
        potential: problem.potential, kind: .absolute, engine: engine, tolerance: 1e-3
      ).labels(of: problem.frame).labels
    }
    let (found, exact) = (try labels(.moments), try labels(.dense))
    let error = largestDifference(found.siteEntropy, exact.siteEntropy)
    #expect(error <= found.errorEstimate ?? 0 && found.errorEstimate ?? 1 <= 1e-3)
  }

  @Test func oneDecompositionServesAllTemperatures() throws {
    let problem = try Self.silicon()
    let all = try Self.labels(problem, .dense, [200, 400])
    for labels in all {
      let one = try Labeller(
        potential: problem.potential, kind: labels.kind, engine: .dense
      ).labels(of: problem.frame).labels
      #expect(one == labels)
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    let problem = try Self.silicon()
    let all = try Self.labels(problem, .moments, [300, 600], tolerance: 1e-3)
    setConcurrentBlockLimit(1)
    let one = try Self.labels(problem, .moments, [300, 600], tolerance: 1e-3)
    setConcurrentBlockLimit(.max)
    #expect(one == all)
  }

  @Test func anUnstableFrameGoesToTheDenseEngine() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.35), potential: "Si.sw")
    let labels = try Self.labels(problem, .moments, [300, 600], tolerance: 1e-3)
    #expect(labels.allSatisfy { $0.engine == "dense" && $0.ledger.negativeModes > 0 })
  }

  private static func labels(
    _ problem: Problem, _ engine: EngineChoice, _ temperatures: [Double], tolerance: Double = 1e-10
  ) throws -> [SiteLabels] {
    try Labeller(
      potential: problem.potential, kind: .quantum(temperature: temperatures[0]), engine: engine,
      tolerance: tolerance
    ).labels(of: problem.frame, temperatures: temperatures).labels
  }
}
