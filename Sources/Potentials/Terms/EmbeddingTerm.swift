internal import Crystal

/// F(ρ) of a star, ρ = Σ_a f_a(r_a): the energy of an atom in the density of its neighbours.
///
/// With g_a = ∂ρ/∂r_a (mathematics.md (2.7)),
///
///     K_ab = F' ∂²f_a/∂r_a∂r_a δ_ab + F'' g_a g_bᵀ,
///
/// whose second part is of rank 1: it is kept as F'' and g, and never as n² blocks.
public struct EmbeddingTerm: Sendable {
  /// F and its derivatives by ρ, in eV.
  public var outer: Jet
  /// f_a of the legs that have a density; each leg at most once.
  public var densities: [PairTerm]

  public init(outer: Jet, densities: [PairTerm]) {
    (self.outer, self.densities) = (outer, densities)
  }

  var energy: Double { outer[0] }

  func addGradient(
    list: borrowing NeighborList, base: Int, to gradient: inout [SIMD3<Double>]
  ) {
    for term in densities {
      gradient[term.leg] += outer[1] * term.value[1] * list.direction(base + term.leg)
    }
  }

  func addBlocks(list: borrowing NeighborList, base: Int, to star: inout StarBlocks) {
    var total = SIMD3<Double>.zero
    for term in densities {
      let slope = term.value[1] * list.direction(base + term.leg)
      star.setSlope(slope, leg: term.leg)
      total += slope
      PairTerm(leg: term.leg, value: outer[1] * term.value)
        .addBlocks(list: list, base: base, to: &star)
    }
    star.setCurvature(outer[2])
    // R_a = Σ_b K_ab.
    for term in densities {
      let slope = outer[2] * star.slope(term.leg)
      let at = star.start + 9 * term.leg
      for i in 0..<3 {
        for j in 0..<3 { star.blocks[at + 3 * i + j] += slope[i] * total[j] }
      }
    }
  }

  /// mathematics.md (2.12).
  func addContraction(
    list: borrowing NeighborList, base: Int, with weights: inout StarWeights,
    to gradient: inout [SIMD3<Double>]
  ) {
    var slopes = [SIMD3<Double>](repeating: .zero, count: gradient.count)
    for term in densities { slopes[term.leg] = term.value[1] * list.direction(base + term.leg) }
    let image = weights.applied(to: slopes, list: list, base: base)
    var traces = 0.0
    var squares = 0.0
    for term in densities {
      let neighbor = Int(list.neighbors[base + term.leg])
      let block = weights.block(neighbor, neighbor)
      let own = term.block(list: list, base: base)
      traces += own.contracted(with: block)
      squares += (slopes[term.leg] * image[term.leg]).sum()
      gradient[term.leg] +=
        outer[1]
        * term.contracted(
          with: block, x: list.direction(base + term.leg), r: list.distances[base + term.leg])
        + 2 * outer[2] * (own * image[term.leg])
    }
    for term in densities {
      gradient[term.leg] += (outer[2] * traces + outer[3] * squares) * slopes[term.leg]
    }
  }
}
