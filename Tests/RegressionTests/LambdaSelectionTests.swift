import Regression
import Testing

struct LambdaSelectionTests {
  private let folds = (0..<40).map { $0 / 5 % 4 }
  private let prior: [Double] = [1, 2, 5, 10, 17]

  @Test(arguments: zip([1e-3, 0.7, 50], RidgeReference.plainHeldOut))
  func theHeldOutErrorIsThatOfRefits(lambda: Double, expected: Double) throws {
    let model = try fit(
      data(40, 5), target(40), columns: 5, folds: folds, foldCount: 4, prior: prior,
      lambda: .fixed(lambda))
    let report = model.blocks[0].lambda
    #expect(isNear([report.heldOutError ?? 0], [expected], within: 1e-12))
    #expect(report.foldCount == 4)
    #expect(report.method == .fixed)
  }

  @Test func theChosenLambdaIsAsGoodAsTheBestOfAFineGrid() throws {
    let model = try fit(
      data(40, 5), target(40), columns: 5, folds: folds, foldCount: 4, prior: prior,
      lambda: .automatic)
    let report = model.blocks[0].lambda
    let error = try #require(report.heldOutError)
    let least = RidgeReference.plainLeastHeldOut[0]
    // Within the standard error of the folds, and 4 % of the mean square.
    #expect(error >= least * (1 - 1e-9) && error <= least * 1.0201)
    #expect(report.method == .folds)
  }

  /// An exact linear law: anything but a tiny λ would be seen.
  @Test func anExactLawIsRecovered() throws {
    let x = data(200, 4)
    let law: [Double] = [2, -1, 3, -0.25]
    let y = (0..<200).map { i in (0..<4).reduce(0.5) { $0 + law[$1] * x[4 * i + $1] } }
    let model = try fit(
      x, y, columns: 4, folds: (0..<200).map { $0 % 8 }, foldCount: 8, lambda: .automatic)
    #expect(isNear(model.channels[0].parameters, [0.5, 2, -1, 3, -0.25], within: 1e-9))
  }

  /// Targets that have nothing to do with the features: the mean is the best that can be said.
  @Test func noiseIsShrunkAway() throws {
    let y = (0..<300).map { i in
      let whole: Int = i * (31 * i + 57) % 1009
      return Double(whole % 13) / 13 - 0.5
    }
    let model = try fit(
      data(300, 20), y, columns: 20, folds: (0..<300).map { $0 % 10 }, foldCount: 10,
      lambda: .automatic)
    #expect(model.blocks[0].effectiveDegrees < 11)
    #expect(model.blocks[0].lambda.value > 1)
  }

  @Test func aSingleFoldFallsBackToGeneralizedCrossValidation() throws {
    let model = try fit(data(40, 5), target(40), columns: 5, lambda: .automatic)
    let report = model.blocks[0].lambda
    #expect(report.method == .generalized)
    #expect(report.heldOutError == nil)
    #expect(report.value > 0 && report.value.isFinite)
  }

  /// With as many coefficients as rows the residual vanishes at λ = 0; that must not win.
  @Test func interpolationIsNotMistakenForAGoodFit() throws {
    let model = try fit(data(12, 30), target(12), columns: 30, lambda: .automatic)
    #expect(12 - model.blocks[0].effectiveDegrees > 0.02 * 12)
  }

  @Test func aConstantTargetGivesThatConstant() throws {
    let y = [Double](repeating: 0.75, count: 40)
    let model = try fit(
      data(40, 5), y, columns: 5, folds: folds, foldCount: 4, lambda: .automatic)
    #expect(model.channels[0].coefficients.allSatisfy { $0 == 0 })
    #expect(model.channels[0].valueAtMean == 0.75)
  }
}

struct LambdaNoiseTests {
  /// Features that are rounded: coefficients so large that the rounding shows are not taken.
  @Test func roundingOfTheFeaturesBoundsTheCoefficients() throws {
    let x = data(200, 4)
    let law: [Double] = [2, -1, 3, -0.25]
    let y = (0..<200).map { i in (0..<4).reduce(0.5) { $0 + law[$1] * x[4 * i + $1] } }
    var rows = ChannelRows(featureCount: 4, foldCount: 8)
    try rows.append(features: x, targets: y, folds: (0..<200).map { $0 % 8 })
    func model(_ noise: Double) throws -> RidgeModel {
      try fitRidge([rows], priors: [ones(4)], lambda: .automatic, featureNoise: noise)
    }
    let (exact, rounded) = (try model(0), try model(1e-3))
    #expect(rounded.blocks[0].lambda.value > exact.blocks[0].lambda.value)
    // The error left out and what the rounding moves together are hardly less at any other λ.
    func expectedSquare(_ model: RidgeModel) throws -> Double {
      let channel = model.channels[0]
      let square = zip(channel.coefficients, channel.featureScale).reduce(0) {
        $0 + $1.0 * $1.0 * $1.1 * $1.1
      }
      let error = try #require(model.blocks[0].lambda.heldOutError)
      return error * error + 1e-6 * square
    }
    let found = try expectedSquare(rounded)
    for lambda in [1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100] {
      let other = try fitRidge([rows], priors: [ones(4)], lambda: .fixed(lambda))
      #expect(try found <= 1.05 * expectedSquare(other), "\(lambda)")
    }
  }
}
