// Kernels of products between rows of sparse matrices, pair of sites by pair of sites.

/// Where the blocks of some rows of a sparse matrix find their factors.
public struct RowPlaces: Sendable {
  /// Block k of the matrix is of the kind `kinds[k]` in its row.
  public let kinds: [Int32]
  /// Kinds of a row, at most.
  public let kindCount: Int

  public init(kinds: [Int32], kindCount: Int) {
    (self.kinds, self.kindCount) = (kinds, kindCount)
  }
}

/// (X M)_m for some block columns m of a symmetric sparse matrix M, from four columns of Xᵀ.
///
///     Q_m[a, c] = Σ_k Σ_b X[a, (k, b)] M_mk[c, b]
///
/// - Parameters:
///   - rows: The numbers m.
///   - places: Shape [rows, kindCount]: the place in X of the partner of each kind.
///   - x: Xᵀ, shape [places · d, width].
///   - column: The first of the four, of which d are used.
///   - blocks: Q_m[a, c] at (c, a), shape [rows, d, d], from `offset` on; overwritten.
public func multiplyRows(
  _ matrix: BlockSparseMatrix, _ kinds: RowPlaces, rows: Span<Int32>, places: Span<Int32>,
  x: Span<Double>, width: Int, column: Int, into blocks: inout MutableSpan<Double>, offset: Int
) {
  let d = matrix.blockSize
  let area = d * d
  precondition(
    places.count == rows.count * kinds.kindCount && kinds.kinds.count == matrix.blockCount
      && x.count.isMultiple(of: width) && column >= 0 && column + 4 <= width && d <= 4
      && offset + rows.count * area <= blocks.count, "pairs: shapes")
  let kindOfBlock = kinds.kinds.span
  withLanes(reading: x) { x in
    withLanes(&blocks) { blocks in
      withLanes(reading: matrix.values.span) { values in
        for p in rows.indices {
          let row = Int(rows[p])
          let table = p &* kinds.kindCount
          let to = offset &+ p &* area
          let range = matrix.rowStarts[row]..<matrix.rowStarts[row &+ 1]
          if d == 3 {
            var (q0, q1, q2) = (SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>())
            for k in range {
              let from = 3 &* Int(places[table &+ Int(kindOfBlock[k])]) &* width &+ column
              let v = values.advanced(by: 9 &* k)
              let (s, t, u) = (x[from], x[from &+ width], x[from &+ 2 &* width])
              q0 += s * v.scalar(0) + t * v.scalar(1) + u * v.scalar(2)
              q1 += s * v.scalar(3) + t * v.scalar(4) + u * v.scalar(5)
              q2 += s * v.scalar(6) + t * v.scalar(7) + u * v.scalar(8)
            }
            for a in 0..<3 {
              blocks.set(to &+ a, q0[a])
              blocks.set(to &+ 3 &+ a, q1[a])
              blocks.set(to &+ 6 &+ a, q2[a])
            }
            continue
          }
          for c in 0..<d {
            var sum = SIMD4<Double>()
            for k in range {
              let from = d &* Int(places[table &+ Int(kindOfBlock[k])]) &* width &+ column
              for b in 0..<d {
                sum += x[from &+ b &* width] * values.scalar((k &* d &+ c) &* d &+ b)
              }
            }
            for a in 0..<d { blocks.set(to &+ c &* d &+ a, sum[a]) }
          }
        }
      }
    }
  }
}

/// Σ_k x_k y_k over parts of two arrays.
public func dotProduct(
  _ x: Span<Double>, from first: Int, _ y: Span<Double>, from second: Int, count: Int
) -> Double {
  precondition(
    first >= 0 && second >= 0 && count >= 0 && first + count <= x.count
      && second + count <= y.count, "dot product: shapes")
  var sum = 0.0
  withLanes(reading: x) { x in
    withLanes(reading: y) { y in
      let (x, y) = (x.advanced(by: first), y.advanced(by: second))
      var (p, q) = (SIMD4<Double>(), SIMD4<Double>())
      var k = 0
      while k &+ 8 <= count {
        p += x[k] * y[k]
        q += x[k &+ 4] * y[k &+ 4]
        k &+= 8
      }
      sum = (p + q).sum()
      while k < count {
        sum += x.scalar(k) * y.scalar(k)
        k &+= 1
      }
    }
  }
  return sum
}
