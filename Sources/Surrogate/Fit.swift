internal import Descriptors
internal import Formats
public import Regression

/// How to divide and fit.
public struct FitOptions: Sendable {
  public var lambda = LambdaChoice.automatic
  /// p of the prior (mathematics.md (9.2)), nil for none.
  public var priorPower: Double? = 1
  /// In which units coefficients are penalised.
  public var scaling = FeatureScaling.each
  public var split = SplitKind.none
  public var trainingFraction = 0.8
  public var foldCount = 8
  public var seed: UInt64 = 0
  /// Weights of a row for the total of a frame, and of one for each of its derivatives in Å².
  public var totalWeight = 0.0
  public var slopeWeight = 0.0
  /// How many features the model has; nil for all.
  public var keptCount: Int?

  public init() {}

  /// Whether rows tie the channels together.
  var isCoupled: Bool { totalWeight > 0 || slopeWeight > 0 }
}

/// Which sites train, and in which fold.
public struct Division: Sendable {
  /// By frame: whether each site trains.
  let trains: [[Bool]]
  /// The fold of each frame.
  let folds: [Int]
  let foldCount: Int

  /// - Throws: ``RegressionError`` where there is too little to divide.
  public init(_ store: RowStore, _ options: FitOptions) throws(RegressionError) {
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

/// Fits the model in one pass over the rows.
///
/// - Parameter data: Where features are selected, those that were are all that is left in it.
/// - Throws: ``InputError`` for a channel of the crystal without training sites, or a prior for
///   features of another program; ``RegressionError``.
public func fit(
  _ data: inout TrainingData, _ division: Division, _ options: FitOptions
) throws -> RidgeModel {
  let (k, all) = (data.featureCount, data.channelNames.count)
  // Defects that no frame has are left out of the fit.
  let present = data.takesDefects ? data.store.channels(division) : Array(0..<all)
  let count = present.count
  let places = (0..<all).map { present.firstIndex(of: $0) }
  let anchors = data.anchors.map { anchors in present.map { anchors.features[$0] } }
  var channels = (0..<count).map {
    ChannelRows(
      featureCount: k, foldCount: division.foldCount, anchor: anchors?[$0] ?? nil)
  }
  var coupled =
    options.isCoupled
    ? CoupledRows(
      featureCounts: .init(repeating: k, count: count), foldCount: division.foldCount,
      anchors: anchors)
    : CoupledRows(featureCounts: [0], foldCount: division.foldCount)
  // Rows are handed over many at a time, so that all folds have work in parallel.
  var pending = [PendingRows](repeating: PendingRows(), count: count)
  try data.store.forEach(featureCount: k) { frame, rows in
    let trains = division.trains[frame]
    guard trains.contains(true) else { return }
    for channel in 0..<count {
      let sites = rows.sites(ofChannel: present[channel], featureCount: k) { trains[$0] }
      pending[channel].add(sites, fold: division.folds[frame])
      if pending[channel].isFull { try pending[channel].flush(into: &channels[channel]) }
    }
    for row in rows.coupledRows(places: places, options, featureCount: k) {
      try coupled.append(
        intercepts: row.intercepts, features: row.features, target: row.target,
        weight: row.weight, fold: division.folds[frame])
    }
  }
  for channel in 0..<count { try pending[channel].flush(into: &channels[channel]) }
  var prior: [Double]
  switch (options.priorPower, data.calculator) {
  case (nil, _): prior = .init(repeating: 1, count: k)
  case (let power?, let calculator?): prior = calculator.smoothnessPrior(power: power)
  case (.some, nil):
    throw InputError(
      file: "-", "expected --prior none for features of another program, found algebraic")
  }
  if let keptCount = options.keptCount, keptCount < k {
    let kept = try selectFeatures(channels, count: keptCount)
    guard !kept.isEmpty else {
      throw InputError(
        file: "-", "expected features that differ between sites, found none (larger --cutoff?)")
    }
    channels = try channels.map { try $0.keeping(kept) }
    if options.isCoupled { coupled = try coupled.keeping(kept) }
    prior = kept.map { prior[$0] }
    data.keep(kept)
  }
  do throws(RegressionError) {
    let model = try fitRidge(
      channels, coupled: options.isCoupled ? coupled : nil,
      priors: .init(repeating: prior, count: count), scaling: options.scaling,
      lambda: options.lambda,
      featureNoise: TrainingData.featureNoise)
    return model.placed(at: present, of: all, variance: data.store.meanSquareTarget)
  } catch {
    guard case .noRows(let channel) = error else { throw error }
    throw InputError(
      file: "-",
      "expected training sites of every channel, found none of \(data.channelNames[present[channel]])"
    )
  }
}

/// Rows on their way to one channel.
private struct PendingRows {
  private var features: [Double] = []
  private var targets: [Double] = []
  private var folds: [Int] = []

  /// 32 MiB of features are enough for every fold to have a block.
  var isFull: Bool { features.count > 1 << 22 }

  mutating func add(_ sites: SiteRows, fold: Int) {
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
