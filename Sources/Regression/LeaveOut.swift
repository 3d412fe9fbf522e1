internal import LinearAlgebra

/// The rows of one frame that trained one block of channels.
public struct FrameOfBlock: Sendable {
  /// A row over all channels of the block, as ``CoupledRows`` takes it.
  public struct Coupled: Sendable {
    public let intercepts: [Double]
    public let features: [Double]
    public let target: Double
    public let weight: Double

    public init(intercepts: [Double], features: [Double], target: Double, weight: Double) {
      (self.intercepts, self.features) = (intercepts, features)
      (self.target, self.weight) = (target, weight)
    }
  }

  public var sites: [SiteRows]
  public var coupled: [Coupled]

  public init(sites: [SiteRows], coupled: [Coupled] = []) {
    (self.sites, self.coupled) = (sites, coupled)
  }
}

/// What the other frames of training say about one frame, without another fit.
public struct LeftOutFrame: Equatable, Sendable {
  /// y - prediction of the sites, in the order they were given, in the unit of the targets.
  public let residuals: [Double]
  /// Leverages of the sites under the model of the other frames, dimensionless.
  public let leverages: [Double]
  /// Leverage of the sum of the sites.
  public let totalLeverage: Double
}

extension RidgeModel {
  /// Leaves one frame out of training in closed form.
  ///
  ///     Q_i = √w q(φ_i),  H = Q Qᵀ,  d = (I - H)⁻¹ e,  h = diag (I - H)⁻¹ - 1
  ///
  /// e and d are the residuals under the whole model and under that of the other frames, at the
  /// same λ, prior and scales (mathematics.md (9.4)): taking rows away changes the normal matrix by a product
  /// of as many columns, which Woodbury's identity inverts.
  ///
  /// - Parameters:
  ///   - frame: All rows of the frame that trained the block.
  /// - Returns: nil where the others do not determine the model without this frame.
  /// - Complexity: 2 n r (K + min(n, r)) operations for n rows and r rows of the posterior.
  public func leavingOut(_ frame: FrameOfBlock) -> LeftOutFrame? {
    let r = frame.sites.first.map { channels[$0.channel].posterior.offset.count } ?? 0
    var q: [Double] = []
    var residuals: [Double] = []
    for part in frame.sites {
      let (channel, count) = (channels[part.channel], part.targets.count)
      q += channel.posteriorRows(part.features.span, siteCount: count).storage
      let predicted = channel.predict(part.features.span, siteCount: count)
      residuals += zip(part.targets, predicted).map { $0 - $1 }
    }
    let siteCount = residuals.count
    guard siteCount > 0 else { return nil }
    let block = frame.sites.first.map { channels[$0.channel].block }
    for row in frame.coupled {
      let (projected, predicted) = coupled(row, rank: r, block: block)
      let root = row.weight.squareRoot()
      q += projected.map { root * $0 }
      residuals.append(root * (row.target - predicted))
    }
    let n = residuals.count
    let rows = Matrix(rowCount: n, columnCount: r, storage: q)
    return n <= r
      ? Self.smallFrame(rows, residuals, siteCount: siteCount)
      : Self.largeFrame(rows, residuals, siteCount: siteCount)
  }

  /// q and the prediction of a row over all channels; those of other blocks have no sites in it.
  private func coupled(
    _ row: FrameOfBlock.Coupled, rank r: Int, block: Int?
  ) -> ([Double], Double) {
    var q = [Double](repeating: 0, count: r)
    var predicted = 0.0
    var start = 0
    for (index, channel) in channels.enumerated() {
      let (k, a) = (channel.coefficients.count, row.intercepts[index])
      defer { start += k }
      guard channel.block == block else { continue }
      let centred = (0..<k).map { row.features[start + $0] - a * channel.featureMean[$0] }
      predicted += a * channel.valueAtMean
      for j in 0..<k { predicted += centred[j] * channel.coefficients[j] }
      let projected = channel.posterior.factor.multiplied(
        by: Matrix(rowCount: k, columnCount: 1, storage: centred))
      for i in 0..<r { q[i] += projected.storage[i] - a * channel.posterior.offset[i] }
    }
    return (q, predicted)
  }

  /// By (I - Q Qᵀ)⁻¹ = R⁻¹ R⁻ᵀ, shape [n, n].
  private static func smallFrame(
    _ q: Matrix, _ residuals: [Double], siteCount: Int
  ) -> LeftOutFrame? {
    let n = q.rowCount
    guard let inverse = inverseFactor(q.multiplied(by: q, transposingOther: true)) else {
      return nil
    }
    let e = Matrix(rowCount: 1, columnCount: n, storage: residuals)
    let d = e.multiplied(by: inverse).multiplied(by: inverse, transposingOther: true)
    var leverages: [Double] = []
    var sum = [Double](repeating: 0, count: n)
    for i in 0..<siteCount {
      var square = 0.0
      for j in i..<n {
        let element = inverse[i, j]
        square += element * element
        sum[j] += element
      }
      leverages.append(max(0, square - 1))
    }
    let total = sum.reduce(0) { $0 + $1 * $1 } - Double(siteCount)
    return LeftOutFrame(
      residuals: Array(d.storage[..<siteCount]), leverages: leverages,
      totalLeverage: max(0, total))
  }

  /// By (I - Q Qᵀ)⁻¹ = I + W Wᵀ, W = Q R⁻¹, with RᵀR = I - QᵀQ, shape [r, r].
  private static func largeFrame(
    _ q: Matrix, _ residuals: [Double], siteCount: Int
  ) -> LeftOutFrame? {
    let (n, r) = (q.rowCount, q.columnCount)
    guard let inverse = inverseFactor(q.multiplied(by: q, transposingSelf: true)) else {
      return nil
    }
    let w = q.multiplied(by: inverse)
    let e = Matrix(rowCount: 1, columnCount: n, storage: residuals)
    let change = e.multiplied(by: w).multiplied(by: w, transposingOther: true)
    var sum = [Double](repeating: 0, count: r)
    let leverages = (0..<siteCount).map { i in
      (0..<r).reduce(0.0) { square, j in
        let element = w[i, j]
        sum[j] += element
        return square + element * element
      }
    }
    return LeftOutFrame(
      residuals: (0..<siteCount).map { residuals[$0] + change.storage[$0] }, leverages: leverages,
      totalLeverage: sum.reduce(0) { $0 + $1 * $1 })
  }

  /// R⁻¹ with RᵀR = I - H, upper triangular; nil where a frame fixes a direction alone.
  private static func inverseFactor(_ h: Matrix) -> Matrix? {
    let n = h.rowCount
    var rest = h
    for i in 0..<n {
      for j in 0..<n { rest[i, j] = -h[i, j] }
      rest[i, i] += 1
    }
    return rest.inverseCholeskyFactor(tolerance: 1e-10)
  }
}
