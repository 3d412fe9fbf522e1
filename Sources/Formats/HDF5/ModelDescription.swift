internal import Base

/// What a model says of its labels, of what it adds to, and of its training: the texts of its file
/// (formats/model.md).
public struct ModelDescription: Equatable, Sendable {
  /// What the labels mean, and the potential behind them.
  public var meaning = LabelMeaning()
  /// What the predictions are added to; nil where they are the whole labels.
  public var baseline: StoredBaseline?
  /// The content hash of the basis of the features; nil for features of others.
  public var basisHash: String?
  /// Whether the labels are 0 in the reference environment.
  public var isAnchored = false
  /// How λ was chosen.
  public var lambdaMethod: String?
  /// The power of an algebraic prior; nil for none.
  public var prior: Double?
  /// Whether coefficients were penalised in one unit for all features.
  public var isScaleCommon = false
  public var seed: UInt64?
  /// How frames were kept for a test.
  public var split: String?
  /// The column of the labels.
  public var target: String?
  /// The frames of training; nil where the model does not say.
  public var training: Training?

  /// How the frames of training came about: where a model may be trusted.
  public struct Training: Equatable, Sendable {
    /// Their `config_type`, in order of appearance.
    public var perturbations: [String] = []
    /// Least and largest amplitude of perturbation in Å.
    public var amplitudes: ClosedRange<Double>?
    /// Least and largest number of atoms.
    public var atoms: ClosedRange<Int>?

    public init() {}
  }

  public init() {}
}

/// The potential whose labels a model is added to, and how many steps and what radius they take
/// (k and R of mathematics.md (9.11), of labels of kind formation k of (10.17)).
public struct StoredBaseline: Equatable, Sendable {
  public let source: LabelMeaning.Source
  /// k, steps of Lanczos' process at each site.
  public let steps: Int
  /// R in Å: the first moment counts all displacements, the higher ones what is nearer than this.
  /// nil for labels of kind formation, and for those alone.
  public let radius: Double?
  public let isMassWeighted: Bool

  public init(source: LabelMeaning.Source, steps: Int, radius: Double?, isMassWeighted: Bool) {
    (self.source, self.steps) = (source, steps)
    (self.radius, self.isMassWeighted) = (radius, isMassWeighted)
  }
}

// MARK: Texts

extension ModelDescription {
  /// By the name of the text; the potential of the labels has a dataset of its own.
  package var texts: [String: String] {
    var texts: [String: String] = [:]
    texts["entropy_kind"] = meaning.kind
    texts["temperature"] = meaning.temperature.map { "\($0)" }
    texts["mass_weighted"] = meaning.isMassWeighted ? nil : "F"
    texts["embedding"] = meaning.embedding
    texts["potential_hash"] = meaning.source?.hash
    texts["entropy_tolerance"] = meaning.tolerance.map { "\($0)" }
    if let baseline {
      texts["baseline_potential"] = baseline.source.name
      texts["baseline_hash"] = baseline.source.hash
      texts["baseline_steps"] = String(baseline.steps)
      texts["baseline_radius"] = baseline.radius.map { "\($0)" }
      texts["baseline_mass_weighted"] = baseline.isMassWeighted ? nil : "F"
    }
    texts["basis_hash"] = basisHash
    texts["anchor"] = isAnchored ? Self.reference : nil
    texts["lambda_method"] = lambdaMethod
    texts["prior"] = prior.map { Self.algebraic + "\($0)" } ?? (target == nil ? nil : "none")
    texts["scale"] = isScaleCommon ? Self.common : nil
    texts["seed"] = seed.map { String($0) }
    texts["split"] = split
    texts["target"] = target
    texts["perturbations"] = training?.perturbations.joined(separator: " ")
    texts["amplitudes"] = training?.amplitudes.map { "\($0.lowerBound) \($0.upperBound)" }
    texts["atoms"] = training?.atoms.map { "\($0.lowerBound) \($0.upperBound)" }
    return texts
  }

  private static let reference = "reference"
  private static let algebraic = "algebraic:"
  private static let common = "common"

  /// - Throws: ``HDF5Error`` for a text that does not read as what it says.
  package init(_ texts: [String: String], potential: String) throws(HDF5Error) {
    let reader = ModelTexts(texts)
    meaning.kind = texts["entropy_kind"]
    meaning.temperature = try reader.positive("temperature")
    meaning.isMassWeighted = try reader.isTrue("mass_weighted")
    meaning.embedding = texts["embedding"]
    meaning.tolerance = try reader.positive("entropy_tolerance")
    if !potential.isEmpty {
      var source = LabelMeaning.Source(name: potential)
      source.hash = texts["potential_hash"]
      meaning.source = source
    }
    baseline = try reader.baseline()
    basisHash = texts["basis_hash"]
    let anchor = texts["anchor"]
    guard [nil, Self.reference].contains(anchor) else {
      throw reader.wrong("anchor", expected: Self.reference)
    }
    isAnchored = anchor != nil
    lambdaMethod = texts["lambda_method"]
    if let text = texts["prior"], text != "none" {
      guard text.hasPrefix(Self.algebraic),
        let power = Double(text.dropFirst(Self.algebraic.count)), power.isFinite
      else { throw reader.wrong("prior", expected: "none or algebraic:POWER") }
      prior = power
    }
    let scale = texts["scale"]
    guard [nil, Self.common].contains(scale) else {
      throw reader.wrong("scale", expected: Self.common)
    }
    isScaleCommon = scale != nil
    seed = try reader.value("seed", expected: "a whole number") { UInt64($0) }
    (split, target) = (texts["split"], texts["target"])
    guard let perturbations = texts["perturbations"] else { return }
    var training = Training()
    training.perturbations = perturbations.split(separator: " ").map(String.init)
    training.amplitudes = try reader.range("amplitudes") { Double($0) }
    training.atoms = try reader.range("atoms") { Int($0) }
    self.training = training
  }
}

/// The texts of a model's file, read as what they stand for.
private struct ModelTexts {
  private let texts: [String: String]

  init(_ texts: [String: String]) { self.texts = texts }

  func wrong(_ name: String, expected: String) -> HDF5Error {
    .unexpected(
      object: "/texts/\(name)", expected: expected,
      found: texts[name].map { "'\(printable($0))'" } ?? "none")
  }

  /// nil where the text is not there.
  func value<Value>(
    _ name: String, expected: String, _ read: (String) -> Value?
  ) throws(HDF5Error) -> Value? {
    guard let text = texts[name] else { return nil }
    guard let value = read(text) else { throw wrong(name, expected: expected) }
    return value
  }

  func positive(_ name: String) throws(HDF5Error) -> Double? {
    try value(name, expected: "a positive number") { text in
      Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
  }

  /// Whether a text is T, or not there.
  func isTrue(_ name: String) throws(HDF5Error) -> Bool {
    try value(name, expected: "T or F") { ["T": true, "F": false][$0] } ?? true
  }

  func range<Bound: Comparable>(
    _ name: String, _ read: (Substring) -> Bound?
  ) throws(HDF5Error) -> ClosedRange<Bound>? {
    try value(name, expected: "the least and the largest of two numbers") { text in
      let words = text.split(separator: " ")
      guard words.count == 2, let first = read(words[0]), let last = read(words[1]), first <= last
      else { return nil }
      return first...last
    }
  }

  func baseline() throws(HDF5Error) -> StoredBaseline? {
    guard let name = texts["baseline_potential"] else { return nil }
    let steps = try value("baseline_steps", expected: "a whole number above 0") { text in
      Int(text).flatMap { $0 > 0 ? $0 : nil }
    }
    let radius = try positive("baseline_radius")
    let wantsRadius = texts["entropy_kind"] != "formation"
    guard let hash = texts["baseline_hash"], let steps, (radius != nil) == wantsRadius else {
      throw .unexpected(
        object: "/texts/baseline_potential",
        expected: wantsRadius
          ? "baseline_hash, baseline_steps and baseline_radius beside it"
          : "baseline_hash, baseline_steps and, of kind formation, no baseline_radius beside it",
        found: wantsRadius ? "not all of them" : "others")
    }
    var source = LabelMeaning.Source(name: name)
    source.hash = hash
    return try StoredBaseline(
      source: source, steps: steps, radius: radius,
      isMassWeighted: isTrue("baseline_mass_weighted"))
  }
}
