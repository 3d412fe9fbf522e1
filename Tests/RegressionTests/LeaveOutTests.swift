import Regression
import Testing

struct LeaveOutTests {
  private let prior: [Double] = [1, 2, 5, 10, 17]

  private func rows(_ x: [Double], _ y: [Double], _ range: Range<Int>, columns: Int)
    -> SiteRows
  {
    .init(
      channel: 0, features: Array(x[range.lowerBound * columns..<range.upperBound * columns]),
      targets: Array(y[range]))
  }

  /// The mean of 0, 1, 2 misses 3 by 2; a fourth value has a third of their variance.
  @Test func theMeanOfTheOthersIsExact() throws {
    let (x, y): ([Double], [Double]) = ([1, 1, 1, 1], [0, 1, 2, 3])
    let model = try fit(x, y, columns: 1, lambda: .fixed(0))
    let left = try #require(
      model.leavingOut(.init(sites: [rows(x, y, 3..<4, columns: 1)])))
    #expect(isNear(left.residuals, [2], within: 1e-14))
    #expect(isNear(left.leverages, [1.0 / 3], within: 1e-14))
    #expect(isNear([left.totalLeverage], [1.0 / 3], within: 1e-14))
  }

  /// The squares add up to those of folds that were really left out: few rows a frame (by the rows)
  /// and many (by the columns).
  @Test(arguments: [2, 4, 20])
  func theResidualsAreThoseOfRefits(foldCount: Int) throws {
    let (x, y) = (data(40, 5), target(40))
    let height = 40 / foldCount
    let model = try fit(
      x, y, columns: 5, folds: (0..<40).map { $0 / height }, foldCount: foldCount, prior: prior,
      lambda: .fixed(0.7))
    var squares = 0.0
    for fold in 0..<foldCount {
      let left = try #require(
        model.leavingOut(
          .init(sites: [rows(x, y, fold * height..<(fold + 1) * height, columns: 5)])))
      squares += left.residuals.reduce(0) { $0 + $1 * $1 }
    }
    let refitted = try #require(model.blocks[0].lambda.heldOutError)
    #expect(isNear([(squares / 40).squareRoot()], [refitted], within: 1e-12))
  }

  /// A frame of one site is what leave-one-out says: e / (1 - h), h / (1 - h).
  @Test func oneSiteFollowsTheClassicFormula() throws {
    let (x, y) = (data(40, 5), target(40))
    let model = try fit(x, y, columns: 5, prior: prior, lambda: .fixed(0.7))
    let site = rows(x, y, 7..<8, columns: 5)
    let h = model.channels[0].leverages(site.features.span, siteCount: 1)[0]
    let e = y[7] - model.channels[0].predict(site.features.span, siteCount: 1)[0]
    let left = try #require(model.leavingOut(.init(sites: [site])))
    #expect(isNear(left.residuals, [e / (1 - h)], within: 1e-12))
    #expect(isNear(left.leverages, [h / (1 - h)], within: 1e-12))
  }

  /// Rows over two channels leave with the frame: the same held-out sum as that of real refits.
  @Test func coupledRowsLeaveWithTheirFrame() throws {
    let (xa, xb) = (data(24, 3), data(24, 3, salt: 40).map { 5 * $0 + 2 })
    let (ya, yb) = (target(24), target(24, salt: 7))
    let folds = (0..<24).map { $0 / 6 }
    var (a, b) = (
      ChannelRows(featureCount: 3, foldCount: 4), ChannelRows(featureCount: 3, foldCount: 4)
    )
    try a.append(features: xa, targets: ya, folds: folds)
    try b.append(features: xb, targets: yb, folds: folds)
    var coupled = CoupledRows(featureCounts: [3, 3], foldCount: 4)
    var totals: [FrameOfBlock.Coupled] = []
    for fold in 0..<4 {
      var sums = [Double](repeating: 0, count: 6)
      for i in fold * 6..<(fold + 1) * 6 {
        for j in 0..<3 {
          sums[j] += xa[3 * i + j]
          sums[3 + j] += xb[3 * i + j]
        }
      }
      let target = (fold * 6..<(fold + 1) * 6).reduce(0) { $0 + ya[$1] + yb[$1] }
      totals.append(.init(intercepts: [6, 6], features: sums, target: target, weight: 2))
      try coupled.append(
        intercepts: [6, 6], features: sums, target: target, weight: 2, fold: fold)
    }
    let model = try fitRidge(
      [a, b], coupled: coupled, priors: [[1, 2, 3], [1, 2, 3]], lambda: .fixed(0.2))
    var squares = 0.0
    for fold in 0..<4 {
      let range = fold * 6..<(fold + 1) * 6
      let left = try #require(
        model.leavingOut(
          .init(
            sites: [
              rows(xa, ya, range, columns: 3),
              .init(
                channel: 1, features: Array(xb[fold * 18..<(fold + 1) * 18]),
                targets: Array(yb[range])),
            ], coupled: [totals[fold]])))
      // Its own total is the sum of its sites, at weight 2.
      let total = left.residuals.reduce(0, +)
      squares += left.residuals.reduce(0) { $0 + $1 * $1 } + 2 * total * total
    }
    let refitted = try #require(model.blocks[0].lambda.heldOutError)
    let rows = Double(model.blocks[0].rowCount)
    #expect(isNear([(squares / rows).squareRoot()], [refitted], within: 1e-11))
  }

  @Test func theOnlyFrameCannotBeLeftOut() throws {
    let (x, y) = (data(40, 5), target(40))
    let model = try fit(x, y, columns: 5, lambda: .fixed(0))
    #expect(model.leavingOut(.init(sites: [rows(x, y, 0..<40, columns: 5)])) == nil)
  }
}
