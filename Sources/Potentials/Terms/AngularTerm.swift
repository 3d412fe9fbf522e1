internal import Crystal

/// f(r, s, c) of two legs of a star: r and s are their lengths, c is the cosine between them.
protocol AngularTerm {
  /// Leg of r.
  var first: Int { get }
  /// Leg of s.
  var second: Int { get }
  /// f.
  var energy: Double { get }
  /// ∂f/∂r, ∂f/∂s, ∂f/∂c.
  var slopes: SIMD3<Double> { get }
  /// The second derivatives by the vectors of the legs.
  func form(r: Double, s: Double, cosine: Double) -> TripletForm<Double>
  /// The same with their derivatives by r, s and c.
  func dualForm(r: Double, s: Double, cosine: Double) -> TripletForm<Dual>
}

extension AngularTerm {
  @inline(__always)
  func touches(_ legs: [Bool]) -> Bool { legs[first] || legs[second] }

  /// Adds scale ∂f/∂r_a.
  @inline(__always)
  func addGradient(
    _ scale: Double, list: borrowing NeighborList, base: Int,
    to gradient: inout [SIMD3<Double>]
  ) {
    let x = list.direction(base + first)
    let y = list.direction(base + second)
    let c = (x * y).sum()
    let slopes = scale * slopes
    gradient[first] += slopes[0] * x + slopes[2] / list.distances[base + first] * (y - c * x)
    gradient[second] += slopes[1] * y + slopes[2] / list.distances[base + second] * (x - c * y)
  }

  /// ∂²f/∂a∂a, ∂²f/∂b∂b and ∂²f/∂a∂b for a = r x, b = s y.
  func blocks(list: borrowing NeighborList, base: Int) -> (aa: Block, bb: Block, ab: Block) {
    let x = list.direction(base + first)
    let y = list.direction(base + second)
    let form = form(
      r: list.distances[base + first], s: list.distances[base + second], cosine: (x * y).sum())
    let (xx, yy) = (Block(outer: x, x), Block(outer: y, y))
    let (xy, yx) = (Block(outer: x, y), Block(outer: y, x))
    func diagonal(_ k: TripletForm<Double>.Diagonal) -> Block {
      Block(unit: k.unit) + k.xx * xx + k.xy * (xy + yx) + k.yy * yy
    }
    let m = form.mixed
    return (
      diagonal(form.first), diagonal(form.second),
      Block(unit: m.unit) + m.xx * xx + m.yy * yy + m.xy * xy + m.yx * yx
    )
  }

  /// Adds scale ∂/∂r_c of K_aa : T_aa + K_bb : T_bb + 2 K_ab : T_ab.
  func addContraction(
    _ scale: Double, list: borrowing NeighborList, base: Int, with weights: StarWeights,
    to gradient: inout [SIMD3<Double>]
  ) {
    let (a, b) = (base + first, base + second)
    let (j, k) = (Int(list.neighbors[a]), Int(list.neighbors[b]))
    let (byFirst, bySecond) = contracted(
      with: (weights.block(j, j), weights.block(k, k), weights.block(j, k)),
      x: list.direction(a), r: list.distances[a], y: list.direction(b), s: list.distances[b])
    gradient[first] += scale * byFirst
    gradient[second] += scale * bySecond
  }

  /// ∂/∂a and ∂/∂b of K_aa : A + K_bb : B + 2 K_ab : M, (A, B, M) = `t`, for legs r x and s y.
  private func contracted(
    with t: (a: Block, b: Block, m: Block), x: SIMD3<Double>, r: Double, y: SIMD3<Double>,
    s: Double
  ) -> (SIMD3<Double>, SIMD3<Double>) {
    let c = (x * y).sum()
    let form = dualForm(r: r, s: s, cosine: c)
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
