internal import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// The engines of gradients that a user can ask for.
public enum GradientEngine: String, CaseIterable, Sendable {
  case auto, dense, core, polynomial
}

/// Differentiates labels: finds the reference, the Hessian and the engine (mathematics.md (5.2)).
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
  ///   for the total), O(N log N) by polynomials, O(N³) dense.
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
    var (method, reason) = try choose(frame, crystal, positions, hessian, target)
    let weights: GradientWeights
    let ledger: ModeLedger
    do throws(SiteEntropyError) {
      (weights, ledger) = try self.weights(method, target, crystal, hessian)
    } catch {
      // Lanczos' vectors may end before they are as exact as they should.
      guard engine == .auto, case .polynomial = method, case .tolerance = error else { throw error }
      (method, reason) = (.dense, reason + ", too stiff for Lanczos vectors")
      (weights, ledger) = try self.weights(method, target, crystal, hessian)
    }
    guard ledger.isStable else { throw SiteEntropyError.unstableFrame(ledger) }
    let blocks = weights.blocks(
      in: hessian, sites: crystal.sites, normalizer: crystal.normalizer)
    let contraction = try prepared.thirdDerivative(
      contractedWith: blocks.scaledSymmetrically(by: crystal.inverseRootMasses),
      positions: positions)
    // 0 - x, as -0.5 · 0 would be -0.
    let values = contraction.map { 0 - 0.5 * $0 }
    return (
      SiteGradient(target: target, engine: method.name, values: values, ledger: ledger), reason
    )
  }

  private enum Method {
    case dense
    case core(CorePerturbation)
    case polynomial(SparsePerturbation)

    var name: String {
      switch self {
      case .dense: GradientEngine.dense.rawValue
      case .core: GradientEngine.core.rawValue
      case .polynomial: GradientEngine.polynomial.rawValue
      }
    }
  }

  /// M, and the spectrum that says whether it has a meaning.
  private func weights(
    _ method: Method, _ target: GradientTarget, _ crystal: ReferenceCrystal,
    _ hessian: BlockSparseMatrix
  ) throws(SiteEntropyError) -> (GradientWeights, ModeLedger) {
    let (sites, normalizer) = (crystal.sites, crystal.normalizer)
    switch (method, target) {
    case (.core(let core), _):
      let modes = try CoreModes(core, normalizer)
      guard modes.ledger.isStable else { throw .unstableFrame(modes.ledger) }
      guard case .site(let atom) = target else {
        return (GradientWeights(ofTotal: modes, core: core.sites), modes.ledger)
      }
      let weights = GradientWeights(
        ofSite: sites[atom], modes: modes, core: core.sites, normalizer: normalizer)
      return (weights, modes.ledger)
    case (.polynomial(let perturbation), .site(let atom)):
      return try GradientWeights.krylov(
        ofSite: crystal.multilattice.siteNumber(of: atom),
        perturbation: perturbation.matrix, sites: sites, normalizer: normalizer)
    case (.polynomial, .total):
      throw .mismatch("the total entropy: expected the engine dense or core, found polynomial")
    case (.dense, _):
      let d = crystal.multilattice.dimension
      let spectrum = try DenseEngine(kind: .relative, memoryLimit: memoryLimit).modes(
        of: hessian.scaledSymmetrically(by: crystal.inverseRootMasses),
        normalizer: normalizer, multilattice: crystal.multilattice)
      let ledger = ModeLedger(eigenvalues: spectrum.values, expectedZeroModes: d)
      guard case .site(let atom) = target else {
        return (GradientWeights(ofTotal: spectrum, sites: sites), ledger)
      }
      return (
        GradientWeights(ofSite: atom, spectrum: spectrum, sites: sites, dimension: d), ledger
      )
    }
  }

  /// Degrees of freedom below which Lanczos' process could end before it converges.
  private static let leastOrder = 100

  private func choose(
    _ frame: Frame, _ crystal: ReferenceCrystal, _ positions: [Double],
    _ hessian: BlockSparseMatrix, _ target: GradientTarget
  ) throws -> (method: Method, reason: String) {
    guard engine != .dense else { return (.dense, "asked for") }
    let lattice = crystal.multilattice
    if frame.cell == frame.referenceCell && positions == lattice.idealPositions {
      let none = CorePerturbation(sites: [], delta: Matrix(rowCount: 0, columnCount: 0))
      return (.core(none), "no atom is displaced")
    }
    let perturbation =
      try crystal.localPerturbation(of: frame, potential: potential)
      ?? SparsePerturbation(to: hessian, crystal: crystal)
    let (m, n) = (perturbation.coreOrder, hessian.order)
    if engine == .polynomial, n < Self.leastOrder {
      return (.dense, "Lanczos vectors would fill a space of \(n) dimensions")
    }
    let asked = engine == .auto ? cheapest(order: n, coreOrder: m, target) : engine
    let reason =
      engine == .auto ? "the core has \(m) of \(n) degrees of freedom" : "asked for"
    switch asked {
    case .core: return (.core(perturbation.core(basisCount: lattice.basis.count)), reason)
    case .polynomial: return (.polynomial(perturbation), reason)
    case .dense, .auto: return (.dense, reason)
    }
  }

  /// The cheapest engine that has the memory, as for labels; dense, which says what it lacks, where
  /// none has.
  private func cheapest(
    order n: Int, coreOrder m: Int, _ target: GradientTarget
  ) -> GradientEngine {
    let decomposed = DenseEngine(kind: .relative, memoryLimit: memoryLimit)
      .cost(of: ProblemSize(order: n, coreOrder: m, cellOrder: 0))
    let forms = target == .total ? CostModel.coreForms(order: n, core: m) : 0
    let core = EngineCost(
      seconds: CostModel.decomposition(order: m) + forms, bytes: CoreEngine.bytesNeeded(order: m))
    var candidates: [(candidate: GradientEngine, cost: EngineCost?)] = [
      (.dense, decomposed), (.core, core),
    ]
    if target != .total, n >= Self.leastOrder {
      let seconds = CostModel.gradientByLanczos(order: n)
      candidates.append((.polynomial, EngineCost(seconds: seconds, bytes: 0)))
    }
    let ranking = rankedByCost(candidates, tolerance: 0, memoryLimit: memoryLimit)
    return ranking.first?.candidate ?? .dense
  }
}
