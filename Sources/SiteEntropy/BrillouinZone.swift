internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// D(k) in acoustic and internal-shift blocks at the wave vectors of a grid (mathematics.md (7.1)).
struct BrillouinZone: Sendable {
  private let kernel: ReferenceKernel
  private let group: TranslationGroup
  /// The basis sites in fractions of the primitive vectors, shape [S, 3].
  private let fractions: [Double]
  private let primitiveVectors: [Double]
  /// 2π times the dual of the primitive vectors, as rows in 1/Å.
  private let reciprocal: Cell
  private let reduced: ReducedCell
  /// Rows: the acoustic vectors, then an orthonormal basis of the internal shifts.
  private let split: Matrix

  var order: Int { kernel.basisCount * kernel.dimension }

  /// What one wave vector says.
  struct Point: Sendable {
    let spectrum: [Double]
    let isOwnOpposite: Bool
    let extremes: StabilityConstants.Extremes
  }

  init(
    kernel: ReferenceKernel, multilattice: Multilattice, group: TranslationGroup
  ) throws(SiteEntropyError) {
    (self.kernel, self.group) = (kernel, group)
    let cell = multilattice.primitiveCell
    primitiveVectors = multilattice.primitiveVectors
    fractions = multilattice.basis.flatMap { site in
      let s = cell.fractional(site.position[0], site.position[1], site.position[2])
      return [s.0, s.1, s.2]
    }
    // Columns of the inverse are the dual vectors.
    let rows = (0..<3).flatMap { row in (0..<3).map { 2 * .pi * cell.inverse[3 * $0 + row] } }
    do { reciprocal = try Cell(rows: rows, periodic: cell.periodic) } catch {
      throw .mismatch("reciprocal lattice: \(error)")
    }
    reduced = ReducedCell(reciprocal)
    split = Self.acousticSplit(kernel.basisCount, kernel.dimension)
  }

  /// Q as rows, shape [S·d, S·d]: the mean of the sublattices, then Helmert's contrasts.
  static func acousticSplit(_ s: Int, _ d: Int) -> Matrix {
    var result = Matrix(rowCount: s * d, columnCount: s * d)
    for j in 0..<s {
      let scale = 1 / Double(j == 0 ? s : j * (j + 1)).squareRoot()
      for alpha in 0..<s {
        let value = j == 0 || alpha < j ? scale : alpha == j ? -Double(j) * scale : 0
        for a in 0..<d { result[j * d + a, alpha * d + a] = value }
      }
    }
    return result
  }

  func point(_ index: Int) throws(LAPACKError) -> Point {
    let matrix = kernel.dynamicalMatrix(index, of: group)
    var extremes = StabilityConstants.Extremes()
    for k in shortestEquivalents(index) {
      extremes.merge(try self.extremes(of: blocks(matrix, k), at: k))
    }
    return Point(
      spectrum: try matrix.hermitianEigen().values,
      isOwnOpposite: group.opposite(index) == index, extremes: extremes)
  }

  /// The vectors k + G of least length, in 1/Å.
  private func shortestEquivalents(_ index: Int) -> [(Double, Double, Double)] {
    let q = group.reducedWaveVector(index)
    let far = reciprocal.cartesian(q[0], q[1], q[2])
    guard index != 0 else { return [(0, 0, 0)] }
    let k = reduced.minimumImage(far.0, far.1, far.2)
    let limit = squaredLength(k) * (1 + 1e-9)
    var result = [k]
    for offset in reduced.offsets {
      let other = (k.0 + offset.0, k.1 + offset.1, k.2 + offset.2)
      if squaredLength(other) <= limit { result.append(other) }
    }
    return result
  }

  /// Q D(k) Qᵀ with the phases of the sites' places.
  private func blocks(
    _ matrix: ComplexMatrix, _ k: (Double, Double, Double)
  ) -> ComplexMatrix {
    let (d, n) = (kernel.dimension, order)
    let q = reducedVector(k)
    let angles = (0..<kernel.basisCount).map { site in
      2 * Double.pi * (0..<3).reduce(0) { $0 + q[$1] * fractions[3 * site + $1] }
    }
    var real = Matrix(rowCount: n, columnCount: n)
    var imaginary = real
    for i in 0..<n {
      for j in 0..<n {
        let angle = angles[i / d] - angles[j / d]
        let (c, s) = (cos(angle), sin(angle))
        let (x, y) = (matrix.real[i * n + j], matrix.imaginary[i * n + j])
        real[i, j] = c * x - s * y
        imaginary[i, j] = c * y + s * x
      }
    }
    func rotated(_ part: Matrix) -> [Double] {
      split.multiplied(by: part).multiplied(by: split, transposingOther: true).storage
    }
    return ComplexMatrix(order: n, real: rotated(real), imaginary: rotated(imaginary))
  }

  private func reducedVector(_ k: (Double, Double, Double)) -> [Double] {
    (0..<3).map { row in
      let a = primitiveVectors[3 * row..<3 * row + 3].map { $0 }
      return (k.0 * a[0] + k.1 * a[1] + k.2 * a[2]) / (2 * .pi)
    }
  }

  private func extremes(
    of blocks: ComplexMatrix, at k: (Double, Double, Double)
  ) throws(LAPACKError) -> StabilityConstants.Extremes {
    let (d, n) = (kernel.dimension, order)
    let squared = squaredLength(k)
    let q = reducedVector(k).map { $0 + 0 }
    func extreme(_ value: Double?) -> StabilityConstants.Extreme? {
      value.map { StabilityConstants.Extreme(value: $0, waveVector: q) }
    }
    var result = StabilityConstants.Extremes()
    let optical = n > d ? try blocks.block(d..<n).hermitianEigen() : nil
    result.optical = extreme(optical?.values.first)
    guard squared > 0 else { return result }
    // Columns m of D_ao V, V the eigenvectors of D_oo.
    var schur = blocks.block(0..<d)
    if let optical {
      let coupled = blocks.coupled(d, to: optical.vectors)
      result.coupling = extreme(
        try coupled.gram { _ in 1 }.hermitianEigen().values.last
          .map { max($0, 0).squareRoot() / squared.squareRoot() })
      // An optical mode that is not positive has no Schur complement; the ledger counts it.
      guard optical.values[0] > 0 else { return result }
      let correction = coupled.gram { 1 / optical.values[$0] }
      for e in 0..<d * d {
        schur.real[e] -= correction.real[e]
        schur.imaginary[e] -= correction.imaginary[e]
      }
    }
    result.acoustic = extreme(try schur.hermitianEigen().values.first.map { $0 / squared })
    var scaled = blocks
    let length = squared.squareRoot()
    for i in 0..<n {
      for j in 0..<n {
        let factor = (i < d ? length : 1) * (j < d ? length : 1)
        scaled.real[i * n + j] /= factor
        scaled.imaginary[i * n + j] /= factor
      }
    }
    result.coercivity = extreme(try scaled.hermitianEigen().values.first)
    return result
  }
}

private func squaredLength(_ k: (Double, Double, Double)) -> Double {
  k.0 * k.0 + k.1 * k.1 + k.2 * k.2
}

extension ComplexMatrix {
  /// The square block of some rows and the same columns.
  fileprivate func block(_ range: Range<Int>) -> ComplexMatrix {
    func part(_ elements: [Double]) -> [Double] {
      range.flatMap { row in range.map { elements[row * order + $0] } }
    }
    return ComplexMatrix(order: range.count, real: part(real), imaginary: part(imaginary))
  }

  /// c_m = D_ao v_m for the rows v_m of `vectors`: this matrix' first d rows, its columns from d on.
  fileprivate func coupled(_ d: Int, to vectors: ComplexMatrix) -> CoupledVectors {
    let m = vectors.order
    var result = CoupledVectors(
      d: d, real: [Double](repeating: 0, count: m * d),
      imaginary: [Double](repeating: 0, count: m * d))
    for mode in 0..<m {
      for a in 0..<d {
        for j in 0..<m {
          let (x, y) = (real[a * order + d + j], imaginary[a * order + d + j])
          let (u, v) = (vectors.real[mode * m + j], vectors.imaginary[mode * m + j])
          result.real[mode * d + a] += x * u - y * v
          result.imaginary[mode * d + a] += x * v + y * u
        }
      }
    }
    return result
  }
}

/// Vectors c_m of d complex components, shape [m, d].
private struct CoupledVectors {
  let d: Int
  var real: [Double]
  var imaginary: [Double]

  /// Σ_m w_m c_m c_mᴴ.
  func gram(_ weight: (Int) -> Double) -> ComplexMatrix {
    var result = ComplexMatrix(
      order: d, real: [Double](repeating: 0, count: d * d),
      imaginary: [Double](repeating: 0, count: d * d))
    for mode in 0..<real.count / d {
      let w = weight(mode)
      for a in 0..<d {
        for b in 0..<d {
          let (x, y) = (real[mode * d + a], imaginary[mode * d + a])
          let (u, v) = (real[mode * d + b], imaginary[mode * d + b])
          result.real[a * d + b] += w * (x * u + y * v)
          result.imaginary[a * d + b] += w * (y * u - x * v)
        }
      }
    }
    return result
  }
}
