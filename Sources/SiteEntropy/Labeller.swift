internal import Base
internal import Crystal
public import Formats
public import LinearAlgebra
public import Potentials

/// A failure that belongs to one frame.
public struct FrameFailure: Error, CustomStringConvertible {
  public let source: FrameSource
  public let error: any Error

  public init(_ source: FrameSource, _ error: any Error) {
    (self.source, self.error) = (source, error)
  }

  public var description: String { "\(InputError(source, "\(error)"))" }
}

/// Where the Hessians behind the labels of a stream come from, and so which problem a frame is.
public enum LabelSource: Sendable {
  /// A potential gives those of frame and reference.
  case potential(any Potential)
  /// It gives them also in another cell, or in the infinite crystal, whose labels are wanted instead
  /// of those of the frame's own.
  case embedded(any Potential, in: EmbeddingTarget)
  /// They come with the frames.
  case given
}

/// Labels frames: finds the reference, the Hessian and the engine, and checks the result.
///
/// References are built once a stream.
public struct Labeller: Sendable {
  public let kind: LabelKind
  public let engine: EngineChoice
  public let isMassWeighted: Bool
  public let memoryLimit: Int
  /// The largest error of a label in k_B that engines with bounds or estimates may leave.
  public let tolerance: Double
  /// Engine local: displacements beyond it in Å do not count. Engine moments: that of the higher
  /// moments. nil for what the tolerance needs.
  public let radius: Double?
  /// Of engine moments; nil for what the tolerance needs.
  public let steps: Int?
  /// Engine moments with steps and radius: whether errors are estimated.
  private let withEstimate: Bool
  private let source: LabelSource
  private let cache: ReferenceCache
  private let normalizers = EmbeddedNormalizers()

  /// Frames of fewer atoms have Hessians of one thread: they come in numbers.
  private static let atomsForThreads = 4000

  /// Labels of the frames' own cells from a potential.
  public init(
    potential: any Potential, kind: LabelKind, engine: EngineChoice = .auto,
    isMassWeighted: Bool = true, memoryLimit: Int = .max, tolerance: Double = 1e-10,
    radius: Double? = nil, steps: Int? = nil, withEstimate: Bool = true
  ) {
    self.init(
      source: .potential(potential), kind: kind, engine: engine, isMassWeighted: isMassWeighted,
      memoryLimit: memoryLimit, tolerance: tolerance, radius: radius, steps: steps,
      withEstimate: withEstimate)
  }

  public init(
    source: LabelSource, kind: LabelKind, engine: EngineChoice = .auto,
    isMassWeighted: Bool = true, memoryLimit: Int = .max, tolerance: Double = 1e-10,
    radius: Double? = nil, steps: Int? = nil, withEstimate: Bool = true
  ) {
    self.withEstimate = withEstimate
    (self.source, self.tolerance, self.radius) = (source, tolerance, radius)
    (self.kind, self.engine, self.isMassWeighted) = (kind, engine, isMassWeighted)
    (self.memoryLimit, self.steps) = (memoryLimit, steps)
    cache = ReferenceCache { frame, hessian in
      switch source {
      case .potential(let potential), .embedded(let potential, _):
        return try ReferenceCrystal(of: frame, potential: potential, isMassWeighted: isMassWeighted)
      case .given: break
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
  ///   - hessian: In eV/Å², not mass-weighted; of source ``LabelSource/given``.
  ///   - referenceHessian: Likewise, of the reference; needed by kind relative only.
  ///   - freeAtoms: The atoms of the rows of `hessian` where the others are held fixed; those get no
  ///     entropy. Kinds absolute and quantum only.
  /// - Throws: ``InputError`` for the frame's own faults, ``FrameFailure`` where the computation
  ///   failed.
  public func labels(
    of frame: Frame, hessian: BlockSparseMatrix? = nil, referenceHessian: BlockSparseMatrix? = nil,
    freeAtoms: [Int]? = nil
  ) throws -> (labels: SiteLabels, reason: String) {
    do {
      if let freeAtoms, let hessian { return try partial(frame, hessian, freeAtoms) }
      let result =
        try kind == .relative
        ? relative(frame, hessian, referenceHessian) : plain(frame, hessian, referenceHessian)
      try result.labels.checkSumRule()
      return result
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  /// The largest force on a site of the reference of a frame in eV/Å; nil where no reference is
  /// needed, or no potential is known.
  ///
  /// - Throws: What finding the reference throws.
  public func residualForce(of frame: Frame) throws -> Double? {
    if case .given = source { return nil }
    return kind == .relative ? try cache.crystal(of: frame).residualForce : nil
  }

  /// Labels of kind quantum at several temperatures, from one decomposition or one set of moments;
  /// of any kind where there is at most one.
  ///
  /// - Parameters:
  ///   - temperatures: In K.
  ///   - hessian, referenceHessian, freeAtoms: As in ``labels(of:hessian:referenceHessian:freeAtoms:)``.
  /// - Returns: One or more.
  /// - Throws: Likewise.
  public func labels(
    of frame: Frame, temperatures: [Double], hessian: BlockSparseMatrix? = nil,
    referenceHessian: BlockSparseMatrix? = nil, freeAtoms: [Int]? = nil
  ) throws -> (labels: [SiteLabels], reason: String) {
    guard temperatures.count > 1 else {
      let found = try labels(
        of: frame, hessian: hessian, referenceHessian: referenceHessian, freeAtoms: freeAtoms)
      return ([found.labels], found.reason)
    }
    guard freeAtoms == nil else {
      throw InputError(
        frame.source,
        "several temperatures: expected a Hessian of all atoms, found one of some of them")
    }
    let kinds = temperatures.map { LabelKind.quantum(temperature: $0) }
    do {
      let result =
        try engine == .moments
        ? moments(frame, hessian, referenceHessian, kinds) : dense(frame, hessian, kinds)
      for labels in result.labels { try labels.checkSumRule() }
      return result
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  /// Of kinds absolute and quantum, from one decomposition.
  private func dense(
    _ frame: Frame, _ given: BlockSparseMatrix?, _ kinds: [LabelKind]
  ) throws -> (labels: [SiteLabels], reason: String) {
    let hessian = try origin(frame, given).hessian(of: frame)
    let scale =
      try isMassWeighted
      ? frame.atomicMasses().map { 1 / $0.squareRoot() }
      : [Double](repeating: 1, count: frame.atomCount)
    let weighted = hessian.scaledSymmetrically(by: scale)
    let modes = try DenseEngine(kind: kinds[0], memoryLimit: memoryLimit).modes(
      of: weighted, normalizer: nil, multilattice: nil)
    let labels = kinds.map {
      DenseEngine(kind: $0).labels(
        modes, siteCount: weighted.siteCount, dimension: weighted.blockSize)
    }
    return (labels, "kind \(kind.name) has no other exact engine")
  }

  /// Likewise, by moments of resolvents.
  private func moments(
    _ frame: Frame, _ given: BlockSparseMatrix?, _ referenceHessian: BlockSparseMatrix?,
    _ kinds: [LabelKind]
  ) throws -> (labels: [SiteLabels], reason: String) {
    guard frame.referencePositions != nil else {
      throw InputError(
        frame.source,
        "engine moments: expected the column ref_pos:R:3 (xyz-label gives it), found none; "
          + "--engine dense needs none")
    }
    if let defects = frame.siteDefects {
      throw InputError(
        frame.source,
        "engine moments: expected an atom of the right species on each site, found \(defects); "
          + "--engine dense labels such a frame")
    }
    let crystal = try cache.crystal(of: frame, hessian: referenceHessian)
    let problem = LabelProblem(
      frame, crystal: crystal, origin: try origin(frame, given),
      threads: frame.atomCount >= Self.atomsForThreads ? min(concurrentBlockLimit, 64) : 1)
    let engine = MomentsEngine(tolerance: tolerance, memoryLimit: memoryLimit)
    do {
      let labels = try SpectralMoments(engine: engine, kinds: kinds).labels(
        of: problem.perturbation(), crystal: crystal)
      return (labels.map { $0.ordered(by: problem.siteNumbers) }, "asked for")
    } catch SiteEntropyError.unstableFrame(let ledger) {
      let order = frame.atomCount * frame.dimension
      guard DenseEngine.bytesNeeded(order: order) <= memoryLimit else {
        throw SiteEntropyError.unstableFrame(ledger)
      }
      return (try dense(frame, given, kinds).labels, "asked for, but the frame is not stable")
    }
  }

  private func plain(
    _ frame: Frame, _ given: BlockSparseMatrix?, _ referenceHessian: BlockSparseMatrix?
  ) throws -> (labels: SiteLabels, reason: String) {
    guard kind != .formation else {
      throw SiteEntropyError.mismatch("kind formation: expected another labeller, found this one")
    }
    if case .embedded(let potential, let target) = source {
      let mesh = MeshLabels(kind: kind, potential: potential, isMassWeighted: isMassWeighted)
      return (try mesh.labels(of: frame, in: target), "a perfect crystal is Bloch sums")
    }
    if engine == .moments {
      let found = try moments(frame, given, referenceHessian, [kind])
      return (found.labels[0], found.reason)
    }
    guard engine == .auto || engine == .dense else {
      throw SiteEntropyError.mismatch(
        "kind \(kind.name): expected the engine dense or moments, found \(engine.rawValue)")
    }
    let found = try dense(frame, given, [kind])
    return (found.labels[0], found.reason)
  }

  /// Labels of the atoms that move while the others are held fixed, which have no entropy then.
  ///
  /// No translation is free: a zero mode is an instability.
  private func partial(
    _ frame: Frame, _ hessian: BlockSparseMatrix, _ free: [Int]
  ) throws -> (labels: SiteLabels, reason: String) {
    guard kind != .relative, engine == .auto || engine == .dense else {
      throw InputError(
        frame.source,
        "kind \(kind.name), engine \(engine.rawValue): expected a Hessian of all "
          + "\(frame.atomCount) atoms, found one of \(free.count) (--kind absolute or quantum takes it)"
      )
    }
    guard hessian.siteCount == free.count, hessian.blockSize == frame.dimension else {
      throw InputError(
        frame.source,
        "expected a Hessian of \(free.count) atoms, found one of \(hessian.siteCount)")
    }
    let masses = try frame.atomicMasses()
    let scale = free.map { isMassWeighted ? 1 / masses[$0].squareRoot() : 1 }
    let labels = try DenseEngine(kind: kind, memoryLimit: memoryLimit).labels(
      of: hessian.scaledSymmetrically(by: scale), expectedZeroModes: 0)
    try labels.checkSumRule()
    return (labels.spread(over: free, siteCount: frame.atomCount), "some atoms are held fixed")
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
    if let defects = frame.siteDefects {
      throw InputError(
        frame.source,
        "kind relative: expected an atom of the right species on each site, found \(defects), where "
          + "relative labels depend on the stiffness given to what is missing; --kind formation or "
          + "absolute labels such a frame")
    }
    let crystal = try cache.crystal(of: frame, hessian: referenceHessian)
    if case .embedded(let potential, let target) = source {
      let embedded = EmbeddedLabels(
        crystal: crystal, potential: potential, normalizers: normalizers)
      return (try embedded.labels(of: frame, in: target), "embedded cells need it")
    }
    let threads = min(concurrentBlockLimit, 64)
    let problem = LabelProblem(
      frame, crystal: crystal, origin: try origin(frame, given),
      threads: frame.atomCount >= Self.atomsForThreads ? threads : 1)
    guard let asked = askedFor else {
      return try EngineSelection(tolerance: tolerance, memoryLimit: memoryLimit).labels(
        of: problem, tolerance: tolerance, memoryLimit: memoryLimit, threads: threads)
    }
    do {
      Phase.begin("engine \(engine.rawValue) on \(frame.atomCount) sites")
      return (try asked.labels(of: problem), "asked for")
    } catch SiteEntropyError.unstableFrame(let ledger)
      where engine == .polynomial || engine == .moments
    {
      let labels = try EngineSelection.dense(
        problem, memoryLimit, instead: .unstableFrame(ledger))
      return (labels, "asked for, but the frame is not stable")
    }
  }

  /// The engine that was asked for by name.
  private var askedFor: (any Engine)? {
    switch engine {
    case .auto: nil
    case .dense: DenseEngine(kind: .relative, memoryLimit: memoryLimit)
    case .core: CoreEngine()
    case .polynomial: PolynomialEngine(tolerance: tolerance)
    case .local:
      LocalEngine(radius: radius, tolerance: tolerance, memoryLimit: memoryLimit)
    case .moments:
      MomentsEngine(
        tolerance: tolerance, steps: steps, radius: radius, memoryLimit: memoryLimit,
        withEstimate: withEstimate)
    }
  }

  private func origin(
    _ frame: Frame, _ given: BlockSparseMatrix?
  ) throws(InputError) -> HessianOrigin {
    switch source {
    case .potential(let potential), .embedded(let potential, _): return .potential(potential)
    case .given:
      guard let given else {
        throw InputError(frame.source, "expected a potential or a Hessian, found neither")
      }
      return .given(given)
    }
  }
}
