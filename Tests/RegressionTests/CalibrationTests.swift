import Regression
import Testing

struct CalibrationTests {
  /// Errors at the quantiles of a normal distribution whose variance is 4 + 9 h.
  private var errors: (residuals: [Double], leverages: [Double]) {
    // Quantiles of (i + 1/2) / 40 of the normal distribution (scipy.stats.norm.ppf).
    let half: [Double] = [
      0.03133798, 0.09413741, 0.15731068, 0.22111871, 0.28584087, 0.35178434, 0.41929575,
      0.48877641, 0.56070303, 0.6356572, 0.71436744, 0.79777268, 0.88714656, 0.98423496,
      1.09162037, 1.21333962, 1.35631175, 1.53412054, 1.78046434, 2.24140273,
    ]
    var (residuals, leverages): ([Double], [Double]) = ([], [])
    for h in [0.0, 0.5, 1, 2, 4] {
      for quantile in half {
        residuals += [quantile, -quantile].map { $0 * (4 + 9 * h).squareRoot() }
        leverages += [h, h]
      }
    }
    return (residuals, leverages)
  }

  @Test func theVarianceOfNormalErrorsIsFound() throws {
    let (residuals, leverages) = errors
    let block = try #require(
      Calibration.Block(residuals: residuals, leverages: leverages))
    // 40 quantiles have a variance of 0.976, and the 95th of 100 is at 2.24.
    #expect(abs(block.leverage / block.noise - 9.0 / 4) < 1e-3)
    #expect(abs(block.noise / 4 - 1) < 0.35)
  }

  @Test func ninetyFivePercentLieWithin() throws {
    let (residuals, leverages) = errors
    let block = try #require(
      Calibration.Block(residuals: residuals, leverages: leverages))
    let limit = Calibration.Block.halfWidth * 0.9999
    let within = zip(residuals, leverages).filter { error, h in
      abs(error) <= limit * block.variance(leverage: h).squareRoot()
    }
    #expect((0.945...0.96).contains(Double(within.count) / Double(residuals.count)))
  }

  /// Ten times the errors have ten times the deviations.
  @Test func itScalesWithTheErrors() throws {
    let (residuals, leverages) = errors
    let one = try #require(Calibration.Block(residuals: residuals, leverages: leverages))
    let ten = try #require(
      Calibration.Block(residuals: residuals.map { 10 * $0 }, leverages: leverages))
    #expect(abs(ten.noise / one.noise - 100) < 1e-6)
    #expect(abs(ten.leverage / one.leverage - 100) < 1e-6)
  }

  @Test func errorsThatFallWithTheLeverageGiveNoNegativeVariance() throws {
    let leverages = (0..<100).map { Double($0) }
    let residuals = leverages.map { ($0.truncatingRemainder(dividingBy: 7) - 3) / (1 + $0) }
    let block = try #require(Calibration.Block(residuals: residuals, leverages: leverages))
    #expect(block.noise > 0 && block.leverage == 0)
  }

  @Test func withoutErrorsThereIsNoCalibration() {
    #expect(Calibration.Block(residuals: [], leverages: []) == nil)
    #expect(Calibration.Block(residuals: [0, 0], leverages: [1, 2]) == nil)
  }

  @Test func theTotalIsScaledByItsFactor() throws {
    var model = try fit(data(40, 5), target(40), columns: 5, lambda: .fixed(0.7))
    var total = TotalLeverage(model)
    total.add(Array(data(40, 5)[..<10]).span, siteCount: 2, channel: 0, of: model)
    #expect(total.predictiveVariance(model) == nil)
    let residual = try #require(model.blocks[0].residualVariance)
    model.calibration = Calibration(residualsOf: model)
    let plain = try #require(total.predictiveVariance(model))
    let posterior = try #require(total.variance(model))
    #expect(isNear([plain], [posterior + 2 * residual], within: 1e-12))
    model.calibration?.totalFactor = 3
    #expect(isNear([total.predictiveVariance(model) ?? 0], [3 * plain], within: 1e-12))
  }
}

struct BootstrapTests {
  private func frame(_ errors: [Double], _ label: Double) -> Metrics {
    var metrics = Metrics()
    for (index, error) in errors.enumerated() {
      let value = label + Double(index)
      metrics.add(label: value, prediction: value + error)
    }
    return metrics
  }

  @Test func equalFramesHaveNoSpread() throws {
    let frames = [Metrics](repeating: frame([0.1, -0.3], 2), count: 8)
    let intervals = MetricIntervals(bootstrapping: frames, seed: 1)
    let rmse = try #require(intervals.rmse)
    #expect(abs(rmse.lowerBound - 0.05.squareRoot()) < 1e-14)
    #expect(abs(rmse.upperBound - 0.05.squareRoot()) < 1e-14)
    let mae = try #require(intervals.mae)
    #expect(abs(mae.lowerBound - 0.2) < 1e-14 && abs(mae.upperBound - 0.2) < 1e-14)
  }

  /// Half of the frames are without error: the mean of 100 draws of 0 or 1 has a deviation of 0.05.
  @Test func theWidthIsThatOfTheMeanOfFrames() throws {
    let frames = (0..<100).map { frame([Double($0 % 2)], 0) }
    let mae = try #require(MetricIntervals(bootstrapping: frames, seed: 2).mae)
    #expect(abs(mae.lowerBound - 0.402) < 0.015)
    #expect(abs(mae.upperBound - 0.598) < 0.015)
  }

  @Test func equalSeedsGiveEqualIntervals() {
    let frames = (0..<10).map { frame([Double($0), 1], Double($0)) }
    #expect(
      MetricIntervals(bootstrapping: frames, seed: 3)
        == MetricIntervals(bootstrapping: frames, seed: 3))
    #expect(
      MetricIntervals(bootstrapping: frames, seed: 3)
        != MetricIntervals(bootstrapping: frames, seed: 4))
  }

  @Test func oneFrameHasNoInterval() {
    #expect(MetricIntervals(bootstrapping: [frame([1], 0)], seed: 0).rmse == nil)
  }

  /// Two frames: z = 1, 1, 1 has 6 products of 1; z = 1, -1 has 2 of -1.
  @Test func whatSitesShareIsTheMeanProductOfTheirErrors() {
    #expect(Calibration.correlation([[1, 1, 1]]) == 1)
    #expect(Calibration.correlation([[1, 1, 1], [1, -1]]) == 0.5)
    #expect(Calibration.correlation([[1, -1]]) == 0)
    #expect(Calibration.correlation([[2]]) == 0)
    let calibration = Calibration(blocks: [], siteCorrelation: 0.5)
    // (1 + 2)² - 1 - 4 = 4.
    #expect(calibration.sharedVariance([1, 4]) == 2)
  }
}
