internal import Crystal

/// u(r) v(s) w(c) of two legs of a star: r and s are their lengths, c is the cosine between them.
public struct TripletTerm: Sendable, AngularTerm {
  /// Legs of the star, `first < second`.
  public var first: Int
  public var second: Int
  public var u: Jet
  public var v: Jet
  /// In eV.
  public var w: Jet

  public init(first: Int, second: Int, u: Jet, v: Jet, w: Jet) {
    (self.first, self.second) = (first, second)
    (self.u, self.v, self.w) = (u, v, w)
  }

  var energy: Double { u[0] * v[0] * w[0] }

  var slopes: SIMD3<Double> {
    SIMD3(u[1] * v[0] * w[0], u[0] * v[1] * w[0], u[0] * v[0] * w[1])
  }

  @inline(__always)
  func form(r: Double, s: Double, cosine: Double) -> TripletForm<Double> {
    TripletForm(
      RadialForm(u: (u[0], u[1], u[2]), v: (v[0], v[1], v[2])), w: (w[0], w[1], w[2]), p: 1 / r,
      q: 1 / s, cosine: cosine)
  }

  func dualForm(r: Double, s: Double, cosine: Double) -> TripletForm<Dual> {
    func dual(_ jet: Jet, _ order: Int, along axis: Int) -> Dual {
      Dual(jet[order], along: axis, slope: jet[order + 1])
    }
    return TripletForm(
      RadialForm(
        u: (dual(u, 0, along: 0), dual(u, 1, along: 0), dual(u, 2, along: 0)),
        v: (dual(v, 0, along: 1), dual(v, 1, along: 1), dual(v, 2, along: 1))),
      w: w, r: r, s: s, cosine: cosine)
  }

  /// K_aa = C₁ I + C₂ xxᵀ + C₃ (xyᵀ + yxᵀ) + C₄ yyᵀ, ...; x and y are the directions of the legs,
  /// the coefficients are those of ``TripletForm``.
  @inline(__always)
  func addBlocks(list: borrowing NeighborList, base: Int, to star: inout StarBlocks) {
    let (a, b) = (first, second)
    let x = list.direction(base + a)
    let y = list.direction(base + b)
    let form = form(
      r: list.distances[base + a], s: list.distances[base + b], cosine: (x * y).sum())
    let (own, other, mixed) = (form.first, form.second, form.mixed)
    let (atA, atB) = (star.start + 9 * a, star.start + 9 * b)
    let atAB = star.start + StarBlocks.offset(a, b, legs: star.legCount)
    star.present[atA / 9] = true
    star.present[atB / 9] = true
    star.present[atAB / 9] = true
    for i in 0..<3 {
      for j in 0..<3 {
        let (xx, yy, xy, yx) = (x[i] * x[j], y[i] * y[j], x[i] * y[j], y[i] * x[j])
        let symmetric = xy + yx
        let kAA = own.xx * xx + own.xy * symmetric + own.yy * yy
        let kBB = other.xx * xx + other.xy * symmetric + other.yy * yy
        let kAB = mixed.xx * xx + mixed.yy * yy + mixed.xy * xy + mixed.yx * yx
        let kBA = mixed.xx * xx + mixed.yy * yy + mixed.xy * yx + mixed.yx * xy
        star.blocks[atA + 3 * i + j] += kAA + kAB
        star.blocks[atB + 3 * i + j] += kBB + kBA
        star.blocks[atAB + 3 * i + j] += kAB
      }
      star.blocks[atA + 4 * i] += own.unit + mixed.unit
      star.blocks[atB + 4 * i] += other.unit + mixed.unit
      star.blocks[atAB + 4 * i] += mixed.unit
    }
  }
}
