import Base
import LinearAlgebra
import Testing

/// Results that a broken routine could give, and that must not pass.
struct CertificateTests {
  private static func symmetric(_ n: Int, scale: Double = 1) -> Matrix {
    var a = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in 0..<n {
        a[i, j] = scale * (1 / Double(1 + i + j) + (i == j ? 0.3 * Double(i % 5) : 0))
      }
    }
    return a
  }

  private static func check(_ a: Matrix, _ values: [Double], _ vectors: Matrix) throws {
    try SpectralCertificate(upperTriangleOf: a.storage.span, order: a.rowCount)
      .check(values: values, vectors: vectors.storage.span, routine: "test")
  }

  @Test(arguments: [1, 2, 9, 60], [1, 1e-200, 1e200])
  func rightResultsPassAtAnyScale(n: Int, scale: Double) throws {
    let a = Self.symmetric(n, scale: scale)
    let eigen = try a.symmetricEigen()
    try Self.check(a, eigen.values, eigen.vectors)
  }

  @Test func aZeroMatrixPasses() throws {
    let eigen = try Matrix(rowCount: 4, columnCount: 4).symmetricEigen()
    #expect(eigen.values == [0, 0, 0, 0])
  }

  /// Sums alone cannot see an exchange of two eigenvalues.
  @Test func wrongResultsAreFound() throws {
    let a = Self.symmetric(12)
    let eigen = try a.symmetricEigen()
    func expectRefusal(_ check: String, _ values: [Double], _ vectors: Matrix) {
      #expect {
        try Self.check(a, values, vectors)
      } throws: { error in
        guard case LAPACKError.wrong(_, let found, let size) = error else { return false }
        return found == check && !(size <= 1)
      }
    }
    var values = eigen.values
    values[3] += 1e-9
    expectRefusal("the trace", values, eigen.vectors)
    values[4] -= 1e-9
    expectRefusal("the Frobenius norm", values, eigen.vectors)
    values = eigen.values
    values.swapAt(3, 7)
    expectRefusal("the residual", values, eigen.vectors)
    var vectors = eigen.vectors
    vectors[5, 2] += 1e-9
    expectRefusal("orthonormality", eigen.values, vectors)
    vectors[5, 2] = .nan
    expectRefusal("orthonormality", eigen.values, vectors)
  }

  @Test func aHermitianMatrixHasACertificateToo() throws {
    let n = 5
    var (x, y) = ([Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n))
    for i in 0..<n {
      for j in 0..<n {
        x[i * n + j] = 1 / Double(1 + i + j)
        y[i * n + j] = 0.1 * Double(i - j)
      }
    }
    let a = ComplexMatrix(order: n, real: x, imaginary: y)
    let eigen = try a.hermitianEigen()
    let certificate = SpectralCertificate(of: a)
    try certificate.check(eigen, routine: "test")
    var conjugated = eigen.vectors
    conjugated.imaginary = conjugated.imaginary.map { -$0 }
    #expect(throws: LAPACKError.self) {
      try certificate.check(
        HermitianEigen(values: eigen.values, vectors: conjugated), routine: "test")
    }
  }
}

/// Wrong triangular factors, and right ones of columns whose scales differ.
struct QRCertificateTests {
  private static let columns = 7

  /// Rows whose columns differ by twenty-four orders of magnitude, and one column of zeros.
  private static let rows: [Double] = (0..<40 * columns).map { index in
    let (i, j) = (index / columns, index % columns)
    let scales = [1, 1e-12, 1e12, 1, 0, 1e-3, 30]
    return scales[j] * (1 / Double(1 + (i * 7 + j * 13) % 31) + (i % columns == j ? 1 : 0))
  }

  /// The factor, column by column, and its certificate.
  private func factor() throws -> (certificate: QRCertificate, factor: [Double]) {
    let n = Self.columns
    var qr = StreamingQR(columnCount: n)
    qr.append(Self.rows.span)
    let triangle = try qr.triangle()
    var (factor, block) = (
      [Double](repeating: 0, count: n * n), [Double](repeating: 0, count: 40 * n)
    )
    for i in 0..<n { for j in 0..<n { factor[j * n + i] = triangle[i, j] } }
    for i in 0..<40 { for j in 0..<n { block[j * 40 + i] = Self.rows[i * n + j] } }
    let zero = [Double](repeating: 0, count: n * n)
    return (QRCertificate(factor: zero, block: block, order: n), factor)
  }

  @Test func aRightFactorPasses() throws {
    let (certificate, factor) = try factor()
    try certificate.check(factor: factor, routine: "test")
  }

  /// (row, column, factor of that element): each wrong by 1e-9 of its column.
  @Test(arguments: [(0, 0), (1, 1), (0, 1), (2, 2), (3, 5), (5, 6), (6, 6)])
  func aWrongElementIsFound(row: Int, column: Int) throws {
    let (certificate, right) = try factor()
    let n = Self.columns
    var wrong = right
    let size = (0..<n).reduce(0) { max($0, abs(right[column * n + $1])) }
    wrong[column * n + row] += 1e-9 * size * (right[column * n + row] < 0 ? -1 : 1)
    #expect(throws: LAPACKError.self) { try certificate.check(factor: wrong, routine: "test") }
  }

  /// Norms of columns do not see what stands in which row.
  @Test func exchangedElementsAreFound() throws {
    var (certificate, factor) = try factor()
    let n = Self.columns
    factor.swapAt(5 * n, 5 * n + 2)
    #expect {
      try certificate.check(factor: factor, routine: "test")
    } throws: { error in
      guard case LAPACKError.wrong("test", "the product RᵀR w", let size) = error else {
        return false
      }
      return size > 1
    }
  }

  /// A failure is remembered over further rows and over merging.
  @Test(arguments: [.nan, 1e308]) func aFailureDoesNotLeave(element: Double) throws {
    var qr = StreamingQR(columnCount: 2)
    // The norm of such a column is beyond the doubles, as a NaN is.
    for _ in 0..<5 { qr.append([1, element].span) }
    for _ in 0..<StreamingQR.blockHeight { qr.append([1, 2].span) }
    #expect(throws: LAPACKError.self) { try qr.triangle() }
    var other = StreamingQR(columnCount: 2)
    other.append([3, 4].span)
    other.append(qr)
    #expect(throws: LAPACKError.self) { try other.triangle() }
  }
}

/// Decompositions of one and of several threads at once: each has the bytes that it has alone.
struct BLASGateTests {
  private static func matrix(_ n: Int, _ seed: Int) -> Matrix {
    var a = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in i..<n {
        let x = Double((i * 37 + j * 101 + seed * 13) % 97) / 97 + (i == j ? 2 : 0)
        (a[i, j], a[j, i]) = (x, x)
      }
    }
    return a
  }

  @Test func callsOfSeveralThreadsDoNotDisturbOthers() async throws {
    let (small, large) = (Self.matrix(70, 1), Self.matrix(260, 2))
    let smallAlone = try small.symmetricEigen()
    let largeAlone = try withLinearAlgebraThreads(3) { try large.symmetricEigen() }
    let agree = try await withThrowingTaskGroup(of: Bool.self) { group in
      for worker in 0..<4 {
        group.addTask {
          var isEqual = true
          for _ in 0..<12 {
            if worker == 0 {
              let eigen = try withLinearAlgebraThreads(3) { try large.symmetricEigen() }
              isEqual = isEqual && eigen.values == largeAlone.values
            } else {
              let eigen = try small.symmetricEigen()
              isEqual = isEqual && eigen.vectors == smallAlone.vectors
            }
          }
          return isEqual
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(agree)
  }

  @Test func insideAConcurrentLoopThereIsOneThread() {
    let seen = withLinearAlgebraThreads(4) {
      [linearAlgebraThreads] + mapConcurrently(3) { _ in linearAlgebraThreads }
    }
    #expect(seen == [4, 1, 1, 1])
    #expect(linearAlgebraThreads == 1)
  }
}
