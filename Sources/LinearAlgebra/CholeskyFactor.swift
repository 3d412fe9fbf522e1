internal import CLAPACKE
internal import Glibc

/// The Cholesky factor of a symmetric positive definite matrix, A = L Lᵀ.
public struct CholeskyFactor: Sendable {
  public let order: Int
  /// log det A.
  public let logDeterminant: Double
  /// L in LAPACK's lower triangle (our upper one, transposed), shape [n, n].
  private let storage: [Double]

  /// - Parameter matrix: Symmetric; its lower triangle is not read.
  /// - Returns: nil where the matrix is not positive definite, or not finite.
  public init?(_ matrix: consuming Matrix) {
    let n = matrix.rowCount
    precondition(n == matrix.columnCount, "Cholesky: not square")
    var elements = matrix.storage
    // The only holder now: LAPACK works in place.
    matrix.storage = []
    let info = BLASGate.pass {
      unsafe LAPACKE_dpotrf(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), Int32(n), &elements, Int32(max(1, n)))
    }
    guard info == 0 else { return nil }
    var sum = 0.0
    for i in 0..<n { sum += 2 * log(elements[i * n + i]) }
    guard sum.isFinite else { return nil }
    (order, logDeterminant, storage) = (n, sum, elements)
  }

  /// A⁻¹ b.
  ///
  /// - Parameter right: b, shape [n].
  public func solved(_ right: [Double]) -> [Double] {
    precondition(right.count == order, "b: expected [\(order)]")
    var x = right
    let info = BLASGate.pass {
      unsafe LAPACKE_dpotrs(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), Int32(order), 1, storage,
        Int32(max(1, order)), &x, Int32(max(1, order)))
    }
    precondition(info == 0, "dpotrs: argument \(-info) is wrong")
    return x
  }
}
