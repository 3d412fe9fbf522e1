internal import Base
internal import Glibc
package import LinearAlgebra

/// What a few steps of block Lanczos' process at each atom say of absolute labels, without a
/// decomposition and without a reference.
///
///     S_i ≈ A_k,i = -½ (d log c + tr [log(1 + J_k)]_11),   E = H̃/c - 1
///
/// mathematics.md (10.17). J_k is exact on [E]_ii … [E^(2k-1)]_ii, so that atoms which
/// take more than k - 1 blocks of H̃ to reach do not count, however large the cell is.
package struct LocalQuadrature: Sendable {
  /// k.
  private let steps: Int

  /// Atoms that one thread works on before it takes the next.
  private static let blockSize = 64

  package init(steps: Int) { self.steps = steps }

  /// - Parameters:
  ///   - hessian: H̃, in eV/(Å² u).
  ///   - atoms: Whose labels are wanted.
  /// - Returns: A_k in k_B, in the order of `atoms`; equal at any number of threads.
  /// - Throws: ``SiteEntropyError/mismatch(_:)`` where J_k has an eigenvalue that is not positive: then
  ///   H̃ has one that is no larger.
  package func labels(
    of hessian: BlockSparseMatrix, atoms: [Int]
  ) throws(SiteEntropyError) -> [Double] {
    let blocks = stride(from: 0, to: atoms.count, by: Self.blockSize).map {
      Array(atoms[$0..<min($0 + Self.blockSize, atoms.count)])
    }
    let scale = hessian.largestRowSum
    let parts = mapConcurrently(blocks.count) { block in
      Result { () throws(SiteEntropyError) in
        var process = LocalProcess(hessian, scale: scale, steps: steps)
        return try blocks[block].map { atom throws(SiteEntropyError) in
          try process.label(of: atom)
        }
      }
    }
    var labels: [Double] = []
    for part in parts { labels += try part.get() }
    return labels
  }
}

/// Block Lanczos' process from the unit vectors of one atom after the other, on the atoms that it
/// reaches.
private struct LocalProcess {
  private let matrix: BlockSparseMatrix
  private let scale: Double
  private let steps: Int
  private let d: Int
  /// Place of each atom of the frame among those reached, -1 for none, shape [N].
  private var places: [Int32]
  /// The atoms reached, nearest first; `ends[j]` of them by at most j blocks.
  private var atoms: [Int] = []
  private var ends: [Int] = []
  /// X, the X before and E X, shape [atoms, d], a column of the block in each lane.
  private var (current, before, image): ([SIMD4<Double>], [SIMD4<Double>], [SIMD4<Double>])
  private var spectrum = SmallSpectrum()

  init(_ matrix: BlockSparseMatrix, scale: Double, steps: Int) {
    (self.matrix, self.scale, self.steps) = (matrix, scale, steps)
    d = matrix.blockSize
    places = [Int32](repeating: -1, count: matrix.siteCount)
    (current, before, image) = ([], [], [])
  }

  mutating func label(of atom: Int) throws(SiteEntropyError) -> Double {
    reach(from: atom)
    defer { for atom in atoms { places[atom] = -1 } }
    let count = atoms.count * d
    if image.count < count { image = [SIMD4<Double>](repeating: .zero, count: count) }
    (current, before) = (image, image)
    for row in 0..<count { (current[row], before[row]) = (.zero, .zero) }
    for a in 0..<d { current[a][a] = 1 }
    var jacobi = BlockJacobi(dimension: d)
    var gram = [Double](repeating: 0, count: 16)
    var (alpha, beta) = ([Double](repeating: 0, count: 12), [Double](repeating: 0, count: 12))
    var first = 0.0
    for step in 0..<steps {
      let isLast = step + 1 == steps
      multiply(known: ends[step], rows: ends[isLast ? step : step + 1])
      products(of: current, with: image, rows: ends[step], into: &gram)
      if step == 0 { for a in 0..<d { first += gram[4 * a + a] } }
      jacobi.appendDiagonal(gram, alpha: &alpha, beta: &beta)
      guard !isLast else { break }
      advance(alpha, beta, rows: ends[step + 1])
      products(of: current, with: current, rows: ends[step + 1], into: &gram)
      jacobi.appendNorm(gram, using: &spectrum)
      if jacobi.isComplete { break }
    }
    let rule = jacobi.quadrature(steps: steps, using: &spectrum)
    guard 1 + rule.least > ModeLedger.zeroTolerance else {
      throw .mismatch(
        "expected a stable frame, found an eigenvalue of the Hessian of at most "
          + shortDecimal(scale * (1 + rule.least)))
    }
    return -0.5 * (Double(d) * log(scale) + first + rule.curvature)
  }

  /// Finds the atoms that k - 1 blocks reach.
  private mutating func reach(from atom: Int) {
    atoms = [atom]
    ends = [1]
    places[atom] = 0
    var start = 0
    for _ in 1..<max(steps, 2) {
      for place in start..<atoms.count {
        for k in matrix.rowStarts[atoms[place]]..<matrix.rowStarts[atoms[place] + 1] {
          let next = Int(matrix.indices[k])
          guard places[next] < 0 else { continue }
          places[next] = Int32(truncatingIfNeeded: atoms.count)
          atoms.append(next)
        }
      }
      start = ends[ends.count - 1]
      ends.append(atoms.count)
    }
  }

  /// E X on the first `rows` atoms, X being zero but on the first `known`.
  private mutating func multiply(known: Int, rows: Int) {
    var result: [SIMD4<Double>] = []
    swap(&result, &image)
    multiplyReached(
      matrix, scale: 1 / scale, atoms: atoms.span, places: places.span, current.span,
      known: known, rows: rows, into: &result)
    swap(&result, &image)
  }

  private mutating func advance(_ alpha: [Double], _ beta: [Double], rows: Int) {
    func lanes(_ factors: [Double], _ c: Int) -> SIMD4<Double> {
      SIMD4(factors[4 * c], factors[4 * c + 1], factors[4 * c + 2], factors[4 * c + 3])
    }
    for row in 0..<rows * d {
      var next = image[row]
      for c in 0..<d {
        next -= current[row][c] * lanes(alpha, c) + before[row][c] * lanes(beta, c)
      }
      before[row] = next
    }
    swap(&current, &before)
  }

  /// XᵀY, shape [4, 4].
  private func products(
    of x: [SIMD4<Double>], with y: [SIMD4<Double>], rows: Int, into gram: inout [Double]
  ) {
    for a in 0..<d {
      var sum = SIMD4<Double>.zero
      for row in 0..<rows * d { sum += x[row][a] * y[row] }
      for b in 0..<4 { gram[4 * a + b] = sum[b] }
    }
  }
}

/// (scale H̃ - 1) X on the first `rows` atoms of those reached.
///
/// - Parameters:
///   - x: Shape [atoms, d], zero but on the first `known` atoms.
///   - image: Shape [atoms, d]; its first `rows` atoms are overwritten.
private func multiplyReached(
  _ matrix: BlockSparseMatrix, scale: Double, atoms: Span<Int>, places: Span<Int32>,
  _ x: Span<SIMD4<Double>>, known: Int, rows: Int, into image: inout [SIMD4<Double>]
) {
  let d = matrix.blockSize
  let (starts, indices, values) = (
    matrix.rowStarts.span, matrix.indices.span, matrix.values.span
  )
  var image = image.mutableSpan
  for row in 0..<rows {
    let atom = atoms[row]
    // A row of the product for each axis, which stay in registers.
    var (p, q, r) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
    for k in starts[atom]..<starts[atom + 1] {
      let place = Int(places[Int(indices[k])])
      guard place >= 0, place < known else { continue }
      for b in 0..<d {
        let value = x[place &* d &+ b]
        let element = k &* d &* d &+ b
        p += values[element] * value
        if d > 1 { q += values[element &+ d] * value }
        if d > 2 { r += values[element &+ 2 &* d] * value }
      }
    }
    image[row &* d] = scale * p
    if d > 1 { image[row &* d &+ 1] = scale * q }
    if d > 2 { image[row &* d &+ 2] = scale * r }
    if row < known { for a in 0..<d { image[row &* d &+ a] -= x[row &* d &+ a] } }
  }
}
