import Formats
import Regression
import Testing

struct StoredModelTests {
  private func origin(_ names: [String]) -> RidgeModel.Origin {
    RidgeModel.Origin(channelNames: names, species: names.map { _ in 14 }, basis: "{}")
  }

  private func twoChannels(coupled isCoupled: Bool) throws -> RidgeModel {
    var (a, b) = (ChannelRows(featureCount: 3), ChannelRows(featureCount: 3))
    let (xa, xb) = (data(40, 3), data(30, 3, salt: 40).map { 5 * $0 + 2 })
    try a.append(features: xa, targets: target(40), folds: zeros(40))
    try b.append(features: xb, targets: target(30, salt: 7), folds: zeros(30))
    var coupled = CoupledRows(featureCounts: [3, 3])
    if isCoupled {
      try coupled.append(
        intercepts: [1, 1], features: Array(xa[..<3] + xb[..<3]), target: 0.3, weight: 20, fold: 0)
    }
    var model = try fitRidge(
      [a, b], coupled: coupled, priors: [[1, 2, 3], [1, 2, 3]], lambda: .fixed(0.2))
    for (channel, (x, count)) in [(xa, 40), (xb, 30)].enumerated() {
      model.noteTraining(
        leverages: model.channels[channel].leverages(x.span, siteCount: count), channel: channel)
    }
    model.calibration = Calibration(
      blocks: model.blocks.indices.map { .init(noise: 0.1 + Double($0), leverage: 0.3) },
      totalFactor: 1.5)
    return model
  }

  @Test(arguments: [false, true])
  func aStoredModelPredictsAsBefore(coupled: Bool) throws {
    let model = try twoChannels(coupled: coupled)
    let bytes = try model.stored(origin(["Si.0", "Si.1"])).bytes()
    let back = try RidgeModel(StoredModel(image: bytes, name: "m.h5"), file: "m.h5")
    let x = data(8, 3, salt: 11)
    for channel in 0..<2 {
      let (p, q) = (model.channels[channel], back.channels[channel])
      #expect(q.predict(x.span, siteCount: 8) == p.predict(x.span, siteCount: 8))
      #expect(q.leverages(x.span, siteCount: 8) == p.leverages(x.span, siteCount: 8))
      #expect(q.largestLeverage == p.largestLeverage && p.largestLeverage > 0)
    }
    #expect(back.blocks == model.blocks)
    #expect(back.calibration == model.calibration && back.calibration != nil)
    var (before, after) = (TotalLeverage(model), TotalLeverage(back))
    for channel in 0..<2 {
      before.add(x.span, siteCount: 8, channel: channel, of: model)
      after.add(x.span, siteCount: 8, channel: channel, of: back)
    }
    #expect(after.variance(back) == before.variance(model))
    #expect(before.variance(model) != nil)
  }

  @Test func theFileFollowsTheFormulaOfItsPage() throws {
    let model = try twoChannels(coupled: false)
    let stored = model.stored(origin(["a", "b"]))
    let site = Array(data(1, 3, salt: 50))
    let value = (0..<3).reduce(stored.intercepts[1]) { sum, k in
      sum + stored.coefficients[3 + k] * site[k]
    }
    #expect(
      isNear([value], model.channels[1].predict(site.span, siteCount: 1), within: 1e-13))
  }

  @Test func noDegreeOfFreedomIsToldApartFromNoError() throws {
    let model = try fit(data(6, 9), target(6), columns: 9, lambda: .fixed(0))
    let back = try RidgeModel(model.stored(origin(["a"])), file: "m.h5")
    #expect(back.blocks[0].residualVariance == nil)
  }

  @Test func anIncompleteModelIsRefused() throws {
    var stored = try twoChannels(coupled: false).stored(origin(["a", "b"]))
    stored.channelValues["rank"] = nil
    #expect(
      throws: InputError(file: "m.h5", "expected /channel_values/rank, found none")
    ) { try RidgeModel(stored, file: "m.h5") }
    stored.posteriors = []
    #expect(
      throws: InputError(
        file: "m.h5", "expected /posterior, found none")
    ) { try RidgeModel(stored, file: "m.h5") }
  }

  @Test(arguments: [[0, 2], [0, 0.5], [-1, 0], [1e300, 0]])
  func blocksThatCannotBeAreRefused(blocks: [Double]) throws {
    var stored = try twoChannels(coupled: false).stored(origin(["a", "b"]))
    stored.channelValues["block"] = blocks
    #expect(throws: InputError.self) { try RidgeModel(stored, file: "m.h5") }
  }
}
