internal import Base

/// What the labels of a frame mean: two frames whose labels differ in any of this belong into
/// different fits (formats/site-entropy.md, "What labels mean").
public struct LabelMeaning: Equatable, Sendable {
  /// The name of a potential and what tells two files of one name apart.
  public struct Source: Equatable, Sendable {
    public var name: String
    /// As ``hash(_:)`` writes it; nil in older files.
    public var hash: String?

    public init(name: String, contentHash: String? = nil) {
      (self.name, hash) = (name, contentHash.map(LabelMeaning.hash))
    }

    /// Whether the two may be one: a hash that is missing says nothing.
    func agrees(with other: Source) -> Bool {
      name == other.name && (hash == nil || other.hash == nil || hash == other.hash)
    }
  }

  /// `relative`, `absolute`, `quantum` or `formation`; nil where nobody says.
  public var kind: String?
  /// In K; of kind quantum only.
  public var temperature: Double?
  /// Whether the Hessian was weighted by the masses.
  public var isMassWeighted = true
  /// The cell of an embedded core, nil for the frame's own.
  public var embedding: String?
  /// Where the Hessian comes from; nil where nobody says.
  public var source: Source?
  /// The largest error in k_B that an approximate engine was asked for; nil for the exact ones.
  /// Labels within their errors mean the same: it is kept and not compared.
  public var tolerance: Double?
  /// Whether some atoms were held fixed: their labels are no labels, and those of the others are not
  /// what they would be in a crystal that moves.
  public var hasFixedAtoms = false

  public init(
    kind: String? = nil, temperature: Double? = nil, isMassWeighted: Bool = true,
    embedding: String? = nil, source: Source? = nil, tolerance: Double? = nil
  ) {
    (self.kind, self.temperature, self.isMassWeighted) = (kind, temperature, isMassWeighted)
    (self.embedding, self.source, self.tolerance) = (embedding, source, tolerance)
  }

  /// A content hash as a text that no reader takes for a number.
  static func hash(_ digits: String) -> String { "fnv1a:" + digits }

  // MARK: Comparison

  /// What differs from the labels of others, one clause, or nil.
  ///
  /// - Parameters:
  ///   - whose: Whose labels the expected ones are, such as `training`.
  ///   - ignoringUnsaid: Whether a kind, or a potential, that one side does not name is taken for
  ///     that of the other.
  public func difference(
    from expected: LabelMeaning, of whose: String, ignoringUnsaid: Bool = false
  ) -> String? {
    quantityDifference(from: expected, of: whose, ignoringUnsaid: ignoringUnsaid)
      ?? sourceDifference(from: expected, of: whose, ignoringUnsaid: ignoringUnsaid)
  }

  /// As ``difference(from:of:ignoringUnsaid:)``, the potential aside: whether the numbers are one
  /// quantity, so that they can be compared.
  public func quantityDifference(
    from expected: LabelMeaning, of whose: String, ignoringUnsaid: Bool = false
  ) -> String? {
    if hasFixedAtoms != expected.hasFixedAtoms {
      let words = [true: "some atoms held fixed", false: "all atoms free"]
      return "expected labels as those of \(whose), with \(words[expected.hasFixedAtoms] ?? ""), "
        + "found labels with \(words[hasFixedAtoms] ?? "")"
    }
    if ignoringUnsaid && (kind == nil || expected.kind == nil) { return nil }
    if kind != expected.kind {
      return "expected labels of the kind of \(whose), \(expected.kind ?? "none"), "
        + "found \(kind ?? "none")"
    }
    if temperature != expected.temperature {
      return "expected labels at the temperature of \(whose), "
        + "\(expected.temperature.map { "\($0) K" } ?? "which it does not say"), "
        + "found \(temperature.map { "\($0) K" } ?? "none")"
    }
    if isMassWeighted != expected.isMassWeighted {
      let words = [true: "weighted by the masses", false: "without the masses"]
      return "expected labels as those of \(whose), \(words[expected.isMassWeighted] ?? ""), "
        + "found labels \(words[isMassWeighted] ?? "")"
    }
    if embedding != expected.embedding {
      return "expected the embedding of \(whose), \(expected.embedding ?? "none"), "
        + "found \(embedding ?? "none")"
    }
    return nil
  }

  private func sourceDifference(
    from expected: LabelMeaning, of whose: String, ignoringUnsaid: Bool
  ) -> String? {
    Self.difference(source, from: expected.source, of: whose, ignoringUnsaid: ignoringUnsaid)
  }

  private static func difference(
    _ source: Source?, from expected: Source?, of whose: String, ignoringUnsaid: Bool
  ) -> String? {
    guard let source, let expected else {
      guard !ignoringUnsaid, source != expected else { return nil }
      return "expected the potential of \(whose), \(expected?.name ?? "none"), "
        + "found \(source?.name ?? "none")"
    }
    guard !source.agrees(with: expected) else { return nil }
    if source.name != expected.name {
      return "expected the potential of \(whose), \(expected.name), found \(source.name)"
    }
    return "expected the potential of \(whose), \(expected.name) with \(expected.hash ?? ""), "
      + "found another of that name with \(source.hash ?? "")"
  }

  /// Why the column `entropy_gradient` of a frame is no derivative of labels of this meaning, or nil.
  ///
  /// Gradients are of kind relative. The total of kind absolute has the same, weighted or not, as the
  /// labels of the reference do not depend on the positions; quantum and embedded labels have others.
  public func difference(fromGradientOf frame: Frame) -> String? {
    guard kind == nil || kind == "relative" || kind == "absolute" else {
      return "entropy_gradient: expected labels of kind relative or absolute beside it, "
        + "found \(kind ?? "none")"
    }
    guard embedding == nil else {
      return
        "entropy_gradient: expected labels without embedding beside it, found \(embedding ?? "")"
    }
    return Self.difference(
      frame.source(prefix: "gradient_"), from: source, of: "the labels", ignoringUnsaid: true
    ).map { "entropy_gradient: " + $0 }
  }
}

// MARK: Keys

extension Frame {
  /// What the labels of the frame mean, as its keys say.
  ///
  /// - Throws: ``InputError`` for a temperature that is missing or no number, and for labels in another
  ///   unit than k_B.
  public func labelMeaning() throws(InputError) -> LabelMeaning {
    let kind = text("entropy_kind")
    if let unit = text("entropy_units"), unit != "kB" {
      throw InputError(source, "entropy_units: expected kB, found '\(excerpt(unit.utf8))'")
    }
    var meaning = LabelMeaning(kind: kind, embedding: text("embedding"), source: source(prefix: ""))
    // Of another kind it is the temperature of something else.
    if kind == "quantum" {
      guard let temperature = real("temperature"), temperature > 0 else {
        throw InputError(
          source,
          "temperature: expected a positive number of K beside entropy_kind=quantum, found "
            + (key("temperature") == nil ? "none" : "another value"))
      }
      meaning.temperature = temperature
    }
    if case .logical(let isMassWeighted) = key("mass_weighted") {
      meaning.isMassWeighted = isMassWeighted
    }
    meaning.tolerance = real("entropy_tolerance")
    meaning.hasFixedAtoms = hasFixedAtoms
    return meaning
  }

  /// Whether the labels are those of a Hessian of some of the atoms.
  private var hasFixedAtoms: Bool {
    if case .integer(let count) = key("fixed_atoms"), count > 0 { return true }
    if case .logical(let free) = column("free")?.values { return free.contains(false) }
    return false
  }

  /// Refuses labels that no model should learn from: of a Hessian of some of the atoms, of an unstable
  /// frame without its negative modes (kind relative; a saddle of another kind lacks one on purpose), and
  /// those that do not add up to the `entropy` beside them.
  ///
  /// - Throws: ``InputError`` where they are.
  public func requireLabelsToLearnFrom() throws(InputError) {
    if text("entropy_kind") == "relative", key("stable") == .logical(false) {
      throw InputError(
        source,
        "stable: expected labels of a stable frame, found F, whose negative modes they lack "
          + "(site-entropy --on-unstable skip leaves such frames out)")
    }
    if let labels = reals("site_entropy"), let total = real("entropy"), total.isFinite {
      let (sum, size) = labels.reduce((0.0, 0.0)) { ($0.0 + $1, $0.1 + abs($1)) }
      // What programs round away: eight decimals, or six digits.
      guard abs(sum - total) <= 1e-7 * Double(labels.count) + 1e-4 * size || !sum.isFinite else {
        throw InputError(
          source, "entropy: expected the sum of site_entropy, \(sum), found \(total)")
      }
    }
    guard hasFixedAtoms else { return }
    throw InputError(
      source,
      "site_entropy: expected labels of a Hessian of all atoms, found atoms that were held fixed "
        + "(free, fixed_atoms), whose zeros are no labels")
  }

  /// Writes what the labels mean; keys of earlier labels that say otherwise go.
  public mutating func setMeaning(_ meaning: LabelMeaning) {
    set("entropy_kind", meaning.kind.map { .text($0) })
    set("temperature", meaning.temperature.map { .real($0) })
    set("mass_weighted", meaning.isMassWeighted ? nil : .logical(false))
    set("embedding", meaning.embedding.map { .text($0) })
    setSource(meaning.source, prefix: "")
    set("entropy_tolerance", meaning.tolerance.map { .real($0) })
  }

  /// The potential of the Hessian beside the frame: what labels made of it will name.
  public var hessianSource: LabelMeaning.Source? {
    get { source(prefix: "hessian_") }
    set { setSource(newValue, prefix: "hessian_") }
  }

  /// The potential behind the gradients of the frame.
  public var gradientSource: LabelMeaning.Source? {
    get { source(prefix: "gradient_") }
    set { setSource(newValue, prefix: "gradient_") }
  }

  fileprivate func source(prefix: String) -> LabelMeaning.Source? {
    guard let name = text(prefix + "potential") else { return nil }
    var source = LabelMeaning.Source(name: name)
    source.hash = text(prefix + "potential_hash")
    return source
  }

  private mutating func setSource(_ source: LabelMeaning.Source?, prefix: String) {
    set(prefix + "potential", source.map { .text(printableName($0.name)) })
    set(prefix + "potential_hash", source?.hash.map { .text($0) })
  }

  private mutating func set(_ name: String, _ value: KeyValue?) {
    if let value { setKey(name, value) } else { removeKey(name) }
  }

  /// The name of a file may hold anything; a key of ours is printable and not too long.
  private func printableName(_ name: String) -> String {
    let text = sanitizedText(name)
    return text.utf8.count <= Frame.textLimit ? text : String(text.suffix(Frame.textLimit))
  }
}
