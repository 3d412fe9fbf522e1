internal import LinearAlgebra

/// Rows that tie the channels together: sums over a frame, or their derivatives (mathematics.md (9.6)).
///
/// A row says Σ_c (a_c·b_c + φ_c·c_c) = y over the channels c; for the total entropy of a frame
/// a_c is the number of its sites in channel c and φ_c the sum of their features.
public struct CoupledRows: Sendable {
  public let featureCounts: [Int]
  public private(set) var rowCounts: [Int]
  /// By fold, columns [a of every channel, φ of every channel, y]; the first are missing where no
  /// channel has an intercept.
  private(set) var factors: [StreamingQR]
  /// φ0 of every channel, one after the other; nil where the channels have intercepts.
  let anchors: [Double]?

  /// - Parameters:
  ///   - featureCounts: K_c of every channel.
  ///   - foldCount: At least 1.
  ///   - anchors: Those of the ``ChannelRows``, of all channels or of none.
  public init(featureCounts: [Int], foldCount: Int = 1, anchors: [[Double]]? = nil) {
    precondition(anchors.map { $0.map(\.count) == featureCounts } ?? true, "coupled rows: anchors")
    self.anchors = anchors.map { $0.flatMap(\.self) }
    precondition(!featureCounts.isEmpty && foldCount > 0, "coupled rows: bad shape")
    self.featureCounts = featureCounts
    rowCounts = [Int](repeating: 0, count: foldCount)
    let columns =
      (anchors == nil ? featureCounts.count : 0) + featureCounts.reduce(0, +) + 1
    factors = .init(repeating: StreamingQR(columnCount: columns), count: foldCount)
  }

  /// Rows of which some features are kept.
  init(_ whole: CoupledRows, features: [Int], factors: [StreamingQR]) {
    featureCounts = whole.featureCounts.map { _ in features.count }
    rowCounts = whole.rowCounts
    var starts: [Int] = []
    for count in whole.featureCounts { starts.append((starts.last ?? 0) + count) }
    anchors = whole.anchors.map { all in
      zip(starts, whole.featureCounts).flatMap { end, count in
        features.map { all[end - count + $0] }
      }
    }
    self.factors = factors
  }

  public var foldCount: Int { factors.count }

  /// Takes one row.
  ///
  /// - Parameters:
  ///   - intercepts: a_c, shape [channels].
  ///   - features: φ_c one channel after the other, shape [Σ K_c].
  ///   - weight: The row counts that many times; not negative.
  /// - Throws: ``RegressionError/notFinite(_:row:)``.
  public mutating func append(
    intercepts: [Double], features: [Double], target: Double, weight: Double, fold: Int
  ) throws(RegressionError) {
    precondition(intercepts.count == featureCounts.count, "coupled rows: intercepts")
    precondition(features.count == featureCounts.reduce(0, +), "coupled rows: features")
    let row: [Double]
    if let anchors {
      let counts = zip(featureCounts, intercepts).flatMap { [Double](repeating: $1, count: $0) }
      row = features.indices.map { features[$0] - counts[$0] * anchors[$0] } + [target]
    } else {
      row = intercepts + features + [target]
    }
    let count = rowCounts.reduce(0, +)
    guard row.allSatisfy(\.isFinite) else { throw .notFinite("coupled row", row: count) }
    guard weight.isFinite && weight >= 0 else {
      throw .notFinite("the weight of coupled row", row: count)
    }
    let root = weight.squareRoot()
    let scaled = row.map { root * $0 }
    factors[fold].append(scaled.span)
    rowCounts[fold] += 1
  }
}
