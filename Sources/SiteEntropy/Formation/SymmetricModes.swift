internal import Base
internal import Crystal
internal import LinearAlgebra

/// The modes of a cell whose defects leave some symmetry, one irreducible representation at a time.
///
///     S_i = (1/|O|) Σ_ρ d_ρ Σ_m f(λ_ρm) Σ_(q on O) c_ρmq²,   i in the orbit O         (mathematics.md (10.15))
///
/// A block has n d_ρ/|G| rows: with the 24 operations of a vacancy in diamond the decompositions take a
/// 200th of that of the cell. Matrices must commute with the operations, which is measured; those that
/// do not are left out.
struct SymmetricModes: Sendable {
  let group: PointGroup
  /// Orders of the blocks.
  let orders: [Int]
  private let representations: [IrreducibleRepresentation]
  private let orbits: OrbitTable
  private let hessian: BlockSparseMatrix
  /// By how much an operation changes H̃, relative to it.
  let asymmetry: Double

  /// Operations that change H̃ by more than this share are none.
  private static let tolerance = 1e-7

  /// - Parameters:
  ///   - hessian: Mass-weighted, in eV/(Å² u).
  ///   - operations: A group of symmetries of the frame, in three dimensions; none is the trivial one.
  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  init(
    _ hessian: BlockSparseMatrix, operations: [PointOperation]
  ) throws(SiteEntropyError) {
    precondition(hessian.blockSize == 3 || operations.isEmpty, "three dimensions")
    self.hessian = hessian
    let changes = Self.changes(of: hessian, under: operations)
    let kept = zip(operations, changes).filter { $1 <= Self.tolerance }
    let atoms = hessian.siteCount
    let whole = PointGroup(kept.map(\.0)) ?? .trivial(atomCount: atoms)
    // One thread: the last bits of what follows must not depend on their number.
    let found = withLinearAlgebraThreads(1) {
      Swift.Result { () throws(LAPACKError) in try whole.withRepresentations() }
    }
    do { (group, representations) = try found.get() } catch {
      throw .decomposition(order: whole.order, error)
    }
    asymmetry = group.order == 1 ? 0 : kept.reduce(0) { max($0, $1.1) }
    orbits = OrbitTable(group, atomCount: atoms)
    orders =
      group.order == 1
      ? [hessian.order] : Self.occurrences(of: representations, in: group, atomCount: atoms)
  }

  /// How often each representation occurs among the displacements: by the characters of Γ.
  private static func occurrences(
    of representations: [IrreducibleRepresentation], in group: PointGroup, atomCount: Int
  ) -> [Int] {
    let characters = group.operations.map { operation in
      let fixed = (0..<atomCount).count { operation.images[$0] == $0 }
      return Double(fixed) * (operation.rotation[0] + operation.rotation[4] + operation.rotation[8])
    }
    return representations.map { representation in
      let sum = zip(characters, representation.characters).reduce(0) { $0 + $1.0 * $1.1 }
      return Int((sum / Double(group.order)).rounded())
    }
  }

  /// Of a label, in k_B: labels change by about the share by which H̃ does.
  static func errorEstimate(_ asymmetry: Double) -> Double { max(10 * asymmetry, 1e-11) }

  /// Eigenvalues and labels.
  struct Result: Sendable {
    /// The whole spectrum in eV/(Å² u), ascending.
    let spectrum: [Double]
    let labels: SiteLabels
  }

  /// - Throws: ``SiteEntropyError``.
  func result(kind: LabelKind) throws(SiteEntropyError) -> Result {
    let parts = mapConcurrently(representations.count) { index in
      Swift.Result { () throws(LAPACKError) -> (basis: AdaptedBasis, eigen: SymmetricEigen) in
        let basis = try AdaptedBasis(representations[index], group, orbits: orbits)
        return (basis, try basis.block(of: hessian).symmetricEigen())
      }
    }
    var solved: [(basis: AdaptedBasis, eigen: SymmetricEigen)] = []
    for (part, order) in zip(parts, orders) {
      do { solved.append(try part.get()) } catch { throw .decomposition(order: order, error) }
    }
    let spectrum = solved.flatMap { basis, eigen in
      eigen.values.flatMap { [Double](repeating: $0, count: basis.multiplicity) }
    }.sorted()
    guard spectrum.count == hessian.order else {
      throw .mismatch("expected \(hessian.order) modes by symmetry, found \(spectrum.count)")
    }
    let ledger = ModeLedger(eigenvalues: spectrum, expectedZeroModes: hessian.blockSize)
    let tolerance = ModeLedger.zeroTolerance * spectrum.reduce(0) { max($0, abs($1)) }
    var shares = [Double](repeating: 0, count: orbits.atoms.count)
    for (basis, eigen) in solved {
      let count = eigen.values.count
      for (m, lambda) in eigen.values.enumerated() where lambda > tolerance {
        let weight = Double(basis.multiplicity) * kind.weight(lambda)
        for (q, orbit) in basis.orbits.enumerated() {
          let c = eigen.vectors.storage[m * count + q]
          shares[orbit] += weight * c * c
        }
      }
    }
    let entropies = orbits.orbitOfAtom.map { shares[$0] / Double(orbits.atoms[$0].count) }
    let total = spectrum.reduce(0) { $1 > tolerance ? $0 + kind.weight($1) : $0 }
    let labels = SiteLabels(
      kind: kind, engine: "dense", siteEntropy: entropies, entropy: total, ledger: ledger,
      errorEstimate: Self.errorEstimate(asymmetry))
    try labels.checkSumRule()
    return Result(spectrum: spectrum, labels: labels)
  }

  /// |HΓx - ΓHx| over |Hx| of each operation for one random x, as largest elements.
  private static func changes(
    of hessian: BlockSparseMatrix, under operations: [PointOperation]
  ) -> [Double] {
    let n = hessian.order
    var random = RandomNumbers(keys: 0x5e77, UInt64(n))
    let x = (0..<n).map { _ in random.normal() }
    let image = hessian.times(x)
    let scale = image.reduce(0) { max($0, abs($1)) }
    return mapConcurrently(operations.count) { index in
      let other = hessian.times(turned(x, by: operations[index]))
      let own = turned(image, by: operations[index])
      return zip(own, other).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(scale, 1e-300)
    }
  }

  /// Γ(g) x.
  private static func turned(_ x: [Double], by operation: PointOperation) -> [Double] {
    var y = x
    let r = operation.rotation
    for (atom, image) in operation.images.enumerated() {
      let (u, v, w) = (x[3 * atom], x[3 * atom + 1], x[3 * atom + 2])
      for b in 0..<3 { y[3 * image + b] = u * r[b] + v * r[3 + b] + w * r[6 + b] }
    }
    return y
  }
}
