import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct TruncationTests {
  /// The frame with u^R around a site in place of u.
  static func truncated(
    _ problem: Problem, site: Int, radius: Double, _ truncation: Truncation
  ) throws -> Problem {
    let lattice = problem.crystal.multilattice
    let u = try problem.frame.displacements()
    let distances = lattice.distances(from: site)
    var frame = problem.frame
    frame.positions = (0..<u.count).map { e in
      lattice.idealPositions[e]
        + u[e] * truncation.factor(distance: distances[e / 3], radius: radius)
    }
    return try Problem(frame, potential: problem.potentialFile)
  }

  static func scan(
    _ problem: Problem, _ truncation: Truncation, sites: [Int], largestBlock: Int = 2000
  ) throws -> TruncationScan {
    try TruncationScan(
      of: problem.frame, crystal: problem.crystal, potential: problem.potential,
      truncation: truncation, sites: sites, largestBlock: largestBlock)
  }

  @Test(arguments: Truncation.allCases)
  func errorsAreThoseOfTheDenseEngine(truncation: Truncation) throws {
    for problem in try Problem.all() {
      let sites = [0, problem.frame.atomCount - 3]
      let radii = [0.0, 2.6, 5.1]
      let scan = try Self.scan(problem, truncation, sites: sites)
      let whole = try problem.dense()
      let samples = try scan.samples(
        radii: Array(radii.dropFirst()), source: problem.frame.source)
      for (place, site) in sites.enumerated() {
        #expect(abs(scan.labels[place] - whole.siteEntropy[site]) < 1e-11)
        for (index, radius) in radii.dropFirst().enumerated() {
          let other = try Self.truncated(problem, site: site, radius: radius, truncation).dense()
          let expected = whole.siteEntropy[site] - other.siteEntropy[site]
          #expect(abs(samples[place][index].error - expected) < 1e-11)
        }
      }
      #expect(try #require(scan.checkDifference) < 1e-11)
    }
  }

  @Test func blochTransformsGiveTheSameAsTheBlock() throws {
    for problem in try Problem.all() {
      let sites = [1, 4]
      let block = try Self.scan(problem, .hard, sites: sites)
      let bloch = try Self.scan(problem, .hard, sites: sites, largestBlock: 0)
      #expect(largestDifference(block.labels, bloch.labels) < 1e-12)
      let source = problem.frame.source
      let (a, b) = (
        try block.samples(radii: [4], source: source), try bloch.samples(radii: [4], source: source)
      )
      for (x, y) in zip(a.joined(), b.joined()) { #expect(abs(x.error - y.error) < 1e-12) }
    }
  }

  @Test(arguments: Truncation.allCases)
  func aRadiusThatHoldsTheCoreLosesNothing(truncation: Truncation) throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [3, 3, 3],
      .localized(amplitude: 0.05, radius: 4, center: .atom(7)), potential: "Si.sw")
    let factor = truncation == .hard ? 1.0 : 2.0
    let samples = try Self.scan(problem, truncation, sites: [7])
      .samples(radii: [2 * factor, 4 * factor, 6 * factor], source: problem.frame.source)[0]
    #expect(abs(samples[0].error) > 1e-5)
    #expect(samples[0].outsideNorm > 0.01)
    #expect(samples[1].error == 0 && samples[2].error == 0)
    #expect(samples[1].outsideNorm == 0)
    if truncation == .hard { #expect(samples.map(\.atomsInside) == [1, 17, 47]) }
  }

  @Test func anUndisplacedFrameHasNoErrors() throws {
    let problem = try Problem(
      "cscl", ["Cs", "Cl"], 4, [2, 2, 2], .rattle(amplitude: 0), potential: "cscl.json")
    let scan = try Self.scan(problem, .hard, sites: [0, 1])
    let samples = try scan.samples(radii: [1, 4], source: problem.frame.source)
    #expect(scan.labels == [0, 0])
    #expect(samples.joined().allSatisfy { $0.error == 0 && $0.outsideNorm == 0 })
  }

  @Test func anUnstableFrameIsRefused() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 1], .rattle(amplitude: 0.22), potential: "Si.sw")
    let ledger = try problem.dense().ledger
    try #require(!ledger.isStable)
    #expect(throws: FrameFailure.self) { try Self.scan(problem, .hard, sites: [0, 1, 2, 3]) }
  }

  @Test func theSmoothCutoffHasTwoContinuousDerivatives() {
    let (f, h) = (Truncation.smooth, 1e-4)
    func value(_ r: Double) -> Double { f.factor(distance: r, radius: 6) }
    func slope(_ r: Double) -> Double { (value(r + h) - value(r - h)) / (2 * h) }
    func bend(_ r: Double) -> Double { (value(r + h) - 2 * value(r) + value(r - h)) / (h * h) }
    for r in [3.0, 6.0] {
      // Third derivatives are 60/27 on one side and 0 on the other.
      #expect(abs(slope(r)) < 1e-6 && abs(bend(r)) < 1e-3)
    }
    #expect(value(0) == 1 && value(3) == 1 && value(4.5) == 0.5 && value(6) == 0 && value(7) == 0)
    let values = stride(from: 0.0, through: 7, by: 0.01).map(value)
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func aPlaceOnTheRadiusIsInside() {
    let shell = 2.5
    #expect(Truncation.hard.factor(distance: shell.nextUp, radius: shell) == 1)
    #expect(Truncation.hard.factor(distance: shell + 2e-4, radius: shell) == 0)
  }

  @Test func shellsAreThoseOfTheCrystal() throws {
    let problem = try Problem(
      "chain", ["Na", "Cl"], 5, [8, 1, 1], .rattle(amplitude: 0), potential: "chain.json")
    let shells = problem.crystal.multilattice.shellRadii(thinning: 1)
    #expect(largestDifference(shells, [2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20]) < 1e-12)
    #expect(problem.crystal.multilattice.largestRadius == 20)
  }

  @Test func aPowerLawIsRecovered() throws {
    let rows = [1.0, 2, 4, 8, 16].map { radius in
      var row = TruncationRow(radius: radius)
      for sign in [1.0, -1] {
        row.add(
          TruncationSample(
            atomsInside: 5, error: sign * 0.5 * pow(radius, -3), outsideNorm: pow(radius, 1.5)))
      }
      return row
    }
    let fit = TruncationFit(rows, dimension: 3, largestRadius: 8)
    #expect(fit.count == 4 && fit.range == 1...8)
    #expect(abs(try #require(fit.slope) + 3) < 1e-12)
    #expect(abs(try #require(fit.prefactor) - 0.5) < 1e-12)
    // 0.5 R^-3 up to the next radius, 2R.
    #expect(abs(try #require(fit.rateConstant) - 4) < 1e-12)
    // 0.5 R^-3 = C R^-4.5 R^1.5
    #expect(abs(fit.boundConstant - 0.5) < 1e-12)
    for row in rows { #expect(abs(fit.bound(row) - row.largest) < 1e-12) }
    #expect(rows[0].mean == 0 && rows[0].count == 2 && rows[0].atomsInside == 5)
    // (4 / 0.004)^(1/3)
    #expect(abs(try #require(fit.radius(forTarget: 0.004)) - 10) < 1e-12)
    #expect(fit.scannedRadius(forTarget: 0.004) == 8)
    #expect(fit.scannedRadius(forTarget: 1e-9) == nil)
  }

  @Test func roundingIsNoDecay() {
    let rows = [1.0, 2, 3, 4].map { radius in
      var row = TruncationRow(radius: radius)
      row.add(TruncationSample(atomsInside: 1, error: 1e-13, outsideNorm: 0.1))
      return row
    }
    let fit = TruncationFit(rows, dimension: 3, largestRadius: 10)
    #expect(fit.slope == nil && fit.range == nil && fit.boundConstant == 0)
  }
}
