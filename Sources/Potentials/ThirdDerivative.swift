internal import Crystal
public import LinearAlgebra

extension PreparedPotential {
  /// ∂/∂x_n Σ_ij M_ij : H_ij for a fixed symmetric M (math.md §5).
  ///
  /// In the vectors of a star, Σ M : H = Σ_ab K_ab : T_ab with
  /// T_ab = M_{j_a j_b} - M_{j_a i} - M_{i j_b} + M_ii, so that each term gives its derivative by
  /// its own legs.
  ///
  /// - Parameters:
  ///   - weights: M, symmetric; every block of the Hessian at these positions is there.
  ///   - positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  /// - Returns: Shape [N, 3], in eV/Å³ times the unit of M.
  /// - Throws: `InputError` for atoms in one place.
  /// - Precondition: `weights` has the shape and covers the pattern of the Hessian.
  public func thirdDerivative(
    contractedWith weights: BlockSparseMatrix, positions: [Double]? = nil
  ) throws -> [Double] {
    precondition(
      weights.blockSize == dimension && weights.siteCount == atomCount,
      "weights: expected blocks of \(dimension) for \(atomCount) atoms")
    let stars = try stars(of: 0..<atomCount, at: positions)
    var terms = TermList()
    var result = [Double](repeating: 0, count: 3 * atomCount)
    for center in 0..<atomCount {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      let base = stars.list.pairs(of: center).lowerBound
      let list = stars.list
      let weight = StarWeights(weights, center: center)
      func add(_ gradient: SIMD3<Double>, leg: Int) {
        let neighbor = Int(list.neighbors[base + leg])
        for axis in 0..<dimension {
          result[3 * neighbor + axis] += gradient[axis]
          result[3 * center + axis] -= gradient[axis]
        }
      }
      for pair in terms.pairs {
        let neighbor = Int(list.neighbors[base + pair.leg])
        add(
          pair.contracted(
            with: weight.block(neighbor, neighbor), x: list.direction(base + pair.leg),
            r: list.distances[base + pair.leg]), leg: pair.leg)
      }
      for triplet in terms.triplets {
        let (a, b) = (base + triplet.first, base + triplet.second)
        let (j, k) = (Int(list.neighbors[a]), Int(list.neighbors[b]))
        let (byFirst, bySecond) = triplet.contracted(
          with: (weight.block(j, j), weight.block(k, k), weight.block(j, k)),
          x: list.direction(a), r: list.distances[a], y: list.direction(b), s: list.distances[b])
        add(byFirst, leg: triplet.first)
        add(bySecond, leg: triplet.second)
      }
    }
    guard result.allSatisfy(\.isFinite) else { throw overflow() }
    return result
  }
}

/// A 3 x 3 block by rows.
struct Block {
  var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

  var trace: Double { rows.0[0] + rows.1[1] + rows.2[2] }

  /// M v.
  static func * (block: Block, v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3((block.rows.0 * v).sum(), (block.rows.1 * v).sum(), (block.rows.2 * v).sum())
  }

  /// vᵀ M as a vector.
  static func * (v: SIMD3<Double>, block: Block) -> SIMD3<Double> {
    v[0] * block.rows.0 + v[1] * block.rows.1 + v[2] * block.rows.2
  }
}

/// The weights of a star in the vectors of its legs.
private struct StarWeights {
  let weights: BlockSparseMatrix
  let center: Int

  init(_ weights: BlockSparseMatrix, center: Int) {
    (self.weights, self.center) = (weights, center)
  }

  /// M_jk - M_ji - M_ik + M_ii, zero along inactive axes.
  func block(_ j: Int, _ k: Int) -> Block {
    let d = weights.blockSize
    var rows = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
    func add(_ row: Int, _ column: Int, _ sign: Double) {
      guard let position = weights.position(row: row, column: column) else {
        preconditionFailure("weights: no block (\(row), \(column))")
      }
      let at = position * d * d
      for b in 0..<d {
        rows.0[b] += sign * weights.values[at + b]
        if d > 1 { rows.1[b] += sign * weights.values[at + d + b] }
        if d > 2 { rows.2[b] += sign * weights.values[at + 2 * d + b] }
      }
    }
    add(j, k, 1)
    add(j, center, -1)
    add(center, k, -1)
    add(center, center, 1)
    return Block(rows: rows)
  }
}

extension PairTerm {
  /// ∂/∂r (K : T) of one leg r x.
  fileprivate func contracted(with t: Block, x: SIMD3<Double>, r: Double) -> SIMD3<Double> {
    let alpha = value[1] / r
    let beta = value[2] - alpha
    let alphaSlope = beta / r
    let betaSlope = value[3] - alphaSlope
    let tx = t * x
    let xtx = (x * tx).sum()
    return (alphaSlope * t.trace + betaSlope * xtx) * x + (2 * beta / r) * (tx - xtx * x)
  }
}

extension TripletTerm {
  /// ∂/∂a and ∂/∂b of K_aa : A + K_bb : B + 2 K_ab : M, (A, B, M) = `t`, for legs r x and s y.
  fileprivate func contracted(
    with t: (a: Block, b: Block, m: Block), x: SIMD3<Double>, r: Double, y: SIMD3<Double>,
    s: Double
  ) -> (SIMD3<Double>, SIMD3<Double>) {
    let c = (x * y).sum()
    let form = TripletForm<Dual>(self, r: r, s: s, cosine: c)
    var slopes = SIMD3<Double>.zero
    var byX = SIMD3<Double>.zero
    var byY = SIMD3<Double>.zero
    for (k, block) in [(form.first, t.a), (form.second, t.b)] {
      let (bx, by) = (block * x, block * y)
      slopes += block.trace * k.unit.slopes + (x * bx).sum() * k.xx.slopes
      slopes += 2 * (x * by).sum() * k.xy.slopes + (y * by).sum() * k.yy.slopes
      byX += 2 * (k.xx.value * bx + k.xy.value * by)
      byY += 2 * (k.xy.value * bx + k.yy.value * by)
    }
    let (k, m) = (form.mixed, t.m)
    let (mx, my, xm, ym) = (m * x, m * y, x * m, y * m)
    slopes += 2 * (m.trace * k.unit.slopes + (x * mx).sum() * k.xx.slopes)
    slopes += 2 * ((y * my).sum() * k.yy.slopes + (x * my).sum() * k.xy.slopes)
    slopes += 2 * (y * mx).sum() * k.yx.slopes
    byX += 2 * (k.xx.value * (mx + xm) + k.xy.value * my + k.yx.value * ym)
    byY += 2 * (k.yy.value * (my + ym) + k.xy.value * xm + k.yx.value * mx)
    let byCosineA = (y - c * x) / r
    let byCosineB = (x - c * y) / s
    return (
      slopes[0] * x + slopes[2] * byCosineA + (byX - (byX * x).sum() * x) / r,
      slopes[1] * y + slopes[2] * byCosineB + (byY - (byY * y).sum() * y) / s
    )
  }
}
