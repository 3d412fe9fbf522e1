import Regression
import Testing

struct CoupledRowsTests {
  private static let frames = 8

  /// The rows of `joint` in Tests/interop/ridge_reference.py, by frame in four folds.
  private func jointModel() throws -> RidgeModel {
    let frames = Self.frames
    let (xa, xb) = (data(4 * frames, 3), data(2 * frames, 2, salt: 40))
    let (ya, yb) = (target(4 * frames), target(2 * frames, salt: 30))
    var a = ChannelRows(featureCount: 3, foldCount: 4)
    var b = ChannelRows(featureCount: 2, foldCount: 4)
    try a.append(features: xa, targets: ya, folds: (0..<4 * frames).map { $0 / 4 % 4 })
    try b.append(features: xb, targets: yb, folds: (0..<2 * frames).map { $0 / 2 % 4 })
    var coupled = CoupledRows(featureCounts: [3, 2], foldCount: 4)
    let (totals, slopes) = (target(frames, salt: 5), target(frames, salt: 8))
    let derivatives = data(frames, 5, salt: 9)
    for f in 0..<frames {
      var sums = [Double](repeating: 0, count: 5)
      for s in 0..<4 {
        for j in 0..<3 { sums[j] += xa[(4 * f + s) * 3 + j] }
      }
      for s in 0..<2 {
        for j in 0..<2 { sums[3 + j] += xb[(2 * f + s) * 2 + j] }
      }
      try coupled.append(
        intercepts: [4, 2], features: sums, target: 3 * totals[f], weight: 2.5, fold: f % 4)
    }
    for f in 0..<frames {
      try coupled.append(
        intercepts: [0, 0], features: Array(derivatives[5 * f..<5 * f + 5]), target: slopes[f],
        weight: 0.3, fold: f % 4)
    }
    return try fitRidge(
      [a, b], coupled: coupled, priors: [[1, 2, 3], [1, 2]], lambda: .fixed(0.4))
  }

  @Test func totalsAndDerivativesTieTheChannelsAsInOneBigFit() throws {
    let model = try jointModel()
    let found =
      model.channels.map(\.intercept) + model.channels[0].coefficients
      + model.channels[1].coefficients
    #expect(isNear(found, RidgeReference.joint, within: 1e-11))
    #expect(model.blocks.count == 1)
    #expect(model.blocks[0].channels == [0, 1])
    #expect(
      isNear(
        [model.blocks[0].lambda.heldOutError ?? 0], RidgeReference.jointHeldOut, within: 1e-11))
  }

  @Test func theLeverageOfASiteKnowsTheOtherChannel() throws {
    let site = Array(data(32, 3)[15..<18])
    let leverage = try jointModel().channels[0].leverages(site.span, siteCount: 1)
    #expect(isNear(leverage, RidgeReference.jointLeverage, within: 1e-11))
  }

  /// Without coupled rows two channels are two fits.
  @Test func emptyCouplingChangesNothing() throws {
    var a = ChannelRows(featureCount: 2)
    try a.append(features: data(20, 2), targets: target(20), folds: zeros(20))
    let coupled = CoupledRows(featureCounts: [2])
    let (with, without) = (
      try fitRidge([a], coupled: coupled, priors: [ones(2)], lambda: .fixed(1)),
      try fitRidge([a], priors: [ones(2)], lambda: .fixed(1))
    )
    #expect(with.channels[0].coefficients == without.channels[0].coefficients)
  }

  /// d/dx of a + b x: rows without an intercept fix the slope and leave the mean to the others.
  @Test func derivativeRowsFixTheSlope() throws {
    var rows = ChannelRows(featureCount: 1)
    try rows.append(features: [0, 1], targets: [1, 1.5], folds: [0, 0])
    try rows.append(
      features: [1, 1], targets: [2, 2], folds: [0, 0], weights: [1e12, 1e12],
      intercepts: [0, 0])
    let model = try fitRidge([rows], priors: [[1]], lambda: .fixed(0))
    #expect(isNear(model.channels[0].coefficients, [2], within: 1e-9))
    #expect(isNear([model.channels[0].valueAtMean], [1.25], within: 1e-9))
  }
}
