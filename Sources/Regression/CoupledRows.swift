internal import LinearAlgebra

/// Rows that tie the channels together: sums over a frame, or their derivatives (mathematics.md (9.6)).
///
/// A row says Σ_c (a_c·b_c + φ_c·c_c) = y over the channels c; for the total entropy of a frame
/// a_c is the number of its sites in channel c and φ_c the sum of their features.
public struct CoupledRows: Sendable {
  public let featureCounts: [Int]
  public private(set) var rowCounts: [Int]
  /// By fold, columns [a of every channel with an intercept, φ of every channel, y].
  private(set) var factors: [StreamingQR]
  /// φ0 of every channel; nil for one with an intercept.
  let anchors: [[Double]?]

  /// - Parameters:
  ///   - featureCounts: K_c of every channel.
  ///   - foldCount: At least 1.
  ///   - anchors: Those of the ``ChannelRows``, nil where no channel has one.
  public init(featureCounts: [Int], foldCount: Int = 1, anchors: [[Double]?]? = nil) {
    let own = anchors ?? .init(repeating: nil, count: featureCounts.count)
    precondition(
      own.count == featureCounts.count
        && zip(own, featureCounts).allSatisfy { $0.map { $0.count } ?? $1 == $1 },
      "coupled rows: anchors")
    self.anchors = own
    precondition(!featureCounts.isEmpty && foldCount > 0, "coupled rows: bad shape")
    self.featureCounts = featureCounts
    rowCounts = [Int](repeating: 0, count: foldCount)
    let columns = own.count { $0 == nil } + featureCounts.reduce(0, +) + 1
    factors = .init(repeating: StreamingQR(columnCount: columns), count: foldCount)
  }

  /// Rows of which some features are kept.
  init(_ whole: CoupledRows, features: [Int], factors: [StreamingQR]) {
    featureCounts = whole.featureCounts.map { _ in features.count }
    rowCounts = whole.rowCounts
    anchors = whole.anchors.map { row in row.map { row in features.map { row[$0] } } }
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
    var row = anchors.indices.filter { anchors[$0] == nil }.map { intercepts[$0] } + features
    var start = row.count - features.count
    for (channel, count) in featureCounts.enumerated() {
      if let anchor = anchors[channel] {
        for j in 0..<count { row[start + j] -= intercepts[channel] * anchor[j] }
      }
      start += count
    }
    row.append(target)
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
