/// Finds the translations that map a labelled periodic structure onto itself.
struct TranslationSearch {
  let reference: [Double]
  let cell: Cell
  let classes: SiteClasses
  let tolerance: Double
  let index: PositionIndex

  init(reference: [Double], cell: Cell, classes: SiteClasses, tolerance: Double) {
    (self.reference, self.cell, self.classes) = (reference, cell, classes)
    self.tolerance = tolerance
    index = PositionIndex(positions: reference, cell: cell, tolerance: tolerance)
  }

  /// Short primitive vectors as rows in Å, and the supercell's vectors in multiples of them.
  ///
  /// Candidates are the vectors from one atom of the rarest class to the others of it, shortest
  /// first; each that is not yet generated is tried on all atoms. The vectors are kept as whole
  /// numbers over a common denominator, so that the result is exact.
  ///
  /// - Complexity: O(N) a tried candidate; in a crystal three or so are tried and hold, elsewhere
  ///   most fail at the first atoms.
  func primitiveVectors() -> (vectors: [Double], supercell: [Int]) {
    var denominator = 1
    var basis = IntegerLattice.identity
    let rarest = classes.sizes.indices.min { classes.sizes[$0] < classes.sizes[$1] } ?? 0
    let members = classes.number.indices.filter { classes.number[$0] == rarest }
    let limit = members.count
    // The order of a translation divides the number of atoms that it moves among themselves.
    let divisors = (1...max(1, limit)).filter { limit.isMultiple(of: $0) }
    let reduced = ReducedCell(cell)
    let origin = members[0]
    var candidates = members.dropFirst().map { atom -> (squared: Double, vector: [Double]) in
      let u = reduced.minimumImage(
        reference[3 * atom] - reference[3 * origin],
        reference[3 * atom + 1] - reference[3 * origin + 1],
        reference[3 * atom + 2] - reference[3 * origin + 2])
      return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2, [u.0, u.1, u.2])
    }
    candidates.sort { $0.squared < $1.squared }
    for (_, vector) in candidates {
      let found = denominator * denominator * denominator / IntegerLattice.determinant(basis)
      if found >= limit { break }
      guard let (numerators, order) = rational(vector, divisors: divisors) else { continue }
      if denominator.isMultiple(of: order) {
        let scaled = numerators.map { $0 * (denominator / order) }
        if IntegerLattice.contains(scaled, basis: basis) { continue }
      }
      guard isTranslation(vector) else { continue }
      let common =
        denominator / IntegerLattice.greatestCommonDivisor(denominator, order) * order
      let rows = [
        Array(basis[0..<3]), Array(basis[3..<6]), Array(basis[6..<9]),
      ].map { $0.map { $0 * (common / denominator) } }
      let scaled = numerators.map { $0 * (common / order) }
      basis = IntegerLattice.hermiteBasis(ofRows: rows + [scaled])
      denominator = common
    }
    return shortened(basis, denominator)
  }

  /// A vector in whole numbers over the smallest denominator among `divisors`, in cell vectors; nil
  /// where there is none, or where it leaves the periodic directions.
  private func rational(
    _ vector: [Double], divisors: [Int]
  ) -> (numerators: [Int], order: Int)? {
    let s = cell.fractional(vector[0], vector[1], vector[2])
    let fractional = [s.0, s.1, s.2]
    let slack = (0..<3).map { tolerance / cell.height($0) }
    for axis in 0..<3 where !cell.periodic[axis] {
      guard abs(fractional[axis]) <= slack[axis] else { return nil }
    }
    for order in divisors {
      let scaled = fractional.map { $0 * Double(order) }
      let isWhole = (0..<3).allSatisfy {
        abs(scaled[$0] - scaled[$0].rounded()) <= slack[$0] * Double(order)
      }
      if isWhole { return (scaled.map { Int($0.rounded()) }, order) }
    }
    return nil
  }

  private func isTranslation(_ t: [Double]) -> Bool {
    for atom in classes.number.indices {
      guard
        let image = index.atom(
          atX: reference[3 * atom] + t[0], reference[3 * atom + 1] + t[1],
          reference[3 * atom + 2] + t[2]),
        classes.number[image] == classes.number[atom]
      else { return false }
    }
    return true
  }

  /// Replaces the basis by short vectors of the same lattice, with the handedness of the cell.
  private func shortened(
    _ basis: [Int], _ denominator: Int
  ) -> (vectors: [Double], supercell: [Int]) {
    func rows(_ whole: [Int]) -> [[Double]] {
      (0..<3).map { i in
        let f = (0..<3).map { Double(whole[3 * i + $0]) / Double(denominator) }
        let v = cell.cartesian(f[0], f[1], f[2])
        return [v.0, v.1, v.2]
      }
    }
    let axes = (0..<3).filter { cell.periodic[$0] }
    let steps = PairwiseReduction(rows(basis), axes: axes, gain: 1e-9).steps
    let whole = steps.flatMap { step in
      (0..<3).map { k in (0..<3).reduce(0) { $0 + step[$1] * basis[3 * $1 + k] } }
    }
    let determinant = IntegerLattice.determinant(whole)
    // supercell = denominator · whole⁻¹, a whole matrix as the cell is in the lattice.
    let adjugate = IntegerLattice.adjugate(whole)
    let supercell = adjugate.map { $0 * denominator / determinant }
    return (rows(whole).flatMap { $0 }, supercell)
  }
}
