internal import Glibc

/// The functions of tersoff/mod, the modified potential of Kumagai et al., that differ from Tersoff's.
///
///     f = ½ - 9/16 sin a - 1/16 sin 3a,   a = π/2 (r - R)/D
///     g = c₁ + c₂ x²/(c₃ + x²) (1 + c₄ exp(-c₅ x²)),   x = cos θ₀ - cos θ
///     b = (1 + ζ^η)^(-1/2n)
///
/// (mathematics.md (2.15)); α stands where Tersoff has λ₃, cubed or not.
struct ModifiedFunctions: Sendable, Equatable {
  var eta: Double
  /// c₁ … c₅.
  var c: [Double]

  /// f between R - D and R + D.
  static func cutoffJet(_ r: Double, middle: Double, half: Double) -> Jet {
    let k = Double.pi / (2 * half)
    let a = k * (r - middle)
    let (s, c) = (0.5625 * sin(a), 0.5625 * cos(a))
    let (s3, c3) = (0.0625 * sin(3 * a), 0.0625 * cos(3 * a))
    return Jet(0.5 - s - s3, -k * (c + 3 * c3), k * k * (s + 9 * s3), k * k * k * (c + 27 * c3))
  }

  /// g and its derivatives by cos θ.
  func angleJet(_ x: Double) -> Jet {
    let (c3, c5) = (c[2], c[4])
    let inverse = 1 / (c3 + x * x)
    let step =
      c[1]
      * Jet(
        x * x * inverse, 2 * c3 * x * inverse * inverse,
        2 * c3 * (c3 - 3 * x * x) * inverse * inverse * inverse,
        24 * c3 * x * (x * x - c3) * inverse * inverse * inverse * inverse)
    let bell = c[3] * exp(-c5 * x * x)
    let peak = Jet(
      1 + bell, -2 * c5 * x * bell, 2 * c5 * (2 * c5 * x * x - 1) * bell,
      4 * c5 * c5 * x * (3 - 2 * c5 * x * x) * bell)
    let g = product(step, peak)
    // By cos θ, which x falls with.
    return Jet(c[0] + g[0], -g[1], g[2], -g[3])
  }
}
