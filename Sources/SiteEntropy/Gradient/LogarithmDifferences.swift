internal import Glibc
package import LinearAlgebra

/// The divided differences of the logarithm (mathematics.md (5.1)) as a product of thin factors:
///
///     Γ_kl = (log λ_k - log λ_l)/(λ_k - λ_l),  Γ_kk = 1/λ_k,   Γ = L Lᵀ
///
/// With ℓ = log λ and y = (ℓ_k - ℓ_l)/2 this is Γ_kl = (λ_k λ_l)^(-1/2) y/sinh y: no difference of
/// eigenvalues is divided by, so near-equal ones cost no digits. y/sinh y is positive definite and
/// smooth, so its Cholesky factor, pivots chosen, has full accuracy at a rank of about 10 whatever
/// the number of eigenvalues: D log(A)[P] = V (Γ ∘ VᵀPV) Vᵀ is then a few outer products.
package struct LogarithmDifferences: Sendable {
  /// L, shape [n, rank].
  package let factor: Matrix

  package var rank: Int { factor.columnCount }

  /// Diagonal elements of the remainder at which the factor is whole, where those of y/sinh y are
  /// 1; below, only rounding is left.
  private static let tolerance = 4e-15

  /// - Parameter logarithms: log λ, shape [n].
  /// - Complexity: O(n · rank²).
  package init(_ logarithms: [Double]) {
    let n = logarithms.count
    var remainder = [Double](repeating: 1, count: n)
    var columns: [[Double]] = []
    while columns.count < n,
      let pivot = remainder.indices.max(by: { remainder[$0] < remainder[$1] }),
      remainder[pivot] > Self.tolerance
    {
      let root = remainder[pivot].squareRoot()
      var column = logarithms.map { Self.ratio(($0 - logarithms[pivot]) / 2) }
      for known in columns {
        let factor = known[pivot]
        for k in 0..<n { column[k] -= known[k] * factor }
      }
      for k in 0..<n {
        column[k] /= root
        remainder[k] = max(0, remainder[k] - column[k] * column[k])
      }
      remainder[pivot] = 0
      columns.append(column)
    }
    var factor = Matrix(rowCount: n, columnCount: columns.count)
    for k in 0..<n {
      let scale = exp(-0.5 * logarithms[k])
      for (s, column) in columns.enumerated() { factor[k, s] = scale * column[k] }
    }
    self.factor = factor
  }

  /// y/sinh y.
  private static func ratio(_ y: Double) -> Double { y == 0 ? 1 : y / sinh(y) }
}
