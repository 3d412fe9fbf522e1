public import LinearAlgebra

/// The posterior covariance of one channel's coefficients, as a factor.
///
///     q(φ) = F (φ - mean) - o,   var(φ·c + b) = σ² |q(φ)|²
///
/// |q|² = φ̃ᵀ(ΦᵀΦ + λΓ²)⁻¹φ̃ with the intercept as one more, unpenalised feature (math.md §9): the
/// leverage of a site. q is linear in (number of sites, φ), so the sum of q over the sites of a
/// frame gives the variance of its total, covariances included.
public struct PosteriorFactor: Equatable, Sendable {
  /// F, shape [r, K].
  public let factor: Matrix
  /// o, shape [r].
  public let offset: [Double]

  public init(factor: Matrix, offset: [Double]) {
    precondition(factor.rowCount == offset.count, "posterior: expected [\(factor.rowCount)]")
    (self.factor, self.offset) = (factor, offset)
  }
}

extension RidgeChannel {
  /// |q(φ)|² of a block of sites; times σ² the posterior variance of each prediction.
  ///
  /// - Parameter features: φ, shape [sites, K], row-major.
  /// - Returns: Shape [sites], dimensionless.
  /// - Complexity: 2 r K operations a site.
  public func leverages(_ features: Span<Double>, siteCount: Int) -> [Double] {
    let k = coefficients.count
    precondition(features.count == siteCount * k, "leverages: expected [\(siteCount), \(k)]")
    // Blocks of fixed height: the bytes do not depend on the number of threads.
    let height = 128
    let parts = mapConcurrently((siteCount + height - 1) / height) { block -> [Double] in
      let sites = block * height..<min(siteCount, (block + 1) * height)
      var centred = Matrix(rowCount: sites.count, columnCount: k)
      for site in sites {
        let row = (site - sites.lowerBound) * k
        for j in 0..<k { centred.storage[row + j] = features[site * k + j] - featureMean[j] }
      }
      let q = centred.multiplied(by: posterior.factor, transposingOther: true)
      let r = posterior.offset.count
      return sites.indices.map { site in
        let row = (site - sites.lowerBound) * r
        return (0..<r).reduce(0) { sum, i in
          let element = q.storage[row + i] - posterior.offset[i]
          return sum + element * element
        }
      }
    }
    return parts.flatMap(\.self)
  }
}

/// The leverage of a sum of predictions, such as the total of a frame.
public struct TotalLeverage: Sendable {
  /// Sum of φ - mean over the sites, by channel.
  private var sums: [[Double]]
  private var counts: [Int]

  public init(_ model: RidgeModel) {
    sums = model.channels.map { .init(repeating: 0, count: $0.coefficients.count) }
    counts = model.channels.map { _ in 0 }
  }

  /// Adds sites of a channel.
  ///
  /// - Parameter features: φ, shape [sites, K], row-major.
  public mutating func add(
    _ features: Span<Double>, siteCount: Int, channel: Int, of model: RidgeModel
  ) {
    let mean = model.channels[channel].featureMean
    let k = mean.count
    precondition(features.count == siteCount * k, "total: expected [\(siteCount), \(k)]")
    for site in 0..<siteCount {
      for j in 0..<k { sums[channel][j] += features[site * k + j] - mean[j] }
    }
    counts[channel] += siteCount
  }

  /// Posterior variance of the sum, shape of the targets squared; nil where a block of channels
  /// with sites has no residual variance.
  public func variance(_ model: RidgeModel) -> Double? {
    var total = 0.0
    for (index, block) in model.blocks.enumerated() {
      let members = block.channels.filter { counts[$0] > 0 }
      guard !members.isEmpty else { continue }
      guard let residual = block.residualVariance else { return nil }
      var q: [Double] = []
      for channel in members {
        precondition(model.channels[channel].block == index, "blocks and channels disagree")
        let posterior = model.channels[channel].posterior
        let k = sums[channel].count
        let part = (0..<posterior.offset.count).map { i in
          (0..<k).reduce(-Double(counts[channel]) * posterior.offset[i]) {
            $0 + posterior.factor[i, $1] * sums[channel][$1]
          }
        }
        q = q.isEmpty ? part : zip(q, part).map { $0 + $1 }
      }
      total += residual * q.reduce(0) { $0 + $1 * $1 }
    }
    return total
  }
}
