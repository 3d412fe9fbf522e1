internal import LinearAlgebra

/// A linear model of the sites of one channel, and how sure it is.
public struct RidgeChannel: Sendable {
  /// Mean of each feature over the training sites, or the anchor, shape [K]: the point the model is
  /// expanded at.
  public let featureMean: [Double]
  /// Standard deviation of each feature over the training rows (about the anchor where there is
  /// one), shape [K]; 0 for a constant one.
  public let featureScale: [Double]
  /// Prediction at the mean, in the unit of the targets.
  public let valueAtMean: Double
  /// c in units of target per feature, shape [K].
  public let coefficients: [Double]
  public let posterior: PosteriorFactor
  /// The block of channels it was fitted with, an index into ``RidgeModel/blocks``.
  public let block: Int
  public let rowCount: Int
  /// The largest leverage of a training site, against which extrapolation is measured; 0 until
  /// ``RidgeModel/noteTraining(leverages:channel:)`` has seen the sites.
  public internal(set) var largestLeverage = 0.0
  private let largestMean: Double

  public init(
    featureMean: [Double], featureScale: [Double], valueAtMean: Double, coefficients: [Double],
    posterior: PosteriorFactor, block: Int, rowCount: Int
  ) {
    let k = coefficients.count
    precondition(featureMean.count == k && featureScale.count == k, "ridge channel: ragged")
    precondition(posterior.factor.columnCount == k, "ridge channel: posterior")
    (self.featureMean, self.featureScale) = (featureMean, featureScale)
    (self.valueAtMean, self.coefficients) = (valueAtMean, coefficients)
    (self.posterior, self.block, self.rowCount) = (posterior, block, rowCount)
    largestMean = featureMean.reduce(0) { max($0, abs($1)) }
  }

  /// b of φ·c + b.
  public var intercept: Double {
    zip(featureMean, coefficients).reduce(valueAtMean) { $0 - $1.0 * $1.1 }
  }

  public var constantFeatureCount: Int { featureScale.count { $0 == 0 } }

  /// Predictions for a block of sites.
  ///
  /// Taken about the mean, so that large features do not cancel against the intercept. Features that
  /// differ from those of the point of expansion by rounding alone are those of the point: the sites
  /// of a perfect crystal are all alike, and an anchored model gives it exactly 0.
  ///
  /// - Parameter features: φ, shape [sites, K], row-major.
  /// - Returns: Shape [sites].
  public func predict(_ features: Span<Double>, siteCount: Int) -> [Double] {
    let k = coefficients.count
    precondition(features.count == siteCount * k, "predict: expected [\(siteCount), \(k)]")
    let (coefficients, mean) = (coefficients.span, featureMean.span)
    let (rounding, whole) = (Self.relativeRounding * largestMean, k & ~3)
    return (0..<siteCount).map { site in
      let first = site &* k
      var (sums, farthest) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
      for j in stride(from: 0, to: whole, by: 4) {
        let at = first &+ j
        let difference =
          SIMD4(features[at], features[at &+ 1], features[at &+ 2], features[at &+ 3])
          - SIMD4(mean[j], mean[j &+ 1], mean[j &+ 2], mean[j &+ 3])
        sums +=
          difference
          * SIMD4(
            coefficients[j], coefficients[j &+ 1], coefficients[j &+ 2], coefficients[j &+ 3])
        let size = difference.replacing(with: -difference, where: difference .< 0)
        farthest.replace(with: size, where: size .> farthest)
      }
      var (value, distance) = ((sums[0] + sums[2]) + (sums[1] + sums[3]), farthest.max())
      for j in whole..<k {
        let difference = features[first &+ j] - mean[j]
        value += difference * coefficients[j]
        distance = max(distance, abs(difference))
      }
      return (value.isFinite && distance <= rounding ? 0 : value) + valueAtMean
    }
  }

  /// How far features of equal environments may differ, relative to the largest of them.
  private static let relativeRounding = 1e-12
}

extension RidgeChannel {
  /// Predictions of the labels of sites: of what the fit adds to their baseline.
  ///
  /// - Returns: Shape [sites], in the unit of the targets.
  public func predict(_ sites: SiteRows) -> [Double] {
    let fitted = predict(sites.features.span, siteCount: sites.siteCount)
    return sites.baseline.isEmpty ? fitted : zip(fitted, sites.baseline).map { $0 + $1 }
  }
}

/// Channels that were fitted together (each alone, unless rows couple them): what the fit was like.
public struct RidgeBlock: Equatable, Sendable {
  /// Indices of the channels.
  public let channels: [Int]
  public let lambda: LambdaReport
  /// Features that vary and are independent of each other, as far as double precision can tell.
  public let rank: Int
  public let featureCount: Int
  /// σ_1 / σ_rank of the scaled features times the inverse prior, intercepts eliminated.
  public let conditionNumber: Double
  /// Intercepts included.
  public let effectiveDegrees: Double
  public let rowCount: Int
  /// RSS / (N - effective degrees), in squared units of the targets; nil where no degree is left.
  public let residualVariance: Double?
  /// Root mean square of the weighted training residuals.
  public let trainingError: Double
}

/// A fitted model: a linear function of the features for every channel.
public struct RidgeModel: Sendable {
  public internal(set) var channels: [RidgeChannel]
  public let blocks: [RidgeBlock]
  /// The largest ``coherence(total:sites:count:)`` of a training frame under the model of the others;
  /// nil where none could be left out whole.
  public internal(set) var largestCoherence: Double?
  /// What errors to expect; nil until frames left out have told, or where nothing can.
  public var calibration: Calibration?

  init(channels: [RidgeChannel], blocks: [RidgeBlock]) {
    (self.channels, self.blocks) = (channels, blocks)
  }

  /// What the sites of a frame have in common of what training leaves open: the mean of q_i · q_j over
  /// its pairs of sites, not below 0 (mathematics.md (9.12)).
  ///
  ///     (|Σ q|² - Σ |q|²) / (n (n - 1))
  ///
  /// It does not depend on the size of the cell; a strain or a long wave, small in each site, adds up.
  ///
  /// - Parameters:
  ///   - total: |Σ q|².
  ///   - sites: Σ |q|².
  ///   - count: n, sites.
  public static func coherence(total: Double, sites: Double, count: Int) -> Double {
    count > 1 ? max(0, (total - sites) / (Double(count) * Double(count - 1))) : 0
  }

  /// Takes frames of training as the measure of ``coherence(total:sites:count:)``.
  public mutating func noteTraining(coherence: Double) {
    largestCoherence = max(largestCoherence ?? 0, coherence)
  }

  /// Takes leverages of training sites as the measure of extrapolation: a second pass over the
  /// features, as the posterior is known only after the first. Best are those of sites whose frame
  /// is left out: they are what a new frame like those of training has.
  public mutating func noteTraining(leverages: [Double], channel: Int) {
    channels[channel].largestLeverage = max(
      channels[channel].largestLeverage, leverages.max() ?? 0)
  }
}
