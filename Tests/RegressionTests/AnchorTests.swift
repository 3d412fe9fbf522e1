import Regression
import Testing

/// Fits without an intercept, on differences from an anchor.
struct AnchorTests {
  private let anchor: [Double] = [0.3, -1, 0.5, 2, 0]

  private func anchored(
    _ x: [Double], _ y: [Double], anchor: [Double], prior: [Double], lambda: LambdaChoice
  ) throws -> RidgeModel {
    let frames = (0..<y.count).map { $0 / 5 % 4 }
    var rows = ChannelRows(featureCount: anchor.count, foldCount: 4, anchor: anchor)
    try rows.append(features: x, targets: y, folds: frames)
    return try fitRidge([rows], priors: [prior], lambda: lambda)
  }

  /// Every row and its mirror image about the anchor: the intercept of a plain fit is then 0.
  private func mirrored(_ x: [Double], _ y: [Double], anchor: [Double]) -> ([Double], [Double]) {
    let k = anchor.count
    let images = x.indices.map { 2 * anchor[$0 % k] - x[$0] }
    return (x + images, y + y.map { -$0 })
  }

  /// c = Σ (φ - φ0) y / Σ (φ - φ0)² = (1·3 + 2·6) / 5.
  @Test func aLineThroughTheAnchorIsFound() throws {
    var rows = ChannelRows(featureCount: 1, anchor: [1])
    try rows.append(features: [2, 3], targets: [3, 6], folds: [0, 0])
    let channel = try fitRidge([rows], priors: [[1]], lambda: .fixed(0)).channels[0]
    #expect(isNear(channel.coefficients, [3], within: 1e-14))
    #expect(channel.predict([1.0].span, siteCount: 1) == [0])
    #expect(channel.leverages([1.0].span, siteCount: 1) == [0])
    #expect(isNear(channel.leverages([2.0].span, siteCount: 1), [0.2], within: 1e-14))
  }

  @Test(arguments: [0, 0.35]) func itIsThePlainFitOfTheMirroredRows(lambda: Double) throws {
    let (x, y) = (data(40, 5), target(40))
    let prior: [Double] = [1, 2, 5, 10, 17]
    let model = try anchored(x, y, anchor: anchor, prior: prior, lambda: .fixed(lambda))
    let (both, labels) = mirrored(x, y, anchor: anchor)
    let plain = try fit(both, labels, columns: 5, prior: prior, lambda: .fixed(2 * lambda))
    #expect(
      isNear(
        model.channels[0].coefficients, plain.channels[0].coefficients, within: 1e-10))
    #expect(abs(plain.channels[0].valueAtMean) < 1e-12)
    let site = Array(data(40, 5)[35..<40])
    let (a, b) = (
      model.channels[0].leverages(site.span, siteCount: 1)[0],
      plain.channels[0].leverages(site.span, siteCount: 1)[0]
    )
    // The mean of 80 rows is known to 1/80; the slopes of twice the rows to half.
    #expect(isNear([a / 2], [b - 1.0 / 80], within: 1e-10))
    #expect(
      isNear(
        [model.blocks[0].effectiveDegrees], [plain.blocks[0].effectiveDegrees - 1], within: 1e-10))
  }

  @Test func totalsOfAnchoredChannelsAreThoseOfTheMirroredRows() throws {
    let (xa, xb) = (data(24, 3), data(24, 2, salt: 40))
    let (ya, yb) = (target(24), target(24, salt: 7))
    let anchors: [[Double]] = [[0.2, -0.4, 1], [0.6, 0]]
    let sums = (0..<5).map { Double($0) * 1.5 - 2 }
    let centre: [Double] = [7 * 0.2, -7 * 0.4, 7, 4 * 0.6, 0]
    func rows(_ x: [Double], _ y: [Double], _ anchor: [Double], isAnchored: Bool) throws
      -> ChannelRows
    {
      var rows = ChannelRows(featureCount: anchor.count, anchor: isAnchored ? anchor : nil)
      let (both, labels) = isAnchored ? (x, y) : mirrored(x, y, anchor: anchor)
      try rows.append(features: both, targets: labels, folds: zeros(labels.count))
      return rows
    }
    func model(isAnchored: Bool) throws -> RidgeModel {
      var coupled = CoupledRows(featureCounts: [3, 2], anchors: isAnchored ? anchors : nil)
      try coupled.append(intercepts: [7, 4], features: sums, target: 0.9, weight: 3, fold: 0)
      if !isAnchored {
        try coupled.append(
          intercepts: [7, 4], features: zip(sums, centre).map { 2 * $1 - $0 }, target: -0.9,
          weight: 3, fold: 0)
      }
      return try fitRidge(
        [
          rows(xa, ya, anchors[0], isAnchored: isAnchored),
          rows(xb, yb, anchors[1], isAnchored: isAnchored),
        ], coupled: coupled, priors: [[1, 2, 3], [1, 2]],
        lambda: .fixed(isAnchored ? 0.2 : 0.4))
    }
    let (a, b) = (try model(isAnchored: true), try model(isAnchored: false))
    for channel in 0..<2 {
      #expect(
        isNear(
          a.channels[channel].coefficients, b.channels[channel].coefficients, within: 1e-10))
      #expect(a.channels[channel].valueAtMean == 0)
      let anchor = anchors[channel]
      let leverage = a.channels[channel].leverages(anchor.span, siteCount: 1)
      #expect(leverage[0] < 1e-20)
    }
  }

  /// Frames left out in closed form against real refits.
  @Test func theResidualsLeftOutAreThoseOfRefits() throws {
    let (x, y) = (data(40, 5), target(40))
    let model = try anchored(x, y, anchor: anchor, prior: ones(5), lambda: .fixed(0.7))
    var squares = 0.0
    for fold in 0..<4 {
      let members = (0..<40).filter { $0 / 5 % 4 == fold }
      let left = try #require(
        model.leavingOut(
          .init(
            sites: [
              SiteRows(
                channel: 0, features: members.flatMap { x[5 * $0..<5 * $0 + 5] },
                targets: members.map { y[$0] })
            ])))
      squares += left.residuals.reduce(0) { $0 + $1 * $1 }
    }
    let refitted = try #require(model.blocks[0].lambda.heldOutError)
    #expect(isNear([(squares / 40).squareRoot()], [refitted], within: 1e-12))
  }

  @Test func sitesThatAllRestHaveNoVaryingFeature() throws {
    let x = (0..<10).flatMap { _ in anchor }
    let model = try anchored(
      x, target(10), anchor: anchor, prior: ones(5), lambda: .automatic)
    #expect(model.channels[0].constantFeatureCount == 5)
    #expect(model.channels[0].coefficients.allSatisfy { $0 == 0 })
  }

  @Test func noRowsAreRefused() {
    #expect(throws: RegressionError.noRows(channel: 0)) {
      try fitRidge(
        [ChannelRows(featureCount: 2, anchor: [0, 1])], priors: [ones(2)], lambda: .automatic)
    }
  }
}
