public import Formats
internal import LinearAlgebra

/// How a model is kept in a file (formats/model.md): as it is in memory. What describes a fit is
/// kept by channel; channels that were fitted together have the same `block`.
extension RidgeModel {
  /// What stands beside the numbers of the fit.
  public struct Origin: Sendable {
    public var channelNames: [String]
    /// Atomic number of the centre of each channel, 0 where it has none.
    public var species: [Int]
    public var featureNames: [String] = []
    /// Which functions of the basis the features are; empty for all.
    public var featureIndices: [Int] = []
    public var basis: String
    public var history: [String] = []
    public var metrics: [String: [Double]] = [:]
    public var about = ModelDescription()

    public init(channelNames: [String], species: [Int], basis: String) {
      (self.channelNames, self.species, self.basis) = (channelNames, species, basis)
    }
  }

  /// - Precondition: All channels have as many features, and a name.
  public func stored(_ origin: Origin) -> StoredModel {
    let k = channels[0].coefficients.count
    precondition(channels.allSatisfy { $0.coefficients.count == k }, "model: equal features")
    precondition(origin.channelNames.count == channels.count, "model: one name a channel")
    let fits = channels.map { blocks[$0.block] }
    var values: [String: [Double]] = [:]
    values["block"] = channels.map { Double($0.block) }
    values["largest_leverage"] = channels.map(\.largestLeverage)
    values["rows"] = channels.map { Double($0.rowCount) }
    values["condition_number"] = fits.map(\.conditionNumber)
    values["degrees"] = fits.map(\.effectiveDegrees)
    values["rank"] = fits.map { Double($0.rank) }
    values["features_of_fit"] = fits.map { Double($0.featureCount) }
    values["rows_of_fit"] = fits.map { Double($0.rowCount) }
    values["training_error"] = fits.map(\.trainingError)
    values["folds"] = fits.map { Double($0.lambda.foldCount) }
    // A file holds no NaN for what is not there; nobody takes -1 for a variance or an error.
    values["residual_variance"] = fits.map { $0.residualVariance ?? -1 }
    values["held_out_error"] = fits.map { $0.lambda.heldOutError ?? -1 }
    var scalars: [String: Double] = [:]
    scalars["largest_coherence"] = largestCoherence
    if let calibration {
      values["noise_variance"] = channels.map { calibration.blocks[$0.block].noise }
      values["leverage_variance"] = channels.map { calibration.blocks[$0.block].leverage }
      scalars["total_variance_factor"] = calibration.totalFactor
      scalars["site_correlation"] = calibration.siteCorrelation
    }
    var about = origin.about
    about.lambdaMethod = blocks[0].lambda.method.rawValue
    var stored = StoredModel(
      coefficients: channels.flatMap(\.coefficients), valuesAtMean: channels.map(\.valueAtMean),
      featureMeans: channels.flatMap(\.featureMean),
      featureScales: channels.flatMap(\.featureScale),
      lambdas: fits.map(\.lambda.value), channelNames: origin.channelNames,
      species: origin.species, featureNames: origin.featureNames, basis: origin.basis,
      history: origin.history,
      posteriors: channels.map {
        StoredModel.Posterior(
          factor: $0.posterior.factor.storage, offset: $0.posterior.offset)
      }, channelValues: values, metrics: origin.metrics, scalars: scalars, about: about)
    stored.featureIndices = origin.featureIndices
    return stored
  }

  /// Reads a model back.
  ///
  /// - Parameter file: For messages.
  /// - Throws: ``InputError`` for a model that lacks what ``stored(_:)`` gives.
  public init(_ stored: StoredModel, file: String) throws(InputError) {
    let (count, k) = (stored.channelCount, stored.featureCount)
    func values(_ name: String) throws(InputError) -> [Double] {
      guard let values = stored.channelValues[name] else {
        throw InputError(file: file, "expected /channel_values/\(name), found none")
      }
      return values
    }
    /// Counts and indices: no number of the file may trap a conversion.
    func counts(_ name: String) throws(InputError) -> [Int] {
      let numbers = try values(name)
      if let bad = numbers.first(where: { !($0 >= 0 && $0 < 1e15 && $0 == $0.rounded()) }) {
        throw InputError(
          file: file, "/channel_values/\(name): expected whole numbers, found \(bad)")
      }
      return numbers.map { Int($0) }
    }
    guard stored.posteriors.count == count else {
      throw InputError(file: file, "expected /posterior, found none")
    }
    let blockOfChannel = try counts("block")
    let blockCount = (blockOfChannel.max() ?? 0) + 1
    guard Set(blockOfChannel) == Set(0..<min(blockCount, count)) else {
      throw InputError(
        file: file, "/channel_values/block: expected blocks from 0 on, found \(blockOfChannel)")
    }
    for block in 0..<blockCount {
      let members = (0..<count).filter { blockOfChannel[$0] == block }
      guard Set(members.map { stored.posteriors[$0].offset.count }).count == 1 else {
        throw InputError(
          file: file, "/posterior: expected equal rows within a block, found others")
      }
    }
    let (leverages, rows) = (try values("largest_leverage"), try counts("rows"))
    if let leverage = leverages.first(where: { $0 < 0 }) {
      throw InputError(
        file: file,
        "/channel_values/largest_leverage: expected no negative numbers, found \(leverage)")
    }
    channels = (0..<count).map { c in
      let range = c * k..<(c + 1) * k
      let posterior = stored.posteriors[c]
      let factor = Matrix(
        rowCount: posterior.offset.count, columnCount: k, storage: posterior.factor)
      var channel = RidgeChannel(
        featureMean: Array(stored.featureMeans[range]),
        featureScale: Array(stored.featureScales[range]),
        valueAtMean: stored.valuesAtMean[c],
        coefficients: Array(stored.coefficients[range]),
        posterior: PosteriorFactor(factor: factor, offset: posterior.offset),
        block: blockOfChannel[c], rowCount: rows[c])
      channel.largestLeverage = leverages[c]
      return channel
    }
    let (ranks, conditions) = (try counts("rank"), try values("condition_number"))
    let (features, fitRows) = (try counts("features_of_fit"), try counts("rows_of_fit"))
    let (degrees, variances) = (try values("degrees"), try values("residual_variance"))
    let (errors, heldOut) = (try values("training_error"), try values("held_out_error"))
    let folds = try counts("folds")
    if stored.channelValues["noise_variance"] != nil {
      let (noise, slope) = (try values("noise_variance"), try values("leverage_variance"))
      guard (noise + slope).allSatisfy({ $0 >= 0 }),
        let factor = stored.scalars["total_variance_factor"], factor >= 0,
        let correlation = Optional(stored.scalars["site_correlation"] ?? 0), 0...1 ~= correlation
      else {
        throw InputError(
          file: file, "/channel_values/noise_variance: expected variances, found negative ones")
      }
      calibration = Calibration(
        blocks: (0..<blockCount).map { block in
          let c = blockOfChannel.firstIndex(of: block) ?? 0
          return Calibration.Block(noise: noise[c], leverage: slope[c])
        }, totalFactor: factor, siteCorrelation: correlation)
    }
    largestCoherence = stored.scalars["largest_coherence"]
    let method = stored.about.lambdaMethod.flatMap(LambdaReport.Method.init(rawValue:))
    guard let method else {
      throw InputError(file: file, "expected /texts/lambda_method, found none or another")
    }
    blocks = (0..<blockCount).map { block in
      let members = (0..<count).filter { blockOfChannel[$0] == block }
      let c = members[0]
      let lambda = LambdaReport(
        value: stored.lambdas[c], method: method, heldOutError: heldOut[c] >= 0 ? heldOut[c] : nil,
        foldCount: folds[c])
      return RidgeBlock(
        channels: members, lambda: lambda, rank: ranks[c], featureCount: features[c],
        conditionNumber: conditions[c], effectiveDegrees: degrees[c], rowCount: fitRows[c],
        residualVariance: variances[c] >= 0 ? variances[c] : nil, trainingError: errors[c])
    }
  }
}
