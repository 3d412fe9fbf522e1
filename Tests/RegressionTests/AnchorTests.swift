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

  /// Σ w (prediction - y)² + λ |Γ S c|² of an anchored channel and one with an intercept, tied by rows
  /// of totals: its derivatives by all parameters vanish at the fit.
  @Test func someChannelsMayBeAnchored() throws {
    let (xa, xb) = (data(24, 3), data(24, 2, salt: 40))
    let (ya, yb) = (target(24), target(24, salt: 30))
    let anchor: [Double] = [0.2, -0.4, 1]
    let sums = (0..<5).map { Double($0) * 1.5 - 2 }
    let (lambda, weight) = (0.2, 3.0)
    let priors: [[Double]] = [[1, 2, 3], [1, 2]]
    for isFirst in [true, false] {
      var a = ChannelRows(featureCount: 3, anchor: anchor)
      var b = ChannelRows(featureCount: 2)
      try a.append(features: xa, targets: ya, folds: zeros(24))
      try b.append(features: xb, targets: yb, folds: zeros(24))
      let order = isFirst ? [0, 1] : [1, 0]
      var coupled = CoupledRows(
        featureCounts: order.map { [3, 2][$0] }, anchors: order.map { [anchor, nil][$0] })
      let parts = [Array(sums[..<3]), Array(sums[3...])]
      try coupled.append(
        intercepts: order.map { [7, 4][$0] }, features: order.flatMap { parts[$0] }, target: 0.9,
        weight: weight, fold: 0)
      let model = try fitRidge(
        order.map { [a, b][$0] }, coupled: coupled, priors: order.map { priors[$0] },
        lambda: .fixed(lambda))
      let (first, second) = (model.channels[order[0]], model.channels[order[1]])
      #expect(first.valueAtMean == 0 && first.featureMean == anchor)
      func objective(_ p: [Double]) -> Double {
        var value = 0.0
        for i in 0..<24 {
          let inA = (0..<3).reduce(0.0) { $0 + (xa[3 * i + $1] - anchor[$1]) * p[$1] } - ya[i]
          let inB = (0..<2).reduce(p[5]) { $0 + xb[2 * i + $1] * p[3 + $1] } - yb[i]
          value += inA * inA + inB * inB
        }
        var total = 4 * p[5] - 0.9
        for j in 0..<3 { total += (sums[j] - 7 * anchor[j]) * p[j] }
        for j in 0..<2 { total += sums[3 + j] * p[3 + j] }
        value += weight * total * total
        let scales = first.featureScale + second.featureScale
        for (j, gamma) in priors.joined().enumerated() {
          value += lambda * (gamma * scales[j] * p[j]) * (gamma * scales[j] * p[j])
        }
        return value
      }
      let found = first.coefficients + second.coefficients + [second.intercept]
      for j in found.indices {
        var (up, down) = (found, found)
        up[j] += 1e-3
        down[j] -= 1e-3
        // Quadratic: differences are exact but for rounding.
        #expect(abs(objective(up) - objective(down)) < 1e-11 * objective(found), "\(j)")
      }
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
