internal import Base
internal import LinearAlgebra

/// The rows of one centre channel, folded into triangular factors as they come (mathematics.md (9.1)).
///
/// A row says a·b + φ·c = y with the intercept b and the coefficients c; a is 1 for the label of a
/// site and 0 for a derivative. An anchored channel has no intercept: its rows say
/// (φ - a·φ0)·c = y, where φ0 are the features of the site's reference environment, at which the
/// label vanishes (mathematics.md (9.7)). Rows fall into folds (those of one frame into the same), each
/// with its own factor of the columns [a, φ, y], so that every fold can be left out later without
/// reading a row twice. Features and target are shifted by the first row that has an intercept:
/// a constant column becomes exactly 0, and a large mean costs no digits. Anchored ones are shifted
/// by the anchor.
public struct ChannelRows: Sendable {
  public let featureCount: Int
  /// Rows taken, by fold.
  public private(set) var rowCounts: [Int]
  /// Sum of w·a², by fold.
  private(set) var weightSums: [Double]
  /// Least and largest value of each feature over the rows with a = 1 and the anchor, shape [K].
  private var minima: [Double]
  private var maxima: [Double]
  /// Whether there is no intercept.
  let isAnchored: Bool
  /// What is subtracted from a row with a = 1: K features, then the target.
  private(set) var shift: [Double]?
  /// By fold, columns [a, φ - a·φ0, y - a·y0]; the first is missing where there is no intercept.
  private(set) var factors: [StreamingQR]

  /// - Parameters:
  ///   - featureCount: K; at least 0.
  ///   - foldCount: At least 1.
  ///   - anchor: φ0, shape [K], of a channel without an intercept; nil for one with it.
  public init(featureCount: Int, foldCount: Int = 1, anchor: [Double]? = nil) {
    precondition(featureCount >= 0 && foldCount > 0, "channel rows: bad shape")
    precondition(anchor.map { $0.count == featureCount } ?? true, "channel rows: anchor")
    isAnchored = anchor != nil
    shift = anchor.map { $0 + [0] }
    self.featureCount = featureCount
    rowCounts = [Int](repeating: 0, count: foldCount)
    weightSums = [Double](repeating: 0, count: foldCount)
    minima = anchor ?? [Double](repeating: .infinity, count: featureCount)
    maxima = anchor ?? [Double](repeating: -.infinity, count: featureCount)
    let columns = featureCount + (isAnchored ? 1 : 2)
    factors = .init(repeating: StreamingQR(columnCount: columns), count: foldCount)
  }

  /// Rows of which some features are kept.
  init(_ whole: ChannelRows, features: [Int], factors: [StreamingQR]) {
    featureCount = features.count
    (rowCounts, weightSums) = (whole.rowCounts, whole.weightSums)
    (minima, maxima) = (features.map { whole.minima[$0] }, features.map { whole.maxima[$0] })
    isAnchored = whole.isAnchored
    shift = whole.shift.map { shift in features.map { shift[$0] } + [shift[whole.featureCount]] }
    self.factors = factors
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
    let (shift, isAnchored) = (shift ?? [Double](repeating: 0, count: k + 1), isAnchored)
    factors = mapConcurrently(foldCount) { fold in
      guard !members[fold].isEmpty else { return before[fold] }
      var block: [Double] = []
      block.reserveCapacity(members[fold].count * (k + 2))
      for row in members[fold] {
        let root = (weights?[row] ?? 1).squareRoot()
        let a = intercepts?[row] ?? 1
        if !isAnchored { block.append(root * a) }
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
