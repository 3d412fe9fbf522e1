internal import Crystal
public import Formats

/// What embeddings add to a Hessian beyond the neighbours of an atom (mathematics.md (2.7)):
///
///     Σ_c F''_c g_c g_cᵀ,   g_c = ∂ρ_c/∂x
public struct EmbeddingSquares: Equatable, Sendable {
  /// The atoms of g_c lie at `starts[c] ..< starts[c + 1]`, shape [N + 1].
  public internal(set) var starts: [Int] = [0]
  /// Ascending for each c, the centre among them.
  public internal(set) var atoms: [Int32] = []
  /// ∂ρ_c/∂x of each atom in units of the density per Å, and a zero.
  public internal(set) var gradients: [SIMD4<Double>] = []
  /// F'' of each centre in eV per square of a density, shape [N].
  public internal(set) var curvatures: [Double] = []
}

extension PreparedPotential {
  /// The squares of all embeddings; nil where the potential has none.
  ///
  /// - Parameter positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: O(N).
  public func embeddingSquares(positions: [Double]? = nil) throws(InputError) -> EmbeddingSquares? {
    let stars = try stars(of: 0..<atomCount, at: positions)
    var result = EmbeddingSquares()
    var isEmbedded = false
    var sums = [SIMD4<Double>](repeating: .zero, count: atomCount)
    forEachStar(in: stars) { center, terms, legs in
      var touched = [Int32(center)]
      if let term = terms.embedding {
        isEmbedded = true
        for density in term.densities {
          let pair = legs.lowerBound + density.leg
          let slope = SIMD4(density.value[1] * stars.list.direction(pair), 0)
          touched.append(stars.list.neighbors[pair])
          sums[Int(stars.list.neighbors[pair])] += slope
          sums[center] -= slope
        }
        result.curvatures.append(term.outer[2])
      } else {
        result.curvatures.append(0)
      }
      touched.sort()
      // An atom that is seen in two images has one sum.
      for (index, atom) in touched.enumerated() where index == 0 || touched[index - 1] != atom {
        result.atoms.append(atom)
        result.gradients.append(sums[Int(atom)])
        sums[Int(atom)] = .zero
      }
      result.starts.append(result.atoms.count)
    }
    guard isEmbedded else { return nil }
    guard result.curvatures.allSatisfy(\.isFinite) else { throw overflow() }
    return result
  }
}
