public import Descriptors
public import Formats
public import Potentials
public import Regression

/// What a model says about one frame.
public struct Prediction: Sendable {
  /// Site entropies in k_B, shape [N].
  public var values: [Double]
  /// Leverages relative to the largest in training, shape [N].
  public var extrapolation: [Double]
  /// What the sites have in common of what training leaves open, relative to the frame of training
  /// with most of it; nil where the model does not say.
  public var frameExtrapolation: Double?
  /// Standard deviations against labels in k_B, shape [N]; nil unless asked for.
  public var deviations: [Double]?
  /// Standard deviation of the total in k_B, covariances of the sites included.
  public var totalDeviation: Double?
  /// Derivative of the total by every position in k_B/Å, shape [N, 3]; nil unless asked for.
  public var gradient: [Double]?

  public var total: Double { values.reduce(0, +) }
}

/// A model with the calculator of its features, checked against each other.
public struct ModelPredictor: Sendable {
  public private(set) var model: RidgeModel
  public let calculator: FeatureCalculator
  let withDeviations: Bool
  let withGradient: Bool
  /// What the model adds to; nil for a model of the whole labels.
  public let baseline: Baseline?
  /// What the labels that trained the model mean.
  public let meaning: LabelMeaning

  /// - Parameter potential: Of the baseline of the model; nil where it has none.
  /// - Throws: ``InputError`` for a model of another version, a basis that is not understood,
  ///   numbers that do not fit the basis, or another potential than that of the baseline.
  public init(
    _ stored: StoredModel, file: String, potential: (any Potential)? = nil, withDeviations: Bool,
    withGradient: Bool
  ) throws(InputError) {
    let basis: FeatureBasis
    do {
      basis = try FeatureBasis(json: stored.basis)
      calculator = try FeatureCalculator(
        basis, functions: stored.featureIndices.isEmpty ? nil : stored.featureIndices)
    } catch { throw InputError(file: file, "\(error)") }
    guard stored.about.basisHash == basis.contentHash else {
      throw InputError(
        file: file,
        "expected the basis hash \(basis.contentHash), found \(stored.about.basisHash ?? "none")")
    }
    guard stored.featureCount == calculator.featureCount else {
      throw InputError(
        file: file,
        "expected \(calculator.featureCount) features as the basis says, found "
          + "\(stored.featureCount)")
    }
    guard stored.channelNames == calculator.channelNames else {
      throw InputError(
        file: file,
        "expected the channels \(calculator.channelNames.joined(separator: " ")), found "
          + stored.channelNames.joined(separator: " "))
    }
    model = try RidgeModel(stored, file: file)
    (self.withDeviations, self.withGradient) = (withDeviations, withGradient)
    model.calibration = model.calibration ?? Calibration(residualsOf: model)
    guard !withDeviations || model.calibration != nil else {
      throw InputError(
        file: file,
        "--std: expected a model with more training sites than degrees of freedom, found none left")
    }
    meaning = stored.about.meaning
    baseline = try Baseline(of: stored, file: file, potential: potential)
    guard baseline == nil || !withGradient else {
      throw InputError(
        file: file,
        "--gradient: expected a model without a baseline, found one of "
          + "\(baseline?.definition.source.name ?? "")")
    }
  }

  /// Why the labels of a frame are not those that the model predicts, or nil; and whether they are the
  /// same quantity, so that errors mean something.
  public func doubt(of frame: Frame) throws(InputError) -> (text: String?, isComparable: Bool) {
    let found = try frame.labelMeaning()
    let other = found.quantityDifference(from: meaning, of: "training", ignoringUnsaid: true)
    let text =
      other ?? found.difference(from: meaning, of: "training", ignoringUnsaid: true)
    return (text, other == nil && found.kind == meaning.kind)
  }

  /// Predicts the sites of a frame, some at a time: memory does not grow with its features.
  ///
  /// - Throws: ``InputError`` for labels that are missing or unknown to the model; what the baseline
  ///   throws.
  public func predict(_ frame: Frame) throws -> Prediction {
    let prepared = try calculator.prepare(frame)
    var values: [Double] = []
    var leverages: [Double] = []
    values.reserveCapacity(prepared.atomCount)
    leverages.reserveCapacity(prepared.atomCount)
    var total = TotalLeverage(model)
    let parts = try prepared.mapBlocks { atoms, features in
      predict(atoms, features, channels: prepared.centerChannels)
    }
    for part in parts {
      values += part.values
      leverages += part.leverages
      total.add(part.total)
    }
    if let atom = values.indices.first(where: {
      !(values[$0].isFinite && leverages[$0].isFinite)
    }) {
      throw InputError(
        frame.source, atom: atom, "expected features near those of training, found an overflow")
    }
    if let baseline {
      for (atom, known) in try baseline.labels(of: frame).enumerated() { values[atom] += known }
    }
    var result = Prediction(
      values: values,
      extrapolation: zip(leverages, prepared.centerChannels).map { leverage, channel in
        let largest = model.channels[channel].largestLeverage
        return largest > 0 ? leverage / largest : leverage
      })
    if let largest = model.largestCoherence, largest > 0 {
      result.frameExtrapolation =
        RidgeModel.coherence(
          total: total.leverage(model), sites: leverages.reduce(0, +), count: leverages.count)
        / largest
    }
    if withDeviations, let calibration = model.calibration {
      let variances = zip(leverages, prepared.centerChannels).map { leverage, channel in
        calibration.blocks[model.channels[channel].block].variance(leverage: leverage)
      }
      result.deviations = variances.map { $0.squareRoot() }
      result.totalDeviation =
        total.predictiveVariance(model, siteVariances: variances)?.squareRoot()
    }
    if withGradient {
      result.gradient = try prepared.gradient(
        coefficients: model.channels.flatMap(\.coefficients))
    }
    return result
  }

  private struct Part: Sendable {
    var values: [Double]
    var leverages: [Double]
    var total: TotalLeverage
  }

  /// - Parameter features: Of the atoms, shape [atoms, K].
  private func predict(
    _ atoms: Range<Int>, _ features: Span<Double>, channels: [Int]
  ) -> Part {
    var part = Part(
      values: .init(repeating: 0, count: atoms.count),
      leverages: .init(repeating: 0, count: atoms.count),
      total: TotalLeverage(model))
    for channel in model.channels.indices {
      let members = atoms.indices.filter { channels[$0] == channel }
      guard !members.isEmpty else { continue }
      if members.count == atoms.count {
        add(features, of: members, first: atoms.lowerBound, channel: channel, to: &part)
      } else {
        let k = calculator.featureCount
        var rows: [Double] = []
        rows.reserveCapacity(members.count * k)
        for atom in members {
          let row = (atom - atoms.lowerBound) * k
          for j in row..<row + k { rows.append(features[j]) }
        }
        add(rows.span, of: members, first: atoms.lowerBound, channel: channel, to: &part)
      }
    }
    return part
  }

  /// - Parameter rows: Features of the members, all of one channel, shape [members, K].
  private func add(
    _ rows: Span<Double>, of members: [Int], first: Int, channel: Int, to part: inout Part
  ) {
    let fit = model.channels[channel]
    for (atom, value) in zip(members, fit.predict(rows, siteCount: members.count)) {
      part.values[atom - first] = value
    }
    for (atom, value) in zip(members, fit.leverages(rows, siteCount: members.count)) {
      part.leverages[atom - first] = value
    }
    if withDeviations || model.largestCoherence != nil {
      part.total.add(rows, siteCount: members.count, channel: channel, of: model)
    }
  }
}
