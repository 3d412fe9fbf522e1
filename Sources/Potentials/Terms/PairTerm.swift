internal import Crystal

/// φ(r) of one leg of a star.
public struct PairTerm: Sendable {
  /// Leg of the star, counted from its first neighbour.
  public var leg: Int
  /// φ and its derivatives by the distance, in eV and Å.
  public var value: Jet

  public init(leg: Int, value: Jet) { (self.leg, self.value) = (leg, value) }

  var energy: Double { value[0] }

  @inline(__always)
  func touches(_ legs: [Bool]) -> Bool { legs[leg] }

  @inline(__always)
  func addGradient(
    list: borrowing NeighborList, base: Int, to gradient: inout [SIMD3<Double>]
  ) {
    gradient[leg] += value[1] * list.direction(base + leg)
  }

  /// K = φ'/r (I - xxᵀ) + φ'' xxᵀ.
  @inline(__always)
  func addBlocks(list: borrowing NeighborList, base: Int, to star: inout StarBlocks) {
    let x = list.direction(base + leg)
    let alpha = value[1] / list.distances[base + leg]
    let beta = value[2] - alpha
    let at = star.start + 9 * leg
    star.present[at / 9] = true
    for i in 0..<3 {
      for j in 0..<3 { star.blocks[at + 3 * i + j] += beta * x[i] * x[j] }
      star.blocks[at + 4 * i] += alpha
    }
  }

  /// K.
  func block(list: borrowing NeighborList, base: Int) -> Block {
    let x = list.direction(base + leg)
    let alpha = value[1] / list.distances[base + leg]
    return Block(outer: (value[2] - alpha) * x, x) + Block(unit: alpha)
  }

  func addContraction(
    list: borrowing NeighborList, base: Int, with weights: StarWeights,
    to gradient: inout [SIMD3<Double>]
  ) {
    let neighbor = Int(list.neighbors[base + leg])
    gradient[leg] += contracted(
      with: weights.block(neighbor, neighbor), x: list.direction(base + leg),
      r: list.distances[base + leg])
  }

  /// ∂/∂r (K : T) of one leg r x.
  func contracted(with t: Block, x: SIMD3<Double>, r: Double) -> SIMD3<Double> {
    let alpha = value[1] / r
    let beta = value[2] - alpha
    let alphaSlope = beta / r
    let betaSlope = value[3] - alphaSlope
    let tx = t * x
    let xtx = (x * tx).sum()
    return (alphaSlope * t.trace + betaSlope * xtx) * x + (2 * beta / r) * (tx - xtx * x)
  }
}
