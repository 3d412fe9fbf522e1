/// The second derivatives of f = u(r) v(s) w(c) by the vectors r x and s y of two legs.
///
/// Each block is a combination of I, xxᵀ, yyᵀ, xyᵀ and yxᵀ, with c = x·y, as
///
///     ∇_a c = (y - c x)/r,    ∂²c/∂a∂b = (I - xxᵀ - yyᵀ + c xyᵀ)/(r s),
///     ∂²c/∂a∂a = -(x∇_aᵀc + ∇_ac xᵀ)/r - c (I - xxᵀ)/r².
///
/// The coefficients are numbers for a Hessian, and numbers with their derivatives by r, s and c
/// (``Dual``) for the third derivatives: one formula for both.
struct TripletForm<Scalar: FormScalar> {
  /// ∂²f/∂a∂a and ∂²f/∂b∂b.
  struct Diagonal {
    var unit: Scalar
    var xx: Scalar
    /// Of xyᵀ + yxᵀ.
    var xy: Scalar
    var yy: Scalar
  }
  /// ∂²f/∂a∂b.
  struct Mixed {
    var unit: Scalar
    var xx: Scalar
    var yy: Scalar
    var xy: Scalar
    var yx: Scalar
  }
  var first: Diagonal
  var second: Diagonal
  var mixed: Mixed

  /// - Parameters:
  ///   - u, v, w: Value, first and second derivative.
  ///   - p, q: 1/r and 1/s.
  @inline(__always)
  init(
    u: (Scalar, Scalar, Scalar), v: (Scalar, Scalar, Scalar), w: (Scalar, Scalar, Scalar),
    p: Scalar, q: Scalar, cosine c: Scalar
  ) {
    let uv = u.0 * v.0
    let fc = uv * w.1
    let fcc = uv * w.2
    let u1 = u.1 * v.0
    let v1 = u.0 * v.1
    let frc = u1 * w.1
    let fsc = v1 * w.1
    let bend = fc + c * fcc

    let unitA = (u1 * w.0 - c * fc * p) * p
    let crossA = (frc - bend * p) * p
    let faceA = fcc * p * p
    first = Diagonal(
      unit: unitA, xx: u.2 * v.0 * w.0 - unitA - c * (crossA + crossA + c * faceA), xy: crossA,
      yy: faceA)
    let unitB = (v1 * w.0 - c * fc * q) * q
    let crossB = (fsc - bend * q) * q
    let faceB = fcc * q * q
    second = Diagonal(
      unit: unitB, xx: faceB, xy: crossB,
      yy: u.0 * v.2 * w.0 - unitB - c * (crossB + crossB + c * faceB))
    let pq = p * q
    let turn = bend * pq
    mixed = Mixed(
      unit: fc * pq, xx: frc * q - turn, yy: fsc * p - turn,
      xy: u.1 * v.1 * w.0 - c * (frc * q + fsc * p - turn), yx: fcc * pq)
  }
}

extension TripletForm<Double> {
  @inline(__always)
  init(_ term: TripletTerm, r: Double, s: Double, cosine: Double) {
    let (u, v, w) = (term.u, term.v, term.w)
    self.init(
      u: (u[0], u[1], u[2]), v: (v[0], v[1], v[2]), w: (w[0], w[1], w[2]), p: 1 / r, q: 1 / s,
      cosine: cosine)
  }
}

extension TripletForm<Dual> {
  init(_ term: TripletTerm, r: Double, s: Double, cosine: Double) {
    func dual(_ jet: Jet, _ order: Int, along axis: Int) -> Dual {
      Dual(jet[order], along: axis, slope: jet[order + 1])
    }
    let (u, v, w) = (term.u, term.v, term.w)
    self.init(
      u: (dual(u, 0, along: 0), dual(u, 1, along: 0), dual(u, 2, along: 0)),
      v: (dual(v, 0, along: 1), dual(v, 1, along: 1), dual(v, 2, along: 1)),
      w: (dual(w, 0, along: 2), dual(w, 1, along: 2), dual(w, 2, along: 2)),
      p: Dual(1 / r, along: 0, slope: -1 / (r * r)),
      q: Dual(1 / s, along: 1, slope: -1 / (s * s)), cosine: Dual(cosine, along: 2, slope: 1))
  }
}

/// What the coefficients of a form are made of.
protocol FormScalar {
  static func + (left: Self, right: Self) -> Self
  static func - (left: Self, right: Self) -> Self
  static func * (left: Self, right: Self) -> Self
}

extension Double: FormScalar {}

/// A number with its derivatives by r, s and c.
struct Dual: FormScalar {
  var value: Double
  var slopes: SIMD3<Double>

  init(_ value: Double, along axis: Int, slope: Double) {
    self.value = value
    slopes = .zero
    slopes[axis] = slope
  }

  private init(value: Double, slopes: SIMD3<Double>) {
    (self.value, self.slopes) = (value, slopes)
  }

  static func + (left: Dual, right: Dual) -> Dual {
    Dual(value: left.value + right.value, slopes: left.slopes + right.slopes)
  }

  static func - (left: Dual, right: Dual) -> Dual {
    Dual(value: left.value - right.value, slopes: left.slopes - right.slopes)
  }

  static func * (left: Dual, right: Dual) -> Dual {
    Dual(
      value: left.value * right.value,
      slopes: left.value * right.slopes + right.value * left.slopes)
  }
}
