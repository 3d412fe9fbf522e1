internal import Crystal

/// W(r) B(ζ) of one leg of a star, ζ = Σ_k t_k: the strength of a bond among its neighbours.
///
/// With x the direction of the leg, and z_a = ∂ζ/∂r_a (mathematics.md (2.8)),
///
///     K_ab = B ∂²W/∂r∂r δ_aj δ_bj + W B' ∂²ζ/∂r_a∂r_b + W B'' z_a z_bᵀ
///          + W' B' (δ_aj x z_bᵀ + z_a xᵀ δ_bj).
public struct BondOrderTerm: Sendable {
  public var leg: Int
  /// W and its derivatives by r, in eV.
  public var pair: Jet
  /// B and its derivatives by ζ.
  public var order: Jet
  /// t_k: the first leg of each is `leg`.
  public var parts: [ScreenedTriplet]

  public init(leg: Int, pair: Jet, order: Jet, parts: [ScreenedTriplet]) {
    (self.leg, self.pair, self.order, self.parts) = (leg, pair, order, parts)
  }

  var energy: Double { pair[0] * order[0] }

  func addGradient(
    list: borrowing NeighborList, base: Int, to gradient: inout [SIMD3<Double>]
  ) {
    gradient[leg] += pair[1] * order[0] * list.direction(base + leg)
    for part in parts {
      part.addGradient(pair[0] * order[1], list: list, base: base, to: &gradient)
    }
  }

  func addBlocks(list: borrowing NeighborList, base: Int, to star: inout StarBlocks) {
    PairTerm(leg: leg, value: order[0] * pair).addBlocks(list: list, base: base, to: &star)
    guard !parts.isEmpty else { return }
    for part in parts {
      let (aa, bb, ab) = part.blocks(list: list, base: base)
      let scale = pair[0] * order[1]
      star.add(scale * aa, leg, leg)
      star.add(scale * bb, part.second, part.second)
      star.add(scale * ab, leg, part.second)
    }
    let (legs, slopes) = partSlopes(list: list, base: base)
    let x = list.direction(base + leg)
    let (square, cross) = (pair[0] * order[2], pair[1] * order[1])
    for (a, p) in legs.enumerated() {
      for (b, q) in legs.enumerated() where b >= a {
        var block = Block(outer: square * slopes[a], slopes[b])
        if p == leg { block = block + Block(outer: cross * x, slopes[b]) }
        if q == leg { block = block + Block(outer: cross * slopes[a], x) }
        star.add(block, p, q)
      }
    }
  }

  /// The legs of ζ, the bond itself first, and ∂ζ by their vectors.
  private func partSlopes(
    list: borrowing NeighborList, base: Int
  ) -> (legs: [Int], slopes: [SIMD3<Double>]) {
    let legs = [leg] + parts.map(\.second)
    var slopes = [SIMD3<Double>](repeating: .zero, count: legs.count)
    let x = list.direction(base + leg)
    for (index, part) in parts.enumerated() {
      let y = list.direction(base + part.second)
      let c = (x * y).sum()
      let by = part.slopes
      slopes[0] += by[0] * x + by[2] / list.distances[base + leg] * (y - c * x)
      slopes[index + 1] = by[1] * y + by[2] / list.distances[base + part.second] * (x - c * y)
    }
    return (legs, slopes)
  }

  func addContraction(
    list: borrowing NeighborList, base: Int, with weights: inout StarWeights,
    to gradient: inout [SIMD3<Double>]
  ) {
    let scaled = PairTerm(leg: leg, value: order[0] * pair)
    scaled.addContraction(list: list, base: base, with: weights, to: &gradient)
    guard !parts.isEmpty else { return }
    let (legs, partSlopes) = partSlopes(list: list, base: base)
    var byZeta = [SIMD3<Double>](repeating: .zero, count: gradient.count)
    for (index, leg) in legs.enumerated() { byZeta[leg] = partSlopes[index] }
    var byLength = [SIMD3<Double>](repeating: .zero, count: gradient.count)
    byLength[leg] = list.direction(base + leg)
    let lengthImage = weights.applied(to: byLength, list: list, base: base)
    let zetaImage = weights.applied(to: byZeta, list: list, base: base)
    // The traces of the two inner second derivatives, and the second derivatives times the images.
    let neighbor = Int(list.neighbors[base + leg])
    let lengthBlock = PairTerm(leg: leg, value: Jet(0, 1, 0, 0)).block(list: list, base: base)
    let lengthTrace = lengthBlock.contracted(with: weights.block(neighbor, neighbor))
    var zetaTrace = 0.0
    var (crossed, squared) = (byZeta, byZeta)
    for leg in legs { (crossed[leg], squared[leg]) = (.zero, .zero) }
    for part in parts {
      let other = part.second
      let third = Int(list.neighbors[base + other])
      let (aa, bb, ab) = part.blocks(list: list, base: base)
      zetaTrace +=
        aa.contracted(with: weights.block(neighbor, neighbor))
        + bb.contracted(with: weights.block(third, third))
        + 2 * ab.contracted(with: weights.block(neighbor, third))
      crossed[leg] += aa * lengthImage[leg] + ab * lengthImage[other]
      crossed[other] += lengthImage[leg] * ab + bb * lengthImage[other]
      squared[leg] += aa * zetaImage[leg] + ab * zetaImage[other]
      squared[other] += zetaImage[leg] * ab + bb * zetaImage[other]
      part.addContraction(
        pair[0] * order[1], list: list, base: base, with: weights, to: &gradient)
    }
    crossed[leg] += lengthBlock * zetaImage[leg]
    let (w, b) = (pair, order)
    let mixedSquare = (byLength[leg] * zetaImage[leg]).sum()
    let zetaSquare = legs.reduce(0) { $0 + (byZeta[$1] * zetaImage[$1]).sum() }
    let lengthSquare = (byLength[leg] * lengthImage[leg]).sum()
    // What is left of W'' B xᵀTx and W' B (∂²r : T) in ``scaled``: their change with ζ.
    var zetaFactor = w[1] * b[1] * lengthTrace + w[0] * b[2] * zetaTrace
    zetaFactor += w[2] * b[1] * lengthSquare + 2 * w[1] * b[2] * mixedSquare
    zetaFactor += w[0] * b[3] * zetaSquare
    var lengthFactor = w[1] * b[1] * zetaTrace + w[1] * b[2] * zetaSquare
    lengthFactor += 2 * w[2] * b[1] * mixedSquare
    for a in legs {
      gradient[a] += zetaFactor * byZeta[a] + 2 * w[0] * b[2] * squared[a]
      gradient[a] += 2 * w[1] * b[1] * crossed[a]
    }
    gradient[leg] += lengthFactor * byLength[leg]
  }
}

/// P(r, s) w(c): part of the ζ of the bond along the first leg.
public struct ScreenedTriplet: Sendable, AngularTerm {
  /// Derivatives of P by r and s, up to the third.
  public struct Radial: Sendable {
    /// P, ∂P/∂r, ∂²P/∂r², ∂³P/∂r³.
    public var byR: Jet
    /// ∂P/∂s, ∂²P/∂r∂s, ∂³P/∂r²∂s, and nothing.
    public var bySR: Jet
    /// ∂²P/∂s², ∂³P/∂r∂s², ∂³P/∂s³, and nothing.
    public var bySS: Jet

    public init(byR: Jet, bySR: Jet, bySS: Jet) {
      (self.byR, self.bySR, self.bySS) = (byR, bySR, bySS)
    }

    /// u(s) e(r - s).
    public init(_ u: Jet, difference e: Jet) {
      // ∂/∂s acts on u as a derivative, and on e as minus one.
      let e1 = Jet(e[1], e[2], e[3], 0)
      let e2 = Jet(e[2], e[3], 0, 0)
      let second: Jet = u[2] * e - 2 * u[1] * e1 + u[0] * e2
      let third: Double = u[3] * e[0] - 3 * u[2] * e[1] + 3 * u[1] * e[2] - u[0] * e[3]
      byR = u[0] * e
      bySR = u[1] * e - u[0] * e1
      bySS = Jet(second[0], second[1], third, 0)
    }
  }
  var first: Int
  var second: Int
  var radial: Radial
  var w: Jet

  public init(first: Int, second: Int, radial: Radial, w: Jet) {
    (self.first, self.second, self.radial, self.w) = (first, second, radial, w)
  }

  var energy: Double { radial.byR[0] * w[0] }

  var slopes: SIMD3<Double> {
    SIMD3(radial.byR[1] * w[0], radial.bySR[0] * w[0], radial.byR[0] * w[1])
  }

  func form(r: Double, s: Double, cosine: Double) -> TripletForm<Double> {
    let (a, b, c) = (radial.byR, radial.bySR, radial.bySS)
    return TripletForm(
      RadialForm(value: a[0], r: a[1], s: b[0], rr: a[2], ss: c[0], rs: b[1]),
      w: (w[0], w[1], w[2]), p: 1 / r, q: 1 / s, cosine: cosine)
  }

  func dualForm(r: Double, s: Double, cosine: Double) -> TripletForm<Dual> {
    let (a, b, c) = (radial.byR, radial.bySR, radial.bySS)
    return TripletForm(
      RadialForm(
        value: Dual(a[0], r: a[1], s: b[0]), r: Dual(a[1], r: a[2], s: b[1]),
        s: Dual(b[0], r: b[1], s: c[0]), rr: Dual(a[2], r: a[3], s: b[2]),
        ss: Dual(c[0], r: c[1], s: c[2]), rs: Dual(b[1], r: b[2], s: c[1])),
      w: w, r: r, s: s, cosine: cosine)
  }
}
