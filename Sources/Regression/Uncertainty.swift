internal import Base
public import LinearAlgebra

/// The posterior covariance of one channel's coefficients, as a factor.
///
///     q(φ) = F (φ - mean) - o,   var(φ·c + b) = σ² |q(φ)|²
///
/// |q|² = φ̃ᵀ(ΦᵀΦ + λΓ²)⁻¹φ̃ with the intercept as one more, unpenalised feature (mathematics.md (9.3)): the
/// leverage of a site. q is linear in (number of sites, φ), so the sum of q over the sites of a
/// frame gives the variance of its total, covariances included.
public struct PosteriorFactor: Equatable, Sendable {
  /// F, shape [r, K].
  public let factor: Matrix
  /// o, shape [r].
  public let offset: [Double]
  /// Whether F is zero below its diagonal, with one row more than columns: q then costs half.
  let isTriangular: Bool

  public init(factor: Matrix, offset: [Double]) {
    precondition(factor.rowCount == offset.count, "posterior: expected [\(factor.rowCount)]")
    (self.factor, self.offset) = (factor, offset)
    isTriangular =
      factor.rowCount == factor.columnCount + 1
      && (1..<factor.rowCount).allSatisfy { i in
        (0..<min(i, factor.columnCount)).allSatisfy { factor[i, $0] == 0 }
      }
  }

  /// Σ q of some sites: F Σ (φ - mean) - n o, shape [r].
  ///
  /// - Parameters:
  ///   - sum: Σ (φ - mean), shape [K].
  ///   - count: n.
  func projected(_ sum: Span<Double>, count: Int) -> [Double] {
    let (elements, k) = (factor.storage.span, factor.columnCount)
    return offset.indices.map { i in
      let row = elements.extracting(i &* k..<(i &+ 1) &* k)
      var lanes = SIMD4<Double>.zero
      let whole = k & ~3
      // Of a triangle the first elements of a row are zero.
      for j in stride(from: isTriangular ? min(i, k) & ~3 : 0, to: whole, by: 4) {
        lanes +=
          SIMD4(row[j], row[j &+ 1], row[j &+ 2], row[j &+ 3])
          * SIMD4(sum[j], sum[j &+ 1], sum[j &+ 2], sum[j &+ 3])
      }
      var value = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
      for j in whole..<k { value += row[j] * sum[j] }
      return value - Double(count) * offset[i]
    }
  }

  /// The same |q| from a triangle: F = O T with orthonormal columns of O, o alike.
  func triangular() throws(RegressionError) -> PosteriorFactor {
    let (r, k) = (factor.rowCount, factor.columnCount)
    var whole = StreamingQR(columnCount: k + 1)
    for i in 0..<r {
      whole.append((Array(factor.storage[i * k..<(i + 1) * k]) + [offset[i]]).span)
    }
    let triangle = try whole.certifiedTriangle()
    var result = Matrix(rowCount: k + 1, columnCount: k)
    for i in 0..<k { for j in i..<k { result[i, j] = triangle[i, j] } }
    return PosteriorFactor(factor: result, offset: (0...k).map { triangle[$0, k] })
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
    let height = 256
    let parts = mapConcurrently((siteCount + height - 1) / height) { block -> [Double] in
      let sites = block * height..<min(siteCount, (block + 1) * height)
      return squaredRows(
        of: posteriorRows(
          features.extracting(sites.lowerBound * k..<sites.upperBound * k), siteCount: sites.count))
    }
    return parts.count == 1 ? parts[0] : parts.flatMap(\.self)
  }

  private func squaredRows(of q: Matrix) -> [Double] {
    let (values, r) = (q.storage.span, q.columnCount)
    return (0..<q.rowCount).map { site in
      var sum = SIMD4<Double>(repeating: 0)
      let (first, whole) = (site &* r, r & ~3)
      for i in stride(from: first, to: first &+ whole, by: 4) {
        let part = SIMD4(values[i], values[i &+ 1], values[i &+ 2], values[i &+ 3])
        sum += part * part
      }
      var rest = 0.0
      for i in first &+ whole..<first &+ r { rest += values[i] * values[i] }
      return (sum[0] + sum[2]) + (sum[1] + sum[3]) + rest
    }
  }

  /// q(φ) of some sites, shape [sites, r]: what leverages are the squares of.
  func posteriorRows(_ features: Span<Double>, siteCount: Int) -> Matrix {
    let k = coefficients.count
    precondition(features.count == siteCount * k, "posterior: expected [\(siteCount), \(k)]")
    let r = posterior.offset.count
    let stride = posterior.isTriangular ? r : k
    var q = Matrix(rowCount: siteCount, columnCount: stride)
    subtractMean(of: features, siteCount, stride: stride, into: &q.storage)
    if posterior.isTriangular {
      var rows = q.storage.mutableSpan
      multiplyRows(
        &rows, count: siteCount, stride: stride, byTransposeOfUpperTriangle: posterior.factor)
    } else {
      q = q.multiplied(by: posterior.factor, transposingOther: true)
    }
    var values = q.storage.mutableSpan
    let offset = posterior.offset.span
    for site in 0..<siteCount {
      for i in 0..<r { values[site &* r &+ i] -= offset[i] }
    }
    return q
  }

  /// φ - mean, shape [sites, stride].
  private func subtractMean(
    of features: Span<Double>, _ siteCount: Int, stride: Int, into rows: inout [Double]
  ) {
    let mean = featureMean.span
    var rows = rows.mutableSpan
    for site in 0..<siteCount {
      let (source, target) = (site &* mean.count, site &* stride)
      for j in mean.indices { rows[target &+ j] = features[source &+ j] - mean[j] }
    }
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
    // Taken out for the loop, which then runs over one array.
    var sum: [Double] = []
    swap(&sum, &sums[channel])
    var total = sum.mutableSpan
    let centre = mean.span
    for site in 0..<siteCount {
      let row = features.extracting(site &* k..<(site &+ 1) &* k)
      for j in centre.indices { total[j] += row[j] - centre[j] }
    }
    sums[channel] = sum
    counts[channel] += siteCount
  }

  /// Adds the sites that another sum over the same model holds.
  public mutating func add(_ other: TotalLeverage) {
    precondition(counts.count == other.counts.count, "total: other channels")
    for channel in sums.indices where other.counts[channel] > 0 {
      for j in sums[channel].indices { sums[channel][j] += other.sums[channel][j] }
      counts[channel] += other.counts[channel]
    }
  }

  /// Posterior variance of the sum, that of the coefficients alone, in squared units of the targets;
  /// nil where a block of channels with sites has no residual variance.
  public func variance(_ model: RidgeModel) -> Double? {
    var total = 0.0
    for (block, leverage) in leverages(model) {
      guard let residual = model.blocks[block].residualVariance else { return nil }
      total += residual * leverage
    }
    return total
  }

  /// Variance of the sum against labels: what training leaves open and what features cannot tell.
  ///
  ///     f [Σ_b (β_b |Σ q|² + α_b n_b) + ρ ((Σ s)² - Σ s²)]   (mathematics.md (9.10))
  ///
  /// - Parameter siteVariances: s² of each site, for what they share.
  /// - Returns: In squared units of the targets; nil for a model without ``RidgeModel/calibration``.
  public func predictiveVariance(_ model: RidgeModel, siteVariances: [Double] = []) -> Double? {
    guard let calibration = model.calibration else { return nil }
    var total = calibration.sharedVariance(siteVariances)
    for (block, leverage) in leverages(model) {
      let sites = model.blocks[block].channels.reduce(0) { $0 + counts[$1] }
      total +=
        calibration.blocks[block].leverage * leverage
        + calibration.blocks[block].noise * Double(sites)
    }
    return calibration.totalFactor * total
  }

  /// |Σ q|² over all blocks, which know nothing of each other.
  public func leverage(_ model: RidgeModel) -> Double {
    leverages(model).reduce(0) { $0 + $1.leverage }
  }

  /// |Σ q|² of each block with sites.
  private func leverages(_ model: RidgeModel) -> [(block: Int, leverage: Double)] {
    var result: [(Int, Double)] = []
    for (index, block) in model.blocks.enumerated() {
      let members = block.channels.filter { counts[$0] > 0 }
      guard !members.isEmpty else { continue }
      var q: [Double] = []
      for channel in members {
        precondition(model.channels[channel].block == index, "blocks and channels disagree")
        let posterior = model.channels[channel].posterior
        let sum = sums[channel]
        let part = posterior.projected(sum.span, count: counts[channel])
        q = q.isEmpty ? part : zip(q, part).map { $0 + $1 }
      }
      result.append((index, q.reduce(0) { $0 + $1 * $1 }))
    }
    return result
  }
}
