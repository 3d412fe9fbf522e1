/// Sums of outer products, six rows by four columns at a time:
///
///     c_(r n) = Σ_j a_(n j) b_(r j)
///
/// for pairs of small matrices of which each row of the product needs its own number of columns. Every
/// sum runs over j in order, whatever the processor.
///
/// - Parameters:
///   - a: Columns in fours, shape [groups of four columns, `width`]: element n of entry (q, j) is
///     a_(4q + n, j).
///   - b: Rows, shape [rows, `width` / 8], eight j side by side; rows come in sixes.
///   - width: A multiple of 8; from `count` on nothing is read.
///   - groups: How many groups of columns each six rows need, shape [rows / 6].
///   - sums: From `first` on, for each six rows and each of its groups 24 elements, shape [6, 4];
///     overwritten.
/// - Precondition: The shapes agree.
public func sumOuterProducts(
  _ a: Span<SIMD4<Double>>, _ b: Span<SIMD8<Double>>, count: Int, width: Int,
  groups: Span<Int32>, into sums: inout MutableSpan<Double>, at first: Int
) {
  precondition(width.isMultiple(of: 8) && count >= 0 && count <= width, "sums: width")
  precondition(8 * b.count >= 6 * groups.count * width, "b: expected [rows, width / 8]")
  var total = 0
  for index in groups.indices {
    let own = Int(groups[index])
    precondition(own >= 0 && own * width <= a.count, "a: expected [groups, width]")
    total += own
  }
  precondition(first >= 0 && first + 24 * total <= sums.count, "sums: too few")
  withLanes(&sums) { sums in
    withLanes(readingFours: a) { a in
      withLanes(readingEights: b) { b in
        var target = first
        for index in groups.indices {
          let rows = b.advanced(by: 6 &* index &* width)
          for q in 0..<Int(groups[index]) {
            sumTile(
              a.advanced(by: 4 &* q &* width), rows, count, width, sums.advanced(by: target))
            target &+= 24
          }
        }
      }
    }
  }
}

/// One tile: six sums of four columns, which stay in the sixteen registers of the oldest processors.
@inline(__always)
private func sumTile(_ a: Lanes, _ b: Lanes, _ count: Int, _ width: Int, _ sums: Lanes) {
  let (b1, b2, b3) = (b.advanced(by: width), b.advanced(by: 2 &* width), b.advanced(by: 3 &* width))
  let (b4, b5) = (b.advanced(by: 4 &* width), b.advanced(by: 5 &* width))
  var (c0, c1, c2) = (SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>())
  var (c3, c4, c5) = (c0, c1, c2)
  for j in 0..<count {
    let r = a[4 &* j]
    c0 += r * b.scalar(j)
    c1 += r * b1.scalar(j)
    c2 += r * b2.scalar(j)
    c3 += r * b3.scalar(j)
    c4 += r * b4.scalar(j)
    c5 += r * b5.scalar(j)
  }
  (sums[0], sums[4], sums[8], sums[12], sums[16], sums[20]) = (c0, c1, c2, c3, c4, c5)
}
