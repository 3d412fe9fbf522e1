public import ArgumentParser
import Base
package import CommandLine
import Formats
import LinearAlgebra
import Potentials
public import SiteEntropy

package var siteEntropy: any CheckedCommand.Type { SiteEntropyCommand.self }

struct SiteEntropyCommand: FilterCommand {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case relative, absolute, quantum, formation
  }

  enum OnUnstable: String, ExpressibleByArgument, CaseIterable {
    case error, skip, keep
  }

  /// `infinite` or three positive numbers.
  struct Embedding: ExpressibleByArgument {
    let target: EmbeddingTarget

    init?(argument: String) {
      if argument == "infinite" {
        target = .infinite
      } else {
        guard let triple = IntegerTriple(argument: argument),
          triple.values.allSatisfy({ 1...1000 ~= $0 })
        else { return nil }
        target = .cell(triple.values)
      }
    }
  }

  static let tripleOptions = ["--embed"]

  static let configuration = CommandConfiguration(
    commandName: "site-entropy",
    abstract: "Label every site with its harmonic vibrational entropy, exactly.",
    usage: """
      xyz-perturb ... | site-entropy --potential Si.sw > labelled.xyz
      xyz-perturb ... | hessian --potential Si.sw | site-entropy > labelled.h5
      site-entropy --hessian rattled.fc --reference-hessian perfect.fc rattled.xyz > labelled.xyz
      """,
    discussion: """
      Adds the column site_entropy (k_B) and the keys entropy (its sum), entropy_kind, \
      entropy_engine, zero_modes, negative_modes, lambda_min, lambda_max and stable.

      relative: classical, high-temperature, relative to the reference crystal (ref_pos); zero for \
      an undisplaced frame. absolute: -1/2 log of the mass-weighted Hessian in eV/(Angstrom^2 u); \
      differences mean the same, no reference is needed. quantum: the harmonic entropy of quantum \
      oscillators at --temperature. formation: absolute less the label of the same site in the \
      perfect crystal, for frames with vacancies, antisites and interstitials too (keys of xyz-label \
      or xyz-defect); adds formation_entropy (at fixed volume) and what the command formation needs \
      (formats/formation.md).

      --saddle: a transition state. Exactly one negative mode is expected, and left out.

      An unstable frame (negative modes, or other zero modes than the translations) is named with \
      its count: by default an error (exit 70); with skip it is left out, with keep it is written \
      with stable=F, and the exit code is 3.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String?

  @OptionGroup(title: "Given Hessians") var files: HessianOptions

  @Option(help: "Which entropy.") var kind = Kind.relative

  @Option(
    help: ArgumentHelp(
      """
      Temperature of kind quantum in K. Of a range, the column site_entropy is that of the first, and \
      each has one of its own: site_entropy_300K.
      """, valueName: "K|lo:hi:step"))
  var temperature: TemperatureRange?

  @Option(help: "How to compute it.") var engine = EngineChoice.auto

  @Option(
    help: ArgumentHelp(
      """
      Labels of the same core in a periodic cell of so many conventional cells (shortest \
      translations along the cell's vectors), or in the infinite crystal. Kinds absolute and \
      quantum: of a perfect crystal, on the wave vectors of that cell.
      """, valueName: "n1 n2 n3|infinite"))
  var embed: Embedding?

  @Option(
    help: ArgumentHelp(
      """
      Largest error of a label in k_B that an engine may leave: polynomial (1e-10 by default), \
      moments and local, which find their radii (and moments its steps) from it. auto takes the \
      cheapest engine that can.
      """, valueName: "k_B"))
  var tolerance: PositiveReal?

  @Option(
    help: ArgumentHelp(
      """
      Engine local: displacements farther from a site than this do not count for its label. Engine \
      moments: the first moment counts all, the higher ones what is nearer than this.
      """, valueName: "Å"))
  var radius: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Engine moments: steps of Lanczos' process at each site, 1 to \(MomentsEngine.mostSteps).",
      valueName: "k"))
  var steps: Int?

  @Flag(help: "Take the Hessian as it is, not weighted by the masses.") var unweighted = false

  @Option(help: "What to do with an unstable frame.") var onUnstable = OnUnstable.error

  @OptionGroup(title: "Memory") var memory: MemoryOptions

  @Flag(
    help: """
      The frames are saddles: exactly one negative mode is expected and left out. For kinds absolute, \
      quantum and formation.
      """)
  var saddle = false

  @OptionGroup(title: "Tables of eam potentials") var noise: NoiseOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  private static let usualTolerance = 1e-10
  private static let mostTemperatures = 1000
  /// Larger forces on the sites of a reference, in eV/Å, are said.
  private static let largestForce = 1e-3

  func validate() throws {
    guard potential == nil || !files.isGiven else {
      throw ValidationError("--hessian: expected no --potential, found one")
    }
    guard (kind == .quantum) == (temperature != nil) else {
      throw ValidationError(
        kind == .quantum
          ? "--kind quantum: expected --temperature, found none"
          : "--temperature: expected --kind quantum, found \(kind.rawValue)")
    }
    let isOfFormation = kind == .formation && engine == .polynomial
    let isOfMoments = engine == .moments && kind != .formation
    guard kind == .relative || engine == .auto || engine == .dense || isOfFormation || isOfMoments
    else {
      throw ValidationError(
        "--engine \(engine.rawValue): expected --kind relative"
          + "\(engine == .polynomial ? " or formation" : ""), found \(kind.rawValue)")
    }
    let count = temperature?.values.count ?? 1
    guard count == 1 || embed == nil, count <= Self.mostTemperatures else {
      throw ValidationError(
        "--temperature: expected at most \(Self.mostTemperatures) temperatures, and one beside "
          + "--embed, found \(count)")
    }
    guard potential != nil || (embed == nil && engine != .local) else {
      throw ValidationError(
        "\(embed != nil ? "--embed" : "--engine local"): expected --potential, found none")
    }
    guard !saddle || kind != .relative else {
      throw ValidationError(
        "--saddle: expected --kind absolute, quantum or formation, found relative, whose negative "
          + "mode is not that of the Hessian")
    }
    if kind == .formation {
      guard potential != nil else {
        throw ValidationError("--kind formation: expected --potential, found none")
      }
    }
    try noise.tables.validate(beside: potential)
    guard kind == .formation || !noise.acceptNoise else {
      throw ValidationError("--accept-noise: expected --kind formation, found \(kind.rawValue)")
    }
    try validateAccuracy()
    if embed != nil {
      guard kind != .formation, engine == .auto || (engine == .core && kind == .relative) else {
        throw ValidationError(
          "--embed: expected --engine auto (or core for kind relative) and no --kind formation, "
            + "found others")
      }
    }
  }

  /// Which engine may be told which accuracy.
  private func validateAccuracy() throws {
    let isPlain = kind == .relative && embed == nil
    if engine == .moments, kind != .relative {
      guard embed == nil, radius == nil, steps == nil else {
        throw ValidationError(
          "--engine moments: expected no --embed, and --radius and --steps of kind relative only, "
            + "found others")
      }
    } else if engine == .local || engine == .moments {
      guard isPlain else {
        throw ValidationError(
          "--engine \(engine.rawValue): expected --kind relative, no --embed, found others")
      }
    } else if radius != nil {
      throw ValidationError(
        "--radius: expected --engine local or moments, found \(engine.rawValue)")
    } else if tolerance != nil {
      guard isPlain, engine == .auto || engine == .polynomial else {
        throw ValidationError(
          "--tolerance: expected --engine auto, polynomial, moments or local and kind relative, "
            + "found others")
      }
    }
    if engine == .local {
      guard (tolerance == nil) != (radius == nil) else {
        throw ValidationError(
          "--engine local: expected --radius or --tolerance, found "
            + (radius == nil ? "neither" : "both"))
      }
    }
    guard let steps else {
      guard engine != .moments || tolerance != nil else {
        throw ValidationError(
          "--engine moments: expected --tolerance, or --steps and --radius, found neither")
      }
      return
    }
    guard engine == .moments, 1...MomentsEngine.mostSteps ~= steps else {
      throw ValidationError(
        "--steps: expected --engine moments and 1 to \(MomentsEngine.mostSteps), found "
          + "\(engine.rawValue), \(steps)")
    }
    guard (tolerance == nil) != (radius == nil) else {
      throw ValidationError(
        "--steps: expected --radius or --tolerance beside it, found "
          + (radius == nil ? "neither" : "both"))
    }
  }

  func perform(_ session: FilterSession) throws {
    let use: TableOptions.Use =
      kind == .formation ? .formation(acceptsNoise: noise.acceptNoise) : .hessians
    let potential = try potential.map { try noise.tables.load($0, for: use, session) }
    if kind == .formation, let potential { return try labelFormation(potential, session) }
    let labeller = labeller(potential)
    let source = potential.map { LabelMeaning.Source(name: $0.name, contentHash: $0.contentHash) }
    let (policy, threads, saddle) = (onUnstable, session.threadCount, saddle)
    let (isMassWeighted, tolerance) = (!unweighted, tolerance?.value ?? Self.usualTolerance)
    let (hasRadius, needsReference) = (radius != nil, kind == .relative || engine == .moments)
    let temperatures = temperature?.values ?? []
    let given = GivenHessians(files, firstFrame: stream.firstFrame.value)
    let attached = AttachedHessians()
    var (frameCount, forceIsSaid) = (0, false)
    try session.mapFrames(matrices: .keep) { job in
      let own = try given.hessian(of: job)
      // Masses that stand in the file of the Hessian count.
      var frame = try job.frame.settingMasses(own?.masses, of: own?.name ?? "")
      // Those beside the frame are read where no potential and no file takes their place.
      let beside = try potential == nil && own == nil ? attached.hessian(of: job) : nil
      if let beside { frame = beside.frame }
      let reference = try given.referenceHessian(of: frame)
      let referenceBeside =
        try potential == nil && reference == nil && needsReference
        ? attached.referenceHessian(of: job) : nil
      if let own, let reference {
        try own.hessian.checkBelongs(
          to: reference.hessian, name: own.name, referenceName: reference.name)
      }
      let (all, reason) = try withLinearAlgebraThreads(job.decompositionThreads(of: threads)) {
        [frame] in
        try labeller.labels(
          of: frame, temperatures: temperatures,
          hessian: own?.hessian.matrix ?? beside?.given.matrix
            ?? job.attachments.hessian.map(\.withoutMassWeights),
          referenceHessian: reference?.hessian.matrix ?? referenceBeside?.matrix
            ?? job.attachments.referenceHessian.map(\.withoutMassWeights),
          freeAtoms: own?.freeAtoms)
      }
      let labels = all[0]
      frame.setLabels(labels)
      if all.count > 1 { frame.setTemperatures(all) }
      if let free = own?.freeAtoms { frame.setFreeAtoms(free) }
      var meaning = try frame.labelMeaning()
      meaning.isMassWeighted = isMassWeighted
      // A Hessian beside the frame says whose it is; one of another file does not.
      meaning.source = source ?? (own == nil ? job.frame.hessianSource : nil)
      let isApproximate =
        ["polynomial", "local", "moments"].contains(labels.engine) && !hasRadius
      meaning.tolerance = isApproximate ? tolerance : nil
      frame.setMeaning(meaning)
      var report = Self.report(labels, reason)
      if let own { report.append(contentsOf: own.report) }
      if let force = try labeller.residualForce(of: job.frame), force > Self.largestForce {
        report.append("reference_force", .real(force))
      }
      var attachments = FrameAttachments()
      // Features that come with the frame are told the new labels.
      if var features = job.attachments.features {
        features.targets = features.atoms.map { labels.siteEntropy[$0] }
        attachments.features = features
      }
      var result = try Self.judged(
        frame, labels.ledger, attachments: attachments, report: report, isSaddle: saddle, policy)
      result.warnings = own?.warnings ?? beside?.given.warnings ?? []
      return result
    } consumed: { job, result in
      frameCount += 1
      (given.takeWarnings() + attached.takeWarnings()).forEach(session.warn)
      if case .real(let force)? = result.report["reference_force"], !forceIsSaid {
        forceIsSaid = true
        session.warn(
          "\(job.frame.source.place): the reference is not in equilibrium: forces up to "
            + "\(fourDigits(force)) eV/Å on its sites")
      }
    }
    try given.checkAllUsed(frameCount: frameCount)
  }

  /// What becomes of a labelled frame: it is written, or refused for its modes.
  static func judged(
    _ frame: Frame, _ ledger: ModeLedger, attachments: FrameAttachments, report: JSONObject,
    isSaddle: Bool, _ policy: OnUnstable
  ) throws -> FrameResult {
    if isSaddle ? ledger.isSaddle : ledger.isStable {
      return FrameResult(frame, attachments: attachments, report: report)
    }
    let reason =
      isSaddle
      ? "expected a saddle, with 1 negative and \(ledger.expectedZeroModes) zero modes, found "
        + "\(ledger.negativeModes) and \(ledger.zeroModes)" : "\(ledger)"
    switch policy {
    case .error:
      guard isSaddle else {
        throw FrameFailure(frame.source, SiteEntropyError.unstableFrame(ledger))
      }
      throw FrameFailure(frame.source, SiteEntropyError.mismatch(reason))
    case .skip: return FrameResult([], rejection: reason, report: report)
    case .keep:
      return FrameResult(frame, attachments: attachments, rejection: reason, report: report)
    }
  }

  private func labeller(_ potential: (any Potential)?) -> Labeller {
    let labelKind: LabelKind =
      switch kind {
      case .relative: .relative
      case .absolute: .absolute
      case .quantum: .quantum(temperature: temperature?.values.first ?? 0)
      case .formation: .formation
      }
    let source: LabelSource =
      switch (potential, embed) {
      case (let potential?, let embed?): .embedded(potential, in: embed.target)
      case (let potential?, nil): .potential(potential)
      // --embed asks for a potential.
      case (nil, _): .given
      }
    return Labeller(
      source: source, kind: labelKind, engine: engine, isMassWeighted: !unweighted,
      memoryLimit: memory.limit,
      tolerance: tolerance?.value ?? Self.usualTolerance, radius: radius?.value, steps: steps)
  }

  static func report(_ labels: SiteLabels, _ reason: String) -> JSONObject {
    var report: JSONObject = [
      "engine": .text(labels.engine), "reason": .text(reason), "kind": .text(labels.kind.name),
      "entropy": .real(labels.entropy), "zero_modes": .integer(labels.ledger.zeroModes),
      "negative_modes": .integer(labels.ledger.negativeModes),
      "lambda_min": .real(labels.ledger.smallest), "lambda_max": .real(labels.ledger.largest),
    ]
    if let embedding = labels.embedding { report.append("embedding", .text(embedding)) }
    if let estimate = labels.errorEstimate { report.append("error_estimate", .real(estimate)) }
    if let bound = labels.errorBound { report.append("error_bound", .real(bound)) }
    if let quadrature = labels.quadrature {
      report.append("steps", .integer(quadrature.steps))
      report.append("radius", .real(quadrature.radius))
    }
    return report
  }
}

extension EngineChoice: ExpressibleByArgument {}
