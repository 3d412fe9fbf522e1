internal import Base
internal import Crystal
internal import Formats
internal import Glibc
internal import LinearAlgebra

/// The absolute labels of a frame with defects, by the cheaper of two engines.
struct AbsoluteLabels {
  let frame: Frame
  /// Mass-weighted, in eV/(Å² u).
  let hessian: BlockSparseMatrix
  let masses: [Double]
  let crystal: PerfectCrystal
  let reference: FormationReference
  let isMassWeighted: Bool

  /// What the engine resolvent is asked for, and the error of a label that it states, in k_B.
  private static let tolerance = 1e-9
  private static let error = 4e-8
  /// Degrees of freedom below which a decomposition is cheaper than to ask for the orbits.
  private static let leastOrder = 600

  /// - Throws: ``SiteEntropyError``, ``InputError``.
  func labels(engine: FormationEngine, memoryLimit: Int) throws -> SiteLabels {
    let dense = DenseEngine(kind: .absolute, memoryLimit: memoryLimit)
    func decomposed() throws -> SiteLabels {
      let labels = try dense.labels(of: hessian)
      try labels.checkSumRule()
      return labels
    }
    if engine == .dense { return try decomposed() }
    if engine == .auto, hessian.order < Self.leastOrder { return try decomposed() }
    let orbits = try PointOrbits(of: frame, about: try center(), classes: classes())
    let atoms = Set(orbits.representatives).sorted()
    let fits =
      DenseEngine.bytesNeeded(order: hessian.order) <= memoryLimit
      && hessian.order <= DenseEngine.largestOrder
    let n = hessian.order
    let ranking = rankedByCost(
      [
        (FormationEngine.dense, EngineCost(seconds: CostModel.decomposition(order: n), bytes: 0)),
        (
          .resolvent,
          EngineCost(
            seconds: CostModel.resolvents(order: n, columns: atoms.count * hessian.blockSize),
            bytes: 0)
        ),
      ], tolerance: 0, memoryLimit: memoryLimit)
    if engine == .auto, fits, ranking.first?.candidate == .dense { return try decomposed() }
    do {
      return try resolved(orbits, atoms, memoryLimit: memoryLimit)
    } catch let error as SiteEntropyError {
      // The count of negative modes takes a decomposition; so does what did not converge.
      guard engine == .auto, fits else { throw error }
      return try decomposed()
    }
  }

  private func resolved(
    _ orbits: PointOrbits, _ atoms: [Int], memoryLimit: Int
  ) throws -> SiteLabels {
    let bytes = 8 * hessian.order * hessian.order
    guard bytes <= memoryLimit else {
      throw SiteEntropyError.tooLarge(order: hessian.order, bytes: bytes, limit: memoryLimit)
    }
    let lattice = reference.multilattice
    let factor = try FactoredHessian(hessian, masses: masses)
    let resolvents = try Resolvents(reference.kernel, lattice.group)
    let problem = UnionProblem(hessian, masses: masses, crystal: crystal, lattice: lattice)
    let s = lattice.basis.count
    let perfectMasses = (0..<lattice.atomCount).map {
      isMassWeighted ? lattice.basis[$0 % s].mass : 1
    }
    let differences = try ResolventEngine(
      tolerance: Self.tolerance,
      smallest: min(factor.ledger.smallest, reference.cell.ledger.smallest)
    ).labels(
      of: atoms, in: problem, resolvents: resolvents, perfectMasses: perfectMasses)
    var ofAtom = [Double](repeating: 0, count: frame.atomCount)
    for (atom, difference) in zip(atoms, differences) {
      let own = crystal.siteOfAtom[atom].map { reference.cell.shares[lattice.basisOfAtom[$0]] }
      ofAtom[atom] = difference + (own ?? 0)
    }
    let labels = orbits.representatives.map { ofAtom[$0] }
    let sum = labels.reduce(0, +)
    guard abs(sum - factor.entropy) <= Self.error * Double(frame.atomCount) else {
      throw SiteEntropyError.sumRule(sum: sum, total: factor.entropy)
    }
    return SiteLabels(
      kind: .absolute, engine: "resolvent", siteEntropy: labels, entropy: factor.entropy,
      ledger: factor.ledger, errorEstimate: Self.error)
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
  private func center() throws(InputError) -> [Double] {
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

/// H̃ + c Σ_a z_a z_aᵀ with the translations z_a as stiff as the rest: its determinant and the ends
/// of its spectrum.
struct FactoredHessian {
  /// -½ log det⁺ H̃ in k_B.
  let entropy: Double
  let ledger: ModeLedger

  private static let steps = 20

  /// - Parameter hessian: Mass-weighted, in eV/(Å² u).
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where a mode is negative or another than the
  ///   translations zero.
  init(_ hessian: BlockSparseMatrix, masses: [Double]) throws {
    let (n, d) = (hessian.order, hessian.blockSize)
    let total = masses.reduce(0, +)
    let root = masses.map { ($0 / total).squareRoot() }
    // Trace over order: the mean of the spectrum.
    var trace = 0.0
    for site in 0..<hessian.siteCount {
      guard let block = hessian.position(row: site, column: site) else { continue }
      for a in 0..<d { trace += hessian.values[(block * d + a) * d + a] }
    }
    let stiffness = trace / Double(n)
    var matrix = hessian.dense()
    for i in 0..<hessian.siteCount {
      for j in 0..<hessian.siteCount {
        let value = stiffness * root[i] * root[j]
        for a in 0..<d { matrix.storage[(i * d + a) * n + j * d + a] += value }
      }
    }
    var unstable = ModeLedger(
      zeroModes: d, negativeModes: 1, smallest: 0, largest: stiffness, expectedZeroModes: d)
    guard let factor = CholeskyFactor(matrix) else {
      throw SiteEntropyError.unstableFrame(unstable)
    }
    entropy = -0.5 * (factor.logDeterminant - Double(d) * log(stiffness))
    func projected(_ x: [Double]) -> [Double] {
      var y = x
      for a in 0..<d {
        var sum = 0.0
        for i in root.indices { sum += root[i] * x[i * d + a] }
        for i in root.indices { y[i * d + a] -= sum * root[i] }
      }
      return y
    }
    let inverse = try Self.largest(order: n) { projected(factor.solved(projected($0))) }
    let largest = try Self.largest(order: n) { projected(Self.product(hessian, projected($0))) }
    let smallest = 1 / inverse
    guard smallest > ModeLedger.zeroTolerance * largest else {
      (unstable.zeroModes, unstable.smallest, unstable.largest) = (d + 1, smallest, largest)
      unstable.negativeModes = 0
      throw SiteEntropyError.unstableFrame(unstable)
    }
    ledger = ModeLedger(
      zeroModes: d, negativeModes: 0, smallest: smallest, largest: largest, expectedZeroModes: d)
  }

  private static func product(_ matrix: BlockSparseMatrix, _ x: [Double]) -> [Double] {
    let (d, area) = (matrix.blockSize, matrix.blockSize * matrix.blockSize)
    var y = [Double](repeating: 0, count: x.count)
    for i in 0..<matrix.siteCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        let j = Int(matrix.indices[k]) * d
        for a in 0..<d {
          for b in 0..<d { y[i * d + a] += matrix.values[k * area + a * d + b] * x[j + b] }
        }
      }
    }
    return y
  }

  /// The largest eigenvalue of a positive semidefinite operator, by Lanczos' process from a seeded
  /// vector: from below, to a few digits.
  private static func largest(
    order n: Int, _ apply: ([Double]) -> [Double]
  ) throws(SiteEntropyError) -> Double {
    var generator = SplitMix64(state: 1)
    var v = (0..<n).map { _ in Double(generator.next() >> 11) / Double(1 << 53) - 0.5 }
    var basis: [[Double]] = []
    var (diagonal, offDiagonal) = ([Double](), [Double]())
    for _ in 0..<min(steps, n) {
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 1e-12 else { break }
      if !basis.isEmpty { offDiagonal.append(norm) }
      let q = v.map { $0 / norm }
      basis.append(q)
      v = apply(q)
      var alpha = 0.0
      for _ in 0..<2 {
        for (index, other) in basis.enumerated() {
          var h = 0.0
          for i in 0..<n { h += other[i] * v[i] }
          for i in 0..<n { v[i] -= h * other[i] }
          if index == basis.count - 1 { alpha += h }
        }
      }
      diagonal.append(alpha)
    }
    do {
      return try Matrix(diagonal: diagonal, offDiagonal: offDiagonal).symmetricEigen().values.last
        ?? 0
    } catch { throw .decomposition(order: diagonal.count, error) }
  }
}
