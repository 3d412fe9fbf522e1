internal import Base

// Kernels of block Lanczos on patches: vectors of d columns a site side by side in rows of `width`.
// Four lanes are read and written, so that those beyond the d of a site are the next one's.

/// Where the blocks of a sparse matrix fall in a patch of its sites.
public struct PatchBlocks: Sendable {
  /// Of the rows of each place, the blocks that stay inside: places + 1 of them.
  public private(set) var starts: [Int32] = [0]
  /// The number of each block in the matrix; what follows the last start has no meaning, as of the
  /// columns.
  public private(set) var blocks: [Int32] = []
  /// The place of its column.
  public private(set) var columns: [Int32] = []
  /// What rows get back on their diagonal for partners outside, shape [places, d, d].
  public private(set) var diagonals: [Double] = []

  public init() {}

  /// Reads the rows of a patch.
  ///
  ///     D_pp += sym Σ_(q outside) D_pq r_q / r_p
  ///
  /// so that a shift of all sites by their weights r costs what it cost before.
  ///
  /// - Parameters:
  ///   - sites: The site of each place.
  ///   - placeOfSite: The place of each site of the matrix, -1 outside.
  ///   - weights: r of each site, as the pattern of `period` repeats them.
  public mutating func read(
    _ matrix: BlockSparseMatrix, sites: [Int], placeOfSite: [Int32], weights: [Double]
  ) {
    let area = matrix.blockSize * matrix.blockSize
    let most = sites.reduce(0) { $0 + matrix.rowStarts[$1 + 1] - matrix.rowStarts[$1] }
    if blocks.count < most {
      blocks = [Int32](repeating: 0, count: most + most / 4)
      columns = blocks
    }
    if starts.count != sites.count + 1 || diagonals.count != sites.count * area {
      starts = [Int32](repeating: 0, count: sites.count + 1)
      diagonals = [Double](repeating: 0, count: sites.count * area)
    }
    let isUniform = weights.allSatisfy { $0 == weights[0] }
    var (blocks, columns, starts, diagonals) = (
      [Int32](), [Int32](), [Int32](), [Double]()
    )
    swap(&blocks, &self.blocks)
    swap(&columns, &self.columns)
    swap(&starts, &self.starts)
    swap(&diagonals, &self.diagonals)
    defer {
      (self.blocks, self.columns, self.starts, self.diagonals) = (
        blocks, columns, starts, diagonals
      )
    }
    let places = placeOfSite.span
    var blockSpan = blocks.mutableSpan
    var columnSpan = columns.mutableSpan
    var startSpan = starts.mutableSpan
    var diagonalSpan = diagonals.mutableSpan
    var count = 0
    withLanes(reading: matrix.values.span) { values in
      for (place, site) in sites.enumerated() {
        let ratio = isUniform ? nil : RatioOfWeights(weights, row: site)
        let row = matrix.rowStarts[site]..<matrix.rowStarts[site + 1]
        for k in row where places[Int(matrix.indices[k])] >= 0 {
          blockSpan[count] = Int32(truncatingIfNeeded: k)
          columnSpan[count] = places[Int(matrix.indices[k])]
          count &+= 1
        }
        startSpan[place &+ 1] = Int32(truncatingIfNeeded: count)
        Self.addOutside(
          row, matrix, values, places, ratio, to: &diagonalSpan, at: place &* area)
      }
    }
  }

  /// r_q / r_p of the columns q of a row p.
  private struct RatioOfWeights {
    private let weights: [Double]
    private let own: Double

    init(_ weights: [Double], row: Int) {
      (self.weights, own) = (weights, weights[row % weights.count])
    }

    @inline(__always)
    subscript(column: Int32) -> Double {
      weights[Int(UInt32(bitPattern: column) % UInt32(truncatingIfNeeded: weights.count))] / own
    }
  }

  /// Writes sym Σ_(q outside) D_pq r_q / r_p of one row.
  @inline(__always)
  private static func addOutside(
    _ row: Range<Int>, _ matrix: BlockSparseMatrix, _ values: Lanes, _ places: Span<Int32>,
    _ ratio: RatioOfWeights?, to diagonals: inout MutableSpan<Double>, at base: Int
  ) {
    let d = matrix.blockSize
    let area = d * d
    if d == 3 {
      var (low, high, last) = (SIMD4<Double>(), SIMD4<Double>(), 0.0)
      for k in row where places[Int(matrix.indices[k])] < 0 {
        let factor = ratio?[matrix.indices[k]] ?? 1
        let v = values.advanced(by: 9 &* k)
        low = low.plus(v[0], times: factor)
        high = high.plus(v[4], times: factor)
        last += v.scalar(8) * factor
      }
      for e in 0..<4 {
        diagonals[base &+ e] = low[e]
        diagonals[base &+ e &+ 4] = high[e]
      }
      diagonals[base &+ 8] = last
    } else {
      for e in base..<base &+ area { diagonals[e] = 0 }
      for k in row where places[Int(matrix.indices[k])] < 0 {
        let factor = ratio?[matrix.indices[k]] ?? 1
        for e in 0..<area { diagonals[base &+ e] += values.scalar(k &* area &+ e) * factor }
      }
    }
    for a in 0..<d {
      for b in 0..<a {
        let (here, there) = (base &+ a &* d &+ b, base &+ b &* d &+ a)
        let mean = 0.5 * (diagonals[here] + diagonals[there])
        (diagonals[here], diagonals[there]) = (mean, mean)
      }
    }
  }
}

/// W = D S for the d columns of a site, and M = Sᵀ W.
///
/// - Parameters:
///   - s, w: Shape [places · d, width]; W is overwritten in these columns and has numbers of no meaning
///     in what follows of four of them: sites go in the order of their columns.
///   - column: The first of the d, with three more in the row.
///   - gram: M, shape [4, 4]; overwritten, d × d of it have a meaning.
public func multiplyPatch(
  _ matrix: BlockSparseMatrix, _ patch: PatchBlocks, _ s: Span<Double>, width: Int, column: Int,
  into w: inout MutableSpan<Double>, gram: inout MutableSpan<Double>
) {
  let d = matrix.blockSize
  let places = patch.starts.count - 1
  precondition(
    s.count == places * d * width && w.count == s.count && column >= 0 && column + 4 <= width
      && gram.count == 16 && d <= 4, "patch: shapes")
  var (m0, m1, m2) = (SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>())
  withLanes(reading: s) { s in
    withLanes(&w) { w in
      withLanes(reading: matrix.values.span) { values in
        withLanes(reading: patch.diagonals.span) { diagonals in
          let (blocks, columns, starts) = (
            patch.blocks.span, patch.columns.span, patch.starts.span
          )
          for p in 0..<places {
            let to = d &* p &* width &+ column
            if d == 3 {
              let (x, y, z) = (s[to], s[to &+ width], s[to &+ 2 &* width])
              let own = diagonals.advanced(by: 9 &* p)
              var a = x * own.scalar(0) + y * own.scalar(1) + z * own.scalar(2)
              var b = x * own.scalar(3) + y * own.scalar(4) + z * own.scalar(5)
              var c = x * own.scalar(6) + y * own.scalar(7) + z * own.scalar(8)
              for k in Int(starts[p])..<Int(starts[p &+ 1]) {
                let v = values.advanced(by: 9 &* Int(blocks[k]))
                let from = 3 &* Int(columns[k]) &* width &+ column
                let (x, y, z) = (s[from], s[from &+ width], s[from &+ 2 &* width])
                a = a.plus(x, y, z, times: v.scalar(0), v.scalar(1), v.scalar(2))
                b = b.plus(x, y, z, times: v.scalar(3), v.scalar(4), v.scalar(5))
                c = c.plus(x, y, z, times: v.scalar(6), v.scalar(7), v.scalar(8))
              }
              w[to] = a
              w[to &+ width] = b
              w[to &+ 2 &* width] = c
              m0 = m0.plus(a, b, c, times: x[0], y[0], z[0])
              m1 = m1.plus(a, b, c, times: x[1], y[1], z[1])
              m2 = m2.plus(a, b, c, times: x[2], y[2], z[2])
              continue
            }
            for row in 0..<d {
              var sum = SIMD4<Double>()
              for b in 0..<d {
                sum += s[to &+ b &* width] * diagonals.scalar((d &* p &+ row) &* d &+ b)
              }
              for k in Int(starts[p])..<Int(starts[p &+ 1]) {
                let v = values.advanced(by: (d &* Int(blocks[k]) &+ row) &* d)
                let from = d &* Int(columns[k]) &* width &+ column
                for b in 0..<d { sum = sum.plus(s[from &+ b &* width], times: v.scalar(b)) }
              }
              w[to &+ row &* width] = sum
              let x = s[to &+ row &* width]
              m0 = m0.plus(sum, times: x[0])
              m1 = m1.plus(sum, times: x[1])
              m2 = m2.plus(sum, times: x[2])
            }
          }
        }
      }
    }
  }
  withLanes(&gram) { gram in
    gram[0] = m0
    gram[4] = m1
    gram[8] = m2
    gram[12] = SIMD4()
  }
}

/// One step of block Lanczos for the d columns of a site, and R = Nᵀ W of what comes next:
///
///     N = P - S α - N β
///
/// - Parameters:
///   - next: The vectors before S; overwritten in these columns alone by those after. Shape
///     [rows, width], like the others.
///   - alpha, beta: Shape [3, 4], with zeros beyond d × d.
///   - gram: R, shape [4, 4]; overwritten, d × d of it have a meaning.
public func advancePatch(
  _ next: inout MutableSpan<Double>, image p: Span<Double>, current s: Span<Double>,
  product w: Span<Double>, alpha: Span<Double>, beta: Span<Double>, components d: Int, width: Int,
  column: Int, gram: inout MutableSpan<Double>
) {
  let count = next.count
  let isNextSite = SIMD4<Int64>(0, 1, 2, 3) .>= SIMD4(repeating: Int64(d))
  precondition(
    p.count >= count && s.count == count && w.count == count && count.isMultiple(of: width)
      && column >= 0 && column + 4 <= width && alpha.count == 12 && beta.count == 12
      && gram.count == 16, "patch: shapes")
  var (m0, m1, m2) = (SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>())
  withLanes(&next) { next in
    withLanes(reading: p) { p in
      withLanes(reading: s) { s in
        withLanes(reading: w) { w in
          withLanes(reading: alpha) { alpha in
            withLanes(reading: beta) { beta in
              let (a0, a1, a2) = (alpha[0], alpha[4], alpha[8])
              let (b0, b1, b2) = (beta[0], beta[4], beta[8])
              for row in stride(from: column, to: count, by: width) {
                let (x, y) = (s[row], next[row])
                let n = p[row].minus(a0, times: x[0]).minus(a1, times: x[1]).minus(a2, times: x[2])
                  .minus(b0, times: y[0]).minus(b1, times: y[1]).minus(b2, times: y[2])
                next[row] = n.replacing(with: y, where: isNextSite)
                let image = w[row]
                m0 = m0.plus(image, times: n[0])
                m1 = m1.plus(image, times: n[1])
                m2 = m2.plus(image, times: n[2])
              }
            }
          }
        }
      }
    }
  }
  withLanes(&gram) { gram in
    gram[0] = m0
    gram[4] = m1
    gram[8] = m2
    gram[12] = SIMD4()
  }
}
