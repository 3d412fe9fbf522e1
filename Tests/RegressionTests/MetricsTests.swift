import Regression
import Testing

struct MetricsTests {
  @Test func threePointsGiveTheKnownFigures() throws {
    var metrics = Metrics()
    for (label, prediction) in [(1.0, 1.5), (2, 2), (3, 2)] {
      metrics.add(label: label, prediction: prediction)
    }
    #expect(abs(try #require(metrics.rmse) - (1.25 / 3).squareRoot()) <= 1e-15)
    #expect(metrics.mae == 0.5)
    #expect(abs(try #require(metrics.r2) - (1 - 1.25 / 2)) <= 1e-15)
    #expect(metrics.largestError == 1)
  }

  @Test func mergedPartsGiveTheWhole() throws {
    let (y, p) = (target(50), target(50, salt: 3))
    var (whole, head, tail) = (Metrics(), Metrics(), Metrics())
    for i in 0..<50 {
      whole.add(label: y[i], prediction: p[i])
      if i < 13 {
        head.add(label: y[i], prediction: p[i])
      } else {
        tail.add(label: y[i], prediction: p[i])
      }
    }
    head.merge(tail)
    #expect(abs(try #require(head.r2) - (try #require(whole.r2))) <= 1e-13)
    #expect(abs(try #require(head.rmse) - (try #require(whole.rmse))) <= 1e-15)
    #expect(head.count == 50)
  }

  /// Labels of 1e8 ± 1: a sum of squares minus a square of sums would lose their spread.
  @Test func aLargeMeanDoesNotCancel() throws {
    var metrics = Metrics()
    for i in 0..<1000 {
      let label = 1e8 + (i.isMultiple(of: 2) ? 1.0 : -1.0)
      metrics.add(label: label, prediction: label + 0.5)
    }
    #expect(abs(try #require(metrics.r2) - 0.75) <= 1e-9)
  }

  @Test func equalLabelsHaveNoR2() {
    var metrics = Metrics()
    #expect(metrics.rmse == nil && metrics.mae == nil && metrics.r2 == nil)
    metrics.add(label: 2, prediction: 3)
    metrics.add(label: 2, prediction: 3)
    #expect(metrics.r2 == nil)
    #expect(metrics.rmse == 1)
  }
}
