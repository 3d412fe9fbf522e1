import CommandLine
import Descriptors
import Formats
import Regression

/// How to divide and fit.
struct FitOptions {
  var lambda: LambdaChoice
  /// p of the prior, nil for none.
  var priorPower: Double?
  var split: SplitKind
  var trainingFraction: Double
  var foldCount: Int
  var seed: UInt64
  var totalWeight: Double
  var slopeWeight: Double

  /// Whether rows tie the channels together.
  var isCoupled: Bool { totalWeight > 0 || slopeWeight > 0 }
}

/// Which sites train, and in which fold.
struct Division {
  /// By frame: whether each site trains.
  let trains: [[Bool]]
  /// The fold of each frame.
  let folds: [Int]
  let foldCount: Int

  init(_ store: RowStore, _ options: FitOptions) throws(RegressionError) {
    let counts = (0..<store.frameCount).map(store.siteCount(ofFrame:))
    switch options.split {
    case .none: trains = counts.map { .init(repeating: true, count: $0) }
    case .config:
      let chosen = try chooseTraining(
        count: counts.count, of: "frames", fraction: options.trainingFraction, seed: options.seed)
      trains = zip(counts, chosen).map { .init(repeating: $1, count: $0) }
    case .site:
      let chosen = try chooseTraining(
        count: counts.reduce(0, +), of: "sites", fraction: options.trainingFraction,
        seed: options.seed)
      var start = 0
      trains = counts.map { count in
        defer { start += count }
        return Array(chosen[start..<start + count])
      }
    }
    let chosen = trains
    let training = chosen.indices.filter { chosen[$0].contains(true) }
    let foldCount = max(1, min(options.foldCount, training.count))
    self.foldCount = foldCount
    let dealt = try dealIntoFolds(
      count: training.count, folds: options.foldCount, seed: options.seed)
    var folds = [Int](repeating: 0, count: chosen.count)
    for (frame, fold) in zip(training, dealt) { folds[frame] = fold % foldCount }
    self.folds = folds
  }
}

/// The sites of one channel among those of a frame.
struct ChannelSites {
  let indices: [Int]
  let features: [Double]
  let targets: [Double]

  init(_ rows: FrameRows, channel: Int, featureCount k: Int, where isWanted: (Int) -> Bool) {
    indices = (0..<rows.siteCount).filter { rows.channels[$0] == channel && isWanted($0) }
    var features: [Double] = []
    features.reserveCapacity(indices.count * k)
    for site in indices { features += rows.features[site * k..<(site + 1) * k] }
    self.features = features
    targets = indices.map { rows.targets[$0] }
  }
}

/// Fits the model in one pass over the rows.
func fit(_ data: TrainingData, _ division: Division, _ options: FitOptions) throws -> RidgeModel {
  let (k, count) = (data.featureCount, data.channelNames.count)
  var channels = [ChannelRows](
    repeating: ChannelRows(featureCount: k, foldCount: division.foldCount), count: count)
  var coupled = CoupledRows(
    featureCounts: options.isCoupled ? .init(repeating: k, count: count) : [0],
    foldCount: division.foldCount)
  // Rows are handed over many at a time, so that all folds have work in parallel.
  var pending = [PendingRows](repeating: PendingRows(), count: count)
  try data.store.forEach(featureCount: k) { frame, rows in
    let trains = division.trains[frame]
    guard trains.contains(true) else { return }
    for channel in 0..<count {
      let sites = ChannelSites(rows, channel: channel, featureCount: k) { trains[$0] }
      pending[channel].add(sites, fold: division.folds[frame])
      if pending[channel].isFull { try pending[channel].flush(into: &channels[channel]) }
    }
    for row in rows.coupledRows(channelCount: count, options, featureCount: k) {
      try coupled.append(
        intercepts: row.intercepts, features: row.features, target: row.target,
        weight: row.weight, fold: division.folds[frame])
    }
  }
  for channel in 0..<count { try pending[channel].flush(into: &channels[channel]) }
  let prior: [Double]
  switch (options.priorPower, data.calculator) {
  case (nil, _): prior = .init(repeating: 1, count: k)
  case (let power?, let calculator?): prior = calculator.smoothnessPrior(power: power)
  case (.some, nil):
    throw InputError(
      file: "-", "expected --prior none for features of another program, found algebraic")
  }
  do throws(RegressionError) {
    return try fitRidge(
      channels, coupled: options.isCoupled ? coupled : nil,
      priors: .init(repeating: prior, count: count), lambda: options.lambda)
  } catch .noRows(let channel) {
    throw InputError(
      file: "-",
      "expected training sites of every channel, found none of \(data.channelNames[channel])")
  }
}

/// Rows on their way to one channel.
private struct PendingRows {
  private var features: [Double] = []
  private var targets: [Double] = []
  private var folds: [Int] = []

  /// 32 MiB of features are enough for every fold to have a block.
  var isFull: Bool { features.count > 1 << 22 }

  mutating func add(_ sites: ChannelSites, fold: Int) {
    features += sites.features
    targets += sites.targets
    folds += [Int](repeating: fold, count: sites.targets.count)
  }

  mutating func flush(into rows: inout ChannelRows) throws(RegressionError) {
    guard !targets.isEmpty else { return }
    try rows.append(features: features, targets: targets, folds: folds)
    self = PendingRows()
  }
}

extension FrameRows {
  /// The rows that tie the channels together: the predictions of all sites add up to the total, and
  /// their derivatives to its derivatives.
  func coupledRows(
    channelCount: Int, _ options: FitOptions, featureCount k: Int
  ) -> [FrameOfBlock.Coupled] {
    var result: [FrameOfBlock.Coupled] = []
    if options.totalWeight > 0 {
      var counts = [Double](repeating: 0, count: channelCount)
      var sums = [Double](repeating: 0, count: channelCount * k)
      for (site, channel) in channels.enumerated() {
        counts[channel] += 1
        for j in 0..<k { sums[channel * k + j] += features[site * k + j] }
      }
      result.append(
        .init(
          intercepts: counts, features: sums, target: targets.reduce(0, +),
          weight: options.totalWeight))
    }
    if options.slopeWeight > 0 {
      let width = channelCount * k
      for (row, slope) in slopes.enumerated() {
        result.append(
          .init(
            intercepts: .init(repeating: 0, count: channelCount),
            features: Array(slopeFeatures[row * width..<(row + 1) * width]), target: slope,
            weight: options.slopeWeight))
      }
    }
    return result
  }
}
