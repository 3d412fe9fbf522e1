public import ArgumentParser
import CommandLine
import Formats
import LinearAlgebra
import Potentials
public import SiteEntropy

@main struct SiteEntropyCommand: FilterCommand {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case relative, absolute, quantum
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
      oscillators at --temperature.

      An unstable frame (negative modes, or other zero modes than the translations) is named with \
      its count: by default an error (exit 70); with skip it is left out, with keep it is written \
      with stable=F, and the exit code is 3.
      """,
    version: sitevibVersion)

  @Option(name: .shortAndLong, help: "Parameter file: LAMMPS .sw, or springs as JSON.")
  var potential: String?

  @OptionGroup var files: HessianOptions

  @Option(help: "Which entropy.") var kind = Kind.relative

  @Option(help: "Temperature of kind quantum in K.") var temperature: PositiveReal?

  @Option(help: "How to compute it.") var engine = EngineChoice.auto

  @Option(
    help: ArgumentHelp(
      """
      Labels of the same core in a periodic cell of so many conventional cells (shortest \
      translations along the cell's vectors), or in the infinite crystal.
      """, valueName: "n1 n2 n3|infinite"))
  var embed: Embedding?

  @Option(
    help: ArgumentHelp(
      """
      Largest error of a label in k_B that engine polynomial (1e-10 by default) or local may leave; \
      local finds its radius from it.
      """, valueName: "k_B"))
  var tolerance: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Engine local: displacements farther from a site than this do not count for its label.",
      valueName: "Å"))
  var radius: PositiveReal?

  @Flag(help: "Take the Hessian as it is, not weighted by the masses.") var unweighted = false

  @Option(help: "What to do with an unstable frame.") var onUnstable = OnUnstable.error

  @Option(help: "Memory that dense matrices may take, in GiB; otherwise 3/4 of this machine's.")
  var maxMemory: PositiveReal?

  @OptionGroup var stream: StreamOptions

  private static let usualTolerance = 1e-10

  /// From this order on a lone decomposition takes all threads.
  private static let bigOrder = 1500

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
    guard kind == .relative || engine == .auto || engine == .dense else {
      throw ValidationError(
        "--engine \(engine.rawValue): expected --kind relative, found \(kind.rawValue)")
    }
    guard potential != nil || (embed == nil && engine != .local) else {
      throw ValidationError(
        "\(embed != nil ? "--embed" : "--engine local"): expected --potential, found none")
    }
    if engine == .local {
      guard kind == .relative, embed == nil else {
        throw ValidationError("--engine local: expected --kind relative, no --embed, found others")
      }
      guard (tolerance == nil) != (radius == nil) else {
        throw ValidationError(
          "--engine local: expected --radius or --tolerance, found "
            + (radius == nil ? "neither" : "both"))
      }
    } else if radius != nil {
      throw ValidationError("--radius: expected --engine local, found \(engine.rawValue)")
    } else if tolerance != nil {
      guard kind == .relative, embed == nil, engine == .auto || engine == .polynomial else {
        throw ValidationError(
          "--tolerance: expected --engine auto, polynomial or local and kind relative, found others"
        )
      }
    }
    if embed != nil {
      guard kind == .relative, engine == .auto || engine == .core else {
        throw ValidationError("--embed: expected --kind relative and --engine core, found others")
      }
    }
  }

  func perform(_ session: FilterSession) throws {
    let potential = try potential.map { try loadPotential(path: $0) }
    let labeller = try labeller(potential)
    let source = potential.map { LabelMeaning.Source(name: $0.name, contentHash: $0.contentHash) }
    let (policy, threads) = (onUnstable, session.threadCount)
    let (isMassWeighted, tolerance) = (!unweighted, tolerance?.value ?? Self.usualTolerance)
    let hasRadius = radius != nil
    let given = GivenHessians(files, firstFrame: stream.firstFrame.value)
    var frameCount = 0
    try session.mapFrames(matrices: .keep) { job in
      // One big frame may have all threads inside LAPACK, at the price of its last bits; several
      // run side by side.
      let isBig = job.isAlone && job.frame.atomCount * job.frame.dimension >= Self.bigOrder
      let (own, reference) = (
        try given.hessian(of: job), try given.referenceHessian(of: job.frame)
      )
      let (labels, reason) = try withLinearAlgebraThreads(isBig ? threads : 1) {
        try labeller.labels(
          of: job.frame,
          hessian: own?.matrix ?? job.attachments.hessian.map(BlockSparseMatrix.init),
          referenceHessian: reference?.matrix
            ?? job.attachments.referenceHessian.map(BlockSparseMatrix.init))
      }
      var frame = job.frame
      frame.setLabels(labels)
      var meaning = try frame.labelMeaning()
      meaning.isMassWeighted = isMassWeighted
      // A Hessian beside the frame says whose it is; one of another file does not.
      meaning.source = source ?? (own == nil ? job.frame.hessianSource : nil)
      let isApproximate = ["polynomial", "local"].contains(labels.engine) && !hasRadius
      meaning.tolerance = isApproximate ? tolerance : nil
      frame.setMeaning(meaning)
      var report = Self.report(labels, reason)
      if let own { report.append(contentsOf: own.report) }
      var attachments = FrameAttachments()
      // Features that come with the frame are told the new labels.
      if var features = job.attachments.features {
        features.targets = features.atoms.map { labels.siteEntropy[$0] }
        attachments.features = features
      }
      if labels.ledger.isStable {
        return FrameResult(frame, attachments: attachments, report: report)
      }
      switch policy {
      case .error:
        throw FrameFailure(job.frame.source, SiteEntropyError.unstableFrame(labels.ledger))
      case .skip: return FrameResult([], rejection: "\(labels.ledger)", report: report)
      case .keep:
        return FrameResult(
          frame, attachments: attachments, rejection: "\(labels.ledger)", report: report)
      }
    } consumed: { job, result in
      frameCount += 1
      if result.report["hessian_rounded"] == .logical(true) {
        session.warn(
          "\(job.frame.source.place): a dynamical_matrix as text has 8 decimals, binary yes all")
      }
    }
    try given.checkAllUsed(frameCount: frameCount)
  }

  private func labeller(_ potential: (any Potential)?) throws -> Labeller {
    let labelKind: LabelKind =
      switch kind {
      case .relative: .relative
      case .absolute: .absolute
      case .quantum: .quantum(temperature: temperature?.value ?? 0)
      }
    let limit = maxMemory.map { Int($0.value * 1_073_741_824) } ?? physicalMemory() / 4 * 3
    return Labeller(
      potential: potential, kind: labelKind,
      engine: engine, embedding: embed?.target, isMassWeighted: !unweighted, memoryLimit: limit,
      tolerance: tolerance?.value ?? Self.usualTolerance, radius: radius?.value)
  }

  private static func report(_ labels: SiteLabels, _ reason: String) -> JSONObject {
    var report: JSONObject = [
      "engine": .text(labels.engine), "reason": .text(reason), "kind": .text(labels.kind.name),
      "entropy": .real(labels.entropy), "zero_modes": .integer(labels.ledger.zeroModes),
      "negative_modes": .integer(labels.ledger.negativeModes),
      "lambda_min": .real(labels.ledger.smallest), "lambda_max": .real(labels.ledger.largest),
    ]
    if let embedding = labels.embedding { report.append("embedding", .text(embedding)) }
    if let estimate = labels.errorEstimate { report.append("error_estimate", .real(estimate)) }
    if let bound = labels.errorBound { report.append("error_bound", .real(bound)) }
    return report
  }
}

extension EngineChoice: ExpressibleByArgument {}
