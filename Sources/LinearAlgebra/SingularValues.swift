internal import CLAPACKE

/// The decomposition X = U diag(σ) Vᵀ of a square matrix.
public struct SingularValues: Sendable {
  /// σ, descending, shape [n].
  public let values: [Double]
  /// U, shape [n, n]: its columns are the left singular vectors.
  public let left: Matrix
  /// Vᵀ, shape [n, n]: its rows are the right singular vectors.
  public let right: Matrix
}

extension Matrix {
  /// Decomposes this square matrix.
  ///
  /// - Throws: ``LAPACKError/notSquare(rowCount:columnCount:)``, ``LAPACKError/notFinite``,
  ///   ``LAPACKError/notConverged(routine:pending:)`` or
  ///   ``LAPACKError/wrong(routine:check:error:)``.
  /// - Complexity: O(n³), about 20n³ operations.
  public func singularValues() throws(LAPACKError) -> SingularValues {
    let n = rowCount
    guard n == columnCount else { throw .notSquare(rowCount: n, columnCount: columnCount) }
    guard storage.allSatisfy(\.isFinite) else { throw .notFinite }
    guard n > 0 else { return SingularValues(values: [], left: self, right: self) }
    var work = storage
    var values = [Double](repeating: 0, count: n)
    var left = [Double](repeating: 0, count: n * n)
    var right = left
    // Column by column LAPACK sees the transpose, V diag(σ) Uᵀ: its "left" vectors, column by
    // column, are our rows of Vᵀ, and its "right" ones our U row by row.
    let order = Int32(n)
    let info = BLASGate.pass {
      unsafe LAPACKE_dgesdd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "A")), order, order, &work, order, &values, &right,
        order, &left, order)
    }
    precondition(info >= 0, "dgesdd: argument \(-info) is wrong")
    guard info == 0, values.allSatisfy(\.isFinite) else {
      throw .notConverged(routine: "dgesdd", pending: Int(info))
    }
    let result = SingularValues(
      values: values, left: Matrix(rowCount: n, columnCount: n, storage: left),
      right: Matrix(rowCount: n, columnCount: n, storage: right))
    try result.check(against: self)
    return result
  }
}
