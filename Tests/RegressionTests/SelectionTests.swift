import Regression
import Testing

struct SelectionTests {
  /// Columns that do not overlap: the largest shares of the target win.
  @Test func orthogonalFeaturesAreTakenByTheirShare() throws {
    var rows = ChannelRows(featureCount: 4, anchor: [0, 0, 0, 0])
    var x = [Double](repeating: 0, count: 16)
    for i in 0..<4 { x[5 * i] = Double(i + 1) }
    try rows.append(features: x, targets: [1, 4, 2, 3], folds: zeros(4))
    #expect(try selectFeatures([rows], count: 1) == [1])
    #expect(try selectFeatures([rows], count: 3) == [1, 2, 3])
    #expect(try selectFeatures([rows], count: 9) == [0, 1, 2, 3])
  }

  /// A copy of a chosen feature explains nothing more, a constant one nothing at all.
  @Test func whatTheOthersGiveIsNotTaken() throws {
    var x = data(40, 5)
    for i in 0..<40 {
      x[5 * i + 3] = x[5 * i + 1]
      x[5 * i + 4] = 0.25
    }
    var rows = ChannelRows(featureCount: 5)
    try rows.append(features: x, targets: target(40), folds: zeros(40))
    let kept = try selectFeatures([rows], count: 5)
    #expect(kept.count == 3 && !kept.contains(4) && !(kept.contains(1) && kept.contains(3)))
  }

  /// Each choice against least-squares fits without every candidate.
  @Test func everyChoiceRaisesTheResidualLeast() throws {
    let (x, y) = (data(60, 6), target(60))
    var rows = ChannelRows(featureCount: 6, foldCount: 3)
    try rows.append(features: x, targets: y, folds: (0..<60).map { $0 % 3 })
    func residual(_ features: [Int]) throws -> Double {
      try fitRidge(
        [try rows.keeping(features)], priors: [ones(features.count)], lambda: .fixed(0)
      ).blocks[0].trainingError
    }
    var kept = Array(0..<6)
    for count in [5, 4, 3, 2, 1] {
      let candidates = try kept.map { left in
        let others = kept.filter { $0 != left }
        return (others, try residual(others))
      }
      kept = try #require(candidates.min { $0.1 < $1.1 }?.0)
      #expect(try selectFeatures([rows], count: count) == kept)
    }
  }

  /// Two features whose difference is the target, beside one that is nearer to it than either.
  @Test func twoThatHelpOnlyTogetherAreKept() throws {
    var x: [Double] = []
    var y: [Double] = []
    let noise = data(60, 3)
    for i in 0..<60 {
      let (large, small, other) = (noise[3 * i], noise[3 * i + 1], noise[3 * i + 2])
      x += [large + 0.01 * small, large, small + other]
      y.append(small)
    }
    var rows = ChannelRows(featureCount: 3)
    try rows.append(features: x, targets: y, folds: zeros(60))
    #expect(try selectFeatures([rows], count: 2) == [0, 1])
  }

  /// Rows that are cut give the fit of rows that were never longer.
  @Test(arguments: [false, true]) func cutRowsAreThoseOfFewerFeatures(isAnchored: Bool) throws {
    let (x, y, kept) = (data(40, 5), target(40), [0, 2, 3])
    let anchor: [Double]? = isAnchored ? [0.1, 0.2, 0.3, 0.4, 0.5] : nil
    let short = (0..<40).flatMap { i in kept.map { x[5 * i + $0] } }
    let folds = (0..<40).map { $0 / 5 % 4 }
    var long = ChannelRows(featureCount: 5, foldCount: 4, anchor: anchor)
    try long.append(features: x, targets: y, folds: folds)
    var direct = ChannelRows(
      featureCount: 3, foldCount: 4, anchor: anchor.map { all in kept.map { all[$0] } })
    try direct.append(features: short, targets: y, folds: folds)
    let (a, b) = (
      try fitRidge([try long.keeping(kept)], priors: [ones(3)], lambda: .fixed(0.3)),
      try fitRidge([direct], priors: [ones(3)], lambda: .fixed(0.3))
    )
    #expect(isNear(a.channels[0].parameters, b.channels[0].parameters, within: 1e-12))
    #expect(isNear(a.channels[0].featureMean, b.channels[0].featureMean, within: 1e-13))
    #expect(
      isNear(
        [a.blocks[0].lambda.heldOutError ?? 0], [b.blocks[0].lambda.heldOutError ?? 1],
        within: 1e-11))
  }
}
