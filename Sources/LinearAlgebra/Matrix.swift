/// A dense matrix of doubles, stored row by row.
///
/// Element (i, j) lies at `storage[i * columnCount + j]`.
public struct Matrix: Equatable, Sendable {
  public let rowCount: Int
  public let columnCount: Int
  public var storage: [Double]

  /// Creates a matrix from row-major elements.
  ///
  /// - Precondition: `storage.count == rowCount * columnCount`.
  public init(rowCount: Int, columnCount: Int, storage: [Double]) {
    precondition(rowCount >= 0 && columnCount >= 0, "negative shape")
    precondition(
      storage.count == rowCount * columnCount,
      "\(storage.count) elements do not fill a \(rowCount) x \(columnCount) matrix")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.storage = storage
  }

  /// A matrix of zeros.
  public init(rowCount: Int, columnCount: Int) {
    self.init(
      rowCount: rowCount, columnCount: columnCount,
      storage: [Double](repeating: 0, count: rowCount * columnCount))
  }

  public static func identity(_ n: Int) -> Matrix {
    var result = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n { result[i, i] = 1 }
    return result
  }

  public subscript(row: Int, column: Int) -> Double {
    get { storage[row * columnCount + column] }
    set { storage[row * columnCount + column] = newValue }
  }
}

extension Matrix {
  /// A symmetric tridiagonal matrix.
  ///
  /// - Parameters:
  ///   - diagonal: Shape [n].
  ///   - offDiagonal: The n - 1 elements beside it; more are left out.
  public init(diagonal: [Double], offDiagonal: [Double]) {
    let n = diagonal.count
    precondition(offDiagonal.count >= n - 1, "off-diagonal: expected \(n - 1)")
    self.init(rowCount: n, columnCount: n)
    for (i, element) in diagonal.enumerated() { self[i, i] = element }
    for (i, element) in offDiagonal.prefix(max(0, n - 1)).enumerated() {
      (self[i, i + 1], self[i + 1, i]) = (element, element)
    }
  }
}
