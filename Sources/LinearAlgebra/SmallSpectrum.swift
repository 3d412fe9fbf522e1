/// Eigenvalues of a small symmetric matrix and the first rows of its eigenvectors, without LAPACK:
/// for matrices of order 3 to 40, of which there are millions.
///
/// Householder reflections to tridiagonal form (EISPACK's tred2), then ``diagonalizeTridiagonal``.
public struct SmallSpectrum: Sendable {
  /// Not sorted; the first n are of the last matrix.
  public private(set) var values: [Double] = []
  /// Component j of eigenvector m is `rows[j * n + m]`, for the first rows j.
  public private(set) var rows: [Double] = []
  private var a: [Double] = []
  private var e: [Double] = []
  private var v: [Double] = []
  private var p: [Double] = []

  public init() {}

  /// - Parameters:
  ///   - matrix: Its first n · n elements, row-major, symmetric.
  ///   - rowCount: Rows of the eigenvectors that are wanted.
  /// - Complexity: 4/3 n³ operations, and 3 · rowCount · n².
  public mutating func decompose(_ matrix: [Double], order n: Int, rowCount: Int) {
    precondition(matrix.count >= n * n && rowCount <= n, "small spectrum: shape")
    resize(n, rowCount)
    for k in 0..<n * n { a[k] = matrix[k] }
    for k in 0..<rowCount * n { rows[k] = 0 }
    for k in 0..<rowCount { rows[k * n + k] = 1 }
    for k in 0..<max(0, n - 2) { reflect(k, n, rowCount) }
    for k in 0..<n { values[k] = a[k * n + k] }
    for k in 0..<max(0, n - 1) { e[k] = a[k * n + k + 1] }
    if n > 0 { e[n - 1] = 0 }
    let scale = (0..<n).reduce(0) { max($0, abs(values[$1]), abs(e[$1])) }
    diagonalizeTridiagonal(&values, &e, scale: scale, rows: &rows, rowCount: rowCount)
  }

  private mutating func resize(_ n: Int, _ rowCount: Int) {
    if a.count < n * n { a = [Double](repeating: 0, count: n * n) }
    if rows.count < rowCount * n { rows = [Double](repeating: 0, count: rowCount * n) }
    if v.count < n { (v, p) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n)) }
    Self.resize(&values, n)
    Self.resize(&e, n)
  }

  /// In the memory that is there, if it is enough.
  private static func resize(_ values: inout [Double], _ n: Int) {
    guard values.count != n else { return }
    values.removeAll(keepingCapacity: true)
    values.append(contentsOf: repeatElement(0, count: n))
  }

  /// Clears column k below its first off-diagonal element.
  private mutating func reflect(_ k: Int, _ n: Int, _ rowCount: Int) {
    var square = 0.0
    for i in k + 2..<n { square += a[i * n + k] * a[i * n + k] }
    guard square > 0 else { return }
    let head = a[(k + 1) * n + k]
    let length = (square + head * head).squareRoot()
    let alpha = head > 0 ? -length : length
    for i in k + 1..<n { v[i] = a[i * n + k] }
    v[k + 1] -= alpha
    let norm = square + v[k + 1] * v[k + 1]
    let beta = 2 / norm
    var product = 0.0
    for i in k + 1..<n {
      var sum = 0.0
      for j in k + 1..<n { sum += a[i * n + j] * v[j] }
      p[i] = beta * sum
      product += p[i] * v[i]
    }
    for i in k + 1..<n { p[i] -= product / norm * v[i] }
    for i in k + 1..<n {
      for j in k + 1..<n { a[i * n + j] -= v[i] * p[j] + p[i] * v[j] }
    }
    (a[(k + 1) * n + k], a[k * n + k + 1]) = (alpha, alpha)
    for row in 0..<rowCount {
      var sum = 0.0
      for i in k + 1..<n { sum += rows[row * n + i] * v[i] }
      guard sum != 0 else { continue }
      for i in k + 1..<n { rows[row * n + i] -= beta * sum * v[i] }
    }
  }
}
