internal import Base
internal import Crystal
internal import Formats
internal import LinearAlgebra

/// The absolute labels of a frame with defects, by the cheapest of three ways: a decomposition of the
/// cell, of its blocks by symmetry (``SymmetricModes``), or none (``AbsoluteQuadrature``).
struct AbsoluteLabels {
  let frame: Frame
  /// Mass-weighted, in eV/(Å² u).
  let hessian: BlockSparseMatrix
  let masses: [Double]
  /// Whose defects say where the symmetry may be; nil where nothing does.
  let crystal: PerfectCrystal?

  /// What ``AbsoluteQuadrature`` is asked for, in k_B.
  private static let tolerance = 1e-10

  struct Result {
    let labels: SiteLabels
    /// The whole spectrum in eV/(Å² u), ascending; nil where nothing was decomposed.
    let spectrum: [Double]?
  }

  /// - Parameter wantsSpectrum: Whether a decomposition is needed for itself.
  /// - Throws: ``SiteEntropyError``, ``InputError``.
  func result(
    engine: FormationEngine, memoryLimit: Int, wantsSpectrum: Bool = false
  ) throws -> Result {
    let n = hessian.order
    if engine == .dense
      || engine == .auto
        && CostModel.decomposition(order: n) < CostModel.symmetrySearch(order: n)
    {
      return try decomposed(memoryLimit)
    }
    let modes = try symmetricModes()
    let bytes = modes.orders.reduce(0) { $0 + DenseEngine.bytesNeeded(order: $1) }
    let fits = bytes <= memoryLimit && modes.orders.allSatisfy { $0 <= DenseEngine.largestOrder }
    func byBlocks() throws -> Result {
      guard modes.group.order > 1 else { return try decomposed(memoryLimit) }
      let result = try modes.result(kind: .absolute)
      return Result(labels: result.labels, spectrum: result.spectrum)
    }
    if engine == .symmetric { return try byBlocks() }
    let orbits = PointOrbits(modes.group.operations, atomCount: frame.atomCount)
    let atoms = Set(orbits.representatives).count
    let costs = (
      blocks: modes.orders.reduce(0) { $0 + CostModel.decomposition(order: $1) },
      quadrature: CostModel.quadratures(order: n, columns: atoms * hessian.blockSize)
    )
    if engine == .auto, fits, wantsSpectrum || costs.blocks <= costs.quadrature {
      return try byBlocks()
    }
    guard !wantsSpectrum else {
      throw SiteEntropyError.tooLarge(order: n, bytes: bytes, limit: memoryLimit)
    }
    do {
      return try quadrature(orbits, asymmetry: modes.asymmetry)
    } catch let error as SiteEntropyError {
      // The count of several negative modes takes a decomposition; so does what did not converge.
      guard engine == .auto, fits else { throw error }
      return try byBlocks()
    }
  }

  private func decomposed(_ memoryLimit: Int) throws -> Result {
    let dense = DenseEngine(kind: .absolute, memoryLimit: memoryLimit)
    let modes = try dense.modes(of: hessian, normalizer: nil, multilattice: nil)
    let labels = dense.labels(modes, siteCount: frame.atomCount, dimension: hessian.blockSize)
    try labels.checkSumRule()
    return Result(labels: labels, spectrum: modes.values)
  }

  private func quadrature(_ orbits: PointOrbits, asymmetry: Double) throws -> Result {
    let labels = try AbsoluteQuadrature(tolerance: Self.tolerance).labels(
      of: hessian, masses: masses, representatives: orbits.representatives)
    guard orbits.operationCount > 1 else { return Result(labels: labels, spectrum: nil) }
    return Result(
      labels: SiteLabels(
        kind: .absolute, engine: labels.engine, siteEntropy: labels.siteEntropy,
        entropy: labels.entropy, ledger: labels.ledger, errorBound: labels.errorBound,
        errorEstimate: SymmetricModes.errorEstimate(asymmetry)), spectrum: nil)
  }

  /// Of three-dimensional crystals; others keep the identity alone.
  private func symmetricModes() throws -> SymmetricModes {
    guard let crystal, hessian.blockSize == 3 else {
      return try SymmetricModes(hessian, operations: [])
    }
    let orbits = try PointOrbits(of: frame, about: try center(of: crystal), classes: classes())
    return try SymmetricModes(hessian, operations: orbits.operations)
  }

  /// A number for each species, mass and site that tells atoms apart.
  private func classes() -> [Int] {
    struct Kind: Hashable {
      let species: String
      let mass: Double
    }
    var known: [Kind: Int] = [:]
    let species = frame.species
    return species.indices.map { atom in
      let kind = Kind(species: species[atom], mass: masses[atom])
      let number = known[kind] ?? known.count
      known[kind] = number
      return number
    }
  }

  /// The middle of the defects, in the crystal as it relaxed.
  private func center(of crystal: PerfectCrystal) throws(InputError) -> [Double] {
    let cell = try frame.positionCell()
    let reduced = ReducedCell(cell)
    let sites = crystal.frame.positions
    let positions = frame.positions
    // How far the crystal as a whole has moved.
    var mean = [0.0, 0.0, 0.0]
    var held = 0
    for (atom, site) in crystal.siteOfAtom.enumerated() {
      guard let site else { continue }
      let u = reduced.minimumImage(
        positions[3 * atom] - sites[3 * site], positions[3 * atom + 1] - sites[3 * site + 1],
        positions[3 * atom + 2] - sites[3 * site + 2])
      mean[0] += u.0
      mean[1] += u.1
      mean[2] += u.2
      held += 1
    }
    mean = mean.map { $0 / Double(max(held, 1)) }
    func place(ofSite site: Int) -> [Double] { (0..<3).map { sites[3 * site + $0] + mean[$0] } }
    var places = crystal.vacancies.map(place(ofSite:))
    for atom in crystal.antisites {
      if let site = crystal.siteOfAtom[atom] { places.append(place(ofSite: site)) }
    }
    places += crystal.interstitials.map { atom in (0..<3).map { positions[3 * atom + $0] } }
    guard let first = places.first else { return place(ofSite: 0) }
    var middle = [0.0, 0.0, 0.0]
    for other in places {
      let u = reduced.minimumImage(
        other[0] - first[0], other[1] - first[1], other[2] - first[2])
      middle[0] += u.0
      middle[1] += u.1
      middle[2] += u.2
    }
    return (0..<3).map { first[$0] + middle[$0] / Double(places.count) }
  }
}
