/// One product of a coupled vector: coefficient · left[m1] · right[m2], with m counted from 0.
package struct CouplingTerm: Equatable, Sendable {
  package var left: Int
  package var right: Int
  package var coefficient: Double
}

/// The coupling of two vectors of real spherical harmonics to a third: for each component M of
/// degree L the products it sums.
///
///     b_LM = Σ_(m1 m2) K^(LM)_(l1 m1, l2 m2) a_(l1 m1) a'_(l2 m2)
///
/// Eq. (B5) of formats/ace-basis.md. K is the Clebsch-Gordan matrix carried to the real harmonics
/// of ``SphericalHarmonics``; where l1 + l2 + L is odd it is purely imaginary there, and its
/// imaginary part is taken (any real factor leaves b a vector of degree L). Its rows are
/// orthonormal: Σ_(m1 m2) K^(LM) K^(LM') = δ_MM'.
package struct RealCoupling: Sendable {
  package let l1: Int
  package let l2: Int
  package let l3: Int
  /// Shape [2 l3 + 1]; component m at index l3 + m.
  package let components: [[CouplingTerm]]

  /// - Precondition: |l1 - l2| ≤ L ≤ l1 + l2.
  package init(_ l1: Int, _ l2: Int, _ l3: Int) {
    precondition(abs(l1 - l2) <= l3 && l3 <= l1 + l2, "no coupling of \(l1), \(l2) to \(l3)")
    (self.l1, self.l2, self.l3) = (l1, l2, l3)
    let odd = !(l1 + l2 + l3).isMultiple(of: 2)
    components = (-l3...l3).map { m in
      var sums = [Double](repeating: 0, count: (2 * l1 + 1) * (2 * l2 + 1))
      for (m3, outer) in realFromComplex(m) {
        for m1 in max(-l1, m3 - l2)...min(l1, m3 + l2) {
          let weight = clebschGordan(l1, m1, l2, m3 - m1, l3, m3)
          // The inverse of a unitary matrix: conjugate of its transpose.
          for (real1, first) in complexToReal(m1) {
            for (real2, second) in complexToReal(m3 - m1) {
              let factor = outer * first * second
              sums[(real1 + l1) * (2 * l2 + 1) + real2 + l2] +=
                weight * (odd ? factor.imaginary : factor.real)
            }
          }
        }
      }
      return sums.indices.compactMap { index in
        abs(sums[index]) > 1e-13
          ? CouplingTerm(
            left: index / (2 * l2 + 1), right: index % (2 * l2 + 1), coefficient: sums[index])
          : nil
      }
    }
  }
}

private struct Complex {
  var real: Double
  var imaginary: Double

  static func * (a: Complex, b: Complex) -> Complex {
    Complex(
      real: a.real * b.real - a.imaginary * b.imaginary,
      imaginary: a.real * b.imaginary + a.imaginary * b.real)
  }
}

/// Y_mu (real) as a sum over complex harmonics with the Condon-Shortley phase.
private func realFromComplex(_ mu: Int) -> [(Int, Complex)] {
  if mu == 0 { return [(0, Complex(real: 1, imaginary: 0))] }
  let m = abs(mu)
  let (half, sign) = (0.5.squareRoot(), m.isMultiple(of: 2) ? 1.0 : -1.0)
  return mu > 0
    ? [
      (m, Complex(real: sign * half, imaginary: 0)), (-m, Complex(real: half, imaginary: 0)),
    ]
    : [
      (m, Complex(real: 0, imaginary: -sign * half)), (-m, Complex(real: 0, imaginary: half)),
    ]
}

/// Complex harmonic `m` as a sum over real ones.
private func complexToReal(_ m: Int) -> [(Int, Complex)] {
  if m == 0 { return [(0, Complex(real: 1, imaginary: 0))] }
  let k = abs(m)
  return [k, -k].compactMap { real in
    realFromComplex(real).first { $0.0 == m }.map {
      (real, Complex(real: $0.1.real, imaginary: -$0.1.imaginary))
    }
  }
}

/// ⟨l1 m1 l2 m2 | l3 m3⟩ by Racah's formula.
package func clebschGordan(_ l1: Int, _ m1: Int, _ l2: Int, _ m2: Int, _ l3: Int, _ m3: Int)
  -> Double
{
  guard m1 + m2 == m3, abs(l1 - l2) <= l3, l3 <= l1 + l2, abs(m1) <= l1, abs(m2) <= l2,
    abs(m3) <= l3
  else { return 0 }
  let triangle =
    factorial(l1 + l2 - l3) * factorial(l1 - l2 + l3) * factorial(-l1 + l2 + l3)
    / factorial(l1 + l2 + l3 + 1)
  let shape =
    factorial(l3 + m3) * factorial(l3 - m3) * factorial(l1 - m1) * factorial(l1 + m1)
    * factorial(l2 - m2) * factorial(l2 + m2)
  var sum = 0.0
  let first = max(0, l2 - l3 - m1, l1 + m2 - l3)
  let last = min(l1 + l2 - l3, l1 - m1, l2 + m2)
  for k in first..<max(first, last + 1) {
    let below =
      factorial(k) * factorial(l1 + l2 - l3 - k) * factorial(l1 - m1 - k)
      * factorial(l2 + m2 - k) * factorial(l3 - l2 + m1 + k) * factorial(l3 - l1 - m2 + k)
    sum += (k.isMultiple(of: 2) ? 1 : -1) / below
  }
  return (Double(2 * l3 + 1) * triangle * shape).squareRoot() * sum
}

/// n! in double precision; exact up to 22!.
private func factorial(_ n: Int) -> Double {
  var product = 1.0
  for k in 1..<max(1, n) + 1 { product *= Double(k) }
  return product
}
