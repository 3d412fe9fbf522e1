public import LinearAlgebra

/// Whether the rows of a Hessian belong to the atoms that they are taken for.
extension BlockSparseMatrix {
  /// How far a Hessian is from the translations of its crystal.
  public struct TranslationViolation: Equatable, Sendable {
    /// The largest |H(i + T, j + T) - H(i, j)| over the primitive translations T, relative to the
    /// largest |H|.
    public var largest = 0.0
    /// The first pair of atoms, counted from 0, where it is beyond the limit, and its image.
    public var firstPair: (pair: [Int], image: [Int])?

    public static func == (left: Self, right: Self) -> Bool {
      left.largest == right.largest && left.firstPair?.pair == right.firstPair?.pair
        && left.firstPair?.image == right.firstPair?.image
    }
  }

  /// Compares every block with its images under three translations that generate all of the crystal.
  ///
  /// - Parameter limit: Relative to the largest |H|; the first pair beyond it is named.
  /// - Precondition: The crystal has as many atoms.
  /// - Complexity: O(B log B) for B blocks.
  public func translationViolation(
    in lattice: Multilattice, limit: Double
  ) -> TranslationViolation {
    precondition(siteCount == lattice.atomCount, "hessian: not of the crystal")
    let scale = largestElement
    var result = TranslationViolation()
    guard scale > 0 else { return result }
    let (group, count, area) = (lattice.group, lattice.basis.count, blockSize * blockSize)
    let orders = group.orders
    let generators = [orders[1] * orders[2], orders[2], 1]
    for axis in 0..<3 where orders[axis] > 1 {
      let image = (0..<siteCount).map { atom in
        lattice.atoms[
          group.sum(lattice.translationOfAtom[atom], generators[axis]) * count
            + lattice.basisOfAtom[atom]]
      }
      for i in 0..<siteCount {
        for k in rowStarts[i]..<rowStarts[i + 1] {
          let j = Int(indices[k])
          let other = position(row: image[i], column: image[j])
          var difference = 0.0
          for e in 0..<area {
            let value = other.map { values[$0 * area + e] } ?? 0
            difference = max(difference, abs(values[k * area + e] - value))
          }
          difference /= scale
          result.largest = max(result.largest, difference)
          if result.firstPair == nil, difference > limit {
            result.firstPair = ([i, j], [image[i], image[j]])
          }
        }
      }
    }
    return result
  }

  /// The share of atoms whose strongest coupling, by the Frobenius norm of its block, is to an atom
  /// farther than `factor` times their nearest neighbour.
  ///
  /// Forces of every known crystal are strongest between neighbours; rows in another order than the
  /// atoms couple what is far apart.
  ///
  /// - Parameters:
  ///   - positions: In Å, shape [N, 3].
  ///   - cell: Of those positions.
  ///   - factor: At least 1.
  public func shareOfFarCouplings(
    positions: [Double], cell: Cell, factor: Double
  ) -> Double {
    let (reduced, area) = (ReducedCell(cell), blockSize * blockSize)
    var far = 0
    for i in 0..<siteCount {
      var (nearest, strongest, distance) = (Double.infinity, 0.0, 0.0)
      for k in rowStarts[i]..<rowStarts[i + 1] where Int(indices[k]) != i {
        let j = Int(indices[k])
        let u = reduced.minimumImage(
          positions[3 * j] - positions[3 * i], positions[3 * j + 1] - positions[3 * i + 1],
          positions[3 * j + 2] - positions[3 * i + 2])
        let length = (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
        nearest = min(nearest, length)
        let norm = (k * area..<(k + 1) * area).reduce(0) { $0 + values[$1] * values[$1] }
        if norm > strongest { (strongest, distance) = (norm, length) }
      }
      if distance > factor * nearest { far += 1 }
    }
    return Double(far) / Double(max(1, siteCount))
  }
}
