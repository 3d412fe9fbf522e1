internal import Base
internal import LinearAlgebra
public import Regression

/// What a model makes of one frame.
public struct FrameScore: Sendable {
  /// Errors of the sites by channel.
  var channels: [Metrics]
  /// Error of the sum over all sites; empty where not all of them belong to the part.
  var total = Metrics()
  /// Sites, those outside the training leverage, those within the quoted 95 % interval.
  var siteCount = 0
  var outside = 0
  var covered = 0

  init(channelCount: Int) { channels = .init(repeating: Metrics(), count: channelCount) }

  var sites: Metrics {
    var all = Metrics()
    for channel in channels { all.merge(channel) }
    return all
  }
}

/// The frames of one part of the data: training, training with each frame left out, test.
public struct PartScore: Sendable {
  public let name: String
  var frames: [FrameScore] = []

  public var siteCount: Int { frames.reduce(0) { $0 + $1.siteCount } }
  public var outside: Int { frames.reduce(0) { $0 + $1.outside } }
  public var covered: Int { frames.reduce(0) { $0 + $1.covered } }

  /// What a line of the report is about, with the errors of each frame.
  public func lines(_ channelNames: [String]) -> [(of: String, frames: [Metrics])] {
    channelNames.indices.map { c in (channelNames[c], frames.map { $0.channels[c] }) }
      + [("all", frames.map(\.sites)), ("totals", frames.map(\.total))]
  }
}

extension PartScore {
  /// The errors on all frames of a store.
  public init(
    name: String, testing model: RidgeModel, on store: RowStore, featureCount k: Int
  ) throws {
    self.init(name: name)
    try store.forEachBatch(featureCount: k) { batch in
      frames += mapConcurrently(batch.count) { model.score(batch[$0].rows, k) }
    }
  }
}

extension Array where Element == Metrics {
  /// The errors of all of them.
  public var merged: Metrics {
    var all = Metrics()
    for metrics in self { all.merge(metrics) }
    return all
  }
}

/// The second pass over the rows of training: errors, and what frames left out tell.
public struct TrainingScore: Sendable {
  public private(set) var train: PartScore
  public private(set) var test: PartScore
  /// Training frames, each under the model of all others.
  public private(set) var leftOut: PartScore

  /// - Parameter model: Gets its calibration and the leverages of training.
  public init(
    _ model: inout RidgeModel, _ data: TrainingData, _ division: Division, _ options: FitOptions
  ) throws {
    let (fitted, k) = (model, data.featureCount)
    var sites: [TrainingFrame] = []
    try data.store.forEachBatch(featureCount: k) { batch in
      sites += mapConcurrently(batch.count) { index in
        TrainingFrame(
          batch[index].rows, trains: division.trains[batch[index].frame], fitted, options,
          featureCount: k)
      }
    }
    model.calibrate(sites)
    let calibrated = model
    train = PartScore(name: "train", frames: sites.compactMap(\.train))
    leftOut = PartScore(
      name: "left-out", frames: sites.compactMap { $0.leftOutScore(calibrated) })
    test = PartScore(name: "test")
    try data.store.forEachBatch(featureCount: k) { batch in
      test.frames += mapConcurrently(batch.count) { index in
        let trains = division.trains[batch[index].frame]
        return calibrated.score(batch[index].rows, k) { !trains[$0] }
      }.filter { $0.siteCount > 0 }
    }
  }
}

/// One frame of training.
private struct TrainingFrame: Sendable {
  let channelCount: Int
  var train: FrameScore?
  /// By block: what the other frames say about the sites, and the labels they are compared with.
  var leftOut: [(block: Int, frame: LeftOutFrame, channels: [Int], labels: [Double])] = []
  /// Leverages by channel where the frame cannot be left out.
  var ownLeverages: [(channel: Int, leverages: [Double])] = []
  /// Whether all sites of the frame train.
  let isWhole: Bool

  init(
    _ rows: FrameRows, trains: [Bool], _ model: RidgeModel, _ options: FitOptions,
    featureCount k: Int
  ) {
    channelCount = model.channels.count
    isWhole = !trains.contains(false)
    guard trains.contains(true) else { return }
    var score = FrameScore(channelCount: channelCount)
    var total = (label: 0.0, prediction: 0.0)
    for (index, block) in model.blocks.enumerated() {
      var frame = FrameOfBlock(sites: [])
      var (channels, labels): ([Int], [Double]) = ([], [])
      for channel in block.channels {
        let sites = rows.sites(ofChannel: channel, featureCount: k) { trains[$0] }
        guard sites.siteCount > 0 else { continue }
        frame.sites.append(sites)
        let found = sites.labels
        let predicted = model.channels[channel].predict(sites)
        for (label, prediction) in zip(found, predicted) {
          score.channels[channel].add(label: label, prediction: prediction)
        }
        total.label += found.reduce(0, +)
        total.prediction += predicted.reduce(0, +)
        channels += [Int](repeating: channel, count: sites.siteCount)
        labels += found
      }
      guard !labels.isEmpty else { continue }
      if options.isCoupled {
        frame.coupled = rows.coupledRows(
          places: Array(0..<channelCount), options, featureCount: k)
      }
      if let left = model.leavingOut(frame) {
        leftOut.append((index, left, channels, labels))
      } else {
        for part in frame.sites {
          ownLeverages.append(
            (
              part.channel,
              model.channels[part.channel].leverages(
                part.features.span, siteCount: part.targets.count)
            ))
        }
      }
    }
    if isWhole { score.total.add(label: total.label, prediction: total.prediction) }
    score.siteCount = score.sites.count
    train = score
  }

  /// The errors of the frame under the model of the others; nil where a block cannot do without it.
  func leftOutScore(_ model: RidgeModel) -> FrameScore? {
    guard ownLeverages.isEmpty, !leftOut.isEmpty else { return nil }
    var score = FrameScore(channelCount: channelCount)
    var total = (label: 0.0, error: 0.0)
    for (block, frame, channels, labels) in leftOut {
      for (site, label) in labels.enumerated() {
        let residual = frame.residuals[site]
        score.channels[channels[site]].add(label: label, prediction: label - residual)
        score.siteCount += 1
        let leverage = frame.leverages[site]
        if leverage > model.channels[channels[site]].largestLeverage { score.outside += 1 }
        if let variance = model.calibration?.blocks[block].variance(leverage: leverage),
          abs(residual) <= Calibration.Block.halfWidth * variance.squareRoot()
        {
          score.covered += 1
        }
      }
      total.label += labels.reduce(0, +)
      total.error += frame.residuals.reduce(0, +)
    }
    if isWhole { score.total.add(label: total.label, prediction: total.label - total.error) }
    return score
  }
}

extension RidgeModel {
  /// Takes the measures of error and of extrapolation from the frames left out.
  fileprivate mutating func calibrate(_ frames: [TrainingFrame]) {
    for frame in frames {
      for (_, left, owners, _) in frame.leftOut {
        for channel in Set(owners).sorted() {
          noteTraining(
            leverages: zip(left.leverages, owners).compactMap { $1 == channel ? $0 : nil },
            channel: channel)
        }
      }
      for (channel, leverages) in frame.ownLeverages {
        noteTraining(leverages: leverages, channel: channel)
      }
    }
    var fits: [Calibration.Block] = []
    for block in blocks.indices {
      if blocks[block].rowCount == 0, let variance = blocks[block].residualVariance {
        fits.append(Calibration.Block(noise: variance, leverage: variance))
        continue
      }
      let parts = frames.flatMap(\.leftOut).filter { $0.block == block }.map(\.frame)
      guard
        let fit = Calibration.Block(
          residuals: parts.flatMap(\.residuals), leverages: parts.flatMap(\.leverages))
      else { break }
      fits.append(fit)
    }
    guard fits.count == blocks.count else {
      calibration = Calibration(residualsOf: self)
      return
    }
    let whole = frames.filter { $0.isWhole && $0.ownLeverages.isEmpty && !$0.leftOut.isEmpty }
    for frame in whole {
      noteTraining(
        coherence: Self.coherence(
          total: frame.leftOut.reduce(0) { $0 + $1.frame.totalLeverage },
          sites: frame.leftOut.reduce(0) { $0 + $1.frame.leverages.reduce(0, +) },
          count: frame.leftOut.reduce(0) { $0 + $1.labels.count }))
    }
    let variances = whole.map { frame in
      frame.leftOut.flatMap { part in
        part.frame.leverages.map { fits[part.block].variance(leverage: $0) }
      }
    }
    let scaled = zip(whole, variances).map { frame, variances in
      zip(frame.leftOut.flatMap(\.frame.residuals), variances).map { $0 / $1.squareRoot() }
    }
    var all = Calibration(blocks: fits)
    all.siteCorrelation = Calibration.correlation(scaled)
    // Squared errors of the totals over their variances, of frames left out whole.
    let ratios = zip(whole, variances)
      .map { frame, variances -> Double in
        let variance = frame.leftOut.reduce(all.sharedVariance(variances)) {
          $0 + fits[$1.block].leverage * $1.frame.totalLeverage
            + fits[$1.block].noise * Double($1.labels.count)
        }
        let error = frame.leftOut.reduce(0) { $0 + $1.frame.residuals.reduce(0, +) }
        return variance > 0 ? error * error / variance : 1
      }
    if !ratios.isEmpty { all.totalFactor = ratios.reduce(0, +) / Double(ratios.count) }
    calibration = all
  }

  /// The errors on those sites of a frame that are wanted.
  func score(
    _ rows: FrameRows, _ k: Int, where isWanted: (Int) -> Bool = { _ in true }
  ) -> FrameScore {
    var score = FrameScore(channelCount: channels.count)
    var total = (label: 0.0, prediction: 0.0)
    for (index, channel) in channels.enumerated() {
      let sites = rows.sites(ofChannel: index, featureCount: k, where: isWanted)
      guard sites.siteCount > 0 else { continue }
      let labels = sites.labels
      let predicted = channel.predict(sites)
      let leverages = channel.leverages(sites.features.span, siteCount: sites.siteCount)
      for (site, label) in labels.enumerated() {
        score.channels[index].add(label: label, prediction: predicted[site])
        if leverages[site] > channel.largestLeverage { score.outside += 1 }
        if let variance = calibration?.blocks[channel.block].variance(leverage: leverages[site]),
          abs(label - predicted[site]) <= Calibration.Block.halfWidth * variance.squareRoot()
        {
          score.covered += 1
        }
      }
      score.siteCount += sites.siteCount
      total.label += labels.reduce(0, +)
      total.prediction += predicted.reduce(0, +)
    }
    if score.siteCount == rows.siteCount {
      score.total.add(label: total.label, prediction: total.prediction)
    }
    return score
  }
}
