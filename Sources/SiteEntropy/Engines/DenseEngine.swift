internal import Base
public import Crystal
public import LinearAlgebra

/// Labels of any frame from one eigendecomposition of its whole cell (mathematics.md (3.4) "dense").
///
///     S_i = -½ Σ_k log(λ_k) Σ_a V_{k,ia}²,   A = F H̃ F = Vᵀ diag(λ) V
///
/// Kind relative normalises with F from Bloch sums; the other kinds take H̃ itself.
public struct DenseEngine: Sendable {
  public let kind: LabelKind
  /// The most that dense matrices may take, in bytes.
  public let memoryLimit: Int

  public init(kind: LabelKind, memoryLimit: Int = .max) {
    (self.kind, self.memoryLimit) = (kind, memoryLimit)
  }

  /// Bytes that a cell of this order takes at the peak: the matrix and LAPACK's 2n² of work.
  public static func bytesNeeded(order n: Int) -> Int { 8 * (3 * n * n + 8 * n) }

  /// dsyevd counts its workspace 1 + 6n + 2n² in 32 bits.
  static let largestOrder = 32_000

  /// Labels of a Hessian.
  ///
  /// Zero modes add nothing, negative ones are left out and counted: whether such a frame is an
  /// error is the caller's choice, from the ledger.
  ///
  /// - Parameters:
  ///   - hessian: Mass-weighted, in eV/(Å² u).
  ///   - normalizer, multilattice: Of the frame's own cell; needed by kind relative only.
  ///   - expectedZeroModes: Of a stable frame; nil for the rigid translations.
  /// - Throws: ``SiteEntropyError``.
  public func labels(
    of hessian: BlockSparseMatrix, normalizer: Normalizer? = nil,
    multilattice: Multilattice? = nil, expectedZeroModes: Int? = nil
  ) throws(SiteEntropyError) -> SiteLabels {
    let eigen = try modes(of: hessian, normalizer: normalizer, multilattice: multilattice)
    return labels(
      eigen, siteCount: hessian.siteCount, dimension: hessian.blockSize,
      expectedZeroModes: expectedZeroModes)
  }

  /// The eigendecomposition that the labels come from; parameters and errors as in
  /// ``labels(of:normalizer:multilattice:)``.
  func modes(
    of hessian: BlockSparseMatrix, normalizer: Normalizer?, multilattice: Multilattice?
  ) throws(SiteEntropyError) -> SymmetricEigen {
    let n = hessian.order
    let bytes = Self.bytesNeeded(order: n)
    guard bytes <= memoryLimit, n <= Self.largestOrder else {
      let most = min(memoryLimit, Self.bytesNeeded(order: Self.largestOrder))
      throw .tooLarge(order: n, bytes: bytes, limit: most)
    }
    let matrix: Matrix
    if kind == .relative {
      guard let normalizer, let multilattice else {
        throw .mismatch("kind relative: expected a reference crystal, found none")
      }
      guard multilattice.atomCount == hessian.siteCount, normalizer.group == multilattice.group,
        normalizer.dimension == hessian.blockSize
      else { throw .mismatch("expected a Hessian of the reference's cell, found another") }
      matrix = Self.normalized(hessian, by: normalizer, multilattice)
    } else {
      matrix = hessian.dense()
    }
    do { return try matrix.symmetricEigen() } catch { throw .decomposition(order: n, error) }
  }

  /// Sites whose columns of A are computed side by side, at most.
  private static let columnSites = 16

  /// A = F H̃ F, a few columns at a time: F by Bloch sums, H̃ sparse. That is O(n² log n).
  package static func normalized(
    _ hessian: BlockSparseMatrix, by normalizer: Normalizer, _ multilattice: Multilattice
  ) -> Matrix {
    let (n, d, atoms) = (hessian.order, hessian.blockSize, hessian.siteCount)
    let matrix = SparsePerturbation.bySite(hessian, multilattice)
    let root = BlochOperator.root(normalizer)
    let unitVectors = UnitVectors(normalizer)
    let number = multilattice.siteNumbers
    // Blocks of equal size share the rows among them.
    let each = (1...columnSites).reversed().first { atoms.isMultiple(of: $0) } ?? 1
    let width = (each * d + 7) / 8 * 8
    var elements = [Double](repeating: 0, count: n * n)
    fillBlocksConcurrently(&elements, blockSize: each * d * n) { block, rows in
      var x = [Double](repeating: 0, count: n * width)
      var y = x
      var dots = [Double](repeating: 0, count: width)
      do {
        var source = x.mutableSpan
        unitVectors.fill(&source, Array(number[block * each..<(block + 1) * each]), width: width)
      }
      do {
        var image = y.mutableSpan
        var products = dots.mutableSpan
        matrix.multiply(x.span, width: width, into: &image, dots: &products)
      }
      var image = y.mutableSpan
      root.apply(&image, width: width)
      // A is symmetric: its columns are its rows.
      for (atom, site) in number.enumerated() {
        for b in 0..<d {
          let from = (site * d + b) * width
          for c in 0..<each * d { rows[c * n + atom * d + b] = image[from + c] }
        }
      }
    }
    return Matrix(rowCount: n, columnCount: n, storage: elements)
  }

  func labels(
    _ eigen: SymmetricEigen, siteCount: Int, dimension: Int, expectedZeroModes: Int? = nil
  ) -> SiteLabels {
    let ledger = ModeLedger(
      eigenvalues: eigen.values, expectedZeroModes: expectedZeroModes ?? dimension)
    let tolerance =
      ModeLedger.zeroTolerance * eigen.values.reduce(0) { max($0, abs($1)) }
    let weights = eigen.values.map { $0 > tolerance ? kind.weight($0) : 0 }
    var shares = [Double](repeating: 0, count: siteCount)
    var span = shares.mutableSpan
    projectOntoSites(
      modes: eigen.vectors.storage.span, weights: weights.span, dimension: dimension, into: &span)
    return SiteLabels(
      kind: kind, engine: "dense", siteEntropy: shares, entropy: weights.reduce(0, +),
      ledger: ledger)
  }
}

/// Splits a sum over modes into the shares of the sites.
///
///     s_i = Σ_m Σ_a |v_{m,ia}|² w_m
///
/// As the modes are orthonormal, Σ_i s_i = Σ_m w_m.
///
/// - Parameters:
///   - modes: Eigenvectors as rows, shape [n, n], row-major; column d·i + a belongs to site i.
///   - weights: w_m, shape [n].
///   - shares: s_i, shape [n/d]; overwritten.
/// - Complexity: O(n²); reads `modes` once, in storage order.
public func projectOntoSites(
  modes: Span<Double>, weights: Span<Double>, dimension d: Int,
  into shares: inout MutableSpan<Double>
) {
  let modeCount = weights.count
  let width = shares.count * d
  precondition(modes.count == modeCount * width, "modes: expected [\(modeCount), \(width)]")
  for site in shares.indices { shares[site] = 0 }
  for mode in 0..<modeCount where weights[mode] != 0 {
    let weight = weights[mode]
    let row = mode * width
    if d == 3 {
      for site in shares.indices {
        let x = modes[row &+ 3 &* site]
        let y = modes[row &+ 3 &* site &+ 1]
        let z = modes[row &+ 3 &* site &+ 2]
        shares[site] += (x * x + y * y + z * z) * weight
      }
    } else {
      for column in 0..<width {
        let x = modes[row &+ column]
        shares[column / d] += x * x * weight
      }
    }
  }
}
