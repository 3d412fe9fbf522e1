/// How large errors are, learned from training frames that were left out.
///
///     v_i = α + β h_i
///
/// with the leverage h_i of a site: β scales what training leaves open about the coefficients, α is
/// what the features cannot tell at any amount of training. Both are scaled so that 95 % of the
/// errors of the frames left out lie within 1.96 √v: the tails of the errors are heavier than those
/// of a normal distribution.
public struct Calibration: Equatable, Sendable {
  /// α and β of one block of channels, in squared units of the targets.
  public struct Block: Equatable, Sendable {
    public let noise: Double
    public let leverage: Double

    public init(noise: Double, leverage: Double) {
      (self.noise, self.leverage) = (noise, leverage)
    }

    /// The variance of a prediction against its label.
    public func variance(leverage h: Double) -> Double { noise + leverage * h }
  }

  /// By block of the model.
  public var blocks: [Block]
  /// Mean square error of the totals of frames left out over Σ v with the covariances of the
  /// posterior: errors of neighbours are not independent. 1 where no whole frame was left out.
  public var totalFactor: Double
  /// ρ, the correlation of the errors of two sites of one frame, at least 0: what sites share, such
  /// as a kind of displacement that training lacks, grows with their number in the total.
  public var siteCorrelation: Double

  public init(blocks: [Block], totalFactor: Double = 1, siteCorrelation: Double = 0) {
    (self.blocks, self.totalFactor) = (blocks, totalFactor)
    self.siteCorrelation = siteCorrelation
  }

  /// ρ ((Σ s)² - Σ s²): what the shared part of the errors adds to the variance of a total
  /// (mathematics.md (9.10)).
  ///
  /// - Parameter variances: s² of each site, in squared units of the targets.
  public func sharedVariance(_ variances: [Double]) -> Double {
    let (sum, squares) = variances.reduce((0.0, 0.0)) { ($0.0 + $1.squareRoot(), $0.1 + $1) }
    return siteCorrelation * max(0, sum * sum - squares)
  }

  /// ρ from errors of frames left out, each over its deviation.
  ///
  ///     ρ = Σ_f Σ_(i≠j) z_i z_j / Σ_f n_f (n_f - 1), not below 0
  ///
  /// - Parameter frames: z by frame.
  public static func correlation(_ frames: [[Double]]) -> Double {
    let (products, pairs) = frames.reduce((0.0, 0.0)) { sums, z in
      let total = z.reduce(0, +)
      let count = Double(z.count)
      return (
        sums.0 + total * total - z.reduce(0) { $0 + $1 * $1 }, sums.1 + count * (count - 1)
      )
    }
    return pairs > 0 ? min(1, max(0, products / pairs)) : 0
  }

  /// Where nothing could be left out: the residual variance of the fit stands for both.
  ///
  /// - Returns: nil where a block has no degree of freedom left.
  public init?(residualsOf model: RidgeModel) {
    var blocks: [Block] = []
    for block in model.blocks {
      guard let variance = block.residualVariance else { return nil }
      blocks.append(Block(noise: variance, leverage: variance))
    }
    self.init(blocks: blocks)
  }
}

extension Calibration.Block {
  /// The share of errors within the interval that is quoted, and its half-width in deviations of a
  /// normal distribution.
  static let coverage = 0.95
  public static let halfWidth = 1.959963984540054

  /// Fits α and β to errors and leverages of sites left out.
  ///
  /// Maximum likelihood of a normal distribution by Fisher scoring (a weighted regression of d² on
  /// 1 and h), then the common scale that gives the coverage.
  ///
  /// - Returns: nil without errors, or where all are 0.
  public init?(residuals: [Double], leverages: [Double]) {
    precondition(residuals.count == leverages.count, "calibration: ragged")
    let squares = residuals.map { $0 * $0 }
    let mean = squares.reduce(0, +) / Double(max(1, squares.count))
    guard mean > 0, mean.isFinite, leverages.allSatisfy(\.isFinite) else { return nil }
    var (alpha, beta) = (mean, mean)
    for _ in 0..<50 {
      (alpha, beta) = Self.step(squares, leverages, alpha, beta, floor: 1e-6 * mean)
    }
    let scores = zip(squares, leverages).map { ($0 / (alpha + beta * $1)).squareRoot() }.sorted()
    let place = min(scores.count - 1, Int(Self.coverage * Double(scores.count)))
    let scale = scores[place] / Self.halfWidth
    guard scale > 0 else { return nil }
    self.init(noise: alpha * scale * scale, leverage: beta * scale * scale)
  }

  /// One weighted regression d² ≈ α + β h with weights 1 / v²; neither may be negative.
  private static func step(
    _ squares: [Double], _ leverages: [Double], _ alpha: Double, _ beta: Double, floor: Double
  ) -> (Double, Double) {
    var (w, wh, whh, ws, whs) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (square, h) in zip(squares, leverages) {
      let v = alpha + beta * h
      let weight = 1 / (v * v)
      w += weight
      wh += weight * h
      whh += weight * h * h
      ws += weight * square
      whs += weight * h * square
    }
    let determinant = w * whh - wh * wh
    guard determinant > 1e-12 * w * whh else { return (max(floor, ws / w), 0) }
    let (a, b) = ((whh * ws - wh * whs) / determinant, (w * whs - wh * ws) / determinant)
    if b < 0 { return (max(floor, ws / w), 0) }
    if a < floor { return (floor, max(0, whh > 0 ? whs / whh : 0)) }
    return (a, b)
  }
}
