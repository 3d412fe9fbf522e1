/// What a decomposition A = Vᵀ diag(λ) V must satisfy, found from A before it is made: O(n²) for a
/// result of O(n³), so that no wrong one leaves in silence (mathematics.md (3.8)).
///
///     Σ λ = tr A,   Σ λ² = ‖A‖²,   Vᵀ V w = w,   Vᵀ diag(λ) V w = A w
///
/// for the fixed vector w of ``probe(_:)``; the last is ‖A x - Vᵀ diag(λ) V x‖ for x = w. Rows of V
/// are eigenvectors. Backward stable routines keep all four to a few n times the rounding of ‖A‖.
package struct SpectralCertificate {
  private let order: Int
  /// The largest |element|: everything else is divided by it, against overflow.
  private let scale: Double
  private let trace: Double
  private let squaredNorm: Double
  private let image: (real: [Double], imaginary: [Double])

  /// What rounding allows, relative to ‖A‖.
  static func tolerance(order n: Int) -> Double { 1e-14 * Double(100 + n) }

  /// w: elements between 0.5 and 1.5 without a pattern, the same in every run.
  static func probe(_ n: Int) -> [Double] {
    (0..<n).map { i in
      let golden = 0.618_033_988_749_894_9 * Double(i + 1)
      return 0.5 + (golden - golden.rounded(.down))
    }
  }

  /// - Parameter matrix: Symmetric, shape [n, n]; what lies below the diagonal is not read.
  package init(upperTriangleOf matrix: Span<Double>, order n: Int) {
    let w = Self.probe(n)
    var (largest, trace, square) = (0.0, 0.0, 0.0)
    var image = [Double](repeating: 0, count: n)
    var span = image.mutableSpan
    withLanes(reading: matrix) { rows in
      for i in 0..<n { largest = max(largest, laneMaximum(rows.advanced(by: i * n + i), n - i)) }
      let inverse = 1 / Self.scale(largest)
      // Elements may be so large that their sum is infinite.
      let scaled = w.map { $0 * inverse }
      withLanes(&span) { image in
        withLanes(reading: scaled.span) { w in
          for i in 0..<n {
            let (diagonal, rest) = (rows.scalar(i * n + i) * inverse, n - i - 1)
            let row = rows.advanced(by: i * n + i + 1)
            trace += diagonal
            square += diagonal * diagonal + 2 * Self.square(row, inverse, rest)
            let sum =
              rows.scalar(i * n + i) * w.scalar(i) + laneDot(row, w.advanced(by: i + 1), rest)
            image.set(i, image.scalar(i) + sum)
            laneAdd(w.scalar(i), row, to: image.advanced(by: i + 1), rest)
          }
        }
      }
    }
    scale = Self.scale(largest)
    (order, self.trace, squaredNorm) = (n, trace, square)
    self.image = (image, [Double](repeating: 0, count: n))
  }

  /// The power of two that elements are divided by: their squares shall be numbers.
  private static func scale(_ largest: Double) -> Double {
    guard largest >= 0x1p-1000, largest.isFinite else { return largest > 0 ? 0x1p-1000 : 1 }
    return Double(sign: .plus, exponent: largest.exponent, significand: 1)
  }

  /// Σ (f x_k)².
  private static func square(_ x: Lanes, _ f: Double, _ count: Int) -> Double {
    var sums = SIMD4<Double>()
    var k = 0
    while k &+ 4 <= count {
      let scaled = x[k] * f
      sums += scaled * scaled
      k &+= 4
    }
    var result = sums.sum()
    while k < count {
      result += x.scalar(k) * f * (x.scalar(k) * f)
      k &+= 1
    }
    return result
  }

  /// - Parameter matrix: Hermitian; what lies below the diagonal is not read.
  package init(of matrix: ComplexMatrix) {
    let n = matrix.order
    let w = Self.probe(n)
    var (largest, trace, square) = (0.0, 0.0, 0.0)
    for i in 0..<n {
      for e in i * n + i..<(i + 1) * n {
        largest = max(largest, abs(matrix.real[e]), abs(matrix.imaginary[e]))
      }
    }
    scale = largest > 0 ? largest : 1
    var (x, y) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    for i in 0..<n {
      let diagonal = matrix.real[i * n + i] / scale
      trace += diagonal
      square += diagonal * diagonal
      x[i] += diagonal * w[i]
      for j in i + 1..<max(n, i + 1) {
        let (p, q) = (matrix.real[i * n + j] / scale, matrix.imaginary[i * n + j] / scale)
        x[i] += p * w[j]
        y[i] += q * w[j]
        x[j] += p * w[i]
        y[j] -= q * w[i]
        square += 2 * (p * p + q * q)
      }
    }
    (order, self.trace, squaredNorm, image) = (n, trace, square, (x, y))
  }

  /// - Parameter vectors: Eigenvectors as rows, shape [n, n].
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``.
  package func check(
    values: [Double], vectors: Span<Double>, routine: String
  ) throws(LAPACKError) {
    let n = order
    try checkSums(values, routine)
    let w = Self.probe(n)
    var (identity, product) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    do {
      var sums = identity.mutableSpan
      var weightedSums = product.mutableSpan
      withLanes(&sums) { identity in
        withLanes(&weightedSums) { product in
          withLanes(reading: w.span) { w in
            withLanes(reading: vectors) { rows in
              for m in 0..<n {
                let row = rows.advanced(by: m * n)
                let c = laneDot(row, w, n)
                laneAdd(c, row, to: identity, n)
                laneAdd(values[m] / scale * c, row, to: product, n)
              }
            }
          }
        }
      }
    }
    let zero = [Double](repeating: 0, count: n)
    try checkProbe((identity, zero), (product, zero), routine)
  }

  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``.
  package func check(_ eigen: HermitianEigen, routine: String) throws(LAPACKError) {
    let n = order
    try checkSums(eigen.values, routine)
    let w = Self.probe(n)
    let (x, y) = (eigen.vectors.real, eigen.vectors.imaginary)
    let zero = [Double](repeating: 0, count: n)
    var (identity, product) = ((real: zero, imaginary: zero), (real: zero, imaginary: zero))
    for m in 0..<n {
      // v vᴴ w with v = x + iy.
      var (p, q) = (0.0, 0.0)
      for i in 0..<n {
        p += x[m * n + i] * w[i]
        q -= y[m * n + i] * w[i]
      }
      let lambda = eigen.values[m] / scale
      for i in 0..<n {
        let (real, imaginary) = (
          x[m * n + i] * p - y[m * n + i] * q, x[m * n + i] * q + y[m * n + i] * p
        )
        identity.real[i] += real
        identity.imaginary[i] += imaginary
        product.real[i] += lambda * real
        product.imaginary[i] += lambda * imaginary
      }
    }
    try checkProbe(identity, product, routine)
  }

  private func checkSums(_ values: [Double], _ routine: String) throws(LAPACKError) {
    var (sum, square) = (0.0, 0.0)
    for value in values {
      sum += value / scale
      square += value / scale * (value / scale)
    }
    let allowed = Self.tolerance(order: order)
    let norm = squaredNorm.squareRoot()
    try require(
      abs(sum - trace), allowed * (norm * Double(order).squareRoot()), "the trace", routine)
    try require(abs(square - squaredNorm), allowed * squaredNorm, "the Frobenius norm", routine)
  }

  private func checkProbe(
    _ identity: (real: [Double], imaginary: [Double]),
    _ product: (real: [Double], imaginary: [Double]), _ routine: String
  ) throws(LAPACKError) {
    let w = Self.probe(order)
    var (length, loss, residual) = (0.0, 0.0, 0.0)
    func square(_ x: Double) -> Double { x * x }
    for i in 0..<order {
      length += w[i] * w[i]
      loss += square(identity.real[i] - w[i]) + square(identity.imaginary[i])
      residual +=
        square(product.real[i] - image.real[i]) + square(product.imaginary[i] - image.imaginary[i])
    }
    let allowed = Self.tolerance(order: order) * length.squareRoot()
    try require(loss.squareRoot(), allowed, "orthonormality", routine)
    try require(
      residual.squareRoot(), allowed * squaredNorm.squareRoot(), "the residual", routine)
  }

  private func require(
    _ error: Double, _ allowed: Double, _ check: String, _ routine: String
  ) throws(LAPACKError) {
    // Not `error > allowed`: a NaN must fail.
    guard error <= allowed else {
      throw .wrong(routine: routine, check: check, error: error / allowed)
    }
  }
}

extension SingularValues {
  /// Σ σ² = ‖X‖², V Vᵀ w = w, U diag(σ) Vᵀ w = X w.
  ///
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``.
  func check(against matrix: Matrix) throws(LAPACKError) {
    let n = matrix.rowCount
    let w = SpectralCertificate.probe(n)
    let scale = matrix.storage.reduce(0) { max($0, abs($1)) }
    guard scale > 0 else { return }
    let coefficients = right.image(of: w)
    let product = left.image(
      of: coefficients.indices.map { values[$0] / scale * coefficients[$0] })
    let image = Matrix(
      rowCount: n, columnCount: matrix.columnCount, storage: matrix.storage.map { $0 / scale }
    ).image(of: w)
    let back = right.transposedImage(of: coefficients)
    let length = laneNorm(w)
    let size = laneNorm(matrix.storage.map { $0 / scale })
    let allowed = SpectralCertificate.tolerance(order: n)
    let checks = [
      ("the Frobenius norm", abs(laneNorm(values.map { $0 / scale }) - size), allowed * size),
      ("orthonormality", laneNorm((0..<n).map { back[$0] - w[$0] }), allowed * length),
      ("the residual", laneNorm((0..<n).map { product[$0] - image[$0] }), allowed * length * size),
    ]
    for (check, error, limit) in checks where !(error <= limit) {
      throw .wrong(routine: "dgesdd", check: check, error: error / limit)
    }
  }
}

extension ProductEigen {
  /// P Xᵀ X P w = P w and P Xᵀ diag(μ) X P w = P A P w, for the rows x of X.
  ///
  /// - Parameter tolerance: Of the null directions that were left out.
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``.
  func check(
    _ matrix: Matrix, _ weight: Matrix, tolerance: Double
  ) throws(LAPACKError) {
    let n = weight.rowCount
    let (p, a) = (laneNorm(weight.storage), laneNorm(matrix.storage))
    // Norms out of this range would need scaling; no Green function or Hessian has them.
    guard n > 0, p > 1e-100, p < 1e100, a < 1e100 else { return }
    let w = SpectralCertificate.probe(n)
    let first = weight.image(of: w)
    let coefficients = vectors.image(of: first)
    let identity = weight.image(of: vectors.transposedImage(of: coefficients))
    let product = weight.image(
      of: vectors.transposedImage(of: values.indices.map { values[$0] * coefficients[$0] }))
    let image = weight.image(of: matrix.image(of: first))
    let allowed = (SpectralCertificate.tolerance(order: n) + 2 * tolerance) * laneNorm(w)
    let checks = [
      ("orthonormality", laneNorm((0..<n).map { identity[$0] - first[$0] }), allowed * p),
      ("the residual", laneNorm((0..<n).map { product[$0] - image[$0] }), allowed * p * p * a),
    ]
    for (check, error, limit) in checks where !(error <= limit) {
      throw .wrong(routine: "dsygst", check: check, error: error / limit)
    }
  }
}

extension Matrix {
  /// Whether P R⁻¹ R⁻ᵀ w = w for this P and an upper triangular R⁻¹.
  func isInverted(by inverse: Matrix) -> Bool {
    let n = rowCount
    let w = SpectralCertificate.probe(n)
    let half = inverse.transposedImage(of: w)
    let solution = inverse.image(of: half)
    // The lower triangle of P is not read elsewhere.
    var product = [Double](repeating: 0, count: n)
    var square = 0.0
    for i in 0..<n {
      for j in i..<n {
        let element = self[i, j]
        product[i] += element * solution[j]
        if j > i { product[j] += element * solution[i] }
        square += (j > i ? 2 : 1) * element * element
      }
    }
    let allowed =
      SpectralCertificate.tolerance(order: n)
      * (square.squareRoot() * laneNorm(inverse.storage) * laneNorm(half) + laneNorm(w))
    return laneNorm((0..<n).map { product[$0] - w[$0] }) <= allowed
  }
}
