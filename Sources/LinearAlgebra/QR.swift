internal import CLAPACKE

/// The triangular factor R of a tall matrix whose rows come a few at a time.
///
///     RᵀR = XᵀX,  R upper triangular, shape [n, n]
///
/// X is never held, nor is XᵀX formed: Householder reflections fold each block of rows into R
/// (TSQR), so that cond(R) = cond(X) where the normal matrix would have its square. Rows are
/// folded in blocks of `blockHeight`, counted from the first, so that R does not depend on how
/// they were handed over. Every block is certified (``QRCertificate``): a factor that is wrong does not
/// leave.
public struct StreamingQR: Sendable {
  /// Rows of a block; large enough for matrix products to dominate.
  public static let blockHeight = 256
  /// Columns of a panel of reflections.
  private static let panel: Int32 = 24

  /// n.
  public let columnCount: Int
  /// Rows taken so far.
  public private(set) var rowCount = 0
  /// Rᵀ row by row (R column by column, as LAPACK has it), shape [n, n]; zero below the diagonal.
  private var factor: [Double]
  /// Why the factor is wrong, from the first block that failed.
  private var failure: LAPACKError?
  /// Rows not yet folded, shape [pending, n].
  private var pending: [Double] = []

  public init(columnCount n: Int) {
    precondition(n > 0 && n < 1 << 15, "streaming QR: 1 to 32767 columns")
    columnCount = n
    factor = [Double](repeating: 0, count: n * n)
  }

  /// Starts from a factor that is known already.
  ///
  /// - Parameters:
  ///   - triangle: Shape [n, n]; what lies below the diagonal is not read.
  ///   - rowCount: How many rows it stands for.
  public init(triangle: Matrix, rowCount: Int) {
    precondition(triangle.rowCount == triangle.columnCount, "streaming QR: not square")
    self.init(columnCount: triangle.columnCount)
    self.rowCount = rowCount
    let n = columnCount
    for i in 0..<n {
      for j in i..<n { factor[j * n + i] = triangle[i, j] }
    }
  }

  /// Takes rows.
  ///
  /// - Parameter rows: Shape [count, n], row-major, finite.
  /// - Complexity: 2n² operations a row, O(n²) memory.
  public mutating func append(_ rows: Span<Double>) {
    let n = columnCount
    precondition(rows.count.isMultiple(of: n), "streaming QR: ragged rows")
    rowCount += rows.count / n
    var next = 0
    while next < rows.count {
      let room = Self.blockHeight * n - pending.count
      let end = min(rows.count, next + room)
      for i in next..<end { pending.append(rows[i]) }
      next = end
      if pending.count == Self.blockHeight * n { fold() }
    }
  }

  /// Takes the rows of another factor: R becomes that of both matrices, one above the other.
  public mutating func append(_ other: StreamingQR) {
    precondition(columnCount == other.columnCount, "streaming QR: other columns")
    fold()
    var whole = other
    whole.fold()
    failure = failure ?? whole.failure
    let n = columnCount
    reflect(into: &whole.factor, height: n, trapezoid: n)
    rowCount += other.rowCount
  }

  /// R, shape [n, n], zero below the diagonal; its rows have arbitrary signs.
  ///
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``, and ``LAPACKError/notFinite`` where the rows
  ///   were no numbers.
  public func triangle() throws(LAPACKError) -> Matrix {
    var whole = self
    whole.fold()
    if let failure = whole.failure { throw failure }
    let n = columnCount
    var result = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in i..<n { result[i, j] = whole.factor[j * n + i] }
    }
    return result
  }

  /// Folds the pending rows into R.
  private mutating func fold() {
    let n = columnCount
    let height = pending.count / n
    guard height > 0 else { return }
    var block = [Double](repeating: 0, count: pending.count)
    for i in 0..<height {
      for j in 0..<n { block[j * height + i] = pending[i * n + j] }
    }
    pending.removeAll(keepingCapacity: true)
    reflect(into: &block, height: height, trapezoid: 0)
  }

  /// R ← the triangular factor of R above `block` (dtpqrt).
  ///
  /// - Parameters:
  ///   - block: Column by column, shape [height, n]; overwritten by the reflections.
  ///   - trapezoid: Rows at the foot of the block that form an upper trapezoid: n for a triangle.
  private mutating func reflect(into block: inout [Double], height: Int, trapezoid: Int) {
    let n = Int32(columnCount)
    let width = min(Self.panel, n)
    let certificate = QRCertificate(factor: factor, block: block, order: columnCount)
    var scratch = [Double](repeating: 0, count: Int(width) * columnCount)
    let info = BLASGate.pass {
      unsafe LAPACKE_dtpqrt(
        LAPACK_COL_MAJOR, Int32(height), n, Int32(trapezoid), width, &factor, n, &block,
        Int32(height), &scratch, width)
    }
    // LAPACKE looks for NaN in what it gets.
    guard info == 0 else {
      failure = failure ?? .notFinite
      return
    }
    do { try certificate.check(factor: factor, routine: "dtpqrt") } catch {
      failure = failure ?? error
    }
  }
}
