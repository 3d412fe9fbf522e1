internal import Crystal
public import LinearAlgebra

extension PreparedPotential {
  /// ∂/∂x_n Σ_ij M_ij : H_ij for a fixed symmetric M (mathematics.md (5.2)).
  ///
  /// In the vectors of a star (mathematics.md (2.11)), Σ M : H = Σ_ab K_ab : T_ab with
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
    var starWeights = StarWeights(weights)
    var result = [Double](repeating: 0, count: 3 * atomCount)
    forEachStar(in: stars) { center, terms, legs in
      starWeights.center = center
      var gradient = [SIMD3<Double>](repeating: .zero, count: legs.count)
      terms.addContraction(
        list: stars.list, base: legs.lowerBound, with: &starWeights, to: &gradient)
      add(gradient, of: center, legs: legs, in: stars, sign: 1, to: &result)
    }
    guard result.allSatisfy(\.isFinite) else { throw overflow() }
    return result
  }
}

/// The weights of a star in the vectors of its legs, T_ab = M_{j_a j_b} - M_{j_a i} - M_{i j_b} + M_ii.
struct StarWeights {
  let weights: BlockSparseMatrix
  var center = 0
  /// A vector for each atom, zero between two uses.
  private var field: [SIMD3<Double>]

  init(_ weights: BlockSparseMatrix) {
    self.weights = weights
    field = [SIMD3<Double>](repeating: .zero, count: weights.siteCount)
  }

  /// T for legs to atoms j and k, zero along inactive axes.
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

  /// Σ_b T_ab v_b for every leg a.
  ///
  /// With h_j = Σ_b v_b over the legs to atom j, and -Σ_b v_b added at the centre, it is
  /// (M h)_{j_a} - (M h)_i: one product of rows, not n² blocks.
  mutating func applied(
    to vectors: [SIMD3<Double>], list: borrowing NeighborList, base: Int
  ) -> [SIMD3<Double>] {
    for (leg, vector) in vectors.enumerated() {
      field[Int(list.neighbors[base + leg])] += vector
      field[center] -= vector
    }
    let own = row(center)
    var result: [SIMD3<Double>] = []
    result.reserveCapacity(vectors.count)
    for leg in vectors.indices { result.append(row(Int(list.neighbors[base + leg])) - own) }
    for leg in vectors.indices { field[Int(list.neighbors[base + leg])] = .zero }
    field[center] = .zero
    return result
  }

  private func row(_ index: Int) -> SIMD3<Double> {
    let d = weights.blockSize
    var sum = SIMD3<Double>.zero
    for k in weights.rowStarts[index]..<weights.rowStarts[index + 1] {
      let v = field[Int(weights.indices[k])]
      if v == .zero { continue }
      for a in 0..<d {
        for b in 0..<d { sum[a] += weights.values[(k * d + a) * d + b] * v[b] }
      }
    }
    return sum
  }
}
