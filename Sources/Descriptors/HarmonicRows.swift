internal import Base

/// Multiples of real spherical harmonics of one |m| at many directions, as sums over neighbours want
/// them: with the fewest operations a direction, and the factors left to the sums.
///
///     q_l = a_l z q_(l-1) - q_(l-2),   Y_l(±m) = s_l q_l,   q_m = Y_m(±m),  q_(m-1) = 0
///
/// The three-term recurrence of the normalised Legendre functions, Y_l = α_l z Y_(l-1) - β_l Y_(l-2), in
/// the scale that makes β one: s_l = β_l s_(l-2), a_l = α_l s_(l-1) / s_l. It begins with the real and
/// the imaginary part of (x + iy)^m, so that both signs of m come without further products.
package struct HarmonicRows: Sendable {
  package let maximumDegree: Int
  /// a_l and s_l at l (l + 1) / 2 + m.
  private let factors: [Double]
  private let scales: [Double]
  /// Y_m(±m) over the real or imaginary part of (x + iy)^m, shape [L + 1].
  private let first: [Double]

  package init(maximumDegree: Int) {
    self.maximumDegree = maximumDegree
    let count = (maximumDegree + 1) * (maximumDegree + 2) / 2
    var factors = [Double](repeating: 0, count: count)
    var scales = [Double](repeating: 1, count: count)
    // N_mm (2m - 1)!!, whose square is (2m + 1)!! / (2m)!!; times √2 for m > 0.
    var first = [1.0]
    var square = 1.0
    for m in 1..<maximumDegree + 1 {
      square *= Double(2 * m + 1) / Double(2 * m)
      first.append((2 * square).squareRoot())
    }
    for m in 0...maximumDegree {
      for l in m + 1..<maximumDegree + 1 {
        let at = l * (l + 1) / 2 + m
        let (below, below2) = (at - l, at - 2 * l + 1)
        let squares = Double((l - m) * (l + m))
        let alpha = (Double((2 * l - 1) * (2 * l + 1)) / squares).squareRoot()
        if l > m + 1 {
          let beta =
            (Double((2 * l + 1) * (l - 1 - m) * (l - 1 + m)) / (Double(2 * l - 3) * squares))
            .squareRoot()
          scales[at] = beta * scales[below2]
        }
        factors[at] = alpha * scales[below] / scales[at]
      }
    }
    (self.factors, self.scales, self.first) = (factors, scales, first)
  }

  /// s of Y_lm and Y_l(-m).
  package func scale(l: Int, m: Int) -> Double { scales[l * (l + 1) / 2 + m] }

  /// q of l = m, m + 1, … at many directions.
  ///
  /// - Parameters:
  ///   - degree: The largest l.
  ///   - directions: x, y, z of unit vectors and Re and Im of (x + iy)^m, shape [batches, 5]; the last
  ///     two go on to m + 1.
  ///   - rows: Shape [rows, batches], overwritten: of each l, m before -m; of m = 0 one row.
  package func fill(
    m: Int, degree: Int, directions: inout MutableSpan<SIMD8<Double>>, batches: Int,
    into rows: inout MutableSpan<SIMD8<Double>>
  ) {
    let factors = factors.span
    let scale = first[m]
    for batch in 0..<batches {
      let at = 5 &* batch
      let (x, y, z) = (directions[at], directions[at &+ 1], directions[at &+ 2])
      let (re, im) = (directions[at &+ 3], directions[at &+ 4])
      directions[at &+ 3] = x * re - y * im
      directions[at &+ 4] = x * im + y * re
      var (cosine, sine) = (scale * re, scale * im)
      var (cosineBefore, sineBefore) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      var (place, index) = (batch, m &* (m &+ 1) / 2 &+ m)
      for l in m...degree {
        rows[place] = cosine
        place &+= batches
        if m > 0 {
          rows[place] = sine
          place &+= batches
        }
        guard l < degree else { break }
        index &+= l &+ 1
        let factor = factors[index] * z
        let next = (
          (-cosineBefore).plus(cosine, times: factor), (-sineBefore).plus(sine, times: factor)
        )
        (cosineBefore, sineBefore) = (cosine, sine)
        (cosine, sine) = next
      }
    }
  }
}
