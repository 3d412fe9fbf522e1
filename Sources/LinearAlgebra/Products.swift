internal import COpenBLAS

/// A rectangular window of a row-major array, which may be read transposed.
public struct MatrixWindow: Sendable {
  /// Index of the first element.
  public let offset: Int
  /// Elements from one stored row to the next.
  public let stride: Int
  public let isTransposed: Bool

  public init(offset: Int = 0, stride: Int, isTransposed: Bool = false) {
    (self.offset, self.stride, self.isTransposed) = (offset, stride, isTransposed)
  }
}

/// C ← α·A·B + β·C for windows of row-major arrays (dgemm).
///
/// - Parameters:
///   - shape: (m, n, k): C is m × n, A is m × k, B is k × n, after transposition.
/// - Precondition: Each window lies in its array.
public func multiplyAdd(
  shape: (m: Int, n: Int, k: Int), alpha: Double = 1, _ a: Span<Double>, _ aWindow: MatrixWindow,
  _ b: Span<Double>, _ bWindow: MatrixWindow, beta: Double = 0, into c: inout MutableSpan<Double>,
  _ cWindow: MatrixWindow
) {
  let (m, n, k) = shape
  guard m > 0 && n > 0 else { return }
  precondition(!cWindow.isTransposed && fits(cWindow, m, n, c.count), "C: window")
  precondition(
    k == 0 || fits(aWindow, aWindow.isTransposed ? k : m, aWindow.isTransposed ? m : k, a.count),
    "A: window")
  precondition(
    k == 0 || fits(bWindow, bWindow.isTransposed ? n : k, bWindow.isTransposed ? k : n, b.count),
    "B: window")
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeMutableBufferPointer { c in
        BLASGate.pass {
          unsafe cblas_dgemm(
            CblasRowMajor, aWindow.isTransposed ? CblasTrans : CblasNoTrans,
            bWindow.isTransposed ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), alpha,
            k == 0 ? nil : a.baseAddress! + aWindow.offset, Int32(max(1, aWindow.stride)),
            k == 0 ? nil : b.baseAddress! + bWindow.offset, Int32(max(1, bWindow.stride)), beta,
            c.baseAddress! + cWindow.offset, Int32(max(1, cWindow.stride)))
        }
      }
    }
  }
}

/// Y ← Y·Tᵀ in place for an upper triangular T (dtrmm): half the operations of a full product.
///
/// - Parameters:
///   - rows: Y, shape [count, stride], row-major; of each row the first n elements are taken.
///   - triangle: T, its first n rows, n = columnCount; below its diagonal nothing is read.
public func multiplyRows(
  _ rows: inout MutableSpan<Double>, count: Int, stride: Int,
  byTransposeOfUpperTriangle triangle: Matrix
) {
  let n = triangle.columnCount
  precondition(
    n <= stride && rows.count == count * stride && n <= triangle.rowCount, "rows: wrong shape")
  guard count > 0, n > 0 else { return }
  unsafe rows.withUnsafeMutableBufferPointer { y in
    unsafe triangle.storage.withUnsafeBufferPointer { t in
      BLASGate.pass {
        unsafe cblas_dtrmm(
          CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, Int32(count), Int32(n),
          1, t.baseAddress!, Int32(n), y.baseAddress!, Int32(stride))
      }
    }
  }
}

/// N ← N + XᵀX for a block of rows (dsyrk): the upper triangle of a normal matrix.
///
/// - Parameters:
///   - rows: X, shape [rowCount, n], row-major.
///   - normal: N, shape [n, n]; below its diagonal nothing is read or written.
public func addNormalMatrix(of rows: Span<Double>, rowCount: Int, to normal: inout Matrix) {
  let n = normal.rowCount
  precondition(n == normal.columnCount && rows.count == rowCount * n, "normal matrix: shapes")
  guard rowCount > 0, n > 0 else { return }
  unsafe rows.withUnsafeBufferPointer { x in
    unsafe normal.storage.withUnsafeMutableBufferPointer { c in
      BLASGate.pass {
        unsafe cblas_dsyrk(
          CblasRowMajor, CblasUpper, CblasTrans, Int32(n), Int32(rowCount), 1, x.baseAddress!,
          Int32(n), 1, c.baseAddress!, Int32(n))
      }
    }
  }
}

private func fits(_ window: MatrixWindow, _ rows: Int, _ columns: Int, _ count: Int) -> Bool {
  window.offset >= 0 && columns <= window.stride && window.stride < Int(Int32.max)
    && window.offset + (rows - 1) * window.stride + columns <= count
}

extension Matrix {
  /// The product of two matrices, either of them transposed.
  ///
  /// - Precondition: The inner dimensions agree.
  public func multiplied(
    by other: Matrix, transposingSelf: Bool = false, transposingOther: Bool = false
  ) -> Matrix {
    let (m, k) = transposingSelf ? (columnCount, rowCount) : (rowCount, columnCount)
    let (inner, n) =
      transposingOther
      ? (other.columnCount, other.rowCount) : (other.rowCount, other.columnCount)
    precondition(k == inner, "product: inner dimensions \(k) and \(inner)")
    var result = Matrix(rowCount: m, columnCount: n)
    var span = result.storage.mutableSpan
    multiplyAdd(
      shape: (m, n, k), storage.span,
      MatrixWindow(stride: columnCount, isTransposed: transposingSelf), other.storage.span,
      MatrixWindow(stride: other.columnCount, isTransposed: transposingOther), into: &span,
      MatrixWindow(stride: n))
    return result
  }
}

extension BlockSparseMatrix {
  /// Y = H·X for a block of vectors.
  ///
  /// - Parameters:
  ///   - x: Shape [order, width], row-major.
  ///   - rows: Block rows to compute.
  ///   - y: Rows of Y, shape [rows · d, width]; overwritten.
  /// - Complexity: 2·d·blocks·d·width operations; every block row of X that is needed is read once
  ///   a block.
  public func multiply(
    _ x: Span<Double>, width: Int, rows: Range<Int>, into y: inout MutableSpan<Double>
  ) {
    precondition(x.count == order * width, "X: expected [\(order), \(width)]")
    precondition(y.count == rows.count * blockSize * width, "Y: wrong count")
    let d = blockSize
    for e in y.indices { y[e] = 0 }
    for i in rows {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let source = Int(indices[k]) * d * width
        for a in 0..<d {
          let target = ((i - rows.lowerBound) * d + a) * width
          for b in 0..<d {
            let factor = values[(k * d + a) * d + b]
            let from = source + b * width
            for c in 0..<width { y[target &+ c] += factor * x[from &+ c] }
          }
        }
      }
    }
  }
}
