internal import Crystal
public import Formats
public import Potentials
internal import SiteEntropy

/// What a model adds to: the labels of a potential by a few steps of Gauss' quadrature
/// (mathematics.md (9.11)), which no training is needed for.
///
///     S_i ≈ G_k,i(R) + c (φ_i - φ0)
///
/// The potential need not be that of the labels: a cheap one that is nearly right leaves a small rest,
/// which few functions tell. Steps and radius are those of the definition for every frame, so that the
/// rest is one function of the environment. Labels of kind formation have (10.17) in the place of G_k,
/// whose steps are its reach.
public struct Baseline: Sendable {
  public let definition: StoredBaseline
  private let labels: Labels

  private enum Labels {
    case relative(Labeller)
    case formation(FormationQuadrature)
  }

  /// Steps where nobody says: those after the third are worth nothing beside what the radius leaves.
  public static let usualSteps = 3
  /// Likewise of labels of kind formation: divacancies of silicon from a model of vacancies have an R²
  /// of 0.9994 with three steps, and 0.9999 with four.
  public static let usualFormationSteps = 4
  /// R over the nearest distance of the reference where nobody says: it leaves silicon 3e-6 k_B, 2.6
  /// times that distance 1e-5.
  private static let usualReach = 3.4

  private init(_ definition: StoredBaseline, _ potential: any Potential) {
    self.definition = definition
    labels =
      if let radius = definition.radius {
        .relative(
          Labeller(
            potential: potential, kind: .relative, engine: .moments,
            isMassWeighted: definition.isMassWeighted, radius: radius, steps: definition.steps,
            withEstimate: false))
      } else {
        .formation(
          FormationQuadrature(
            potential: potential, steps: definition.steps,
            isMassWeighted: definition.isMassWeighted))
      }
  }

  /// The baseline of a fit.
  ///
  /// - Parameters:
  ///   - first: The first frame of training: whose labels say what they mean, and whose reference
  ///     the usual radius comes from.
  ///   - steps: 1 to ``mostSteps``; nil for ``usualSteps`` or ``usualFormationSteps``.
  ///   - radius: In Å; nil for 3.4 times the nearest distance of the reference. Not for labels of kind
  ///     formation.
  /// - Throws: ``InputError`` for labels of another kind than relative and formation, and without a
  ///   reference.
  public init(
    potential: any Potential, first: Frame, steps: Int? = nil, radius: Double? = nil
  ) throws(InputError) {
    let meaning = try first.labelMeaning()
    guard ["relative", "formation"].contains(meaning.kind), meaning.embedding == nil else {
      throw InputError(
        first.source,
        "--baseline: expected labels of kind relative or formation without embedding, found "
          + (meaning.embedding.map { "embedding \($0)" } ?? meaning.kind ?? "none"))
    }
    var reach = radius
    let isOfFormation = meaning.kind == "formation"
    if isOfFormation {
      guard radius == nil else {
        throw InputError(
          first.source,
          "--baseline-radius: expected labels of kind relative, found formation, whose baseline "
            + "reaches as far as its steps")
      }
    } else if reach == nil {
      reach = try Self.usualRadius(first)
    }
    self.init(
      StoredBaseline(
        source: .init(name: potential.name, contentHash: potential.contentHash),
        steps: steps ?? (isOfFormation ? Self.usualFormationSteps : Self.usualSteps), radius: reach,
        isMassWeighted: meaning.isMassWeighted),
      potential)
  }

  /// The most steps of a baseline.
  public static let mostSteps = MomentsEngine.mostSteps

  private static func usualRadius(_ frame: Frame) throws(InputError) -> Double {
    let (sites, cell) = (try frame.requiredReferencePositions(), try frame.cellOfReference())
    let distance: Double
    do { distance = try nearestNeighborDistance(sites, cell: cell) } catch {
      throw InputError(frame.source, error, in: "reference positions")
    }
    guard distance.isFinite else {
      throw InputError(frame.source, "expected neighbours in the reference, found none")
    }
    // What is stored should read as a length, not as a rounding error.
    return (usualReach * distance * 1e6).rounded() / 1e6
  }

  /// The labels of a frame in k_B, shape [N]; in the undisplaced crystal exactly 0, of kind formation
  /// to rounding.
  ///
  /// - Throws: ``InputError`` for a frame without a reference, of a species that the potential does
  ///   not know, or that is seen not to be stable under the potential; what the engine throws.
  public func labels(of frame: Frame) throws -> [Double] {
    switch labels {
    case .relative(let labeller):
      let labels = try labeller.labels(of: frame).labels
      guard labels.ledger.isStable else {
        throw InputError(
          frame.source,
          "the baseline \(definition.source.name): expected a stable frame, found \(labels.ledger)")
      }
      return labels.siteEntropy
    case .formation(let quadrature):
      do { return try quadrature.labels(of: frame) } catch let failure as FrameFailure {
        throw InputError(
          frame.source, "the baseline \(definition.source.name): \(failure.error)")
      }
    }
  }
}

// MARK: Models

extension Baseline {
  /// The baseline of a model; nil where it has none.
  ///
  /// - Throws: ``InputError`` where the potential is missing, is another, or is given for nothing.
  init?(
    of model: StoredModel, file: String, potential: (any Potential)?
  ) throws(InputError) {
    guard let definition = model.about.baseline else {
      guard let potential else { return nil }
      throw InputError(
        file: file,
        "--potential: expected a model with a baseline, found one without, beside "
          + potential.name)
    }
    guard let potential else {
      throw InputError(
        file: file,
        "expected --potential with the baseline of the model, \(definition.source.name), found none"
      )
    }
    let given = LabelMeaning.Source(name: potential.name, contentHash: potential.contentHash)
    guard given.hash == definition.source.hash else {
      throw InputError(
        file: file,
        "--potential: expected the baseline of the model, \(definition.source.name) with "
          + "\(definition.source.hash ?? "no hash"), found \(given.name) with \(given.hash ?? "none")"
      )
    }
    guard definition.steps <= Self.mostSteps else {
      throw InputError(
        file: file,
        "/texts/baseline_steps: expected 1 to \(Self.mostSteps), found \(definition.steps)")
    }
    self.init(definition, potential)
  }
}
