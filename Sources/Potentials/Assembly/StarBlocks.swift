/// The second derivatives of the terms of stars by the vectors of their legs, the last star open for
/// additions.
///
/// With K_ab = ∂²E/∂r_a∂r_b of the energy E of a star and r_a = x_a - x_0, the Hessian is
///
///     H_ab = K_ab,    H_a0 = -R_a,  R_a = Σ_b K_ab,
///
/// so that R_a and K_ab (a < b) say everything; the self blocks follow from translations. The part of
/// K_ab that an embedding gives, F'' g_a g_bᵀ, is kept as F'' and g.
struct StarBlocks: Sendable {
  /// R_a, shape [n, 3, 3], then K_ab by a, then by b > a; in eV/Å², star after star.
  var blocks: [Double] = []
  /// Whether some term touches a block, shape [blocks / 9].
  var present: [Bool] = []
  /// Where the blocks of the open star start.
  private(set) var start = 0
  /// Legs of the open star.
  private(set) var legCount = 0
  /// F'' of each star, 0 where there is none.
  var curvatures: [Double] = []
  /// Where g of each star starts, shape [stars + 1]; nothing where there is no embedding.
  var slopeStarts: [Int] = [0]
  /// g_a and a zero, shape [legs].
  var slopes: [SIMD4<Double>] = []

  /// Elements that a star of n legs needs in `blocks`.
  static func size(legs n: Int, coupled: Bool) -> Int { coupled ? 9 * n * (n + 1) / 2 : 9 * n }

  /// Where K_ab, a < b, lies in a star of n legs.
  @inline(__always)
  static func offset(_ a: Int, _ b: Int, legs n: Int) -> Int {
    9 * (n + a * (2 * n - a - 1) / 2 + b - a - 1)
  }

  /// Forgets the stars and keeps their room.
  mutating func removeAll() {
    blocks.removeAll(keepingCapacity: true)
    present.removeAll(keepingCapacity: true)
    curvatures.removeAll(keepingCapacity: true)
    slopeStarts.removeLast(slopeStarts.count - 1)
    slopes.removeAll(keepingCapacity: true)
    (start, legCount) = (0, 0)
  }

  /// Opens a star.
  mutating func open(legs n: Int, coupled: Bool, embedded: Bool) {
    (start, legCount) = (blocks.count, n)
    let size = Self.size(legs: n, coupled: coupled)
    blocks.append(contentsOf: repeatElement(0, count: size))
    present.append(contentsOf: repeatElement(false, count: size / 9))
    curvatures.append(0)
    if embedded { slopes.append(contentsOf: repeatElement(.zero, count: n)) }
    slopeStarts.append(slopes.count)
  }

  /// Turns the sign of the open star: a difference of Hessians is a sum of stars of both signs.
  mutating func negate() {
    for element in start..<blocks.count { blocks[element] = -blocks[element] }
    curvatures[curvatures.count - 1].negate()
  }

  mutating func setCurvature(_ value: Double) { curvatures[curvatures.count - 1] = value }

  mutating func setSlope(_ slope: SIMD3<Double>, leg: Int) {
    slopes[slopes.count - legCount + leg] = SIMD4(slope, 0)
  }

  func slope(_ leg: Int) -> SIMD3<Double> {
    let padded = slopes[slopes.count - legCount + leg]
    return SIMD3(padded[0], padded[1], padded[2])
  }

  /// Adds a contribution to K_ab, and its transpose to K_ba where a ≠ b.
  mutating func add(_ block: Block, _ a: Int, _ b: Int) {
    let (atA, atB) = (start + 9 * a, start + 9 * b)
    present[atA / 9] = true
    present[atB / 9] = true
    for i in 0..<3 {
      for j in 0..<3 { blocks[atA + 3 * i + j] += block[i, j] }
    }
    guard a != b else { return }
    let at = start + Self.offset(min(a, b), max(a, b), legs: legCount)
    present[at / 9] = true
    for i in 0..<3 {
      for j in 0..<3 {
        blocks[atB + 3 * i + j] += block[j, i]
        blocks[at + 3 * i + j] += a < b ? block[i, j] : block[j, i]
      }
    }
  }

  /// Adds all stars of another one.
  mutating func append(_ other: StarBlocks) {
    blocks.append(contentsOf: other.blocks)
    present.append(contentsOf: other.present)
    curvatures.append(contentsOf: other.curvatures)
    let offset = slopes.count
    slopeStarts.append(contentsOf: other.slopeStarts.dropFirst().lazy.map { $0 + offset })
    slopes.append(contentsOf: other.slopes)
  }
}
