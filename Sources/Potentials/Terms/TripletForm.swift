/// The second derivatives of f = P(r, s) w(c) by the vectors r x and s y of two legs.
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
  ///   - w: Value, first and second derivative.
  ///   - p, q: 1/r and 1/s.
  @inline(__always)
  init(
    _ radial: RadialForm<Scalar>, w: (Scalar, Scalar, Scalar), p: Scalar, q: Scalar,
    cosine c: Scalar
  ) {
    let fc = radial.value * w.1
    let fcc = radial.value * w.2
    let u1 = radial.r
    let v1 = radial.s
    let frc = u1 * w.1
    let fsc = v1 * w.1
    let bend = fc + c * fcc

    let unitA = (u1 * w.0 - c * fc * p) * p
    let crossA = (frc - bend * p) * p
    let faceA = fcc * p * p
    first = Diagonal(
      unit: unitA, xx: radial.rr * w.0 - unitA - c * (crossA + crossA + c * faceA), xy: crossA,
      yy: faceA)
    let unitB = (v1 * w.0 - c * fc * q) * q
    let crossB = (fsc - bend * q) * q
    let faceB = fcc * q * q
    second = Diagonal(
      unit: unitB, xx: faceB, xy: crossB,
      yy: radial.ss * w.0 - unitB - c * (crossB + crossB + c * faceB))
    let pq = p * q
    let turn = bend * pq
    mixed = Mixed(
      unit: fc * pq, xx: frc * q - turn, yy: fsc * p - turn,
      xy: radial.rs * w.0 - c * (frc * q + fsc * p - turn), yx: fcc * pq)
  }
}

extension TripletForm<Dual> {
  /// - Parameter w: With all its derivatives.
  init(_ radial: RadialForm<Dual>, w: Jet, r: Double, s: Double, cosine: Double) {
    func dual(_ order: Int) -> Dual { Dual(w[order], along: 2, slope: w[order + 1]) }
    self.init(
      radial, w: (dual(0), dual(1), dual(2)), p: Dual(1 / r, along: 0, slope: -1 / (r * r)),
      q: Dual(1 / s, along: 1, slope: -1 / (s * s)), cosine: Dual(cosine, along: 2, slope: 1))
  }
}

/// P(r, s) and its derivatives up to the second.
struct RadialForm<Scalar: FormScalar> {
  var value: Scalar
  var r: Scalar
  var s: Scalar
  var rr: Scalar
  var ss: Scalar
  var rs: Scalar

  /// P = u(r) v(s), each given by value, first and second derivative.
  @inline(__always)
  init(u: (Scalar, Scalar, Scalar), v: (Scalar, Scalar, Scalar)) {
    value = u.0 * v.0
    r = u.1 * v.0
    s = u.0 * v.1
    rr = u.2 * v.0
    ss = u.0 * v.2
    rs = u.1 * v.1
  }

  init(value: Scalar, r: Scalar, s: Scalar, rr: Scalar, ss: Scalar, rs: Scalar) {
    (self.value, self.r, self.s) = (value, r, s)
    (self.rr, self.ss, self.rs) = (rr, ss, rs)
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

  /// A number with its derivatives by r and s alone.
  init(_ value: Double, r: Double, s: Double) {
    self.init(value: value, slopes: SIMD3(r, s, 0))
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
