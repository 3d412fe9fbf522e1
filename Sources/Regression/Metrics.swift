/// Errors of predictions against labels, gathered one at a time.
public struct Metrics: Equatable, Sendable {
  public private(set) var count = 0
  private var squares = 0.0
  private var absolutes = 0.0
  public private(set) var largestError = 0.0
  /// Mean of the labels and Σ (label - mean)², by Welford's update, which does not cancel.
  private var mean = 0.0
  private var spread = 0.0

  public init() {}

  public mutating func add(label: Double, prediction: Double) {
    let error = prediction - label
    count += 1
    squares += error * error
    absolutes += abs(error)
    largestError = max(largestError, abs(error))
    let delta = label - mean
    mean += delta / Double(count)
    spread += delta * (label - mean)
  }

  /// Adds what another has gathered (Chan, Golub and LeVeque).
  public mutating func merge(_ other: Metrics) {
    guard other.count > 0 else { return }
    let total = Double(count + other.count)
    let delta = other.mean - mean
    spread += other.spread + delta * delta * (Double(count) * Double(other.count) / total)
    mean += delta * (Double(other.count) / total)
    squares += other.squares
    absolutes += other.absolutes
    largestError = max(largestError, other.largestError)
    count += other.count
  }

  /// Root mean square error; nil without labels, or where its square overflows.
  public var rmse: Double? {
    count > 0 && squares.isFinite ? (squares / Double(count)).squareRoot() : nil
  }

  /// Mean absolute error; nil without labels.
  public var mae: Double? { count > 0 ? absolutes / Double(count) : nil }

  /// 1 - Σ error² / Σ (label - mean)²; nil where the labels do not differ.
  public var r2: Double? {
    spread > 0 && spread.isFinite && squares.isFinite ? 1 - squares / spread : nil
  }

  /// Standard deviation of the labels; nil without labels.
  public var labelDeviation: Double? { count > 0 ? (spread / Double(count)).squareRoot() : nil }
}
