internal import CLAPACKE

extension Matrix {
  /// R⁻¹ of the first rows and columns of an upper triangle R, upper triangular.
  ///
  /// - Parameter n: How many rows and columns; below the diagonal nothing is read.
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)`` where R R⁻¹ w is not w for a fixed vector w,
  ///   as where R is singular.
  /// - Complexity: O(n³/3).
  public func inverseOfUpperTriangle(order n: Int) throws(LAPACKError) -> Matrix {
    precondition(n >= 0 && n <= rowCount && n <= columnCount, "triangle: order")
    var inverse = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n { for j in i..<n { inverse[i, j] = self[i, j] } }
    // Row-major upper is column-major lower, in place.
    let status = BLASGate.pass {
      unsafe LAPACKE_dtrtri(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), CChar(UInt8(ascii: "N")), Int32(n),
        &inverse.storage, Int32(max(1, n)))
    }
    let error = status == 0 ? triangleError(of: inverse) : .infinity
    guard error <= 1 else { throw .wrong(routine: "dtrtri", check: "R R⁻¹ w", error: error) }
    return inverse
  }

  /// |R X w - w| over what rounding allows.
  private func triangleError(of inverse: Matrix) -> Double {
    let n = inverse.rowCount
    let w = SpectralCertificate.probe(n)
    let solution = inverse.image(of: w)
    var (square, difference) = (0.0, [Double](repeating: 0, count: n))
    for i in 0..<n {
      difference[i] = -w[i]
      for j in i..<n {
        difference[i] += self[i, j] * solution[j]
        square += self[i, j] * self[i, j]
      }
    }
    let allowed =
      SpectralCertificate.tolerance(order: n) * laneNorm(w)
      * (1 + square.squareRoot() * laneNorm(inverse.storage))
    let error = laneNorm(difference)
    // Where nothing is finite, no error is small.
    return allowed.isFinite && error.isFinite ? (n == 0 ? 0 : error / allowed) : .infinity
  }
}
