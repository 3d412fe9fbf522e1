public import Descriptors
public import Formats

/// Everything a fit needs of its input.
public struct TrainingData {
  public let store: RowStore
  public private(set) var featureCount: Int
  public let channelNames: [String]
  public private(set) var featureNames: [String]
  /// Which functions of the basis the features are; empty for all.
  public private(set) var keptFeatures: [Int] = []
  /// Canonical text of the basis.
  public let basis: String
  /// nil where the features were made by another program.
  public let calculator: FeatureCalculator?
  /// What the labels mean.
  public let meaning: LabelMeaning
  /// What the frames say about themselves, gathered over all of them.
  public let training: ModelDescription.Training
  /// The reference environments at which labels vanish; nil for a fit with intercepts.
  public private(set) var anchors: Anchors?
  /// What the fit adds to; nil for a fit of the whole labels.
  public let baseline: Baseline?
  /// Whether the features stood in the input.
  let hasStoredRows: Bool

  /// Rounding of features as they are evaluated, in units of their scale.
  ///
  /// That of positions in files, 10⁻⁸ Å, is none: it moves the features as displacements do, along the
  /// directions that training knows. Where λ was least, at coefficients of 10⁶ a scale, it moved
  /// predictions by 4·10⁻⁹ k_B.
  static let featureNoise = 1e-13

  /// Leaves some features, the rows of the store included.
  mutating func keep(_ features: [Int]) {
    store.keep(features, of: featureCount)
    if !featureNames.isEmpty { featureNames = features.map { featureNames[$0] } }
    anchors = anchors?.keeping(features)
    (featureCount, keptFeatures) = (features.count, features)
  }
}

/// Whether a fit is anchored at the reference crystal.
public enum AnchorChoice: String, CaseIterable, Sendable {
  /// Where the labels are of kind relative or formation, which vanish there.
  case auto
  case reference
  case none
}

extension ModelDescription.Training {
  mutating func note(_ frame: Frame) {
    let kind = frame.text("config_type") ?? "unknown"
    // A handful of kinds says something, thousands of names do not.
    if !perturbations.contains(kind), perturbations.count < 20 { perturbations.append(kind) }
    if let amplitude = frame.real("perturb_amplitude"), amplitude.isFinite {
      let known = amplitudes ?? amplitude...amplitude
      amplitudes = min(known.lowerBound, amplitude)...max(known.upperBound, amplitude)
    }
    let known = atoms ?? frame.atomCount...frame.atomCount
    atoms = min(known.lowerBound, frame.atomCount)...max(known.upperBound, frame.atomCount)
  }
}

/// Takes the features that stand beside frames, or computes them, frame by frame.
public struct TrainingReader: Sendable {
  let calculator: FeatureCalculator?
  let meaning: LabelMeaning
  let target: String
  /// Whether derivatives of the total count.
  let withSlopes: Bool
  /// What the fit adds to; nil for a fit of the whole labels.
  let baseline: Baseline?

  /// - Parameters:
  ///   - first: Whose meaning of labels all frames must share.
  ///   - calculator: nil where the features stand beside the frames.
  public init(
    first: Frame, calculator: FeatureCalculator?, target: String, withSlopes: Bool = false,
    baseline: Baseline? = nil
  ) throws(InputError) {
    (self.calculator, self.target, self.withSlopes) = (calculator, target, withSlopes)
    self.baseline = baseline
    meaning = try first.labelMeaning()
  }

  /// For frames that are only tested on: their cells may have any size.
  ///
  /// - Parameter data: Of the training, whose basis and labels they must share.
  public init(testing data: TrainingData, target: String) {
    (calculator, meaning) = (data.hasStoredRows ? nil : data.calculator, data.meaning)
    (self.target, withSlopes, baseline) = (target, false, data.baseline)
  }

  /// The rows of one frame, and the header of the features that stand beside it.
  ///
  /// - Parameter features: Those that stand beside the frame, if any do.
  /// - Throws: ``InputError`` for labels that are missing, of another kind or no numbers, and where
  ///   there are features from two sides or from none; what the baseline throws.
  public func rows(
    of frame: Frame, features: StoredFeatures?
  ) throws -> (FrameRows, StoredFeatures?) {
    if withSlopes || target == "site_entropy" { try frame.requireLabelsToLearnFrom() }
    let found = try frame.labelMeaning()
    if let difference = found.difference(from: meaning, of: "the first frame") {
      throw InputError(frame.source, difference)
    }
    if withSlopes, let difference = found.difference(fromGradientOf: frame) {
      throw InputError(frame.source, difference)
    }
    let labels = try frame.requiredTargets(target)
    if let features { return try stored(features, of: frame, labels: labels) }
    guard let calculator else {
      throw InputError(
        frame.source,
        "expected features (from ace-features) or --order, --degree and --cutoff, found neither")
    }
    let prepared = try calculator.prepare(frame)
    var rows = FrameRows(
      source: frame.source, channels: prepared.centerChannels, labels: labels,
      features: try prepared.features(), baseline: try baseline?.labels(of: frame) ?? [])
    if withSlopes {
      guard let jacobian = try prepared.jacobianOfSums() else {
        throw InputError(
          frame.source, "--weight-gradient: expected ACE features, found Cartesian ones")
      }
      rows.slopes = try frame.requiredTargets("entropy_gradient", width: 3)
      rows.slopeFeatures = jacobian
    }
    return (rows, nil)
  }

  /// Rows as they stand in the input; the second value is their header, without the rows.
  private func stored(
    _ features: StoredFeatures, of frame: Frame, labels: [Double]
  ) throws -> (FrameRows, StoredFeatures?) {
    guard !withSlopes else {
      throw InputError(
        frame.source,
        "--weight-gradient: expected frames without features, to compute their derivatives")
    }
    guard calculator == nil else {
      throw InputError(
        frame.source, "expected no basis options beside stored features, found some")
    }
    if meaning.kind == "relative", let siteDefects = frame.siteDefects {
      throw InputError(frame, siteDefects: siteDefects)
    }
    if let atom = features.atoms.first(where: { $0 >= frame.atomCount }) {
      throw InputError(
        frame.source, "features: expected \(frame.atomCount) atoms, found atom \(atom + 1)")
    }
    guard Set(features.atoms).count == features.atoms.count else {
      throw InputError(frame.source, "features: expected each atom once, found one twice")
    }
    // The copy of the labels says that rows and atoms belong together.
    if target == "site_entropy", let copies = features.targets, let labels = frame.reals(target) {
      for (copy, atom) in zip(copies, features.atoms)
      where abs(copy - labels[atom]) > 1e-6 * max(1, abs(labels[atom])) {
        throw InputError(
          frame.source, atom: atom,
          "features: expected y to be site_entropy, \(labels[atom]), found \(copy)")
      }
    }
    let header = StoredFeatures(
      featureCount: features.featureCount, rows: [], frames: [], atoms: [], channels: [],
      channelNames: features.channelNames, basis: features.basis,
      featureNames: features.featureNames)
    let known = try baseline?.labels(of: frame) ?? []
    let rows = FrameRows(
      source: frame.source, channels: features.channels,
      labels: features.atoms.map { labels[$0] }, features: features.rows,
      baseline: known.isEmpty ? [] : features.atoms.map { known[$0] })
    return (rows, header)
  }
}

/// Gathers the rows of training, frame by frame in their order.
public struct TrainingCollector {
  private let first: Frame
  private let reader: TrainingReader
  private let anchor: AnchorChoice
  private let store: RowStore
  private var header: StoredFeatures?
  private var training = ModelDescription.Training()

  public init(first: Frame, reader: TrainingReader, anchor: AnchorChoice, store: RowStore) {
    (self.first, self.reader, self.anchor, self.store) = (first, reader, anchor, store)
  }

  /// - Throws: ``InputError`` for features of another basis than that of the first frame; errors of
  ///   the store.
  public mutating func append(
    _ frame: Frame, _ value: (rows: FrameRows, header: StoredFeatures?)
  ) throws {
    header = header ?? value.header
    guard header?.isOfBasis(of: value.header) ?? true else {
      throw InputError(
        frame.source, "expected features of the basis of the first frame, found others")
    }
    training.note(frame)
    try store.append(value.rows)
  }

  /// All of it, when the last frame is in.
  ///
  /// - Throws: ``InputError`` for stored features that are not those of their basis, and where
  ///   anchors are asked for that cannot be had.
  public func data() throws(InputError) -> TrainingData {
    var calculator = reader.calculator
    if let header {
      do { calculator = try FeatureCalculator(FeatureBasis(json: header.basis)) } catch {
        // Features of another program: they can be fitted, only a prior cannot be known.
        calculator = nil
      }
      if let calculator {
        guard calculator.featureCount == header.featureCount,
          calculator.channelNames == header.channelNames
        else {
          throw InputError(
            file: "-",
            "expected \(calculator.featureCount) features as the basis says, found "
              + "\(header.featureCount)")
        }
      }
    }
    let anchors = try anchors(calculator)
    if let header {
      return TrainingData(
        store: store, featureCount: header.featureCount, channelNames: header.channelNames,
        featureNames: header.featureNames, basis: header.basis, calculator: calculator,
        meaning: reader.meaning, training: training, anchors: anchors, baseline: reader.baseline,
        hasStoredRows: true)
    }
    guard let calculator else { preconditionFailure("frames without features") }
    return TrainingData(
      store: store, featureCount: calculator.featureCount,
      channelNames: calculator.channelNames,
      featureNames: calculator.manifest.map(\.name), basis: calculator.basis.json,
      calculator: calculator, meaning: reader.meaning, training: training, anchors: anchors,
      baseline: reader.baseline, hasStoredRows: false)
  }

  private func anchors(_ calculator: FeatureCalculator?) throws(InputError) -> Anchors? {
    switch anchor {
    case .none: return nil
    case .auto:
      guard reader.target == "site_entropy", first.referencePositions != nil, let calculator,
        reader.meaning.kind == "relative"
          || (reader.meaning.kind == "formation" && calculator.basis.channels.takesDefects)
      else { return nil }
      return try Anchors(ofReferenceOf: first, calculator)
    case .reference:
      guard let calculator, let anchors = try Anchors(ofReferenceOf: first, calculator) else {
        throw InputError(
          first.source,
          "--anchor reference: expected one environment of the reference a channel, of a basis "
            + "that is known here, found others")
      }
      return anchors
    }
  }
}

extension TrainingData {
  /// Whether channels may have no site of training: those of defects that no frame has.
  public var takesDefects: Bool { calculator?.basis.channels.takesDefects ?? false }

  /// Whether features that stand beside a frame have the basis of training.
  public func isOfBasis(of header: StoredFeatures) -> Bool {
    basis == header.basis && channelNames == header.channelNames
      && (calculator?.featureCount ?? featureCount) == header.featureCount
  }
}

extension StoredFeatures {
  /// Whether the rows of both can be compared.
  fileprivate func isOfBasis(of other: StoredFeatures?) -> Bool {
    basis == other?.basis && channelNames == other?.channelNames
      && featureCount == other?.featureCount
  }
}
