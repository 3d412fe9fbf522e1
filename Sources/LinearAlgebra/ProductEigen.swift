internal import CLAPACKE
internal import COpenBLAS

/// The eigenvalues of A·P for a symmetric A and a positive semidefinite P:
///
///     A P x = μ x,   x_jᵀ P x_k = δ_jk
///
/// They are those of R A Rᵀ = W diag(μ) Wᵀ with P = RᵀR, and x = R⁻¹ w. From Cholesky's
/// decomposition where P is definite (dpotrf, dsygst, dsyevd, dtrsm); from its eigenvectors where it
/// is not: null directions of P are then left out.
public struct ProductEigen: Sendable {
  /// μ_k, ascending, shape [rank].
  public let values: [Double]
  /// Eigenvectors as rows, shape [rank, n], in the units of P^(-1/2).
  public let vectors: Matrix

  /// - Parameters:
  ///   - matrix: A, shape [n, n], symmetric.
  ///   - weight: P, shape [n, n], symmetric.
  ///   - tolerance: Directions of P below this times its largest eigenvalue (or pivot) are null.
  /// - Throws: ``LAPACKError``.
  public init(
    of matrix: Matrix, times weight: Matrix, tolerance: Double = 1e-10
  ) throws(LAPACKError) {
    let n = weight.rowCount
    guard n == weight.columnCount, n == matrix.rowCount, n == matrix.columnCount else {
      throw .notSquare(rowCount: matrix.rowCount, columnCount: weight.columnCount)
    }
    guard weight.storage.allSatisfy(\.isFinite), matrix.storage.allSatisfy(\.isFinite) else {
      throw .notFinite
    }
    if let factor = Self.cholesky(weight, tolerance: tolerance) {
      let eigen = try Self.reduced(matrix, by: factor).symmetricEigen()
      (values, vectors) = (eigen.values, Self.solved(eigen.vectors, by: factor))
      try check(matrix, weight, tolerance: 0)
      return
    }
    let eigen = try weight.symmetricEigen()
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
    let projected = try factor.multiplied(by: matrix)
      .multiplied(by: factor, transposingOther: true).symmetricEigen()
    values = projected.values
    vectors = projected.vectors.multiplied(by: inverse, transposingOther: true)
    try check(matrix, weight, tolerance: tolerance)
  }

  // Row-major upper is column-major lower: LAPACK's L is our Rᵀ, and its columns are our rows.

  /// R in the upper triangle; nil where a pivot says that P is not safely definite.
  private static func cholesky(_ weight: Matrix, tolerance: Double) -> Matrix? {
    let n = weight.rowCount
    var upper = weight
    let info = BLASGate.pass {
      unsafe LAPACKE_dpotrf(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), Int32(n), &upper.storage, Int32(max(1, n)))
    }
    guard info == 0 else { return nil }
    let pivots = (0..<n).map { upper[$0, $0] }
    guard let least = pivots.min(), let most = pivots.max(), least * least > tolerance * most * most
    else { return nil }
    return upper
  }

  /// R A Rᵀ, its upper triangle.
  private static func reduced(_ matrix: Matrix, by factor: Matrix) -> Matrix {
    let n = Int32(matrix.rowCount)
    var result = matrix
    let info = BLASGate.pass {
      unsafe LAPACKE_dsygst(
        LAPACK_COL_MAJOR, 2, CChar(UInt8(ascii: "L")), n, &result.storage, max(1, n),
        factor.storage, max(1, n))
    }
    precondition(info == 0, "dsygst: argument \(-info) is wrong")
    return result
  }

  /// R⁻¹ w for each row w.
  private static func solved(_ vectors: Matrix, by factor: Matrix) -> Matrix {
    let n = Int32(factor.rowCount)
    var result = vectors
    BLASGate.pass {
      unsafe cblas_dtrsm(
        CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, n,
        Int32(vectors.rowCount), 1, factor.storage, max(1, n), &result.storage, max(1, n))
    }
    return result
  }
}
