public import Formats
internal import Regression

/// The sites of one frame, features and labels: the one form of rows from the features to the fit.
public struct FrameRows: Sendable {
  /// Labels beyond this one have no squares that could be summed; in k_B no crystal has them.
  public static let largestLabel = 1e30

  public let source: FrameSource
  /// Channel of each site, shape [N].
  public let channels: [Int]
  /// What a fit is to tell of each site in k_B, shape [N]: its label, less the baseline.
  public let targets: [Double]
  /// What the baseline of the fit says of each site in k_B, shape [N]; empty without one.
  public let baseline: [Double]
  /// φ, shape [N, K].
  public internal(set) var features: [Double]
  /// Derivatives of the total by the positions in k_B/Å, shape [3N]; empty where they do not count.
  public internal(set) var slopes: [Double] = []
  /// Derivatives of the sums of the features, shape [3N, channels · K], or empty.
  public internal(set) var slopeFeatures: [Double] = []

  /// - Parameter labels: In k_B, shape [N].
  public init(
    source: FrameSource, channels: [Int], labels: [Double], features: [Double],
    baseline: [Double] = []
  ) {
    precondition(baseline.isEmpty || baseline.count == labels.count, "rows: ragged")
    (self.source, self.channels) = (source, channels)
    (self.baseline, self.features) = (baseline, features)
    targets = baseline.isEmpty ? labels : zip(labels, baseline).map { $0 - $1 }
  }

  public var siteCount: Int { channels.count }

  /// The sites of one channel.
  ///
  /// - Parameters:
  ///   - featureCount: K.
  ///   - isWanted: Says of a site whether it is taken.
  func sites(
    ofChannel channel: Int, featureCount k: Int, where isWanted: (Int) -> Bool
  ) -> SiteRows {
    let indices = (0..<siteCount).filter { channels[$0] == channel && isWanted($0) }
    var chosen: [Double] = []
    chosen.reserveCapacity(indices.count * k)
    for site in indices { chosen += features[site * k..<(site + 1) * k] }
    return SiteRows(
      channel: channel, features: chosen, targets: indices.map { targets[$0] },
      baseline: baseline.isEmpty ? [] : indices.map { baseline[$0] })
  }

  /// The rows that tie the channels together: the predictions of all sites add up to the total, and
  /// their derivatives to its derivatives (mathematics.md (9.6)).
  ///
  /// - Parameter places: The place of each channel of the basis in a row; nil for one that is left
  ///   out, as it has no sites.
  func coupledRows(
    places: [Int?], _ options: FitOptions, featureCount k: Int
  ) -> [FrameOfBlock.Coupled] {
    let count = places.count { $0 != nil }
    var result: [FrameOfBlock.Coupled] = []
    if options.totalWeight > 0 {
      var counts = [Double](repeating: 0, count: count)
      var sums = [Double](repeating: 0, count: count * k)
      for (site, channel) in channels.enumerated() {
        guard let place = places[channel] else { continue }
        counts[place] += 1
        for j in 0..<k { sums[place * k + j] += features[site * k + j] }
      }
      result.append(
        .init(
          intercepts: counts, features: sums, target: targets.reduce(0, +),
          weight: options.totalWeight))
    }
    if options.slopeWeight > 0 {
      let width = places.count * k
      for (row, slope) in slopes.enumerated() {
        let own = places.indices.filter { places[$0] != nil }.flatMap {
          slopeFeatures[row * width + $0 * k..<row * width + ($0 + 1) * k]
        }
        result.append(
          .init(
            intercepts: .init(repeating: 0, count: count), features: own, target: slope,
            weight: options.slopeWeight))
      }
    }
    return result
  }
}

extension Frame {
  /// The labels of the sites, or of all positions with a `width` of 3.
  ///
  /// - Returns: Shape [N, width], row-major, in k_B or k_B/Å.
  /// - Throws: ``InputError`` where the column is missing, holds what is no number, or a number whose
  ///   square could not be summed.
  public func requiredTargets(_ name: String, width: Int = 1) throws(InputError) -> [Double] {
    guard let values = reals(name, width: width) else {
      let tool = width == 1 ? "site-entropy" : "site-gradient --total"
      throw InputError(
        source, "expected the column \(name):R:\(width) (\(tool) gives it), found none")
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        source, atom: index / width, "\(name): expected a number, found \(values[index])")
    }
    if let index = values.firstIndex(where: { abs($0) > FrameRows.largestLabel }) {
      throw InputError(
        source, atom: index / width,
        "\(name): expected at most \(FrameRows.largestLabel), found \(values[index])")
    }
    return values
  }
}
