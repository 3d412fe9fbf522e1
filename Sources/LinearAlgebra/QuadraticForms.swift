internal import Base
internal import COpenBLAS

extension Matrix {
  /// Xᵀ diag(w) X for the rows x of this matrix, with what lies below the diagonal added above it:
  /// the upper triangle T that has y T yᵀ = y Xᵀ diag(w) X yᵀ.
  ///
  /// - Parameter weights: w, shape [rows]; of either sign, ascending or not.
  /// - Complexity: rows · columns² operations (two dsyrk), half those of a product.
  public func weightedGramTriangle(_ weights: [Double]) -> Matrix {
    precondition(weights.count == rowCount, "weights: expected [\(rowCount)]")
    let n = columnCount
    var result = Matrix(rowCount: n, columnCount: n)
    for sign in [1.0, -1.0] {
      var scaled: [Double] = []
      scaled.reserveCapacity(storage.count)
      var count = 0
      for (row, weight) in weights.enumerated() where sign * weight > 0 {
        let root = abs(weight).squareRoot()
        for e in row * n..<(row + 1) * n { scaled.append(storage[e] * root) }
        count += 1
      }
      guard count > 0, n > 0 else { continue }
      BLASGate.pass {
        unsafe cblas_dsyrk(
          CblasRowMajor, CblasUpper, CblasTrans, Int32(n), Int32(count), sign, scaled, Int32(n), 1,
          &result.storage, Int32(n))
      }
    }
    for i in 0..<n {
      for e in i * n + min(i + 1, n)..<(i + 1) * n { result.storage[e] *= 2 }
    }
    return result
  }
}

/// y_r T y_rᵀ for rows y_r and an upper triangular T (dtrmm): half the operations of a full product.
///
/// - Parameters:
///   - rows: Y, shape [count, n], row-major.
///   - triangle: T, shape [n, n]; below its diagonal nothing is read.
///   - forms: Shape [count]; overwritten.
public func quadraticForms(
  of rows: [Double], triangle: Matrix, into forms: inout MutableSpan<Double>
) {
  let (count, n) = (forms.count, triangle.rowCount)
  precondition(rows.count == count * n && n == triangle.columnCount, "rows: wrong count")
  for row in forms.indices { forms[row] = 0 }
  guard count > 0, n > 0 else { return }
  var image = rows
  BLASGate.pass {
    unsafe cblas_dtrmm(
      CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(count), Int32(n), 1,
      triangle.storage, Int32(n), &image, Int32(n))
  }
  withLanes(reading: rows.span) { rows in
    withLanes(reading: image.span) { image in
      for row in 0..<count {
        var sums = (SIMD4<Double>(), SIMD4<Double>())
        var e = row &* n
        let end = e &+ n
        while e &+ 8 <= end {
          sums.0 = sums.0.plus(rows[e], times: image[e])
          sums.1 = sums.1.plus(rows[e &+ 4], times: image[e &+ 4])
          e &+= 8
        }
        var sum = (sums.0 + sums.1).sum()
        while e < end {
          sum += rows.scalar(e) * image.scalar(e)
          e &+= 1
        }
        forms[row] = sum
      }
    }
  }
}

/// Copies square blocks of a table side by side.
///
///     rows[offset + a m + j d + b] = table[starts[j] + a stride + b],   m = d · blocks
///
/// - Precondition: Every block lies in the table, and the rows lie in `rows`.
public func gatherBlocks(
  of size: Int, from table: Span<Double>, stride: Int, starts: [Int],
  into rows: inout MutableSpan<Double>, offset: Int
) {
  let m = size * starts.count
  guard let first = starts.min(), let last = starts.max() else { return }
  precondition(first >= 0 && last + (size - 1) * stride + size <= table.count, "table: too short")
  precondition(offset >= 0 && offset + size * m <= rows.count, "rows: too short")
  withLanes(reading: table) { table in
    withLanes(&rows) { rows in
      for a in 0..<size {
        var to = offset &+ a &* m
        for start in starts {
          let from = start &+ a &* stride
          if size == 3 {
            rows.set(to, table.scalar(from))
            rows.set(to &+ 1, table.scalar(from &+ 1))
            rows.set(to &+ 2, table.scalar(from &+ 2))
          } else {
            for b in 0..<size { rows.set(to &+ b, table.scalar(from &+ b)) }
          }
          to &+= size
        }
      }
    }
  }
}
