internal import LinearAlgebra

/// The features that a fit needs most: those it needs least are left out one after the other.
///
///     j = argmin Σ_c c_j² / (M_jj |t|²),   M = (AᵀA)⁻¹,  c = M Aᵀt,
///     then M ← M - M_j M_jᵀ / M_jj, c ← c - M_j c_j / M_jj without j
///
/// over the channels, with the columns A of each channel's triangle, scaled to length 1, and its target
/// t: every choice is the one that raises the residual of a least-squares fit least, those before it
/// left out (mathematics.md (9.9)). Columns that those before them give go first. What one function
/// cannot do without another is kept: taking in the best one after the other, from none, has an error
/// a quarter larger with 400 functions of silicon.
///
/// - Parameters:
///   - channels: The rows of each channel; all with as many features.
///   - count: How many to keep; fewer come back where they give all others.
/// - Returns: Indices in ascending order.
/// - Throws: ``RegressionError/decomposition(_:)`` for a factor that fails its certificate.
/// - Complexity: O(channels · K³).
public func selectFeatures(
  _ channels: [ChannelRows], count: Int
) throws(RegressionError) -> [Int] {
  precondition(!channels.isEmpty && count > 0, "selection: expected channels and a count")
  let k = channels[0].featureCount
  precondition(channels.allSatisfy { $0.featureCount == k }, "selection: equal features")
  var problems = try channels.map { rows throws(RegressionError) in try SelectionProblem(rows) }
  var kept = (0..<k).filter { feature in
    problems.contains { $0.distances[feature] > SelectionProblem.rounding }
  }
  while kept.count > count {
    // A few at a time: what is left of rounded inverses loses digits, fresh ones have all.
    for index in problems.indices { try problems[index].solve(kept) }
    let goal = max(count, kept.count - max(1, kept.count / SelectionProblem.share))
    while kept.count > goal {
      let gains = kept.indices.map { place in problems.reduce(0) { $0 + $1.gain(place) } }
      guard let place = gains.indices.min(by: { gains[$0] < gains[$1] }) else { break }
      kept.remove(at: place)
      for index in problems.indices { problems[index].remove(place) }
    }
  }
  return kept
}

/// The least-squares problem of one channel.
private struct SelectionProblem {
  /// One in so many features is left out between two fresh solutions.
  static let share = 32
  /// Squared length of what those before a column leave of it, relative to its own, below which they
  /// give it.
  static let rounding = 1e-20
  /// Added to AᵀA is the square of this: directions that no λ leaves do not count.
  private static let floor = 3e-8

  /// Squared length of what those before a column leave of it, shape [K]; 0 for a constant one.
  let distances: [Double]
  /// The columns of length 1 or 0 and the target, shape [K + 1, K + 1], upper triangular.
  private let columns: Matrix
  private let targetSquare: Double
  /// M and c of the features that are left.
  private var inverse = Matrix(rowCount: 0, columnCount: 0)
  private var coefficients: [Double] = []

  init(_ rows: ChannelRows) throws(RegressionError) {
    let r = try merged(rows.factors).certifiedTriangle()
    let (k, m) = (rows.featureCount, rows.isAnchored ? 0 : 1)
    var columns = Matrix(rowCount: k + 1, columnCount: k + 1)
    for j in 0...k {
      let square = (0...j).reduce(0) { $0 + r[m + $1, m + j] * r[m + $1, m + j] }
      let isUsed = square > 0 && (j == k || !rows.isConstant(j))
      let scale = j == k ? 1 : isUsed ? 1 / square.squareRoot() : 0
      for i in 0...j { columns[i, j] = scale * r[m + i, m + j] }
    }
    self.columns = columns
    distances = (0..<k).map { columns[$0, $0] * columns[$0, $0] }
    targetSquare = (0...k).reduce(0) { $0 + columns[$1, k] * columns[$1, k] }
  }

  /// M and c of some features from their columns.
  mutating func solve(_ features: [Int]) throws(RegressionError) {
    let (n, k) = (features.count, distances.count)
    var factor = StreamingQR(columnCount: n + 1)
    for i in 0...k {
      let row = features.map { columns[i, $0] } + [columns[i, k]]
      factor.append(row.span)
    }
    for i in 0..<n {
      var row = [Double](repeating: 0, count: n + 1)
      row[i] = Self.floor
      factor.append(row.span)
    }
    let r = try factor.certifiedTriangle()
    let upper: Matrix
    do throws(LAPACKError) { upper = try r.inverseOfUpperTriangle(order: n) } catch {
      throw .decomposition(error)
    }
    inverse = upper.multiplied(by: upper, transposingOther: true)
    coefficients = (0..<n).map { i in (i..<n).reduce(0) { $0 + upper[i, $1] * r[$1, n] } }
  }

  /// What the residual grows by without a feature, as a share of the target.
  func gain(_ place: Int) -> Double {
    guard targetSquare > 0 else { return 0 }
    return coefficients[place] * coefficients[place] / (inverse[place, place] * targetSquare)
  }

  mutating func remove(_ place: Int) {
    let n = coefficients.count
    let row = (0..<n).map { inverse[place, $0] }
    let factor = 1 / row[place]
    var rest = Matrix(rowCount: n - 1, columnCount: n - 1)
    for i in 0..<n where i != place {
      let (to, share) = (i < place ? i : i - 1, row[i] * factor)
      coefficients[i] -= share * coefficients[place]
      for j in 0..<place { rest[to, j] = inverse[i, j] - share * row[j] }
      for j in place + 1..<max(n, place + 1) { rest[to, j - 1] = inverse[i, j] - share * row[j] }
    }
    coefficients.remove(at: place)
    inverse = rest
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
