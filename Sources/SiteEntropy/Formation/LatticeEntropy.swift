internal import Base
public import Crystal
internal import Glibc
internal import LinearAlgebra

/// The entropy of each basis site of a perfect crystal, from Bloch sums of its primitive cell.
///
///     s_α = (1/M) Σ_k Σ_m f(λ_m(k)) Σ_a |e_{m,αa}(k)|²
///
/// over M wave vectors, with f of the kind: -½ log λ, or the entropy of a quantum oscillator.
/// No supercell is ever built (mathematics.md (10.4)).
public struct LatticeEntropy: Sendable {
  /// s_α in k_B, shape [S].
  public let shares: [Double]
  /// The whole spectrum.
  public let ledger: ModeLedger
  /// What the last two extrapolations differ by in k_B; nil for a mesh.
  public let errorEstimate: Double?

  /// Of the periodic cell whose translations are given: its own wave vectors, Γ among them, without
  /// the d zero modes there.
  ///
  /// - Parameter kernel: Mass-weighted, in eV/(Å² u).
  /// - Throws: ``SiteEntropyError/unstableReference(_:)``,
  ///   ``SiteEntropyError/decomposition(order:_:)``.
  public init(
    of kernel: ReferenceKernel, cell group: TranslationGroup, kind: LabelKind
  ) throws(SiteEntropyError) {
    // Of k and -k, which share their modes, one is decomposed.
    let points = (0..<group.count).filter { group.opposite($0) >= $0 }
    let modes = try Self.modes(points.count, kernel) {
      kernel.dynamicalMatrix(points[$0], of: group)
    }
    let weights = points.map { group.opposite($0) == $0 ? 1.0 : 2.0 }
    let spectrum = zip(points, modes).flatMap { point, modes in
      group.opposite(point) == point ? modes.values : modes.values + modes.values
    }
    ledger = ModeLedger(eigenvalues: spectrum, expectedZeroModes: kernel.dimension)
    guard ledger.isStable else { throw .unstableReference(ledger) }
    shares = Self.shares(modes, weights, kernel, ledger: ledger) { kind.weight($0) }
    errorEstimate = nil
  }

  /// Of the infinite crystal whose sites are all equivalent: by determinants, as exact, and several
  /// times faster. ``ledger`` is that of a coarse grid.
  ///
  /// - Parameters:
  ///   - kernel, primitiveCell, scales: As in ``init(infinite:primitiveCell:kind:scales:)``.
  /// - Throws: Likewise.
  package init(
    equivalentSites kernel: ReferenceKernel, primitiveCell: Cell, scales: [Int] = [2, 3, 4, 6]
  ) throws(SiteEntropyError) {
    let d = kernel.dimension
    let base = Self.smallestGrid(primitiveCell, dimension: d)
    let determinant = LatticeDeterminant(kernel)
    var values: [Double] = []
    for scale in scales {
      let grid = base.map { $0 * scale }
      guard let value = determinant.mean(grid) else {
        // Modes tell what is wrong.
        let ledger = try Self.shifted(kernel, grid, []).ledger
        throw .unstableReference(ledger)
      }
      values.append(value)
    }
    let limits = Self.limits(scales, dimension: d)
    let best = limits.fine.limit(values)
    shares = [Double](repeating: best, count: kernel.basisCount)
    errorEstimate = abs(best - limits.coarse.limit(Array(values[1...])))
    ledger = try Self.shifted(kernel, base, []).ledger
  }

  /// The extrapolations of all grids, and of all but the first.
  private static func limits(
    _ scales: [Int], dimension d: Int
  ) -> (fine: Extrapolation, coarse: Extrapolation) {
    let sizes = scales.map(Double.init)
    let exponents = scales.indices.dropLast().map { Double(d + 2 * $0) }
    return (
      Extrapolation(sizes: sizes, exponents: exponents),
      Extrapolation(sizes: Array(sizes[1...]), exponents: Array(exponents.dropLast()))
    )
  }

  /// The same sums of several functions of λ, shape [functions, S].
  static func sums(
    of kernel: ReferenceKernel, cell group: TranslationGroup, _ functions: [(Double) -> Double]
  ) throws(SiteEntropyError) -> [[Double]] {
    let points = (0..<group.count).filter { group.opposite($0) >= $0 }
    let modes = try Self.modes(points.count, kernel) {
      kernel.dynamicalMatrix(points[$0], of: group)
    }
    let weights = points.map { group.opposite($0) == $0 ? 1.0 : 2.0 }
    let ledger = ModeLedger(
      eigenvalues: modes.flatMap(\.values), expectedZeroModes: kernel.dimension)
    guard ledger.isStable else { throw .unstableReference(ledger) }
    return functions.map { shares(modes, weights, kernel, ledger: ledger, $0) }
  }

  /// Of the infinite crystal: the integral over the Brillouin zone.
  ///
  /// Grids that avoid Γ by half a step converge by the powers L^-d, L^-(d+2), L^-(d+4) of their
  /// size L, as log|k|² is the one singularity; they are extrapolated.
  ///
  /// - Parameters:
  ///   - kernel: Mass-weighted, in eV/(Å² u), with its true ranges.
  ///   - primitiveCell: Of the kernel's translations.
  ///   - scales: Sizes L of the grids in units of the smallest steps, at least three.
  /// - Throws: ``SiteEntropyError/unstableReference(_:)``,
  ///   ``SiteEntropyError/decomposition(order:_:)``.
  public init(
    infinite kernel: ReferenceKernel, primitiveCell: Cell, kind: LabelKind,
    scales: [Int] = [2, 3, 4, 6]
  ) throws(SiteEntropyError) {
    let d = kernel.dimension
    let base = Self.smallestGrid(primitiveCell, dimension: d)
    var values: [[Double]] = []
    var worst: ModeLedger?
    for scale in scales {
      let (shares, ledger) = try Self.shifted(
        kernel, base.map { $0 * scale }, [{ kind.weight($0) }])
      values.append(shares[0])
      worst = ledger
    }
    let (fine, coarse) = Self.limits(scales, dimension: d)
    var estimate = 0.0
    shares = (0..<kernel.basisCount).map { site in
      let best = fine.limit(values.map { $0[site] })
      estimate = max(estimate, abs(best - coarse.limit(values[1...].map { $0[site] })))
      return best
    }
    errorEstimate = estimate
    ledger = worst ?? ModeLedger(eigenvalues: [], expectedZeroModes: 0)
  }

  /// The integrals of several functions of λ, extrapolated alike, shape [functions, S].
  static func sums(
    infinite kernel: ReferenceKernel, primitiveCell: Cell, scales: [Int],
    _ functions: [(Double) -> Double]
  ) throws(SiteEntropyError) -> [[Double]] {
    let base = smallestGrid(primitiveCell, dimension: kernel.dimension)
    let values = try scales.map { scale throws(SiteEntropyError) in
      try shifted(kernel, base.map { $0 * scale }, functions).shares
    }
    let extrapolation = Extrapolation(
      sizes: scales.map(Double.init),
      exponents: scales.indices.dropLast().map { Double(kernel.dimension + 2 * $0) })
    return functions.indices.map { function in
      (0..<kernel.basisCount).map { site in
        extrapolation.limit(values.map { $0[function][site] })
      }
    }
  }

  /// In 3D as many steps along each direction as 13 Å need to begin with: 8 … 24 in silicon.
  private static func smallestGrid(_ primitiveCell: Cell, dimension d: Int) -> [Int] {
    let reach = [800.0, 100.0, 13.0][min(max(d, 1), 3) - 1]
    return (0..<3).map { axis in
      primitiveCell.periodic[axis]
        ? max(1, Int((reach / primitiveCell.height(axis)).rounded())) : 0
    }
  }

  /// One grid of wave vectors k = 2π Σ (j_i + ½)/n_i b_i; 0 steps mean an open direction.
  private static func shifted(
    _ kernel: ReferenceKernel, _ counts: [Int], _ functions: [(Double) -> Double]
  ) throws(SiteEntropyError) -> (shares: [[Double]], ledger: ModeLedger) {
    let n = counts.map { max($0, 1) }
    let total = n.reduce(1, *)
    // k and -k are numbers i and total - 1 - i.
    let half = (total + 1) / 2
    let modes = try modes(half, kernel) { point in
      let j = [point / (n[1] * n[2]), point / n[2] % n[1], point % n[2]]
      let q = (0..<3).map { counts[$0] == 0 ? 0 : (Double(j[$0]) + 0.5) / Double(n[$0]) }
      return kernel.dynamicalMatrix(reduced: q)
    }
    let weights = (0..<half).map { 2 * $0 + 1 == total ? 1.0 : 2.0 }
    let ledger = ModeLedger(eigenvalues: modes.flatMap(\.values), expectedZeroModes: 0)
    guard ledger.isStable else { throw .unstableReference(ledger) }
    return (functions.map { shares(modes, weights, kernel, ledger: ledger, $0) }, ledger)
  }

  /// The modes of one wave vector.
  private struct Modes: Sendable {
    /// λ_m in eV/(Å² u), shape [S·d].
    let values: [Double]
    /// Σ_a |e_{m,αa}|², shape [S·d, S].
    let weights: [Double]
  }

  private static func modes(
    _ count: Int, _ kernel: ReferenceKernel, _ matrix: @Sendable (Int) -> ComplexMatrix
  ) throws(SiteEntropyError) -> [Modes] {
    let (order, d) = (kernel.basisCount * kernel.dimension, kernel.dimension)
    // A few wave vectors at a time: one alone takes microseconds.
    let chunk = 32
    let parts = mapConcurrently((count + chunk - 1) / chunk) { part in
      Result { () throws(LAPACKError) -> [Modes] in
        var result: [Modes] = []
        for point in part * chunk..<min((part + 1) * chunk, count) {
          let eigen = try matrix(point).hermitianEigen()
          var weights = [Double](repeating: 0, count: order * kernel.basisCount)
          for m in 0..<order {
            for c in 0..<order {
              let (x, y) = (
                eigen.vectors.real[m * order + c], eigen.vectors.imaginary[m * order + c]
              )
              weights[m * kernel.basisCount + c / d] += x * x + y * y
            }
          }
          result.append(Modes(values: eigen.values, weights: weights))
        }
        return result
      }
    }
    var modes: [Modes] = []
    modes.reserveCapacity(count)
    for part in parts {
      do { modes += try part.get() } catch { throw .decomposition(order: order, error) }
    }
    return modes
  }

  private static func shares(
    _ modes: [Modes], _ weights: [Double], _ kernel: ReferenceKernel, ledger: ModeLedger,
    _ function: (Double) -> Double
  ) -> [Double] {
    let s = kernel.basisCount
    let tolerance = ModeLedger.zeroTolerance * ledger.largest
    var sums = [Double](repeating: 0, count: s)
    for (point, weight) in zip(modes, weights) {
      for (m, lambda) in point.values.enumerated() where lambda > tolerance {
        let value = weight * function(lambda)
        for alpha in 0..<s { sums[alpha] += value * point.weights[m * s + alpha] }
      }
    }
    let total = weights.reduce(0, +)
    return sums.map { $0 / total }
  }
}

extension ReferenceKernel {
  /// D(k) = Σ_R C(R) e^{-ik·R} at k = 2π Σ q_i b_i, Hermitian, of order S·d.
  ///
  /// - Parameter q: Reduced coordinates, b the dual of the primitive vectors, shape [3].
  func dynamicalMatrix(reduced q: [Double]) -> ComplexMatrix {
    dynamicalMatrix { r in
      let turns = q[0] * Double(r.0) + q[1] * Double(r.1) + q[2] * Double(r.2)
      let angle = -2 * Double.pi * (turns - turns.rounded())
      return (cos(angle), sin(angle))
    }
  }
}

extension ComplexMatrix {
  /// Takes the Hermitian part: the Hessian is symmetric up to rounding only.
  mutating func makeHermitian() {
    for i in 0..<order {
      for j in 0...i {
        let x = (real[i * order + j] + real[j * order + i]) / 2
        let y = (imaginary[i * order + j] - imaginary[j * order + i]) / 2
        (real[i * order + j], real[j * order + i]) = (x, x)
        (imaginary[i * order + j], imaginary[j * order + i]) = (y, -y)
      }
    }
  }
}
