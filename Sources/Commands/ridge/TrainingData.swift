import ArgumentParser
import CommandLine
import Descriptors
import Formats

/// Everything a fit needs of its input.
struct TrainingData {
  let store: RowStore
  let featureCount: Int
  let channelNames: [String]
  let featureNames: [String]
  /// Canonical text of the basis.
  let basis: String
  /// nil where the features were made by another program.
  let calculator: FeatureCalculator?
  /// What the labels mean.
  let meaning: LabelMeaning
  /// What the frames say about themselves, gathered over all of them.
  let origins: Origins
  /// Whether the features stood in the input.
  let hasStoredRows: Bool

  /// How the frames of training came about: where a model may be trusted.
  struct Origins: Sendable {
    /// `config_type` of the frames, in order of appearance.
    private(set) var perturbations: [String] = []
    /// Least and largest amplitude of perturbation in Å.
    private(set) var amplitudes: ClosedRange<Double>?
    /// Least and largest number of atoms.
    private(set) var atoms: ClosedRange<Int>?

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
}

/// Takes the features that stand beside the frames, or computes them.
struct TrainingReader {
  let options: BasisOptions
  let target: String
  /// Whether derivatives of the total count.
  let withSlopes: Bool
  /// Bytes of features to hold in memory.
  let memoryLimit: Int

  func read(_ session: FilterSession) throws -> TrainingData {
    guard let first = try session.firstFrame() else {
      throw InputError(file: "-", "expected a frame, found none")
    }
    let calculator = try calculator(for: first)
    let meaning = try first.labelMeaning()
    let store = RowStore(limit: memoryLimit)
    let (target, withSlopes) = (target, withSlopes)
    var header: StoredFeatures?
    var origins = TrainingData.Origins()
    try session.forEachFrame(matrices: .keep) { job in
      try Self.rows(job, calculator, meaning, target: target, withSlopes: withSlopes)
    } consume: { job, value in
      let (rows, found) = value
      header = header ?? found
      guard header?.basis == found?.basis, header?.channelNames == found?.channelNames,
        header?.featureCount == found?.featureCount
      else {
        throw InputError(
          job.frame.source, "expected features of the basis of the first frame, found others")
      }
      origins.note(job.frame)
      try store.append(rows)
    }
    if let header { return try data(store, header, meaning, origins) }
    guard let calculator else { preconditionFailure("frames without features") }
    return TrainingData(
      store: store, featureCount: calculator.featureCount,
      channelNames: calculator.channelNames,
      featureNames: calculator.manifest.map(\.name), basis: calculator.basis.json,
      calculator: calculator, meaning: meaning, origins: origins, hasStoredRows: false)
  }

  /// Reads a file that is only tested on: its cells may have any size.
  ///
  /// - Throws: ``InputError`` for frames of another kind of label, or features of another basis.
  func readTest(_ path: String, like data: TrainingData, _ session: FilterSession) throws
    -> RowStore
  {
    let store = RowStore(limit: memoryLimit)
    let calculator = data.hasStoredRows ? nil : data.calculator
    let (target, meaning) = (target, data.meaning)
    try session.forEachFrame(of: path, matrices: .keep) { job in
      try Self.rows(job, calculator, meaning, target: target, withSlopes: false)
    } consume: { job, value in
      let (rows, found) = value
      if let found {
        guard found.basis == data.basis, found.channelNames == data.channelNames,
          found.featureCount == data.featureCount
        else {
          throw InputError(
            job.frame.source, "expected features of the basis of training, found others")
        }
      }
      try store.append(rows)
    }
    return store
  }

  /// The rows of one frame, and the header of the features that stand beside it.
  private static func rows(
    _ job: FrameJob, _ calculator: FeatureCalculator?, _ meaning: LabelMeaning,
    target: String, withSlopes: Bool
  ) throws -> (FrameRows, StoredFeatures?) {
    let found = try job.frame.labelMeaning()
    if let difference = found.difference(from: meaning, of: "the first frame") {
      throw InputError(job.frame.source, difference)
    }
    if withSlopes, let difference = found.difference(fromGradientOf: job.frame) {
      throw InputError(job.frame.source, difference)
    }
    let targets = try labels(target, of: job.frame)
    if let features = job.attachments.features {
      guard !withSlopes else {
        throw InputError(
          job.frame.source,
          "--weight-gradient: expected frames without features, to compute their derivatives")
      }
      guard calculator == nil else {
        throw InputError(
          job.frame.source, "expected no basis options beside stored features, found some")
      }
      return try stored(features, of: job.frame, targets: targets)
    }
    guard let calculator else {
      throw InputError(
        job.frame.source,
        "expected features (from ace-features) or --order, --degree and --cutoff, found neither")
    }
    let prepared = try calculator.prepare(job.frame)
    var rows = FrameRows(
      source: job.frame.source, channels: prepared.centerChannels, targets: targets,
      features: try prepared.features())
    if withSlopes {
      guard let jacobian = try prepared.jacobianOfSums() else {
        throw ValidationError("--cartesian: expected no --weight-gradient, found one")
      }
      rows.slopes = try labels("entropy_gradient", width: 3, of: job.frame)
      rows.slopeFeatures = jacobian
    }
    return (rows, nil)
  }

  /// The calculator that the options ask for, if they ask for one.
  private func calculator(for first: Frame) throws -> FeatureCalculator? {
    guard options.isGiven else { return nil }
    let basis = try options.basis(for: first)
    do { return try FeatureCalculator(basis) } catch { throw ValidationError("\(error)") }
  }

  /// Rows as they stand in the input; the second value is their header, without the rows.
  private static func stored(
    _ features: StoredFeatures, of frame: Frame, targets: [Double]
  ) throws(InputError) -> (FrameRows, StoredFeatures?) {
    guard let atom = features.atoms.first(where: { $0 >= frame.atomCount }) else {
      let header = StoredFeatures(
        featureCount: features.featureCount, rows: [], frames: [], atoms: [], channels: [],
        channelNames: features.channelNames, basis: features.basis,
        featureNames: features.featureNames)
      return (
        FrameRows(
          source: frame.source, channels: features.channels,
          targets: features.atoms.map { targets[$0] }, features: features.rows), header
      )
    }
    throw InputError(
      frame.source, "features: expected \(frame.atomCount) atoms, found atom \(atom + 1)")
  }

  private func data(
    _ store: RowStore, _ header: StoredFeatures, _ meaning: LabelMeaning,
    _ origins: TrainingData.Origins
  ) throws(InputError) -> TrainingData {
    var calculator: FeatureCalculator?
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
    return TrainingData(
      store: store, featureCount: header.featureCount, channelNames: header.channelNames,
      featureNames: header.featureNames, basis: header.basis, calculator: calculator,
      meaning: meaning, origins: origins, hasStoredRows: true)
  }
}

/// The labels of a frame.
///
/// - Throws: ``InputError`` where the column is missing or holds what is no number.
private func labels(
  _ name: String, width: Int = 1, of frame: Frame
) throws(InputError) -> [Double] {
  guard let values = frame.reals(name, width: width) else {
    let tool = width == 1 ? "site-entropy" : "site-gradient --total"
    throw InputError(
      frame.source, "expected the column \(name):R:\(width) (\(tool) gives it), found none")
  }
  if let index = values.firstIndex(where: { !$0.isFinite }) {
    throw InputError(
      frame.source, atom: index / width, "\(name): expected a number, found \(values[index])")
  }
  return values
}
