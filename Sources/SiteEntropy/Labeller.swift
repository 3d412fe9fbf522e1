public import Formats
public import LinearAlgebra
public import Potentials

/// The engines a user can ask for.
public enum EngineChoice: String, CaseIterable, Sendable {
  case auto, dense, core, polynomial, local
}

/// A failure that belongs to one frame.
public struct FrameFailure: Error, CustomStringConvertible {
  public let source: FrameSource
  public let error: any Error

  public init(_ source: FrameSource, _ error: any Error) {
    (self.source, self.error) = (source, error)
  }

  public var description: String { "\(InputError(source, "\(error)"))" }
}

/// Labels frames: finds the reference, the Hessian and the engine, and checks the result.
///
/// The one place that chooses engines. References are built once a stream.
public struct Labeller: Sendable {
  public let kind: LabelKind
  public let engine: EngineChoice
  public let isMassWeighted: Bool
  public let memoryLimit: Int
  /// The largest error of a label in k_B that engines with bounds may leave.
  public let tolerance: Double
  /// Displacements beyond it in Å do not count for engine local; nil for what the tolerance needs.
  public let radius: Double?
  private let potential: (any Potential)?
  private let embedding: EmbeddingTarget?
  private let cache: ReferenceCache
  private let normalizers = EmbeddedNormalizers()

  /// - Parameters:
  ///   - potential: Gives the Hessians of frame and reference; nil where they come with
  ///     the frames.
  ///   - embedding: The cell whose labels are wanted instead of the frame's own.
  public init(
    potential: (any Potential)?, kind: LabelKind, engine: EngineChoice = .auto,
    embedding: EmbeddingTarget? = nil, isMassWeighted: Bool = true, memoryLimit: Int = .max,
    tolerance: Double = 1e-10, radius: Double? = nil
  ) {
    (self.embedding, self.tolerance, self.radius) = (embedding, tolerance, radius)
    (self.kind, self.engine, self.isMassWeighted) = (kind, engine, isMassWeighted)
    (self.memoryLimit, self.potential) = (memoryLimit, potential)
    cache = ReferenceCache { frame, hessian in
      if let potential {
        return try ReferenceCrystal(of: frame, potential: potential, isMassWeighted: isMassWeighted)
      }
      guard let hessian else {
        throw InputError(
          frame.source,
          "kind relative: expected a potential or a reference Hessian, found neither "
            + "(--kind absolute needs no reference)")
      }
      return try ReferenceCrystal(of: frame, hessian: hessian, isMassWeighted: isMassWeighted)
    }
  }

  /// The labels of a frame, with the reason for the engine.
  ///
  /// Unstable frames are labelled with what is positive; the ledger says so.
  ///
  /// - Parameters:
  ///   - hessian: In eV/Å², not mass-weighted; used where there is no potential.
  ///   - referenceHessian: Likewise, of the reference; needed by kind relative only.
  /// - Throws: ``InputError`` for the frame's own faults, ``FrameFailure`` where the computation
  ///   failed.
  public func labels(
    of frame: Frame, hessian: BlockSparseMatrix? = nil, referenceHessian: BlockSparseMatrix? = nil
  ) throws -> (labels: SiteLabels, reason: String) {
    do {
      let result =
        try kind == .relative
        ? relative(frame, hessian, referenceHessian) : plain(frame, hessian)
      try result.labels.checkSumRule()
      return result
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  private func plain(
    _ frame: Frame, _ given: BlockSparseMatrix?
  ) throws -> (labels: SiteLabels, reason: String) {
    guard engine == .auto || engine == .dense else {
      throw SiteEntropyError.mismatch(
        "kind \(kind.name): expected the engine dense, found \(engine.rawValue)")
    }
    let hessian = try hessian(frame, given) { nil }
    try check(hessian, frame)
    let scale =
      try isMassWeighted
      ? frame.atomicMasses().map { 1 / $0.squareRoot() }
      : [Double](repeating: 1, count: frame.atomCount)
    let labels = try DenseEngine(kind: kind, memoryLimit: memoryLimit).labels(
      of: hessian.scaledSymmetrically(by: scale))
    return (labels, "kind \(kind.name) has no other engine")
  }

  private func relative(
    _ frame: Frame, _ given: BlockSparseMatrix?, _ referenceHessian: BlockSparseMatrix?
  ) throws -> (labels: SiteLabels, reason: String) {
    guard frame.referencePositions != nil else {
      throw InputError(
        frame.source,
        "kind relative: expected the column ref_pos:R:3 (xyz-label gives it), "
          + "found none; --kind absolute needs none")
    }
    let crystal = try cache.crystal(of: frame, hessian: referenceHessian)
    if let embedding {
      guard let potential else {
        throw InputError(
          frame.source, "--embed: expected a potential, which larger cells need, found none")
      }
      let embedded = EmbeddedLabels(
        crystal: crystal, potential: potential, normalizers: normalizers)
      return (try embedded.labels(of: frame, in: embedding), "embedded cells need it")
    }
    if engine == .local {
      guard let potential else {
        throw InputError(
          frame.source,
          "engine local: expected a potential, which cut displacements need, found "
            + "none")
      }
      let labels = try LocalEngine(
        radius: radius, tolerance: tolerance, memoryLimit: memoryLimit
      ).labels(
        of: frame, crystal: crystal, potential: potential)
      return (labels, "asked for")
    }
    let problem = try problem(frame, given, crystal)
    if engine == .dense { return (try problem.dense(memoryLimit), "asked for") }
    let perturbation = try problem.perturbation(isLocal: engine != .polynomial)
    let choice =
      engine != .auto
      ? EngineSelection(engine: engine, reason: "asked for")
      : EngineSelection.exact(
        m: perturbation.coreOrder, n: perturbation.matrix.order,
        cellOrder: crystal.normalizer.cellOrder, tolerance: tolerance, memoryLimit: memoryLimit,
        threads: min(concurrentBlockLimit, 64))
    if let labels = try localLabels(frame, crystal, instead: choice) {
      return (labels, "\(choice.reason); the tolerance is loose")
    }
    switch choice.engine {
    case .core:
      let core = perturbation.core(basisCount: crystal.normalizer.basisCount)
      let labels = try CoreEngine().labels(
        of: core, at: crystal.sites, normalizer: crystal.normalizer)
      return (labels, choice.reason)
    case .polynomial:
      do {
        let labels = try PolynomialEngine(tolerance: tolerance).labels(
          of: perturbation, normalizer: crystal.normalizer)
        return (labels.ordered(by: problem.siteNumbers), choice.reason)
      } catch {
        // The logarithm of a negative mode is left out, which no polynomial in A can do.
        guard case .unstableFrame = error,
          DenseEngine.bytesNeeded(order: perturbation.matrix.order) <= memoryLimit
        else { throw error }
        return (try problem.dense(memoryLimit), "\(choice.reason), but the frame is not stable")
      }
    case .auto, .dense, .local: return (try problem.dense(memoryLimit), choice.reason)
    }
  }

  /// Labels of the local engine where auto would take longer by another one; nil where it would not,
  /// or where no radius within that time meets the tolerance.
  private func localLabels(
    _ frame: Frame, _ crystal: ReferenceCrystal, instead choice: EngineSelection
  ) throws -> SiteLabels? {
    guard engine == .auto, let potential, frame.cell == frame.referenceCell,
      let order = choice.largestLocalOrder(sites: crystal.sites.count, tolerance: tolerance)
    else { return nil }
    do {
      return try LocalEngine(
        radius: nil, tolerance: tolerance, mostOrder: order, memoryLimit: memoryLimit
      ).labels(of: frame, crystal: crystal, potential: potential)
    } catch SiteEntropyError.tolerance {
      return nil
    }
  }

  /// One frame of kind relative with its reference; what it is asked for is computed then.
  private struct Problem {
    let frame: Frame
    let crystal: ReferenceCrystal
    let hessian: () throws -> BlockSparseMatrix
    /// δH̃ from the displaced atoms alone; nil where too much moves, or there is no potential.
    let local: () throws -> SparsePerturbation?

    /// Number ℓ·S + α of the site of each atom.
    var siteNumbers: [Int] {
      crystal.sites.map { $0.translation * crystal.normalizer.basisCount + $0.basis }
    }

    func dense(_ memoryLimit: Int) throws -> SiteLabels {
      try DenseEngine(kind: .relative, memoryLimit: memoryLimit).labels(
        of: try hessian().scaledSymmetrically(by: crystal.inverseRootMasses),
        normalizer: crystal.normalizer, multilattice: crystal.multilattice)
    }

    func perturbation(isLocal: Bool) throws -> SparsePerturbation {
      if isLocal, let local = try local() { return local }
      return SparsePerturbation(
        from: crystal.foldedHessian,
        to: try hessian().scaledSymmetrically(by: crystal.inverseRootMasses),
        multilattice: crystal.multilattice)
    }
  }

  private func problem(
    _ frame: Frame, _ given: BlockSparseMatrix?, _ crystal: ReferenceCrystal
  ) throws -> Problem {
    Problem(
      frame: frame, crystal: crystal,
      hessian: {
        let hessian = try hessian(frame, given) { try crystal.positions(of: frame) }
        try check(hessian, frame)
        return hessian
      },
      local: {
        guard let potential else { return nil }
        return try crystal.localPerturbation(of: frame, potential: potential)
      })
  }

  private func hessian(
    _ frame: Frame, _ given: BlockSparseMatrix?, positions: () throws -> [Double]?
  ) throws -> BlockSparseMatrix {
    if let potential {
      return try potential.prepared(for: frame).hessian(positions: try positions())
    }
    guard let given else {
      throw InputError(frame.source, "expected a potential or a Hessian, found neither")
    }
    return given
  }

  private func check(_ hessian: BlockSparseMatrix, _ frame: Frame) throws(InputError) {
    guard hessian.siteCount == frame.atomCount, hessian.blockSize == frame.dimension else {
      throw InputError(
        frame.source,
        "expected a Hessian of \(frame.atomCount) atoms and dimension \(frame.dimension), found "
          + "\(hessian.siteCount) and \(hessian.blockSize)")
    }
    guard hessian.values.allSatisfy(\.isFinite) else {
      throw InputError(frame.source, "expected a finite Hessian, found a NaN or an infinity")
    }
  }
}
