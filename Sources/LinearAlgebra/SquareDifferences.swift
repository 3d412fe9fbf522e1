internal import Base

/// A sum of differences of squares of sparse vectors, of sites with three components each:
///
///     D = Σ_k (c_k g_k g_kᵀ - c'_k g'_k g'_kᵀ)
///
/// What embeddings add to a difference of Hessians (mathematics.md (2.7), (4.9)): a few numbers for each
/// atom that an embedding sees, where the blocks of all pairs of them would be their square.
public struct SquareDifferences: Sendable {
  /// Vectors k lie at `starts[k] ..< starts[k + 1]`.
  public private(set) var starts: [Int] = [0]
  /// The site of each part.
  public private(set) var sites: [Int32] = []
  /// g of the site in the lower half, g' in the upper, each with a zero behind it.
  public private(set) var parts: [SIMD8<Double>] = []
  /// c and c', shape [vectors].
  public private(set) var weights: [SIMD2<Double>] = []

  public init() {}

  /// Pairs of vectors.
  public var count: Int { weights.count }

  /// Adds a pair of vectors.
  ///
  /// - Parameters:
  ///   - sites: Each once.
  ///   - parts: g and g' of each, as in ``parts``.
  public mutating func append(
    sites: some Collection<Int32>, parts: some Collection<SIMD8<Double>>, weights: SIMD2<Double>
  ) {
    precondition(sites.count == parts.count, "parts: expected one a site")
    self.sites.append(contentsOf: sites)
    self.parts.append(contentsOf: parts)
    self.weights.append(weights)
    starts.append(self.sites.count)
  }

  /// Y += D X, and x·Dx of each column is added to its dot product.
  ///
  /// - Parameters:
  ///   - x: Shape [3 · sites, width].
  ///   - width: A multiple of 4.
  ///   - y: Shape [3 · sites, width].
  ///   - dots: Shape [width].
  /// - Complexity: 24 · width operations a part.
  public func multiply(
    _ x: Span<Double>, width: Int, addingTo y: inout MutableSpan<Double>,
    dots: inout MutableSpan<Double>
  ) {
    precondition(width.isMultiple(of: 4) && dots.count == width, "dots: expected [\(width)]")
    precondition(y.count == x.count, "X, Y: expected one shape")
    for site in sites {
      precondition(site >= 0 && 3 * (Int(site) + 1) * width <= x.count, "sites: out of range")
    }
    withLanes(reading: x) { x in
      withLanes(&y) { y in
        withLanes(&dots) { dots in
          withLanes(readingEights: parts.span) { parts in
            let tile = 3 * Strip.scalarCount
            let tiled = width - width % tile
            for k in weights.indices {
              for column in stride(from: 0, to: tiled, by: tile) {
                addTile(k, parts, x, width, column, y, dots)
              }
              for column in stride(from: tiled, to: width, by: 4) {
                addFour(k, parts, x, width, column, y, dots)
              }
            }
          }
        }
      }
    }
  }

  /// Three vectors of columns share a load of the parts.
  @inline(__always)
  private func addTile(
    _ k: Int, _ parts: Lanes, _ x: Lanes, _ width: Int, _ column: Int, _ y: Lanes, _ dots: Lanes
  ) {
    let (step, zero) = (Strip.scalarCount, Strip.zero)
    var (t0, t1, t2) = (zero, zero, zero)
    var (u0, u1, u2) = (zero, zero, zero)
    for entry in starts[k]..<starts[k + 1] {
      var from = 3 &* Int(sites[entry]) &* width &+ column
      var v = parts.advanced(by: 8 &* entry)
      for _ in 0..<3 {
        let (p, q, r): (Strip, Strip, Strip) = (
          x.columns(from), x.columns(from &+ step), x.columns(from &+ 2 &* step)
        )
        let (g, h) = (v.scalar(0), v.scalar(4))
        (t0, t1, t2) = (t0.plus(p, times: g), t1.plus(q, times: g), t2.plus(r, times: g))
        (u0, u1, u2) = (u0.plus(p, times: h), u1.plus(q, times: h), u2.plus(r, times: h))
        from &+= width
        v = v.advanced(by: 1)
      }
    }
    let (c, d) = (weights[k].x, weights[k].y)
    let (s0, s1, s2) = (t0 * c, t1 * c, t2 * c)
    let (w0, w1, w2) = (u0 * d, u1 * d, u2 * d)
    dots.setColumns(column, t0 * s0 - u0 * w0 + dots.columns(column))
    dots.setColumns(column &+ step, t1 * s1 - u1 * w1 + dots.columns(column &+ step))
    dots.setColumns(column &+ 2 &* step, t2 * s2 - u2 * w2 + dots.columns(column &+ 2 &* step))
    for entry in starts[k]..<starts[k + 1] {
      var to = 3 &* Int(sites[entry]) &* width &+ column
      var v = parts.advanced(by: 8 &* entry)
      for _ in 0..<3 {
        let (g, h) = (v.scalar(0), v.scalar(4))
        add(s0, g, w0, h, to: y, to)
        add(s1, g, w1, h, to: y, to &+ step)
        add(s2, g, w2, h, to: y, to &+ 2 &* step)
        to &+= width
        v = v.advanced(by: 1)
      }
    }
  }

  /// Y += s g - w h.
  @inline(__always)
  private func add(_ s: Strip, _ g: Double, _ w: Strip, _ h: Double, to y: Lanes, _ place: Int) {
    let before: Strip = y.columns(place)
    y.setColumns(place, before.plus(s, times: g).minus(w, times: h))
  }

  @inline(__always)
  private func addFour(
    _ k: Int, _ parts: Lanes, _ x: Lanes, _ width: Int, _ column: Int, _ y: Lanes, _ dots: Lanes
  ) {
    var (t, u) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    for entry in starts[k]..<starts[k + 1] {
      let from = 3 &* Int(sites[entry]) &* width &+ column
      let v = parts.advanced(by: 8 &* entry)
      for a in 0..<3 {
        t = t.plus(x[from &+ a &* width], times: v.scalar(a))
        u = u.plus(x[from &+ a &* width], times: v.scalar(4 &+ a))
      }
    }
    let (s, w) = (t * weights[k].x, u * weights[k].y)
    dots[column] += t * s - u * w
    for entry in starts[k]..<starts[k + 1] {
      let to = 3 &* Int(sites[entry]) &* width &+ column
      let v = parts.advanced(by: 8 &* entry)
      for a in 0..<3 {
        let at = to &+ a &* width
        y[at] = y[at].plus(s, times: v.scalar(a)).minus(w, times: v.scalar(4 &+ a))
      }
    }
  }
}
