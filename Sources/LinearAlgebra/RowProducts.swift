internal import Base

/// Products of each row of one small matrix with the first rows of another:
///
///     c_(r n) = Σ_j b_(r j) a_(n j)
///
/// Rows b come in pairs, of which each needs its own number of rows a. Four sums over every fourth j, in
/// order, stand side by side and are added at the end: equal bits on every processor, whatever else is
/// summed beside them.
///
/// - Parameters:
///   - a: Shape [rows, `width` / 8], eight j side by side.
///   - b: Shape [2 · pairs, `width` / 8].
///   - count: j that count; up to the next multiple of four a and b hold numbers of which one is 0.
///   - width: A multiple of 8.
///   - counts: Rows a of each pair, shape [pairs].
///   - sums: From `first` on, for each pair 2 · count elements, shape [2, count]; overwritten.
/// - Precondition: The shapes agree.
public func sumRowProducts(
  _ a: Span<SIMD8<Double>>, _ b: Span<SIMD8<Double>>, count: Int, width: Int,
  counts: Span<Int32>, into sums: inout MutableSpan<Double>, at first: Int
) {
  precondition(width.isMultiple(of: 8) && count >= 0 && count <= width, "sums: width")
  precondition(8 * b.count >= 2 * counts.count * width, "b: expected [2 pairs, width / 8]")
  var total = 0
  for index in counts.indices {
    let own = Int(counts[index])
    precondition(own >= 0 && own * width <= 8 * a.count, "a: expected [rows, width / 8]")
    total += own
  }
  precondition(first >= 0 && first + 2 * total <= sums.count, "sums: too few")
  let length = (count + 3) & ~3
  withLanes(&sums) { sums in
    withLanes(readingEights: a) { a in
      withLanes(readingEights: b) { b in
        var target = first
        for index in counts.indices {
          let own = Int(counts[index])
          sumPair(
            a, b.advanced(by: 2 &* index &* width), length, width, own,
            sums.advanced(by: target))
          target &+= 2 &* own
        }
      }
    }
  }
}

/// One pair of rows b with `count` rows a: in fours, the last of them in threes so that no tile is narrow.
@inline(__always)
private func sumPair(
  _ a: Lanes, _ b: Lanes, _ length: Int, _ width: Int, _ count: Int, _ sums: Lanes
) {
  let tiles = (count &+ 3) / 4
  let threes = min(4 &* tiles &- count, tiles)
  var n = 0
  for _ in 0..<tiles &- threes {
    sumTile(4, a.advanced(by: n &* width), b, length, width, sums.advanced(by: n), count)
    n &+= 4
  }
  while count &- n >= 3 {
    sumTile(3, a.advanced(by: n &* width), b, length, width, sums.advanced(by: n), count)
    n &+= 3
  }
  switch count &- n {
  case 2: sumTile(2, a.advanced(by: n &* width), b, length, width, sums.advanced(by: n), count)
  case 1: sumTile(1, a.advanced(by: n &* width), b, length, width, sums.advanced(by: n), count)
  default: break
  }
}

/// One tile, whose sums stay in the registers.
///
/// - Parameter columns: A constant, of which the compiler makes a kernel each.
@inline(__always)
private func sumTile(
  _ columns: Int, _ a: Lanes, _ b: Lanes, _ length: Int, _ width: Int, _ sums: Lanes,
  _ stride: Int
) {
  let b1 = b.advanced(by: width)
  let (a1, a2, a3) = (
    a.advanced(by: width), a.advanced(by: 2 &* width), a.advanced(by: 3 &* width)
  )
  var (c0, c1, c2, c3) = (
    SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero
  )
  var (d0, d1, d2, d3) = (c0, c0, c0, c0)
  var j = 0
  while j < length {
    let (x, y) = (b[j], b1[j])
    let r0 = a[j]
    c0 = c0.plus(r0, times: x)
    d0 = d0.plus(r0, times: y)
    if columns > 1 {
      let r1 = a1[j]
      c1 = c1.plus(r1, times: x)
      d1 = d1.plus(r1, times: y)
    }
    if columns > 2 {
      let r2 = a2[j]
      c2 = c2.plus(r2, times: x)
      d2 = d2.plus(r2, times: y)
    }
    if columns > 3 {
      let r3 = a3[j]
      c3 = c3.plus(r3, times: x)
      d3 = d3.plus(r3, times: y)
    }
    j &+= 4
  }
  let (c, d) = (laneTotals(c0, c1, c2, c3), laneTotals(d0, d1, d2, d3))
  if columns > 3 {
    (sums[0], sums[stride]) = (c, d)
  } else {
    for n in 0..<columns {
      sums.set(n, c[n])
      sums.set(stride &+ n, d[n])
    }
  }
}

/// The sums of the lanes of four vectors.
@inline(__always)
private func laneTotals(
  _ a: SIMD4<Double>, _ b: SIMD4<Double>, _ c: SIMD4<Double>, _ d: SIMD4<Double>
) -> SIMD4<Double> {
  (SIMD4(a[0], b[0], c[0], d[0]) + SIMD4(a[2], b[2], c[2], d[2]))
    + (SIMD4(a[1], b[1], c[1], d[1]) + SIMD4(a[3], b[3], c[3], d[3]))
}
