import Regression
import Testing

struct RidgeTests {
  private let folds = (0..<40).map { $0 / 5 % 4 }
  private let prior: [Double] = [1, 2, 5, 10, 17]

  @Test func aLineThroughTwoPointsIsFound() throws {
    let model = try fit([1, 3], [5, 9], columns: 1, lambda: .fixed(0))
    #expect(isNear(model.channels[0].parameters, [3, 2], within: 1e-14))
    #expect(model.blocks[0].rank == 1)
    #expect(model.blocks[0].residualVariance == nil)
  }

  /// One feature of values ±1: S = 1, so c = Σxy / (N + λ).
  @Test func lambdaShrinksAStandardFeatureByTheKnownFactor() throws {
    let model = try fit([1, -1, 1, -1], [3, -1, 3, -1], columns: 1, lambda: .fixed(4))
    #expect(isNear(model.channels[0].parameters, [1, 1], within: 1e-14))
    #expect(abs(model.blocks[0].effectiveDegrees - 1.5) <= 1e-14)
  }

  @Test func agreesWithLeastSquaresOfThePenalizedRows() throws {
    let model = try fit(
      data(40, 5), target(40), columns: 5, folds: folds, foldCount: 4, prior: prior,
      lambda: .fixed(0.7))
    #expect(isNear(model.channels[0].parameters, RidgeReference.plain, within: 1e-12))
    let block = model.blocks[0]
    #expect(isNear([block.effectiveDegrees], RidgeReference.plainDegrees, within: 1e-12))
    #expect(
      isNear([block.residualVariance ?? 0], RidgeReference.plainVariance, within: 1e-12))
  }

  @Test func theScaleAndTheOriginOfAFeatureDoNotMatter() throws {
    let x = data(40, 5)
    let moved = x.enumerated().map { $1 * ($0 % 5 == 2 ? 1e-6 : 3) + ($0 % 5 == 4 ? 1e4 : -7) }
    let (a, b) = (
      try fit(x, target(40), columns: 5, lambda: .fixed(0.3)),
      try fit(moved, target(40), columns: 5, lambda: .fixed(0.3))
    )
    let (p, q) = (
      a.channels[0].predict(x.span, siteCount: 40), b.channels[0].predict(moved.span, siteCount: 40)
    )
    // The second feature keeps 10 of its digits beside -7.
    #expect(isNear(p, q, within: 1e-9))
  }

  @Test func theBytesDoNotDependOnHowTheRowsComeIn() throws {
    let (x, y) = (data(1500, 5), target(1500))
    let allFolds = (0..<1500).map { $0 / 7 % 3 }
    var pieces = ChannelRows(featureCount: 5, foldCount: 3)
    for first in stride(from: 0, to: 1500, by: 13) {
      let range = first..<min(1500, first + 13)
      try pieces.append(
        features: Array(x[range.lowerBound * 5..<range.upperBound * 5]), targets: Array(y[range]),
        folds: Array(allFolds[range]))
    }
    let inPieces = try fitRidge([pieces], priors: [ones(5)], lambda: .automatic)
    let atOnce = try fit(
      x, y, columns: 5, folds: allFolds, foldCount: 3, lambda: .automatic)
    #expect(inPieces.channels[0].coefficients == atOnce.channels[0].coefficients)
    #expect(inPieces.channels[0].valueAtMean == atOnce.channels[0].valueAtMean)
    #expect(inPieces.blocks == atOnce.blocks)
  }

  @Test func aRowOfWeightTwoCountsAsTwoRows() throws {
    let (x, y) = (data(12, 3), target(12))
    var weighted = ChannelRows(featureCount: 3)
    try weighted.append(
      features: x, targets: y, folds: zeros(12), weights: (0..<12).map { $0 == 4 ? 2 : 1 })
    let a = try fitRidge([weighted], priors: [ones(3)], lambda: .fixed(0.2))
    let b = try fit(
      x + x[12..<15], y + [y[4]], columns: 3, lambda: .fixed(0.2))
    #expect(isNear(a.channels[0].parameters, b.channels[0].parameters, within: 1e-12))
  }

  // MARK: Degenerate features (each against an SVD in NumPy)

  @Test(arguments: [0, 1e-300])
  func aDuplicateColumnSharesItsCoefficientAndLowersTheRank(lambda: Double) throws {
    var x = data(40, 5)
    for i in 0..<40 { x[i * 5 + 3] = x[i * 5 + 1] }
    let model = try fit(x, target(40), columns: 5, lambda: .fixed(lambda))
    #expect(isNear(model.channels[0].parameters, RidgeReference.duplicate, within: 1e-11))
    #expect(model.blocks[0].rank == 4)
    #expect(model.blocks[0].conditionNumber < 100)
  }

  @Test func aConstantColumnGetsNoCoefficient() throws {
    var x = data(40, 5)
    for i in 0..<40 { x[i * 5 + 2] = 0.1 }
    let model = try fit(x, target(40), columns: 5, lambda: .fixed(0))
    #expect(isNear(model.channels[0].parameters, RidgeReference.constant, within: 1e-12))
    #expect(model.channels[0].constantFeatureCount == 1)
    #expect(model.blocks[0].rank == 4)
  }

  /// A column that differs by rounding must not be blown up to a standard deviation of 1.
  @Test func aColumnOfRoundingIsConstant() throws {
    var x = data(40, 5)
    for i in 0..<40 { x[i * 5 + 2] = 0.1 + (i % 3 == 0 ? 1.4e-17 : 0) }
    let model = try fit(x, target(40), columns: 5, lambda: .fixed(0))
    #expect(isNear(model.channels[0].parameters, RidgeReference.constant, within: 1e-12))
  }

  @Test func moreFeaturesThanRowsAreShrunkAsBySVD() throws {
    let ridge = try fit(data(6, 9), target(6), columns: 9, lambda: .fixed(1e-3))
    #expect(isNear(ridge.channels[0].parameters, RidgeReference.wide, within: 1e-11))
    let exact = try fit(data(6, 9), target(6), columns: 9, lambda: .fixed(0))
    #expect(isNear(exact.channels[0].parameters, RidgeReference.wideZero, within: 1e-11))
    #expect(exact.blocks[0].rank == 5)
    #expect(exact.blocks[0].residualVariance == nil)
  }

  @Test(arguments: [LambdaChoice.automatic, .fixed(0), .fixed(1e-300), .fixed(2)])
  func oneRowGivesItsTargetAsTheMean(lambda: LambdaChoice) throws {
    let model = try fit([4, 5], [0.25], columns: 2, lambda: lambda)
    #expect(model.channels[0].coefficients == [0, 0])
    #expect(model.channels[0].intercept == 0.25)
    #expect(model.blocks[0].rank == 0)
    #expect(model.blocks[0].residualVariance == nil)
  }

  @Test func noRowsAreRefused() {
    #expect(throws: RegressionError.noRows(channel: 0)) {
      try fitRidge([ChannelRows(featureCount: 2)], priors: [ones(2)], lambda: .automatic)
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func aTargetThatIsNotANumberIsRefused(value: Double) {
    var rows = ChannelRows(featureCount: 1)
    #expect(throws: RegressionError.notFinite("the target of row", row: 1)) {
      try rows.append(features: [1, 2], targets: [0, value], folds: [0, 0])
    }
    #expect(throws: RegressionError.notFinite("the features of row", row: 0)) {
      try rows.append(features: [value, 2], targets: [0, 1], folds: [0, 0])
    }
    #expect(rows.rowCount == 0)
  }

  @Test(arguments: [-1, Double.infinity]) func aLambdaOutOfRangeIsRefused(lambda: Double) {
    #expect(throws: RegressionError.invalidLambda(lambda)) {
      try fit([1, 2], [0, 1], columns: 1, lambda: .fixed(lambda))
    }
    #expect(throws: RegressionError.invalidPrior(feature: 0, value: 0)) {
      try fit([1, 2], [0, 1], columns: 1, prior: [0], lambda: .fixed(1))
    }
  }

  /// Features that agree in ten digits: the normal matrix would call them one (rank 1).
  @Test func nearlyDependentFeaturesAreToldApart() throws {
    let y = (0..<60).map { Double($0 % 7) }
    var x: [Double] = []
    for i in 0..<60 {
      let common = Double(i % 11)
      x += [common, common + 1e-9 * y[i]]
    }
    let model = try fit(x, y, columns: 2, lambda: .fixed(0))
    #expect(model.blocks[0].rank == 2)
    #expect(model.blocks[0].conditionNumber > 1e9)
    #expect(
      isNear(model.channels[0].predict(x.span, siteCount: 60), y, within: 1e-5))
  }
}
