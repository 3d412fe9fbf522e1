internal import Base
internal import Glibc

/// The discrete Fourier transform of one length, of many columns at once.
///
///     X_k = Σ_j x_j e^{-2πi jk/n}
///
/// Stockham's self-sorting passes (Swarztrauber 1984, Parallel Computing 1, 45) of radix 4, 2, 3, 5
/// and, term by term, of any other prime. Each row holds many columns, along which the vector
/// instructions run; the passes between the first and the last stay in a scratch of a few rows.
struct CyclicTransform: Sendable {
  /// One pass: `groups` · `span` butterflies of `radix` rows.
  private struct Pass: Sendable {
    let radix: Int
    let groups: Int
    let span: Int
    let twiddle: Int
    let root: Int
  }

  /// Real and imaginary parts of rows, `stride` elements apart.
  struct Rows {
    let real: Lanes
    let imaginary: Lanes
    let stride: Int
  }

  let length: Int
  private let passes: [Pass]
  /// For each pass and group p: cos, sin of -2π p t/n for t = 1 ..< radix.
  private let twiddles: [Double]
  /// For each pass of another radix r: cos, sin of -2π j/r for j in 0 ..< r.
  private let roots: [Double]

  init(length: Int) {
    precondition(length > 0, "length: expected at least 1")
    self.length = length
    var (passes, twiddles, roots): ([Pass], [Double], [Double]) = ([], [], [])
    var (rest, span) = (length, 1)
    while rest > 1 {
      let radix = Self.radix(rest)
      let groups = rest / radix
      passes.append(
        Pass(
          radix: radix, groups: groups, span: span, twiddle: twiddles.count, root: roots.count))
      for p in 0..<groups {
        for t in 1..<radix { twiddles += Self.root(p * t % rest, of: rest) }
      }
      if radix > 5 { for j in 0..<radix { roots += Self.root(j, of: radix) } }
      (rest, span) = (groups, span * radix)
    }
    (self.passes, self.twiddles, self.roots) = (passes, twiddles, roots)
  }

  private static func radix(_ n: Int) -> Int {
    if n.isMultiple(of: 4) { return 4 }
    var p = 2
    while p * p <= n {
      if n.isMultiple(of: p) { return p }
      p += 1
    }
    return n
  }

  private static func root(_ j: Int, of n: Int) -> [Double] {
    let turn = Double(j) / Double(n)
    let angle = -2 * Double.pi * (turn > 0.5 ? turn - 1 : turn)
    return [cos(angle), sin(angle)]
  }

  /// Elements of scratch for `width` columns.
  func scratchCount(width: Int) -> Int { 4 * length * width }

  /// Transforms `width` columns in place; the inverse (without its factor 1/n) is the same with
  /// real and imaginary parts exchanged.
  ///
  /// - Precondition: `width` is a multiple of 4.
  func transform(_ data: Rows, width: Int, scratch: Lanes) {
    let size = length * width
    let even = Rows(real: scratch, imaginary: scratch.advanced(by: size), stride: width)
    let odd = Rows(
      real: scratch.advanced(by: 2 * size), imaginary: scratch.advanced(by: 3 * size),
      stride: width)
    var input = data
    for (index, pass) in passes.enumerated() {
      // A lone pass reads each butterfly whole before it writes: it may work in place.
      let output = index == passes.count - 1 ? data : index % 2 == 0 ? even : odd
      withLanes(reading: twiddles.span) { twiddles in
        let factors = twiddles.advanced(by: pass.twiddle)
        switch pass.radix {
        case 2: Self.two(pass, input, output, width, factors)
        case 3: Self.three(pass, input, output, width, factors)
        case 4: Self.four(pass, input, output, width, factors)
        case 5: Self.five(pass, input, output, width, factors)
        default: prime(pass, input, output, width, factors)
        }
      }
      input = output
    }
  }
}

/// Four complex numbers.
private struct Complex4 {
  var re: SIMD4<Double>
  var im: SIMD4<Double>

  @inline(__always) init(_ re: SIMD4<Double>, _ im: SIMD4<Double>) { (self.re, self.im) = (re, im) }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
  @inline(__always) static func * (a: Self, x: Double) -> Self { Self(a.re * x, a.im * x) }
  /// -i times this.
  @inline(__always) var turned: Self { Self(im, -re) }

  @inline(__always) func times(_ c: Double, _ s: Double) -> Self {
    Self((re * c).minus(im, times: s), (re * s).plus(im, times: c))
  }
}

extension CyclicTransform.Rows {
  @inline(__always) fileprivate func at(_ element: Int) -> Complex4 {
    Complex4(real[element], imaginary[element])
  }

  @inline(__always) fileprivate func set(_ element: Int, _ value: Complex4) {
    real[element] = value.re
    imaginary[element] = value.im
  }
}

extension CyclicTransform {
  private static func two(
    _ pass: Pass, _ x: Rows, _ y: Rows, _ width: Int, _ w: Lanes
  ) {
    let (step, jump) = (pass.span &* pass.groups &* x.stride, pass.span &* y.stride)
    for p in 0..<pass.groups {
      let (c, s) = (w.scalar(2 &* p), w.scalar(2 &* p &+ 1))
      for q in 0..<pass.span {
        var (i, o) = ((q &+ pass.span &* p) &* x.stride, (q &+ 2 &* pass.span &* p) &* y.stride)
        for _ in 0..<width / 4 {
          let (a, b) = (x.at(i), x.at(i &+ step))
          y.set(o, a + b)
          y.set(o &+ jump, (a - b).times(c, s))
          i &+= 4
          o &+= 4
        }
      }
    }
  }

  private static func three(
    _ pass: Pass, _ x: Rows, _ y: Rows, _ width: Int, _ w: Lanes
  ) {
    let height = 0.75.squareRoot()
    let (step, jump) = (pass.span &* pass.groups &* x.stride, pass.span &* y.stride)
    for p in 0..<pass.groups {
      let (c1, s1) = (w.scalar(4 &* p), w.scalar(4 &* p &+ 1))
      let (c2, s2) = (w.scalar(4 &* p &+ 2), w.scalar(4 &* p &+ 3))
      for q in 0..<pass.span {
        var (i, o) = ((q &+ pass.span &* p) &* x.stride, (q &+ 3 &* pass.span &* p) &* y.stride)
        for _ in 0..<width / 4 {
          let (a, b, c) = (x.at(i), x.at(i &+ step), x.at(i &+ 2 &* step))
          let sum = b + c
          let middle = a - sum * 0.5
          let side = ((b - c) * height).turned
          y.set(o, a + sum)
          y.set(o &+ jump, (middle + side).times(c1, s1))
          y.set(o &+ 2 &* jump, (middle - side).times(c2, s2))
          i &+= 4
          o &+= 4
        }
      }
    }
  }

  private static func four(
    _ pass: Pass, _ x: Rows, _ y: Rows, _ width: Int, _ w: Lanes
  ) {
    let (step, jump) = (pass.span &* pass.groups &* x.stride, pass.span &* y.stride)
    for p in 0..<pass.groups {
      let (c1, s1) = (w.scalar(6 &* p), w.scalar(6 &* p &+ 1))
      let (c2, s2) = (w.scalar(6 &* p &+ 2), w.scalar(6 &* p &+ 3))
      let (c3, s3) = (w.scalar(6 &* p &+ 4), w.scalar(6 &* p &+ 5))
      for q in 0..<pass.span {
        var (i, o) = ((q &+ pass.span &* p) &* x.stride, (q &+ 4 &* pass.span &* p) &* y.stride)
        for _ in 0..<width / 4 {
          let (a, b) = (x.at(i), x.at(i &+ step))
          let (c, d) = (x.at(i &+ 2 &* step), x.at(i &+ 3 &* step))
          let (even, odd) = (a + c, b + d)
          let (left, right) = (a - c, (b - d).turned)
          y.set(o, even + odd)
          if p == 0 {
            y.set(o &+ jump, left + right)
            y.set(o &+ 2 &* jump, even - odd)
            y.set(o &+ 3 &* jump, left - right)
          } else {
            y.set(o &+ jump, (left + right).times(c1, s1))
            y.set(o &+ 2 &* jump, (even - odd).times(c2, s2))
            y.set(o &+ 3 &* jump, (left - right).times(c3, s3))
          }
          i &+= 4
          o &+= 4
        }
      }
    }
  }

  private static func five(
    _ pass: Pass, _ x: Rows, _ y: Rows, _ width: Int, _ w: Lanes
  ) {
    let (k1, k2) = (cos(0.4 * Double.pi), cos(0.8 * Double.pi))
    let (h1, h2) = (sin(0.4 * Double.pi), sin(0.8 * Double.pi))
    let (step, jump) = (pass.span &* pass.groups &* x.stride, pass.span &* y.stride)
    for p in 0..<pass.groups {
      let f = w.advanced(by: 8 &* p)
      for q in 0..<pass.span {
        var (i, o) = ((q &+ pass.span &* p) &* x.stride, (q &+ 5 &* pass.span &* p) &* y.stride)
        for _ in 0..<width / 4 {
          let a = x.at(i)
          let (b, c) = (x.at(i &+ step), x.at(i &+ 2 &* step))
          let (d, e) = (x.at(i &+ 3 &* step), x.at(i &+ 4 &* step))
          let (t1, t2, t3, t4) = (b + e, c + d, b - e, c - d)
          let m1 = a + t1 * k1 + t2 * k2
          let m2 = a + t1 * k2 + t2 * k1
          let n1 = (t3 * h1 + t4 * h2).turned
          let n2 = (t3 * h2 - t4 * h1).turned
          y.set(o, a + t1 + t2)
          y.set(o &+ jump, (m1 + n1).times(f.scalar(0), f.scalar(1)))
          y.set(o &+ 2 &* jump, (m2 + n2).times(f.scalar(2), f.scalar(3)))
          y.set(o &+ 3 &* jump, (m2 - n2).times(f.scalar(4), f.scalar(5)))
          y.set(o &+ 4 &* jump, (m1 - n1).times(f.scalar(6), f.scalar(7)))
          i &+= 4
          o &+= 4
        }
      }
    }
  }

  /// Any other prime r, in r² products a butterfly, which is first copied.
  private func prime(
    _ pass: Pass, _ x: Rows, _ y: Rows, _ width: Int, _ w: Lanes
  ) {
    let r = pass.radix
    let (step, jump) = (pass.span &* pass.groups &* x.stride, pass.span &* y.stride)
    withScratchLanes(8 * r) { copy in
      let local = Rows(real: copy, imaginary: copy.advanced(by: 4 * r), stride: 4)
      for p in 0..<pass.groups {
        for q in 0..<pass.span {
          let i = (q &+ pass.span &* p) &* x.stride
          let o = (q &+ r &* pass.span &* p) &* y.stride
          for column in stride(from: 0, to: width, by: 4) {
            for t in 0..<r { local.set(4 &* t, x.at(i &+ t &* step &+ column)) }
            for k in 0..<r {
              var sum = local.at(0)
              var turn = 0
              for t in 1..<r {
                turn &+= k
                if turn >= r { turn &-= r }
                let at = pass.root &+ 2 &* turn
                sum = sum + local.at(4 &* t).times(roots[at], roots[at &+ 1])
              }
              if k > 0 {
                let at = 2 &* (p &* (r &- 1) &+ k &- 1)
                sum = sum.times(w.scalar(at), w.scalar(at &+ 1))
              }
              y.set(o &+ k &* jump &+ column, sum)
            }
          }
        }
      }
    }
  }
}
