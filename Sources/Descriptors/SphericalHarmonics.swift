/// Real spherical harmonics Y_lm up to a degree, at eight directions at once.
///
///     Y_l0 = N_l0 P_l(cos θ),  Y_lm = √2 N_lm P_l^m cos mφ,  Y_l(-m) = √2 N_lm P_l^m sin mφ,
///     N_lm² = (2l + 1) (l - m)! / (l + m)!,   without the Condon-Shortley phase
///
/// Eq. (B4) of formats/ace-basis.md: orthonormal under dΩ/4π, so that Y_00 = 1 and
/// Σ_m Y_lm² = 2l + 1. Y_lm stands at index l² + l + m. They are polynomials of the unit vector
/// (recurrences in l of r^(l-m) P_l^m / sin^m θ, and of (x + iy)^m), exact at the poles.
package struct SphericalHarmonics: Sendable {
  package let maximumDegree: Int
  /// N_lm, times √2 for m > 0, at l (l + 1) / 2 + m.
  private let norms: [Double]
  /// (2l - 1) / (l - m) and (l + m - 1) / (l - m) of the recurrence in l, at l (l + 1) / 2 + m.
  private let recurrence: [SIMD2<Double>]
  /// Q_m^m = (2m - 1)!!, shape [L + 1].
  private let diagonals: [Double]

  package init(maximumDegree: Int) {
    self.maximumDegree = maximumDegree
    var norms: [Double] = []
    for l in 0...maximumDegree {
      for m in 0...l {
        var square = Double(2 * l + 1)
        for k in max(1, l - m + 1)..<max(1, l - m + 1) + 2 * m where m > 0 { square /= Double(k) }
        norms.append((m > 0 ? 2 * square : square).squareRoot())
      }
    }
    self.norms = norms
    var recurrence: [SIMD2<Double>] = []
    for l in 0...maximumDegree {
      for m in 0...l {
        let below = Double(max(1, l - m))
        recurrence.append(SIMD2(Double(2 * l - 1) / below, Double(l + m - 1) / below))
      }
    }
    self.recurrence = recurrence
    var diagonals = [1.0]
    for m in 1..<maximumDegree + 1 { diagonals.append(diagonals[m - 1] * Double(2 * m - 1)) }
    self.diagonals = diagonals
  }

  package static func count(_ maximumDegree: Int) -> Int {
    (maximumDegree + 1) * (maximumDegree + 1)
  }

  /// Length of the scratch of both kernels.
  package var scratchCount: Int { norms.count + 2 * (maximumDegree + 1) }

  /// Y_lm(x, y, z) of unit vectors.
  ///
  /// - Parameters:
  ///   - values: Shape [(L + 1)²], dimensionless; overwritten.
  ///   - scratch: Shape [scratchCount].
  package func values(
    x: SIMD8<Double>, y: SIMD8<Double>, z: SIMD8<Double>,
    into values: inout MutableSpan<SIMD8<Double>>, scratch: inout MutableSpan<SIMD8<Double>>
  ) {
    fill(x, y, z, &scratch)
    let norms = norms.span
    let planar = norms.count
    for l in 0...maximumDegree {
      let row = l * (l + 1) / 2
      let middle = l * l + l
      values[middle] = norms[row] * scratch[row]
      for m in 1..<l + 1 {
        let q = norms[row + m] * scratch[row + m]
        values[middle + m] = q * scratch[planar + 2 * m]
        values[middle - m] = q * scratch[planar + 2 * m + 1]
      }
    }
  }

  /// Y_lm and r ∂Y_lm/∂(x, y, z) along the sphere, of unit vectors.
  ///
  /// - Parameters:
  ///   - gradients: Shape [(L + 1)², 3]; to be divided by the distance by the caller.
  package func valuesAndGradients(
    x: SIMD8<Double>, y: SIMD8<Double>, z: SIMD8<Double>,
    into values: inout MutableSpan<SIMD8<Double>>,
    gradients: inout MutableSpan<SIMD8<Double>>, scratch: inout MutableSpan<SIMD8<Double>>
  ) {
    self.values(x: x, y: y, z: z, into: &values, scratch: &scratch)
    let planar = norms.count
    let zero = SIMD8<Double>(repeating: 0)
    for l in 0...maximumDegree {
      let row = l * (l + 1) / 2
      let below = l > 0 ? (l - 1) * l / 2 : 0
      let middle = l * l + l
      for m in 0..<l + 1 {
        let norm = norms[row + m]
        let q = norm * scratch[row + m]
        // dQ/dz = (l + m) Q_(l-1)^m,  dQ/dx = -x Q_(l-1)^(m+1),  dQ/dy likewise.
        let dz = m < l ? (norm * Double(l + m)) * scratch[below + m] : zero
        let across = m + 1 < l ? -norm * scratch[below + m + 1] : zero
        let (c, s) = (scratch[planar + 2 * m], scratch[planar + 2 * m + 1])
        let order = Double(m)
        let dc = m > 0 ? order * scratch[planar + 2 * m - 2] : zero
        let ds = m > 0 ? order * scratch[planar + 2 * m - 1] : zero
        // Derivative of the homogeneous polynomial, less its radial part l Y r̂ (Euler).
        let cosine = Double(l) * values[middle + m]
        gradients[3 * (middle + m)] = across * x * c + q * dc - cosine * x
        gradients[3 * (middle + m) + 1] = across * y * c - q * ds - cosine * y
        gradients[3 * (middle + m) + 2] = dz * c - cosine * z
        if m > 0 {
          let sine = Double(l) * values[middle - m]
          gradients[3 * (middle - m)] = across * x * s + q * ds - sine * x
          gradients[3 * (middle - m) + 1] = across * y * s + q * dc - sine * y
          gradients[3 * (middle - m) + 2] = dz * s - sine * z
        }
      }
    }
  }

  /// Q_l^m at l (l + 1) / 2 + m, then Re and Im of (x + iy)^m.
  @inline(__always)
  private func fill(
    _ x: SIMD8<Double>, _ y: SIMD8<Double>, _ z: SIMD8<Double>,
    _ scratch: inout MutableSpan<SIMD8<Double>>
  ) {
    let recurrence = recurrence.span
    for m in 0...maximumDegree {
      var before = SIMD8<Double>(repeating: 0)
      var current = SIMD8<Double>(repeating: diagonals[m])
      scratch[m * (m + 1) / 2 + m] = current
      for l in m + 1..<maximumDegree + 1 {
        let factors = recurrence[l * (l + 1) / 2 + m]
        let next = factors[0] * z * current - factors[1] * before
        (before, current) = (current, next)
        scratch[l * (l + 1) / 2 + m] = next
      }
    }
    let planar = norms.count
    var (c, s) = (SIMD8<Double>(repeating: 1), SIMD8<Double>(repeating: 0))
    scratch[planar] = c
    scratch[planar + 1] = s
    for m in 1..<maximumDegree + 1 {
      (c, s) = (x * c - y * s, x * s + y * c)
      scratch[planar + 2 * m] = c
      scratch[planar + 2 * m + 1] = s
    }
  }
}
