internal import Base

// Kernels over a batch of vectors side by side: rows of `width` contiguous columns, a multiple of 4.

extension BlockSparseMatrix {
  /// Y = H·X for a batch, and the dot product of each column of X with that of Y.
  ///
  /// - Parameters:
  ///   - x: Shape [order, width].
  ///   - width: A multiple of 4.
  ///   - y: Shape [order, width]; overwritten.
  ///   - dots: Σ_r x_rc y_rc, shape [width]; overwritten.
  /// - Complexity: 2·d·d·width operations a block; sums of one row stay in registers.
  public func multiply(
    _ x: Span<Double>, width: Int, into y: inout MutableSpan<Double>,
    dots: inout MutableSpan<Double>
  ) {
    multiply(x, width: width, subtracting: nil, into: &y, dots: &dots)
  }

  /// Y ← H·X - Y diag(b) for a batch, and the dot product of each column of X with the new one of Y.
  ///
  /// - Parameters:
  ///   - x, width, dots: As in ``multiply(_:width:into:dots:)``.
  ///   - b: Shape [width].
  ///   - y: Shape [order, width].
  public func multiply(
    _ x: Span<Double>, width: Int, subtracting b: Span<Double>, times y: inout MutableSpan<Double>,
    dots: inout MutableSpan<Double>
  ) {
    precondition(b.count == width, "b: expected [\(width)]")
    withLanes(reading: b) { b in
      multiply(x, width: width, subtracting: b, into: &y, dots: &dots)
    }
  }

  /// - Parameter b: nil for zeros.
  private func multiply(
    _ x: Span<Double>, width: Int, subtracting b: Lanes?, into y: inout MutableSpan<Double>,
    dots: inout MutableSpan<Double>
  ) {
    precondition(width.isMultiple(of: 4) && dots.count == width, "dots: expected [\(width)]")
    precondition(x.count == order * width && y.count == x.count, "X, Y: expected [order, width]")
    for column in dots.indices { dots[column] = 0 }
    withLanes(reading: x) { x in
      withLanes(&y) { y in
        withLanes(&dots) { dots in
          withLanes(reading: values.span) { values in
            for i in 0..<siteCount {
              guard blockSize == 3 else {
                multiplyRow(i, values, x, width, b, y, dots)
                continue
              }
              // Columns share a load of the block, and their sums wait for nothing.
              let tile = 3 * Strip.scalarCount
              let tiled = width.isMultiple(of: tile) ? width : 0
              for column in stride(from: 0, to: tiled, by: tile) {
                multiplyTile(i, values, x, width, column, b, y, dots)
              }
              for column in stride(from: tiled, to: width - 4, by: 8) {
                multiplyColumns(i, values, x, width, column, b, y, dots, by: SIMD8.self)
              }
              if tiled == 0 && width % 8 == 4 {
                multiplyColumns(i, values, x, width, width - 4, b, y, dots, by: SIMD4.self)
              }
            }
          }
        }
      }
    }
  }

  /// Three vectors of columns for each component: nine sums that wait for none of the others.
  @inline(__always)
  private func multiplyTile(
    _ i: Int, _ values: Lanes, _ x: Lanes, _ width: Int, _ column: Int, _ b: Lanes?, _ y: Lanes,
    _ dots: Lanes
  ) {
    let (step, zero) = (Strip.scalarCount, Strip.zero)
    var (a0, a1, a2) = (zero, zero, zero)
    var (b0, b1, b2) = (zero, zero, zero)
    var (c0, c1, c2) = (zero, zero, zero)
    for k in rowStarts[i]..<rowStarts[i + 1] {
      var from = 3 &* Int(indices[k]) &* width &+ column
      var v = values.advanced(by: 9 &* k)
      for _ in 0..<3 {
        let (p, q, r): (Strip, Strip, Strip) = (
          x.columns(from), x.columns(from &+ step), x.columns(from &+ 2 &* step)
        )
        let (e, f, g) = (v.scalar(0), v.scalar(3), v.scalar(6))
        (a0, a1, a2) = (a0.plus(p, times: e), a1.plus(q, times: e), a2.plus(r, times: e))
        (b0, b1, b2) = (b0.plus(p, times: f), b1.plus(q, times: f), b2.plus(r, times: f))
        (c0, c1, c2) = (c0.plus(p, times: g), c1.plus(q, times: g), c2.plus(r, times: g))
        from &+= width
        v = v.advanced(by: 1)
      }
    }
    finish(i, column, (a0, b0, c0), x, width, b, y, dots)
    finish(i, column &+ step, (a1, b1, c1), x, width, b, y, dots)
    finish(i, column &+ 2 &* step, (a2, b2, c2), x, width, b, y, dots)
  }

  /// One vector of columns, whose sums stay in registers.
  @inline(__always)
  private func multiplyColumns<V: Columns>(
    _ i: Int, _ values: Lanes, _ x: Lanes, _ width: Int, _ column: Int, _ b: Lanes?, _ y: Lanes,
    _ dots: Lanes, by type: V.Type
  ) {
    var (sumA, sumB, sumC) = (V.zero, V.zero, V.zero)
    for k in rowStarts[i]..<rowStarts[i + 1] {
      let from = 3 &* Int(indices[k]) &* width &+ column
      let (p, q, r): (V, V, V) = (
        x.columns(from), x.columns(from &+ width), x.columns(from &+ 2 &* width)
      )
      let v = values.advanced(by: 9 &* k)
      sumA = sumA.plus(p, q, r, times: v.scalar(0), v.scalar(1), v.scalar(2))
      sumB = sumB.plus(p, q, r, times: v.scalar(3), v.scalar(4), v.scalar(5))
      sumC = sumC.plus(p, q, r, times: v.scalar(6), v.scalar(7), v.scalar(8))
    }
    finish(i, column, (sumA, sumB, sumC), x, width, b, y, dots)
  }

  /// Writes the sums of one vector of columns of a block row.
  @inline(__always)
  private func finish<V: Columns>(
    _ i: Int, _ column: Int, _ sums: (V, V, V), _ x: Lanes, _ width: Int, _ b: Lanes?, _ y: Lanes,
    _ dots: Lanes
  ) {
    var sums = sums
    let to = 3 &* i &* width &+ column
    if let b {
      let factor: V = b.columns(column)
      sums.0 -= factor * y.columns(to)
      sums.1 -= factor * y.columns(to &+ width)
      sums.2 -= factor * y.columns(to &+ 2 &* width)
    }
    y.setColumns(to, sums.0)
    y.setColumns(to &+ width, sums.1)
    y.setColumns(to &+ 2 &* width, sums.2)
    // Most rows of a local perturbation are empty.
    guard b != nil || rowStarts[i] < rowStarts[i + 1] else { return }
    let (p, q, r): (V, V, V) = (
      x.columns(to), x.columns(to &+ width), x.columns(to &+ 2 &* width)
    )
    dots.setColumns(column, dots.columns(column) + (p * sums.0 + q * sums.1 + r * sums.2))
  }

  /// Any size of blocks.
  @inline(__always)
  private func multiplyRow(
    _ i: Int, _ values: Lanes, _ x: Lanes, _ width: Int, _ b: Lanes?, _ y: Lanes, _ dots: Lanes
  ) {
    let d = blockSize
    for column in stride(from: 0, to: width, by: 4) {
      for a in 0..<d {
        var sum = SIMD4<Double>()
        for k in rowStarts[i]..<rowStarts[i + 1] {
          let from = d &* Int(indices[k]) &* width &+ column
          for e in 0..<d {
            sum = sum.plus(
              x[from &+ e &* width], times: values.scalar((k &* d &+ a) &* d &+ e))
          }
        }
        let to = (d &* i &+ a) &* width &+ column
        if let b { sum -= b[column] * y[to] }
        y[to] = sum
        dots[column] += x[to] * sum
      }
    }
  }
}

extension BlockSparseMatrix {
  /// Y += H·X for four columns of a batch, H being a block of a larger matrix.
  ///
  /// - Parameters:
  ///   - x: Shape [rows, width].
  ///   - places: The block row of X and Y that each block row of H stands for.
  ///   - column: The first of the four columns.
  ///   - y: Shape [rows, width]; added to.
  ///   - dots: Σ_r x_rc (HX)_rc of these columns is added, shape [width].
  public func multiplyFour(
    _ x: Span<Double>, places: Span<Int32>, width: Int, column: Int,
    into y: inout MutableSpan<Double>, dots: inout MutableSpan<Double>
  ) {
    let d = blockSize
    precondition(places.count == siteCount && dots.count == width, "places: expected one a row")
    precondition(column >= 0 && column + 4 <= width && y.count == x.count, "column: out of range")
    for i in 0..<siteCount {
      precondition(places[i] >= 0 && (Int(places[i]) + 1) * d * width <= x.count, "places: range")
    }
    withLanes(reading: x) { x in
      withLanes(&y) { y in
        withLanes(&dots) { dots in
          withLanes(reading: values.span) { values in
            for i in 0..<siteCount {
              if d == 3 {
                addRow3(i, values, x, places, width, column, y, dots)
              } else {
                addRow(i, values, x, places, width, column, y, dots)
              }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func addRow3(
    _ i: Int, _ values: Lanes, _ x: Lanes, _ places: Span<Int32>, _ width: Int, _ column: Int,
    _ y: Lanes, _ dots: Lanes
  ) {
    var (sumA, sumB, sumC) = (SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>())
    for k in rowStarts[i]..<rowStarts[i + 1] {
      let from = 3 &* Int(places[Int(indices[k])]) &* width &+ column
      let (p, q, r) = (x[from], x[from &+ width], x[from &+ 2 &* width])
      let v = values.advanced(by: 9 &* k)
      sumA = sumA.plus(p, q, r, times: v.scalar(0), v.scalar(1), v.scalar(2))
      sumB = sumB.plus(p, q, r, times: v.scalar(3), v.scalar(4), v.scalar(5))
      sumC = sumC.plus(p, q, r, times: v.scalar(6), v.scalar(7), v.scalar(8))
    }
    let to = 3 &* Int(places[i]) &* width &+ column
    y[to] += sumA
    y[to &+ width] += sumB
    y[to &+ 2 &* width] += sumC
    dots[column] += x[to] * sumA
    dots[column] += x[to &+ width] * sumB
    dots[column] += x[to &+ 2 &* width] * sumC
  }

  /// Any size of blocks.
  @inline(__always)
  private func addRow(
    _ i: Int, _ values: Lanes, _ x: Lanes, _ places: Span<Int32>, _ width: Int, _ column: Int,
    _ y: Lanes, _ dots: Lanes
  ) {
    let d = blockSize
    let to = d &* Int(places[i]) &* width &+ column
    for a in 0..<d {
      var sum = SIMD4<Double>()
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let from = d &* Int(places[Int(indices[k])]) &* width &+ column
        let v = values.advanced(by: (k &* d &+ a) &* d)
        for b in 0..<d { sum = sum.plus(x[from &+ b &* width], times: v.scalar(b)) }
      }
      y[to &+ a &* width] += sum
      dots[column] += x[to &+ a &* width] * sum
    }
  }
}

/// One step of a three-term recurrence for every column c:
///
///     next_rc = image_rc - a_c current_rc - b_c next_rc
///
/// - Parameters:
///   - a, b: Shape [width].
///   - next: Holds the vectors before the current ones; overwritten by those after.
/// - Precondition: All are of shape [rows, width], `width` a multiple of 4.
public func recur(
  _ next: inout MutableSpan<Double>, image: Span<Double>, current: Span<Double>, a: Span<Double>,
  b: Span<Double>
) {
  let (width, count) = (a.count, next.count)
  precondition(width.isMultiple(of: 4) && width > 0 && b.count == width, "a, b: expected [width]")
  precondition(count.isMultiple(of: width), "next: expected [rows, width]")
  precondition(image.count == count && current.count == count, "vectors: shapes")
  withLanes(&next) { next in
    withLanes(reading: image) { image in
      withLanes(reading: current) { current in
        withLanes(reading: a) { a in
          withLanes(reading: b) { b in
            for row in stride(from: 0, to: count, by: width) {
              for column in stride(from: 0, to: width, by: 4) {
                let e = row &+ column
                next[e] = image[e].minus(a[column], times: current[e]).minus(
                  b[column], times: next[e])
              }
            }
          }
        }
      }
    }
  }
}

/// X_rc ← f_c X_rc; 0 where f_c is, whatever X is.
///
/// - Parameters:
///   - x: Shape [rows, width], `width` a multiple of 4.
///   - factors: Shape [width].
public func scaleColumns(_ x: inout MutableSpan<Double>, by factors: Span<Double>) {
  let (width, count) = (factors.count, x.count)
  precondition(width > 0 && count.isMultiple(of: width), "vectors: shapes")
  for row in stride(from: 0, to: count, by: width) {
    for c in 0..<width { x[row &+ c] = factors[c] == 0 ? 0 : factors[c] * x[row &+ c] }
  }
}

/// The second half of a step of Lanczos' process for every column c:
///
///     y_rc ← s_c (y_rc - a_c x_rc),   squares_c = Σ_r y_rc²
///
/// - Parameters:
///   - a, s: Shape [width]; s may be 0 for columns that have ended.
///   - squares: Shape [width]; overwritten.
/// - Precondition: x and y are of shape [rows, width], `width` a multiple of 4.
public func subtract(
  _ x: Span<Double>, times a: Span<Double>, scaling s: Span<Double>,
  from y: inout MutableSpan<Double>, squares: inout MutableSpan<Double>
) {
  let (width, count) = (squares.count, x.count)
  precondition(width.isMultiple(of: 4) && width > 0, "squares: expected a multiple of 4")
  precondition(a.count == width && s.count == width, "a, s: expected [width]")
  precondition(count.isMultiple(of: width) && y.count == count, "vectors: shapes")
  for column in squares.indices { squares[column] = 0 }
  withLanes(reading: x) { x in
    withLanes(&y) { y in
      withLanes(&squares) { squares in
        withLanes(reading: a) { a in
          withLanes(reading: s) { s in
            for row in stride(from: 0, to: count, by: width) {
              for column in stride(from: 0, to: width, by: 4) {
                let e = row &+ column
                let next = s[column] * y[e].minus(a[column], times: x[e])
                y[e] = next
                squares[column] = squares[column].plus(next, times: next)
              }
            }
          }
        }
      }
    }
  }
}

/// Σ_r x_rc y_rc for every column c.
///
/// - Parameters:
///   - x, y: Shape [rows, width], `width` a multiple of 4.
///   - dots: Shape [width]; overwritten.
public func columnDots(_ x: Span<Double>, _ y: Span<Double>, into dots: inout MutableSpan<Double>) {
  let (width, count) = (dots.count, x.count)
  precondition(width.isMultiple(of: 4) && width > 0, "dots: expected a multiple of 4")
  precondition(count.isMultiple(of: width) && y.count == count, "vectors: shapes")
  for column in dots.indices { dots[column] = 0 }
  withLanes(reading: x) { x in
    withLanes(reading: y) { y in
      withLanes(&dots) { dots in
        for row in stride(from: 0, to: count, by: width) {
          for column in stride(from: 0, to: width, by: 4) {
            dots[column] = dots[column].plus(x[row &+ column], times: y[row &+ column])
          }
        }
      }
    }
  }
}

/// X ← Z X for complex vectors that share rows of real numbers, at one point (``GridTransform``).
///
/// - Parameters:
///   - rows: Shape [order, width], the first half of each row real parts, the second imaginary ones.
///   - re, im: Z, or its conjugate, shape [order, order].
///   - copy: Scratch of 8 · order elements.
func multiplyPoint(
  _ rows: Lanes, _ re: Lanes, _ im: Lanes, order: Int, width: Int, isConjugate: Bool, copy: Lanes
) {
  let half = width / 2
  // conj(Z) x = conj(Z conj(x)).
  let sign = isConjugate ? -1.0 : 1.0
  for column in stride(from: 0, to: half, by: 4) {
    for b in 0..<order {
      copy[8 &* b] = rows[b &* width &+ column]
      copy[8 &* b &+ 4] = sign * rows[b &* width &+ half &+ column]
    }
    for a in 0..<order {
      var (x, y) = (SIMD4<Double>(), SIMD4<Double>())
      for b in 0..<order {
        let (p, q) = (copy[8 &* b], copy[8 &* b &+ 4])
        let (c, s) = (re.scalar(a &* order &+ b), im.scalar(a &* order &+ b))
        x += p * c - q * s
        y += p * s + q * c
      }
      rows[a &* width &+ column] = x
      rows[a &* width &+ half &+ column] = sign * y
    }
  }
}
