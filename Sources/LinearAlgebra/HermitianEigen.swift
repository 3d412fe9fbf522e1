internal import CLAPACKE

/// A Hermitian matrix or a set of complex vectors, real and imaginary parts apart, row-major.
public struct ComplexMatrix: Equatable, Sendable {
  public let order: Int
  public var real: [Double]
  public var imaginary: [Double]

  /// - Precondition: Both parts have `order` · `order` elements.
  public init(order: Int, real: [Double], imaginary: [Double]) {
    precondition(real.count == order * order && imaginary.count == order * order, "shape")
    (self.order, self.real, self.imaginary) = (order, real, imaginary)
  }
}

/// Eigenvalues (ascending) and orthonormal eigenvectors of a Hermitian matrix.
public struct HermitianEigen: Sendable {
  /// Shape [n].
  public let values: [Double]
  /// Row m is the eigenvector of `values[m]`.
  public let vectors: ComplexMatrix

  public init(values: [Double], vectors: ComplexMatrix) {
    (self.values, self.vectors) = (values, vectors)
  }

  /// Up to this order the sums are made here: calls into BLAS would cost more than they do.
  private static let smallOrder = 24

  /// Σ_m f(λ_m) v_m v_mᴴ.
  public func applying(_ f: (Int, Double) -> Double) -> ComplexMatrix {
    let n = values.count
    guard n > Self.smallOrder else { return summed(values.indices.map { f($0, values[$0]) }) }
    let x = Matrix(rowCount: n, columnCount: n, storage: vectors.real)
    let y = Matrix(rowCount: n, columnCount: n, storage: vectors.imaginary)
    var (u, v) = (x, y)
    for m in 0..<n {
      let weight = f(m, values[m])
      for i in m * n..<(m + 1) * n {
        u.storage[i] *= weight
        v.storage[i] *= weight
      }
    }
    // Rows are eigenvectors: Σ_m w (x + iy)ᵀ (x - iy).
    let xx = x.multiplied(by: u, transposingSelf: true)
    let yy = y.multiplied(by: v, transposingSelf: true)
    let yx = y.multiplied(by: u, transposingSelf: true)
    return ComplexMatrix(
      order: n, real: (0..<n * n).map { xx.storage[$0] + yy.storage[$0] },
      imaginary: (0..<n * n).map { yx.storage[$0] - yx.storage[$0 % n * n + $0 / n] })
  }
}

extension HermitianEigen {
  /// Σ_m w_m v_m v_mᴴ.
  private func summed(_ weights: [Double]) -> ComplexMatrix {
    let n = values.count
    var real = [Double](repeating: 0, count: n * n)
    var imaginary = real
    do {
      var re = real.mutableSpan
      var im = imaginary.mutableSpan
      let x = vectors.real.span
      let y = vectors.imaginary.span
      for m in 0..<n where weights[m] != 0 {
        let row = m &* n
        for i in 0..<n {
          let (u, v) = (weights[m] * x[row &+ i], weights[m] * y[row &+ i])
          for j in 0...i {
            re[i &* n &+ j] += u * x[row &+ j] + v * y[row &+ j]
            im[i &* n &+ j] += v * x[row &+ j] - u * y[row &+ j]
          }
        }
      }
      for i in 0..<n {
        for j in 0..<i {
          re[j &* n &+ i] = re[i &* n &+ j]
          im[j &* n &+ i] = -im[i &* n &+ j]
        }
      }
    }
    return ComplexMatrix(order: n, real: real, imaginary: imaginary)
  }
}

extension ComplexMatrix {
  /// Diagonalises this Hermitian matrix (zheevd).
  ///
  /// - Throws: ``LAPACKError/notFinite``, ``LAPACKError/notConverged(routine:pending:)`` or
  ///   ``LAPACKError/wrong(routine:check:error:)``.
  public func hermitianEigen() throws(LAPACKError) -> HermitianEigen {
    guard real.allSatisfy(\.isFinite) && imaginary.allSatisfy(\.isFinite) else {
      throw .notFinite
    }
    let n = order
    // LAPACK reads column-major: what it sees as A is our transpose, the complex conjugate; its
    // eigenvectors are then conjugated back.
    var elements = (0..<n * n).map { sv_complex_double(re: real[$0], im: imaginary[$0]) }
    var values = [Double](repeating: 0, count: n)
    let info = BLASGate.pass {
      unsafe LAPACKE_zheevd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), Int32(n), &elements,
        Int32(max(1, n)), &values)
    }
    precondition(info >= 0, "zheevd: argument \(-info) is wrong")
    guard info == 0, values.allSatisfy(\.isFinite) else {
      throw .notConverged(routine: "zheevd", pending: Int(info))
    }
    let eigen = HermitianEigen(
      values: values,
      vectors: ComplexMatrix(
        order: n, real: elements.map(\.re), imaginary: elements.map { -$0.im }))
    try SpectralCertificate(of: self).check(eigen, routine: "zheevd")
    return eigen
  }
}
