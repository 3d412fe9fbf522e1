/// Eigenvalues of a symmetric tridiagonal matrix by implicit QL steps (EISPACK's tql2), which turn
/// some rows along: rows of the unit matrix become rows of the eigenvectors.
///
/// - Parameters:
///   - d: The diagonal, shape [n]; overwritten by the eigenvalues, not sorted.
///   - e: Element k couples k and k + 1, shape [n], the last 0; overwritten.
///   - scale: Couplings below the rounding of this are none.
///   - rows: Shape [rowCount, n].
public func diagonalizeTridiagonal(
  _ d: inout [Double], _ e: inout [Double], scale: Double, rows: inout [Double], rowCount: Int
) {
  let n = d.count
  precondition(e.count == n && rows.count >= rowCount * n, "tridiagonal: shapes")
  for l in 0..<n {
    for _ in 0..<60 {
      var m = l
      while m < n - 1, abs(e[m]) > 1.1e-16 * scale { m += 1 }
      guard m > l else { break }
      var g = (d[l + 1] - d[l]) / (2 * e[l])
      var r = (g * g + 1).squareRoot()
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r))
      var (s, c, shift) = (1.0, 1.0, 0.0)
      var isSplit = false
      for i in (l..<m).reversed() {
        let (f, b) = (s * e[i], c * e[i])
        r = (f * f + g * g).squareRoot()
        e[i + 1] = r
        if r == 0 {
          d[i + 1] -= shift
          e[m] = 0
          isSplit = true
          break
        }
        (s, c) = (f / r, g / r)
        g = d[i + 1] - shift
        r = (d[i] - g) * s + 2 * c * b
        shift = s * r
        d[i + 1] = g + shift
        g = c * r - b
        for row in 0..<rowCount {
          let at = row * n + i
          let (low, high) = (rows[at], rows[at + 1])
          rows[at + 1] = s * low + c * high
          rows[at] = c * low - s * high
        }
      }
      if isSplit { continue }
      d[l] -= shift
      e[l] = g
      e[m] = 0
    }
  }
}
