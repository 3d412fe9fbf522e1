import Regression
import Testing

struct UncertaintyTests {
  private let prior: [Double] = [1, 2, 5, 10, 17]

  private func model() throws -> RidgeModel {
    try fit(data(40, 5), target(40), columns: 5, prior: prior, lambda: .fixed(0.7))
  }

  /// For the mean alone the leverage is 1/N: the only feature does not vary.
  @Test func theMeanOfFourRowsHasAQuarterOfTheirVariance() throws {
    let model = try fit([1, 1, 1, 1], [0, 1, 2, 3], columns: 1, lambda: .fixed(0))
    #expect(isNear(model.channels[0].leverages([1.0].span, siteCount: 1), [0.25], within: 1e-14))
  }

  @Test func leveragesAreThoseOfTheInverseNormalMatrix() throws {
    let x = Array(data(40, 5)[..<15])
    let leverages = try model().channels[0].leverages(x.span, siteCount: 3)
    #expect(isNear(leverages, RidgeReference.plainLeverages, within: 1e-12))
  }

  /// Σ h = degrees of freedom at λ = 0.
  @Test func trainingLeveragesSumToTheDegrees() throws {
    let x = data(40, 5)
    let model = try fit(x, target(40), columns: 5, lambda: .fixed(0))
    let sum = model.channels[0].leverages(x.span, siteCount: 40).reduce(0, +)
    #expect(abs(sum - 6) <= 1e-11)
  }

  @Test func theVarianceOfATotalHasTheCovariancesOfItsSites() throws {
    let model = try model()
    var total = TotalLeverage(model)
    let x = data(40, 5)
    let (first, rest) = (Array(x[..<5]), Array(x[5..<20]))
    total.add(first.span, siteCount: 1, channel: 0, of: model)
    total.add(rest.span, siteCount: 3, channel: 0, of: model)
    #expect(
      isNear([total.variance(model) ?? 0], RidgeReference.plainTotalVariance, within: 1e-11))
  }

  @Test func withoutDegreesOfFreedomThereIsNoVariance() throws {
    let model = try fit(data(6, 9), target(6), columns: 9, lambda: .fixed(0))
    var total = TotalLeverage(model)
    let site = Array(data(6, 9)[..<9])
    total.add(site.span, siteCount: 1, channel: 0, of: model)
    #expect(total.variance(model) == nil)
  }

  /// A direction that training never saw must not look certain.
  @Test func leavingTheTrainingSpanRaisesTheLeverage() throws {
    var x = data(40, 2)
    for i in 0..<40 { x[2 * i + 1] = x[2 * i] }
    let model = try fit(x, target(40), columns: 2, lambda: .fixed(1e-6))
    let inside = model.channels[0].leverages([0.4, 0.4].span, siteCount: 1)[0]
    let outside = model.channels[0].leverages([0.4, 0.6].span, siteCount: 1)[0]
    #expect(inside < 1)
    #expect(outside > 1e3)
  }
}
