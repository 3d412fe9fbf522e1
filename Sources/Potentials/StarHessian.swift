import Crystal

/// The second derivatives of the terms of one star by the vectors of its legs.
///
/// With K_ab = ∂²E/∂r_a∂r_b of the energy E of a star and r_a = x_a - x_0, the Hessian is
///
///     H_ab = K_ab,    H_a0 = -R_a,  R_a = Σ_b K_ab,
///
/// so that R_a and K_ab (a < b) say everything; the self blocks follow from translations.
enum StarHessian {
  /// Elements that a star of n legs needs: R_a, shape [n, 3, 3], then K_ab by a, then by b > a.
  static func size(legs n: Int, coupled: Bool) -> Int { coupled ? 9 * n * (n + 1) / 2 : 9 * n }

  /// Where K_ab, a < b, lies in a star of n legs.
  @inline(__always)
  static func offset(_ a: Int, _ b: Int, legs n: Int) -> Int {
    9 * (n + a * (2 * n - a - 1) / 2 + b - a - 1)
  }

  /// Adds the second derivatives of terms.
  ///
  ///     pair     K = φ'/r (I - xxᵀ) + φ'' xxᵀ
  ///     triplet  K_aa = C₁ I + C₂ xxᵀ + C₃/2 (xyᵀ + yxᵀ) + C₄ yyᵀ, ...
  ///
  /// x and y are the directions of the legs; the coefficients are those of ``TripletForm``.
  ///
  /// - Parameters:
  ///   - base: The first pair of the star in `list`.
  ///   - blocks: Shape of ``size(legs:coupled:)`` from `start` on; added to.
  ///   - present: Which blocks of nine some term touches, from `start / 9` on.
  static func add(
    _ terms: TermList, list: NeighborList, base: Int, legs n: Int,
    to blocks: inout [Double], present: inout [Bool], at start: Int
  ) {
    for pair in terms.pairs {
      let x = list.direction(base + pair.leg)
      let alpha = pair.value[1] / list.distances[base + pair.leg]
      let beta = pair.value[2] - alpha
      let at = start + 9 * pair.leg
      present[at / 9] = true
      for i in 0..<3 {
        for j in 0..<3 { blocks[at + 3 * i + j] += beta * x[i] * x[j] }
        blocks[at + 4 * i] += alpha
      }
    }
    for triplet in terms.triplets {
      let (a, b) = (triplet.first, triplet.second)
      let x = list.direction(base + a)
      let y = list.direction(base + b)
      let form = TripletForm<Double>(
        triplet, r: list.distances[base + a], s: list.distances[base + b], cosine: (x * y).sum())
      let (own, other, mixed) = (form.first, form.second, form.mixed)
      let (atA, atB) = (start + 9 * a, start + 9 * b)
      let atAB = start + offset(a, b, legs: n)
      present[atA / 9] = true
      present[atB / 9] = true
      present[atAB / 9] = true
      for i in 0..<3 {
        for j in 0..<3 {
          let (xx, yy, xy, yx) = (x[i] * x[j], y[i] * y[j], x[i] * y[j], y[i] * x[j])
          let symmetric = xy + yx
          let kAA = own.xx * xx + own.xy * symmetric + own.yy * yy
          let kBB = other.xx * xx + other.xy * symmetric + other.yy * yy
          let kAB = mixed.xx * xx + mixed.yy * yy + mixed.xy * xy + mixed.yx * yx
          let kBA = mixed.xx * xx + mixed.yy * yy + mixed.xy * yx + mixed.yx * xy
          blocks[atA + 3 * i + j] += kAA + kAB
          blocks[atB + 3 * i + j] += kBB + kBA
          blocks[atAB + 3 * i + j] += kAB
        }
        blocks[atA + 4 * i] += own.unit + mixed.unit
        blocks[atB + 4 * i] += other.unit + mixed.unit
        blocks[atAB + 4 * i] += mixed.unit
      }
    }
  }
}
