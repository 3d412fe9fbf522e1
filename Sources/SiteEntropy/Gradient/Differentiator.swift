internal import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// The engines of gradients that a user can ask for.
public enum GradientEngine: String, CaseIterable, Sendable {
  case auto, dense, core
}

/// Differentiates labels: finds the reference, the Hessian and the engine (math.md §5).
///
/// M, -½ times the derivative of the label by H̃, is found on the pattern of the Hessian, and one
/// contraction with the third derivatives of the energy then gives the gradient by all atoms at
/// once. References are built once a stream.
public struct Differentiator: Sendable {
  public let engine: GradientEngine
  public let memoryLimit: Int
  private let potential: any Potential
  private let cache: ReferenceCache

  /// - Parameter memoryLimit: The most that dense matrices may take, in bytes.
  public init(
    potential: any Potential, engine: GradientEngine = .auto, memoryLimit: Int = .max
  ) {
    (self.potential, self.engine, self.memoryLimit) = (potential, engine, memoryLimit)
    cache = ReferenceCache { frame, _ in try ReferenceCrystal(of: frame, potential: potential) }
  }

  /// The gradient of a label of a frame, with the reason for the engine.
  ///
  /// - Parameter threads: Of the Hessian; the result does not depend on it.
  /// - Throws: ``InputError`` for the frame's own faults, ``FrameFailure`` where the computation
  ///   failed: ``SiteEntropyError/unstableFrame(_:)`` for a frame that is no minimum among them.
  /// - Complexity: O(N) at the reference, O(m³ + N m) for a core of m degrees of freedom (O(N m²)
  ///   for the total), else O(N³).
  public func gradient(
    of frame: Frame, target: GradientTarget, threads: Int = 1
  ) throws -> (gradient: SiteGradient, reason: String) {
    if case .site(let atom) = target, !(0..<frame.atomCount).contains(atom) {
      throw InputError(
        frame.source, "site: expected an atom from 0 to \(frame.atomCount - 1), found \(atom)")
    }
    do {
      return try checkedGradient(frame, target, threads)
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  private func checkedGradient(
    _ frame: Frame, _ target: GradientTarget, _ threads: Int
  ) throws -> (gradient: SiteGradient, reason: String) {
    let crystal = try cache.crystal(of: frame)
    let positions = try crystal.positions(of: frame)
    let prepared = try potential.prepared(for: frame)
    let hessian = try prepared.hessian(positions: positions, threads: threads)
    let (choice, core, reason) = choose(frame, crystal, positions, hessian)
    let weights: GradientWeights
    let ledger: ModeLedger
    if let core {
      let modes = try CoreModes(core, crystal.normalizer)
      ledger = modes.ledger
      try check(ledger)
      switch target {
      case .site(let atom):
        weights = GradientWeights(
          ofSite: crystal.sites[atom], modes: modes, core: core.sites,
          normalizer: crystal.normalizer)
      case .total: weights = GradientWeights(ofTotal: modes, core: core.sites)
      }
    } else {
      let spectrum = try DenseEngine(kind: .relative, memoryLimit: memoryLimit).modes(
        of: hessian.scaledSymmetrically(by: crystal.inverseRootMasses),
        normalizer: crystal.normalizer, multilattice: crystal.multilattice)
      ledger = ModeLedger(
        eigenvalues: spectrum.values, expectedZeroModes: crystal.multilattice.dimension)
      try check(ledger)
      switch target {
      case .site(let atom):
        weights = GradientWeights(
          ofSite: atom, spectrum: spectrum, sites: crystal.sites,
          dimension: crystal.multilattice.dimension)
      case .total: weights = GradientWeights(ofTotal: spectrum, sites: crystal.sites)
      }
    }
    let blocks = weights.blocks(
      in: hessian, sites: crystal.sites, normalizer: crystal.normalizer)
    let contraction = try prepared.thirdDerivative(
      contractedWith: blocks.scaledSymmetrically(by: crystal.inverseRootMasses),
      positions: positions)
    // 0 - x, as -0.5 · 0 would be -0.
    let values = contraction.map { 0 - 0.5 * $0 }
    return (
      SiteGradient(target: target, engine: choice.rawValue, values: values, ledger: ledger), reason
    )
  }

  private func check(_ ledger: ModeLedger) throws(SiteEntropyError) {
    guard ledger.isStable else { throw .unstableFrame(ledger) }
  }

  /// The engine, and the core where it is that of cores.
  private func choose(
    _ frame: Frame, _ crystal: ReferenceCrystal, _ positions: [Double],
    _ hessian: BlockSparseMatrix
  ) -> (GradientEngine, CorePerturbation?, String) {
    guard engine != .dense else { return (.dense, nil, "asked for") }
    let lattice = crystal.multilattice
    if frame.cell == frame.referenceCell && positions == lattice.idealPositions {
      let none = CorePerturbation(sites: [], delta: Matrix(rowCount: 0, columnCount: 0))
      return (.core, none, "no atom is displaced")
    }
    let core = CorePerturbation(
      from: crystal.foldedHessian,
      to: hessian.scaledSymmetrically(by: crystal.inverseRootMasses), multilattice: lattice)
    if engine == .core { return (.core, core, "asked for") }
    let (m, n) = (core.delta.rowCount, hessian.order)
    let reason = "the core has \(m) of \(n) degrees of freedom"
    // As for labels: beyond this share one decomposition of the whole cell is no dearer.
    return Double(m) <= 0.8 * Double(n) ? (.core, core, reason) : (.dense, nil, reason)
  }
}
