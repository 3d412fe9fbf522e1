internal import LinearAlgebra

/// The features that explain the targets best, chosen one after the other (orthogonal least squares).
///
///     j = argmax Σ_c (a_jᵀ t)² / (|a_j|² |t_0|²),   then A ← (1 - v vᵀ) A, t ← (1 - v vᵀ) t, v = a_j/|a_j|
///
/// over the channels c, with the columns a_j of each channel's triangle and its target t: every
/// choice is the one that lowers the residual of a least-squares fit most, those before it given
/// (mathematics.md (9.9)). Twice is enough (Kahan and Parlett): each projection is repeated.
///
/// - Parameters:
///   - channels: The rows of each channel; all with as many features.
///   - count: How many to choose; fewer come back where no other feature explains anything.
/// - Returns: Indices in ascending order.
/// - Throws: ``RegressionError/decomposition(_:)`` for a factor that fails its certificate.
/// - Complexity: O(count · channels · K²).
public func selectFeatures(
  _ channels: [ChannelRows], count: Int
) throws(RegressionError) -> [Int] {
  precondition(!channels.isEmpty && count > 0, "selection: expected channels and a count")
  let k = channels[0].featureCount
  precondition(channels.allSatisfy { $0.featureCount == k }, "selection: equal features")
  var problems = try channels.map { rows throws(RegressionError) in try SelectionProblem(rows) }
  var chosen: [Int] = []
  var isChosen = [Bool](repeating: false, count: k)
  while chosen.count < min(count, k) {
    var gains = [Double](repeating: 0, count: k)
    for problem in problems { problem.addGains(to: &gains) }
    for j in chosen { gains[j] = 0 }
    guard let best = gains.indices.max(by: { gains[$0] < gains[$1] }), gains[best] > 0 else {
      break
    }
    isChosen[best] = true
    chosen.append(best)
    problems = problems.map { problem in
      var next = problem
      next.remove(best)
      return next
    }
  }
  return isChosen.indices.filter { isChosen[$0] }
}

/// The columns of one channel that are not explained by the features chosen so far.
private struct SelectionProblem {
  /// A, shape [rows, K], row-major.
  private var columns: [Double]
  private var target: [Double]
  private let featureCount: Int
  /// |a_j|² at the start, shape [K], and |t|².
  private let squares: [Double]
  private let targetSquare: Double

  init(_ rows: ChannelRows) throws(RegressionError) {
    let r = try merged(rows.factors).certifiedTriangle()
    let (k, m) = (rows.featureCount, rows.isAnchored ? 0 : 1)
    featureCount = k
    var (columns, target): ([Double], [Double]) = ([], [])
    for i in m..<m + k + 1 {
      for j in m..<m + k { columns.append(rows.isConstant(j - m) ? 0 : r[i, j]) }
      target.append(r[i, m + k])
    }
    (self.columns, self.target) = (columns, target)
    var squares = [Double](repeating: 0, count: k)
    for i in 0...k {
      for j in 0..<k { squares[j] += columns[i * k + j] * columns[i * k + j] }
    }
    self.squares = squares
    targetSquare = target.reduce(0) { $0 + $1 * $1 }
  }

  /// What each feature would explain of the target next, as a share of it.
  func addGains(to gains: inout [Double]) {
    guard targetSquare > 0 else { return }
    let (k, columns, target) = (featureCount, columns.span, target.span)
    var products = [Double](repeating: 0, count: k)
    var lengths = products
    for i in target.indices {
      let y = target[i]
      for j in 0..<k {
        let a = columns[i &* k &+ j]
        products[j] += a * y
        lengths[j] += a * a
      }
    }
    // What is left of a column that the others give is rounding.
    for j in 0..<k where lengths[j] > 1e-20 * squares[j] && lengths[j] > 0 {
      gains[j] += products[j] * products[j] / (lengths[j] * targetSquare)
    }
  }

  /// Removes the direction of a column from all columns and the target.
  mutating func remove(_ feature: Int) {
    let (k, height) = (featureCount, target.count)
    var direction = (0..<height).map { columns[$0 * k + feature] }
    let square = direction.reduce(0) { $0 + $1 * $1 }
    guard square > 1e-20 * squares[feature], square > 0 else { return }
    let inverse = 1 / square.squareRoot()
    for i in 0..<height { direction[i] *= inverse }
    for _ in 0..<2 {
      var shares = [Double](repeating: 0, count: k)
      var targetShare = 0.0
      for i in 0..<height {
        let v = direction[i]
        targetShare += v * target[i]
        for j in 0..<k { shares[j] += v * columns[i &* k &+ j] }
      }
      for i in 0..<height {
        let v = direction[i]
        target[i] -= v * targetShare
        for j in 0..<k { columns[i &* k &+ j] -= v * shares[j] }
      }
    }
  }
}

extension ChannelRows {
  /// The same rows with some of their features only.
  ///
  /// - Parameter features: Indices in ascending order.
  /// - Complexity: 2 folds · K · K'² operations: no row is read again.
  public func keeping(_ features: [Int]) throws(RegressionError) -> ChannelRows {
    let m = isAnchored ? 0 : 1
    let columns = Array(0..<m) + features.map { $0 + m } + [m + featureCount]
    return ChannelRows(
      self, features: features, factors: try factors.keeping(columns: columns))
  }
}

extension CoupledRows {
  /// The same rows with some features of every channel only.
  ///
  /// - Parameter features: Indices in ascending order, those of every channel.
  public func keeping(_ features: [Int]) throws(RegressionError) -> CoupledRows {
    var columns = Array(0..<anchors.count { $0 == nil })
    var start = columns.count
    for count in featureCounts {
      columns += features.map { start + $0 }
      start += count
    }
    columns.append(start)
    return CoupledRows(
      self, features: features, factors: try factors.keeping(columns: columns))
  }
}

extension [StreamingQR] {
  fileprivate func keeping(columns: [Int]) throws(RegressionError) -> [StreamingQR] {
    try map { factor throws(RegressionError) in try factor.keeping(columns: columns) }
  }
}

extension StreamingQR {
  /// The factor of some columns.
  fileprivate func keeping(columns: [Int]) throws(RegressionError) -> StreamingQR {
    let r = try certifiedTriangle()
    var result = StreamingQR(columnCount: columns.count)
    for i in 0..<r.rowCount {
      let row = columns.map { r[i, $0] }
      result.append(row.span)
    }
    return StreamingQR(triangle: try result.certifiedTriangle(), rowCount: rowCount)
  }
}
