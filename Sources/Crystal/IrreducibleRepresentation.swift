internal import Base
public import LinearAlgebra

/// An irreducible representation of a point group by real orthogonal matrices that no complex one
/// refines: the mean of χ² is 1.
public struct IrreducibleRepresentation: Sendable {
  public let dimension: Int
  /// D(g), D(gh) = D(g) D(h) for "first h, then g"; shape [operations, d, d].
  public let matrices: [Double]

  /// tr D(g) of each operation.
  public var characters: [Double] {
    let d = dimension
    return (0..<matrices.count / (d * d)).map { g in
      (0..<d).reduce(0) { $0 + matrices[(g * d + $1) * d + $1] }
    }
  }
}

extension PointGroup {
  /// The inequivalent irreducible representations of the group, or, where not all of them are real,
  /// of the subgroup of its reflections, half turns and inversion.
  ///
  /// - Throws: `LAPACKError`.
  public func withRepresentations() throws(LAPACKError) -> (
    group: PointGroup, representations: [IrreducibleRepresentation]
  ) {
    if let own = try realRepresentations() { return (self, own) }
    if let smaller = generatedByInvolutions(), let own = try smaller.realRepresentations() {
      return (smaller, own)
    }
    return (
      .trivial(atomCount: operations.first?.images.count ?? 0),
      [IrreducibleRepresentation(dimension: 1, matrices: [1])]
    )
  }

  /// The regular representation holds all of them: a random operator that commutes with it has them
  /// as its eigenspaces (Dixon, Math. Comp. 24, 707 (1970)).
  ///
  /// - Returns: nil where not all of them are real.
  private func realRepresentations() throws(LAPACKError) -> [IrreducibleRepresentation]? {
    let eigen = try commutingOperator().symmetricEigen()
    let scale = eigen.values.reduce(0) { max($0, abs($1)) }
    var found: [IrreducibleRepresentation] = []
    var first = 0
    while first < order {
      var end = first + 1
      while end < order, eigen.values[end] - eigen.values[end - 1] < 1e-9 * scale { end += 1 }
      let candidate = representation(on: eigen.vectors, rows: first..<end)
      first = end
      let own = candidate.characters
      func overlap(_ other: [Double]) -> Double {
        zip(own, other).reduce(0) { $0 + $1.0 * $1.1 } / Double(order)
      }
      guard abs(overlap(own) - 1) < 1e-6 else { return nil }
      if found.allSatisfy({ abs(overlap($0.characters)) < 0.5 }) { found.append(candidate) }
    }
    let sum = found.reduce(0) { $0 + $1.dimension * $1.dimension }
    guard sum == order else { return nil }
    return found
  }

  /// Σ_k r_k R(k), R(k) e_h = e_{hk⁻¹}; symmetric, as r_k is that of the inverse too.
  private func commutingOperator() -> Matrix {
    let inverses = (0..<order).map { g in
      (0..<order).first { products[g * order + $0] == identity } ?? g
    }
    var random = RandomNumbers(keys: 0x6701, UInt64(order))
    let draws = (0..<order).map { _ in random.normal() }
    var sum = Matrix(rowCount: order, columnCount: order)
    for k in 0..<order {
      for h in 0..<order {
        sum[products[h * order + inverses[k]], h] += draws[k] + draws[inverses[k]]
      }
    }
    return sum
  }

  /// D_ab(g) = Σ_h v_a(gh) v_b(h) on an invariant space of the regular representation.
  private func representation(
    on vectors: Matrix, rows: Range<Int>
  ) -> IrreducibleRepresentation {
    let d = rows.count
    var matrices = [Double](repeating: 0, count: order * d * d)
    for g in 0..<order {
      for a in 0..<d {
        for b in 0..<d {
          var sum = 0.0
          for h in 0..<order {
            sum +=
              vectors[rows.lowerBound + a, products[g * order + h]]
              * vectors[rows.lowerBound + b, h]
          }
          matrices[(g * d + a) * d + b] = sum
        }
      }
    }
    return IrreducibleRepresentation(dimension: d, matrices: matrices)
  }
}
