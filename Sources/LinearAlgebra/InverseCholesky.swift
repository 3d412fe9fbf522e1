internal import CLAPACKE

extension Matrix {
  /// R⁻¹ of this symmetric matrix P = RᵀR, R and R⁻¹ upper triangular.
  ///
  /// - Parameter tolerance: Least squared pivot, relative to the largest.
  /// - Returns: nil where a pivot says that P is not safely definite, or not finite, or where
  ///   P R⁻¹ R⁻ᵀ w is not w for a fixed vector w.
  /// - Precondition: The matrix is square; its lower triangle is not read.
  public func inverseCholeskyFactor(tolerance: Double) -> Matrix? {
    let n = rowCount
    precondition(n == columnCount, "Cholesky: not square")
    var upper = self
    // Row-major upper is column-major lower: LAPACK's L is our Rᵀ, in place.
    let lower = CChar(UInt8(ascii: "L"))
    let info = BLASGate.pass {
      unsafe LAPACKE_dpotrf(
        LAPACK_COL_MAJOR, lower, Int32(n), &upper.storage, Int32(max(1, n)))
    }
    guard info == 0 else { return nil }
    let pivots = (0..<n).map { upper[$0, $0] }
    guard let least = pivots.min(), let most = pivots.max(), most.isFinite,
      least * least > tolerance * most * most
    else { return nil }
    let inverse: Matrix
    do { inverse = try upper.inverseOfUpperTriangle(order: n) } catch { return nil }
    return isInverted(by: inverse) ? inverse : nil
  }
}
