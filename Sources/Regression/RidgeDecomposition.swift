internal import LinearAlgebra

/// A least-squares problem reduced to its triangle, with m free intercepts and K penalised features.
///
/// The triangle R has the columns [a (m), φ (K), y]. The intercepts stand first, so that the rows
/// m ..< m + K hold the problem with the intercepts eliminated: centring in exact form.
struct RidgeTriangle {
  let interceptCount: Int
  let featureCount: Int
  /// Shape [m + K + 1, m + K + 1], upper triangular.
  let matrix: Matrix
  let rowCount: Int

  /// Solves R11 x = v for the intercepts, by back substitution.
  func solveIntercepts(_ v: [Double]) -> [Double] {
    let m = interceptCount
    var x = v
    for i in stride(from: m - 1, through: 0, by: -1) {
      for j in i + 1..<max(m, i + 1) { x[i] -= matrix[i, j] * x[j] }
      x[i] /= matrix[i, i]
    }
    return x
  }

  /// Solves R11ᵀ x = v, by forward substitution.
  func solveInterceptsTransposed(_ v: [Double]) -> [Double] {
    var x = v
    for i in 0..<interceptCount {
      for j in 0..<i { x[i] -= matrix[j, i] * x[j] }
      x[i] /= matrix[i, i]
    }
    return x
  }

  /// The channel whose intercept the rows do not fix, or nil.
  var undeterminedIntercept: Int? {
    let largest = (0..<interceptCount).map { abs(matrix[$0, $0]) }.max() ?? 0
    return (0..<interceptCount).first { !(abs(matrix[$0, $0]) > 1e-14 * largest) }
  }
}

/// One singular value decomposition that gives the ridge solution for every λ.
///
///     min |R22 c - z|² + λ |G c|²,   R22 G⁻¹ = U diag(σ) Vᵀ,   c = G⁻¹ V diag(σ / (σ² + λ)) Uᵀ z
///
/// G holds the prior times the scale of each feature; a feature with G = ∞ (a constant one) has
/// coefficient 0. Singular values below `tolerance` · σ_1 are rounding: their directions get no
/// coefficient at any λ, so that λ → 0 is the least-norm solution, not an explosion.
struct RidgeDecomposition {
  let triangle: RidgeTriangle
  /// 1 / G, shape [K]; 0 for a constant feature.
  let inversePenalty: [Double]
  /// σ, descending, shape [K].
  let values: [Double]
  /// Vᵀ, rows are the right singular vectors, shape [K, K].
  let right: Matrix
  /// Uᵀ z, shape [K].
  let projection: [Double]
  let rank: Int
  /// Residual sum of squares that no choice of coefficients removes.
  let unexplained: Double

  /// Relative to the largest singular value.
  static func tolerance(_ featureCount: Int) -> Double {
    4 * Double(max(16, featureCount)) * Double.ulpOfOne
  }

  /// - Throws: ``LAPACKError``.
  init(_ triangle: RidgeTriangle, inversePenalty: [Double]) throws(LAPACKError) {
    let (m, k) = (triangle.interceptCount, triangle.featureCount)
    var scaled = Matrix(rowCount: k, columnCount: k)
    for i in 0..<k {
      for j in i..<k { scaled[i, j] = triangle.matrix[m + i, m + j] * inversePenalty[j] }
    }
    let decomposition = try scaled.singularValues()
    var projection = [Double](repeating: 0, count: k)
    for i in 0..<k {
      let z = triangle.matrix[m + i, m + k]
      for j in 0..<k { projection[j] += decomposition.left[i, j] * z }
    }
    (self.triangle, self.inversePenalty, self.projection) = (triangle, inversePenalty, projection)
    (values, right) = (decomposition.values, decomposition.right)
    let threshold = Self.tolerance(k) * (values.first ?? 0)
    rank = values.prefix { $0 > threshold }.count
    let rest = triangle.matrix[m + k, m + k]
    unexplained = rest * rest + projection[rank...].reduce(0) { $0 + $1 * $1 }
  }

  /// σ_1 / σ_rank: the condition of what is solved; 1 where nothing is.
  var conditionNumber: Double { rank > 0 ? values[0] / values[rank - 1] : 1 }

  /// The solution in the basis of V: σ b / (σ² + λ), shape [K].
  func filtered(_ lambda: Double) -> [Double] {
    (0..<values.count).map { k in
      k < rank ? projection[k] / (values[k] + lambda / values[k]) : 0
    }
  }

  /// c, shape [K], in the units of the triangle.
  func coefficients(_ filtered: [Double]) -> [Double] {
    let k = values.count
    var result = [Double](repeating: 0, count: k)
    for i in 0..<k where filtered[i] != 0 {
      for j in 0..<k { result[j] += filtered[i] * right[i, j] }
    }
    for j in 0..<k { result[j] *= inversePenalty[j] }
    return result
  }

  /// The intercepts that go with coefficients, shape [m].
  func intercepts(_ coefficients: [Double]) -> [Double] {
    let (m, k) = (triangle.interceptCount, triangle.featureCount)
    let v = (0..<m).map { i in
      (0..<k).reduce(triangle.matrix[i, m + k]) {
        $0 - triangle.matrix[i, m + $1] * coefficients[$1]
      }
    }
    return triangle.solveIntercepts(v)
  }

  /// The share 1 - f of each direction that λ removes: λ / (σ² + λ).
  private func removed(_ k: Int, _ lambda: Double) -> Double {
    lambda == 0 ? 0 : 1 / (1 + values[k] * (values[k] / lambda))
  }

  /// Σ w (φc + b - y)² at the solution.
  func residualSquares(_ lambda: Double) -> Double {
    (0..<rank).reduce(unexplained) {
      let rest = removed($1, lambda) * projection[$1]
      return $0 + rest * rest
    }
  }

  /// m + Σ σ² / (σ² + λ).
  func effectiveDegrees(_ lambda: Double) -> Double {
    (0..<rank).reduce(Double(triangle.interceptCount)) { $0 + 1 - removed($1, lambda) }
  }
}
