internal import LinearAlgebra

/// The rows of one centre channel, folded into triangular factors as they come (math.md §9).
///
/// A row says a·b + φ·c = y with the intercept b and the coefficients c; a is 1 for the label of a
/// site and 0 for a derivative. Rows fall into folds (those of one frame into the same), each
/// with its own factor of the columns [a, φ, y], so that every fold can be left out later without
/// reading a row twice. Features and target are shifted by the first row that has an intercept:
/// a constant column becomes exactly 0, and a large mean costs no digits.
public struct ChannelRows: Sendable {
  public let featureCount: Int
  /// Rows taken, by fold.
  public private(set) var rowCounts: [Int]
  /// Sum of w·a², by fold.
  private(set) var weightSums: [Double]
  /// Least and largest value of each feature over the rows with an intercept, shape [K].
  public private(set) var minima: [Double]
  public private(set) var maxima: [Double]
  /// What is subtracted from a row with a = 1: K features, then the target.
  private(set) var shift: [Double]?
  /// By fold, columns [a, φ - a·φ0, y - a·y0].
  private(set) var factors: [StreamingQR]

  /// - Parameters:
  ///   - featureCount: K; at least 0.
  ///   - foldCount: At least 1.
  public init(featureCount: Int, foldCount: Int = 1) {
    precondition(featureCount >= 0 && foldCount > 0, "channel rows: bad shape")
    self.featureCount = featureCount
    rowCounts = [Int](repeating: 0, count: foldCount)
    weightSums = [Double](repeating: 0, count: foldCount)
    minima = [Double](repeating: .infinity, count: featureCount)
    maxima = [Double](repeating: -.infinity, count: featureCount)
    factors = .init(repeating: StreamingQR(columnCount: featureCount + 2), count: foldCount)
  }

  public var foldCount: Int { factors.count }

  public var rowCount: Int { rowCounts.reduce(0, +) }

  /// Takes a block of rows; folds are worked on in parallel.
  ///
  /// - Parameters:
  ///   - features: φ, shape [rows, K], row-major.
  ///   - targets: y, shape [rows].
  ///   - folds: The fold of each row, shape [rows].
  ///   - weights: w, shape [rows], not negative; nil stands for 1. A row counts w times.
  ///   - intercepts: a, shape [rows]; nil stands for 1.
  /// - Throws: ``RegressionError/notFinite(_:row:)``; nothing has been taken then.
  /// - Complexity: 2(K + 2)² operations a row.
  public mutating func append(
    features: [Double], targets: [Double], folds: [Int], weights: [Double]? = nil,
    intercepts: [Double]? = nil
  ) throws(RegressionError) {
    let (rows, k) = (targets.count, featureCount)
    precondition(features.count == rows * k && folds.count == rows, "channel rows: ragged")
    precondition(weights.map { $0.count == rows } ?? true, "channel rows: weights")
    precondition(intercepts.map { $0.count == rows } ?? true, "channel rows: intercepts")
    try refuseNonFinite(features, width: k, name: "the features of row")
    try refuseNonFinite(targets, width: 1, name: "the target of row")
    if let row = weights?.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw .notFinite("the weight of row", row: row)
    }
    try refuseNonFinite(intercepts ?? [], width: 1, name: "the intercept of row")
    if shift == nil, let row = (0..<rows).first(where: { (intercepts?[$0] ?? 1) == 1 }) {
      shift = Array(features[row * k..<(row + 1) * k]) + [targets[row]]
    }
    widenHull(features, rows: rows, intercepts: intercepts)
    var rowsOfFold = [[Int]](repeating: [], count: foldCount)
    for row in 0..<rows {
      rowsOfFold[folds[row]].append(row)
      let a = intercepts?[row] ?? 1
      weightSums[folds[row]] += (weights?[row] ?? 1) * a * a
    }
    let (members, before) = (rowsOfFold, factors)
    let shift = shift ?? [Double](repeating: 0, count: k + 1)
    factors = mapConcurrently(foldCount) { fold in
      guard !members[fold].isEmpty else { return before[fold] }
      var block: [Double] = []
      block.reserveCapacity(members[fold].count * (k + 2))
      for row in members[fold] {
        let root = (weights?[row] ?? 1).squareRoot()
        let a = intercepts?[row] ?? 1
        block.append(root * a)
        for j in 0..<k { block.append(root * (features[row * k + j] - a * shift[j])) }
        block.append(root * (targets[row] - a * shift[k]))
      }
      var factor = before[fold]
      factor.append(block.span)
      return factor
    }
    for fold in 0..<foldCount { rowCounts[fold] += members[fold].count }
  }

  /// Whether a feature takes one value only, up to the rounding of its evaluation.
  func isConstant(_ feature: Int) -> Bool {
    let (low, high) = (minima[feature], maxima[feature])
    return !(high - low > 1e-12 * max(abs(low), abs(high)))
  }

  private mutating func widenHull(_ features: [Double], rows: Int, intercepts: [Double]?) {
    for row in 0..<rows where (intercepts?[row] ?? 1) == 1 {
      for j in 0..<featureCount {
        let value = features[row * featureCount + j]
        if value < minima[j] { minima[j] = value }
        if value > maxima[j] { maxima[j] = value }
      }
    }
  }
}

func refuseNonFinite(_ values: [Double], width: Int, name: String) throws(RegressionError) {
  // The sum of x·0 is 0 unless an x is not finite: one pass without a branch for each element.
  var probe = 0.0
  for value in values { probe += value * 0 }
  guard probe != 0 else { return }
  if let index = values.firstIndex(where: { !$0.isFinite }) {
    throw .notFinite(name, row: index / max(1, width))
  }
}
