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
    for i in 0..<n { for e in i * n + i..<(i + 1) * n { largest = max(largest, abs(matrix[e])) } }
    scale = largest > 0 ? largest : 1
    var image = [Double](repeating: 0, count: n)
    for i in 0..<n {
      let diagonal = matrix[i * n + i] / scale
      trace += diagonal
      square += diagonal * diagonal
      var (sum, squares) = (diagonal * w[i], 0.0)
      for j in i + 1..<max(n, i + 1) {
        let element = matrix[i &* n &+ j] / scale
        sum += element * w[j]
        image[j] += element * w[i]
        squares += element * element
      }
      image[i] += sum
      square += 2 * squares
    }
    (order, self.trace, squaredNorm) = (n, trace, square)
    self.image = (image, [Double](repeating: 0, count: n))
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
    for m in 0..<n {
      let row = m * n
      var c = 0.0
      for i in 0..<n { c += vectors[row &+ i] * w[i] }
      let weighted = values[m] / scale * c
      for i in 0..<n {
        identity[i] += c * vectors[row &+ i]
        product[i] += weighted * vectors[row &+ i]
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
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let coefficients = right.image(of: w)
    let product = left.image(
      of: coefficients.indices.map { values[$0] / scale * coefficients[$0] })
    let image = matrix.image(of: w, dividedBy: scale)
    let back = right.transposedImage(of: coefficients)
    let length = norm(w)
    let size = norm(matrix.storage.map { $0 / scale })
    let allowed = SpectralCertificate.tolerance(order: n)
    let checks = [
      ("the Frobenius norm", abs(norm(values.map { $0 / scale }) - size), allowed * size),
      ("orthonormality", norm((0..<n).map { back[$0] - w[$0] }), allowed * length),
      ("the residual", norm((0..<n).map { product[$0] - image[$0] }), allowed * length * size),
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
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let (p, a) = (norm(weight.storage), norm(matrix.storage))
    // Norms out of this range would need scaling; no Green function or Hessian has them.
    guard n > 0, p > 1e-100, p < 1e100, a < 1e100 else { return }
    let w = SpectralCertificate.probe(n)
    let first = weight.image(of: w)
    let coefficients = vectors.image(of: first)
    let identity = weight.image(of: vectors.transposedImage(of: coefficients))
    let product = weight.image(
      of: vectors.transposedImage(of: values.indices.map { values[$0] * coefficients[$0] }))
    let image = weight.image(of: matrix.image(of: first))
    let allowed = (SpectralCertificate.tolerance(order: n) + 2 * tolerance) * norm(w)
    let checks = [
      ("orthonormality", norm((0..<n).map { identity[$0] - first[$0] }), allowed * p),
      ("the residual", norm((0..<n).map { product[$0] - image[$0] }), allowed * p * p * a),
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
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
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
      * (square.squareRoot() * norm(inverse.storage) * norm(half) + norm(w))
    return norm((0..<n).map { product[$0] - w[$0] }) <= allowed
  }

  /// A x, or A x / `divisor` with the elements divided first.
  func image(of x: [Double], dividedBy divisor: Double = 1) -> [Double] {
    (0..<rowCount).map { i in
      var sum = 0.0
      for j in 0..<columnCount { sum += storage[i &* columnCount &+ j] / divisor * x[j] }
      return sum
    }
  }

  /// Aᵀ x.
  func transposedImage(of x: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: columnCount)
    for i in 0..<rowCount {
      let factor = x[i]
      for j in 0..<columnCount { result[j] += storage[i &* columnCount &+ j] * factor }
    }
    return result
  }
}
