internal import COpenBLAS

/// A square matrix in single precision, for products with vectors of doubles where a relative error of
/// some 1e-7 does not matter: half the memory, and half the time.
public struct SingleMatrix: Sendable {
  public let order: Int
  private let storage: [Float]

  /// Memory of a product, kept from one to the next.
  public struct Scratch: Sendable {
    fileprivate var vectors: [Float] = []
    fileprivate var images: [Float] = []

    public init() {}
  }

  /// Rounds every element.
  ///
  /// - Precondition: The matrix is square.
  public init(_ matrix: Matrix) {
    precondition(matrix.rowCount == matrix.columnCount, "matrix: not square")
    order = matrix.rowCount
    storage = matrix.storage.map { Float($0) }
  }

  /// Y = A·X for the first columns of rows of `width` (sgemm).
  ///
  /// - Parameters:
  ///   - x, y: Shape [order, width]; of Y the other columns keep what they have.
  public func multiply(
    _ x: Span<Double>, width: Int, columns: Int, into y: inout MutableSpan<Double>,
    _ scratch: inout Scratch
  ) {
    precondition(
      columns <= width && x.count == order * width && y.count == x.count, "X, Y: shapes")
    guard order > 0, columns > 0 else { return }
    let count = order * columns
    if scratch.vectors.count < count {
      scratch.vectors = [Float](repeating: 0, count: count)
      scratch.images = scratch.vectors
    }
    let scale = Self.scale(x, width, columns, order)
    Self.round(x, width, columns, order, scale, into: &scratch.vectors)
    unsafe storage.withUnsafeBufferPointer { a in
      unsafe scratch.vectors.withUnsafeBufferPointer { b in
        unsafe scratch.images.withUnsafeMutableBufferPointer { c in
          BLASGate.pass {
            unsafe cblas_sgemm(
              CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(order), Int32(columns),
              Int32(order), 1, a.baseAddress!, Int32(order), b.baseAddress!, Int32(columns), 0,
              c.baseAddress!, Int32(columns))
          }
        }
      }
    }
    let images = scratch.images.span
    for row in 0..<order {
      let (to, from) = (row &* width, row &* columns)
      for c in 0..<columns { y[to &+ c] = Double(images[from &+ c]) / scale }
    }
  }

  /// A power of two that keeps the largest element within the range of single precision: 1 but for
  /// vectors of a long process that have grown.
  private static func scale(
    _ x: Span<Double>, _ width: Int, _ columns: Int, _ rows: Int
  ) -> Double {
    var largest = 0.0
    for row in 0..<rows {
      for e in row &* width..<row &* width &+ columns { largest = max(largest, abs(x[e])) }
    }
    guard largest > 0x1p50, largest.isFinite else { return 1 }
    return Double(sign: .plus, exponent: -Int(largest.exponent), significand: 1)
  }

  private static func round(
    _ x: Span<Double>, _ width: Int, _ columns: Int, _ rows: Int, _ scale: Double,
    into vectors: inout [Float]
  ) {
    var vectors = vectors.mutableSpan
    for row in 0..<rows {
      let (from, to) = (row &* width, row &* columns)
      for c in 0..<columns { vectors[to &+ c] = Float(scale * x[from &+ c]) }
    }
  }
}
