internal import CLAPACKE
internal import COpenBLAS

/// A factor of a positive semidefinite matrix P = RᵀR and the pseudo-inverse of R.
///
/// From Cholesky's decomposition where P is definite, from its eigenvectors where it is not: the
/// null directions are then left out.
public struct SymmetricFactor: Sendable {
  /// The rank of P.
  public let rank: Int
  /// R, shape [rank, n].
  public let factor: Matrix
  /// R⁺, shape [n, rank].
  public let inverse: Matrix

  /// - Parameters:
  ///   - matrix: P, symmetric, shape [n, n].
  ///   - tolerance: Directions below this times the largest eigenvalue (or pivot) are null.
  /// - Throws: ``LAPACKError``.
  public init(of matrix: Matrix, tolerance: Double = 1e-10) throws(LAPACKError) {
    let n = matrix.rowCount
    guard n == matrix.columnCount else {
      throw .notSquare(rowCount: n, columnCount: matrix.columnCount)
    }
    guard matrix.storage.allSatisfy(\.isFinite) else { throw .notFinite }
    if let definite = Self.cholesky(matrix, tolerance: tolerance) {
      self = definite
      return
    }
    let eigen = try matrix.symmetricEigen()
    let largest = max(eigen.values.last ?? 0, 0)
    let kept = (0..<n).filter { eigen.values[$0] > tolerance * largest }
    var factor = Matrix(rowCount: kept.count, columnCount: n)
    var inverse = Matrix(rowCount: n, columnCount: kept.count)
    for (row, m) in kept.enumerated() {
      let root = eigen.values[m].squareRoot()
      for i in 0..<n {
        factor[row, i] = eigen.vectors[m, i] * root
        inverse[i, row] = eigen.vectors[m, i] / root
      }
    }
    (rank, self.factor, self.inverse) = (kept.count, factor, inverse)
  }

  private init(rank: Int, factor: Matrix, inverse: Matrix) {
    (self.rank, self.factor, self.inverse) = (rank, factor, inverse)
  }

  /// R = upper Cholesky factor; nil where a pivot says that P is not safely definite.
  private static func cholesky(_ matrix: Matrix, tolerance: Double) -> SymmetricFactor? {
    let n = matrix.rowCount
    var upper = matrix
    // Row-major upper is column-major lower: LAPACK's L is our Rᵀ, in place.
    let info = unsafe LAPACKE_dpotrf(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), Int32(n), &upper.storage, Int32(max(1, n)))
    guard info == 0 else { return nil }
    let pivots = (0..<n).map { upper[$0, $0] }
    guard let least = pivots.min(), let most = pivots.max(), least * least > tolerance * most * most
    else { return nil }
    for i in 1..<max(n, 1) { for j in 0..<min(i, n) { upper[i, j] = 0 } }
    var inverse = upper
    let status = unsafe LAPACKE_dtrtri(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), CChar(UInt8(ascii: "N")), Int32(n),
      &inverse.storage, Int32(max(1, n)))
    guard status == 0 else { return nil }
    return SymmetricFactor(rank: n, factor: upper, inverse: inverse)
  }
}

/// Y ← Y·T in place for an upper triangular T (dtrmm), half the operations of a full product.
///
/// - Parameters:
///   - rows: Y, shape [count, n], row-major.
///   - triangle: T, shape [n, n]; below its diagonal nothing is read.
public func multiplyRows(
  _ rows: inout MutableSpan<Double>, count: Int, byUpperTriangle triangle: Matrix
) {
  let n = triangle.rowCount
  precondition(rows.count == count * n && n == triangle.columnCount, "rows: wrong count")
  guard count > 0, n > 0 else { return }
  unsafe rows.withUnsafeMutableBufferPointer { y in
    unsafe triangle.storage.withUnsafeBufferPointer { t in
      unsafe cblas_dtrmm(
        CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(count), Int32(n),
        1, t.baseAddress!, Int32(n), y.baseAddress!, Int32(n))
    }
  }
}
