internal import Glibc

/// Sums over samples of one radius.
public struct TruncationRow: Equatable, Sendable {
  /// In Å.
  public let radius: Double
  public private(set) var count = 0
  /// max |S_i(u) - S_i(u^R)| in k_B.
  public private(set) var largest = 0.0
  /// The largest ‖u - u^R‖₂ in Å.
  public private(set) var largestNorm = 0.0
  private var atoms = 0.0
  private var sum = 0.0
  private var sumOfSquares = 0.0
  /// The largest |error| / ‖u - u^R‖₂.
  fileprivate private(set) var largestRatio = 0.0

  public init(radius: Double) { self.radius = radius }

  public mutating func add(_ sample: TruncationSample) {
    count += 1
    atoms += Double(sample.atomsInside)
    sum += sample.error
    sumOfSquares += sample.error * sample.error
    largest = max(largest, abs(sample.error))
    largestNorm = max(largestNorm, sample.outsideNorm)
    if sample.outsideNorm > 0, abs(sample.error) > TruncationFit.floor {
      largestRatio = max(largestRatio, abs(sample.error) / sample.outsideNorm)
    }
  }

  /// Mean number of atoms inside.
  public var atomsInside: Double { atoms / Double(max(count, 1)) }
  public var mean: Double { sum / Double(max(count, 1)) }
  public var rootMeanSquare: Double { (sumOfSquares / Double(max(count, 1))).squareRoot() }
}

/// The decay of truncation errors (mathematics.md (6.3)).
public struct TruncationFit: Equatable, Sendable {
  /// Errors in k_B below this are rounding.
  public static let floor = 1e-11

  /// The constant of |S_i(u) - S_i(u^R)| ≤ C R^(-3d/2) ‖u - u^R‖₂, in k_B Å^(3d/2 - 1): the least
  /// that covers every sample.
  public let boundConstant: Double
  /// The radii of the fit: from that of the largest rmse to the last one that is neither beyond the
  /// cell nor within rounding; nil where they are fewer than three.
  public let range: ClosedRange<Double>?
  /// The rows of the fit.
  public let count: Int
  /// p of rmse = c R^p by least squares of the logarithms; nil without a range.
  public let slope: Double?
  /// c, in k_B Å^-p.
  public let prefactor: Double?
  /// The constant of rmse ≤ C R^-d, in k_B Å^d: the least that covers the range, the radii between
  /// two scanned ones included, where the rmse may be that of the smaller.
  public let rateConstant: Double?
  private let dimension: Int
  private let rows: [TruncationRow]

  /// - Parameters:
  ///   - rows: Ascending in radius.
  ///   - largestRadius: In Å: rows beyond it are outside the range of the fit.
  public init(_ rows: [TruncationRow], dimension: Int, largestRadius: Double) {
    (self.rows, self.dimension) = (rows, dimension)
    let d = Double(dimension)
    boundConstant = rows.reduce(0) { max($0, $1.largestRatio * pow($1.radius, 1.5 * d)) }
    let peak = rows.map(\.rootMeanSquare).max() ?? 0
    let first = rows.firstIndex { $0.rootMeanSquare == peak } ?? 0
    let least = max(Self.floor, 1e-9 * peak)
    let chosen = rows[min(first, rows.count)...].prefix {
      $0.rootMeanSquare > least && $0.radius <= largestRadius + 1e-4
    }
    count = chosen.count
    guard chosen.count >= 3, let from = chosen.first, let to = chosen.last else {
      (range, slope, prefactor, rateConstant) = (nil, nil, nil, nil)
      return
    }
    let x = chosen.map { log($0.radius) }
    let y = chosen.map { log($0.rootMeanSquare) }
    let n = Double(chosen.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let variance = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    let p = covariance / variance
    range = from.radius...to.radius
    (slope, prefactor) = (p, exp(meanY - p * meanX))
    rateConstant = chosen.indices.reduce(0) { most, index in
      let next = rows[min(index + 1, rows.count - 1)].radius
      return max(most, rows[index].rootMeanSquare * pow(next, d))
    }
  }

  /// The bound for a row in k_B, 0 where nothing was cut off.
  public func bound(_ row: TruncationRow) -> Double {
    boundConstant * pow(row.radius, -1.5 * Double(dimension)) * row.largestNorm
  }

  /// R = (C/ε)^(1/d) in Å: the rule of mathematics.md (6.3) for a target rmse ε in k_B.
  public func radius(forTarget target: Double) -> Double? {
    rateConstant.map { pow($0 / target, 1 / Double(dimension)) }
  }

  /// The smallest scanned radius from which on every rmse is at most ε.
  public func scannedRadius(forTarget target: Double) -> Double? {
    rows.reversed().prefix { $0.rootMeanSquare <= target }.last?.radius
  }
}
