import Regression
import Testing

/// In which units coefficients are penalised.
struct ScalingTests {
  /// Four features of different scale, one of them constant.
  private func features(_ factor: Double) -> [Double] {
    data(40, 4).enumerated().map { index, x in
      factor * [x, 1e-3 * x, 30 * x, 2][index % 4]
    }
  }

  private func model(
    _ x: [Double], _ scaling: FeatureScaling, prior: [Double], lambda: LambdaChoice
  ) throws -> RidgeModel {
    var rows = ChannelRows(featureCount: 4, foldCount: 4)
    try rows.append(features: x, targets: target(40), folds: (0..<40).map { $0 % 4 })
    return try fitRidge(
      [rows], priors: [prior], scaling: scaling, lambda: lambda, featureNoise: 1e-13)
  }

  /// A common scale is a prior of its own: γ_j s / s_j.
  @Test func aCommonScaleIsTheRootMeanSquareOfThoseThatVary() throws {
    let (x, prior): ([Double], [Double]) = (features(1), [1, 2, 3, 4])
    let common = try model(x, .common, prior: prior, lambda: .fixed(0.2))
    let own = common.channels[0].featureScale
    let mean = (own[..<3].reduce(0) { $0 + $1 * $1 } / 3).squareRoot()
    #expect(own[3] == 0)
    let equal = zip(prior, own).map { $1 > 0 ? $0 * mean / $1 : $0 }
    let each = try model(x, .each, prior: equal, lambda: .fixed(0.2))
    #expect(
      isNear(common.channels[0].parameters, each.channels[0].parameters, within: 1e-10))
    // The feature that hardly varies is left to the others.
    let plain = try model(x, .each, prior: prior, lambda: .fixed(0.2))
    let share = common.channels[0].coefficients[1] / plain.channels[0].coefficients[1]
    #expect(abs(share) < 1e-3)
  }

  /// λ stays what it is in other units, and so do the predictions.
  @Test(arguments: FeatureScaling.allCases) func unitsDoNotMatter(scaling: FeatureScaling) throws {
    let prior: [Double] = [1, 1, 1, 1]
    let a = try model(features(1), scaling, prior: prior, lambda: .automatic)
    let b = try model(features(1024), scaling, prior: prior, lambda: .automatic)
    #expect(isNear([a.blocks[0].lambda.value], [b.blocks[0].lambda.value], within: 1e-9))
    #expect(
      isNear(
        a.channels[0].predict(features(1).span, siteCount: 40),
        b.channels[0].predict(features(1024).span, siteCount: 40), within: 1e-9))
  }
}
