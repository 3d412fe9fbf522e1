/// The options of the radial functions; they are part of the basis and stored with a model.
public struct RadialOptions: Codable, Equatable, Hashable, Sendable {
  /// How a distance becomes the argument of the polynomials.
  public enum Transform: String, Codable, Sendable, CaseIterable {
    /// s = r/r0, x = 1 / (1 + a s^q / (1 + s^(q-p))): steepest at r0, flat near the atom.
    case agnesi
    /// x = -r/r0: even resolution of the whole range.
    case linear
  }

  public var transform: Transform
  /// Exponents of the Agnesi transform, 1 ≤ p ≤ q.
  public var p: Int
  public var q: Int
  /// Length r0 in Å at which the transform is steepest: about 1.5 bonds, so that the shells on
  /// either side are resolved alike.
  public var bondLength: Double
  /// Order of the zero at the cutoff, at least 3: the functions are C^(order - 1) there.
  public var envelope: Int

  public init(
    transform: Transform = .agnesi, p: Int = 2, q: Int = 4, bondLength: Double, envelope: Int = 3
  ) {
    (self.transform, self.p, self.q) = (transform, p, q)
    (self.bondLength, self.envelope) = (bondLength, envelope)
  }
}

/// Radial functions R_n, n = 1 ... count: orthonormal polynomials in a transformed distance times
/// an envelope that vanishes at the cutoff.
///
///     R_n(r) = N_n P_(n-1)^(2e,0)(y) ((1 - y)/2)^e,   y = affine in x(r), y(0) = -1, y(r_c) = 1
///
/// Eq. (B1)-(B3) of formats/ace-basis.md. With the Jacobi polynomials of weight (1 - y)^(2e) the
/// R_n are orthonormal: 1/2 ∫ R_m R_n dy = δ_mn over [-1, 1].
package struct RadialBasis: Sendable {
  package let options: RadialOptions
  package let cutoff: Double
  package let count: Int
  /// Agnesi: the coefficient a that puts the steepest point at r0.
  private let agnesi: Double
  /// y = offset + slope * x.
  private let offset: Double
  private let slope: Double
  /// R_(n+1) = (alpha_n + beta_n y) R_n - gamma_n R_(n-1), shape [count, 3]; the first row holds
  /// the constant N_1.
  private let recurrence: [Double]

  /// - Throws: ``DescriptorError/option(_:expected:found:)``.
  package init(
    options: RadialOptions, cutoff: Double, count: Int
  ) throws(DescriptorError) {
    guard cutoff > 0, cutoff.isFinite else {
      throw .option("--cutoff", expected: "a positive length", found: "\(cutoff)")
    }
    guard options.bondLength > 0, options.bondLength.isFinite else {
      throw .option("--bond-length", expected: "a positive length", found: "\(options.bondLength)")
    }
    guard (1...8).contains(options.p), (max(2, options.p)...12).contains(options.q) else {
      throw .option(
        "--agnesi", expected: "exponents 1 <= p <= q <= 12 with q > 1",
        found: "\(options.p), \(options.q)")
    }
    guard (3...12).contains(options.envelope) else {
      throw .option("--envelope", expected: "an order of 3 to 12", found: "\(options.envelope)")
    }
    (self.options, self.cutoff, self.count) = (options, cutoff, count)
    let (p, q) = (Double(options.p), Double(options.q))
    // d²x/ds² = 0 at s = 1, solved for a (checked by a test).
    agnesi = (-2 * q + p * (-2 + 4 * q)) / (p + p * p + q + q * q)
    let end = Self.transform(cutoff, options, agnesi)
    let start = Self.transform(0, options, agnesi)
    slope = 2 / (end.value - start.value)
    offset = -1 - slope * start.value
    recurrence = Self.jacobi(alpha: 2 * Double(options.envelope), count: count)
  }

  /// Coefficients of the orthonormal Jacobi polynomials P^(α, 0).
  ///
  /// Three-term recurrence of the monic ones (DLMF 18.9), then scaled: with the weight
  /// ((1-y)/2)^α dy/2 the first is √(α + 1).
  private static func jacobi(alpha: Double, count: Int) -> [Double] {
    // Monic: π_(k+1) = (y - a_k) π_k - b_k π_(k-1).
    func a(_ k: Double) -> Double {
      k == 0 ? -alpha / (alpha + 2) : -alpha * alpha / ((2 * k + alpha) * (2 * k + alpha + 2))
    }
    func b(_ k: Double) -> Double {
      let s = 2 * k + alpha
      if k == 1 { return 4 * (1 + alpha) / ((2 + alpha) * (2 + alpha) * (3 + alpha)) }
      return 4 * k * k * (k + alpha) * (k + alpha) / (s * s * (s + 1) * (s - 1))
    }
    var rows: [Double] = [(alpha + 1).squareRoot(), 0, 0]
    for n in 1..<max(1, count) {
      let k = Double(n - 1)
      let next = b(k + 1).squareRoot()
      let previous = n == 1 ? 0 : b(k).squareRoot()
      rows += [-a(k) / next, 1 / next, previous / next]
    }
    return rows
  }

  /// x(r) and dx/dr.
  private static func transform(
    _ r: Double, _ options: RadialOptions, _ a: Double
  ) -> (value: Double, derivative: Double) {
    let x = transform(SIMD8(repeating: r), options, a)
    return (x.value[0], x.derivative[0])
  }

  @inline(__always)
  private static func transform(
    _ r: SIMD8<Double>, _ options: RadialOptions, _ a: Double
  ) -> (value: SIMD8<Double>, derivative: SIMD8<Double>) {
    let inverse = 1 / options.bondLength
    switch options.transform {
    case .linear:
      return (-r * inverse, SIMD8(repeating: -inverse))
    case .agnesi:
      let s = r * inverse
      // u = s^q, v = s^(q-p) with their derivatives; w = a u / (1 + v), x = 1 / (1 + w).
      let (u, du) = power(s, options.q)
      let (v, dv) = power(s, options.q - options.p)
      let below = 1 / (1 + v)
      let w = a * u * below
      let dw = (a * du - w * dv) * below
      let x = 1 / (1 + w)
      return (x, -x * x * dw * inverse)
    }
  }

  /// s^k and k s^(k-1).
  @inline(__always)
  private static func power(
    _ s: SIMD8<Double>, _ k: Int
  ) -> (SIMD8<Double>, SIMD8<Double>) {
    guard k > 0 else { return (SIMD8(repeating: 1), SIMD8(repeating: 0)) }
    var below = SIMD8<Double>(repeating: 1)
    for _ in 1..<k { below *= s }
    return (below * s, Double(k) * below)
  }

  /// R_1 ... R_count at eight distances; zero from the cutoff on.
  ///
  /// - Parameters:
  ///   - r: Distances in Å.
  ///   - values: R_n, dimensionless; overwritten from `first` on, every `stride`-th.
  package func values(
    _ r: SIMD8<Double>, into values: inout MutableSpan<SIMD8<Double>>, at first: Int = 0,
    stride: Int = 1
  ) {
    let recurrence = recurrence.span
    let x = Self.transform(r, options, agnesi)
    let y = offset + slope * x.value
    let below = 0.5 * (1 - y)
    var envelope = SIMD8<Double>(repeating: 1)
    for _ in 0..<options.envelope { envelope *= below }
    envelope.replace(with: 0, where: r .>= cutoff)
    var previous = SIMD8<Double>(repeating: 0)
    var current = envelope * recurrence[0]
    var place = first
    values[place] = current
    for n in 1..<max(1, count) {
      let next =
        (recurrence[3 * n] + recurrence[3 * n + 1] * y) * current
        - recurrence[3 * n + 2] * previous
      (previous, current) = (current, next)
      place &+= stride
      values[place] = next
    }
  }

  /// R_n and dR_n/dr (per Å) at eight distances; zero from the cutoff on.
  package func valuesAndDerivatives(
    _ r: SIMD8<Double>, into values: inout MutableSpan<SIMD8<Double>>,
    derivatives: inout MutableSpan<SIMD8<Double>>
  ) {
    let x = Self.transform(r, options, agnesi)
    let y = offset + slope * x.value
    var dy = slope * x.derivative
    let below = 0.5 * (1 - y)
    var lower = SIMD8<Double>(repeating: 1)
    for _ in 1..<options.envelope { lower *= below }
    var envelope = lower * below
    let beyond = r .>= cutoff
    envelope.replace(with: 0, where: beyond)
    dy.replace(with: 0, where: beyond)
    var previous = SIMD8<Double>(repeating: 0)
    var previousSlope = SIMD8<Double>(repeating: 0)
    var current = envelope * recurrence[0]
    var currentSlope = (-0.5 * Double(options.envelope) * recurrence[0]) * lower * dy
    values[0] = current
    derivatives[0] = currentSlope
    for n in 1..<max(1, count) {
      let (a, b, c) = (recurrence[3 * n], recurrence[3 * n + 1], recurrence[3 * n + 2])
      let factor = a + b * y
      let next = factor * current - c * previous
      let nextSlope = factor * currentSlope + (b * dy) * current - c * previousSlope
      (previous, current) = (current, next)
      (previousSlope, currentSlope) = (currentSlope, nextSlope)
      values[n] = next
      derivatives[n] = nextSlope
    }
  }
}
