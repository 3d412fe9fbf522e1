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
