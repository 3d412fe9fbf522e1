/// What the sites of a crystal tell of places: every tool counts sites and displacements this way
/// (mathematics.md (1.1) to (1.3)).
extension Multilattice {
  /// Number ℓ·S + α of the site of an atom: translation ℓ, basis site α of S.
  public func siteNumber(of atom: Int) -> Int {
    translationOfAtom[atom] * basis.count + basisOfAtom[atom]
  }

  /// The number of each atom's site, shape [N].
  public var siteNumbers: [Int] { (0..<atomCount).map(siteNumber(of:)) }

  /// The displacement of a place from the ideal site of an atom: the minimum image, in Å.
  public func displacement(
    of x: Double, _ y: Double, _ z: Double, from atom: Int
  ) -> (Double, Double, Double) {
    let at = 3 * atom
    return reducedCell.minimumImage(
      x - idealPositions[at], y - idealPositions[at + 1], z - idealPositions[at + 2])
  }

  /// The displacements of all atoms from their ideal sites, in Å, shape [N, 3].
  ///
  /// - Parameter positions: In the cell of the reference, in Å, shape [N, 3].
  public func displacements(of positions: [Double]) -> [Double] {
    precondition(positions.count == idealPositions.count, "positions: expected [\(atomCount), 3]")
    var result = [Double](repeating: 0, count: positions.count)
    for atom in 0..<atomCount {
      let at = 3 * atom
      (result[at], result[at + 1], result[at + 2]) = displacement(
        of: positions[at], positions[at + 1], positions[at + 2], from: atom)
    }
    return result
  }

  /// Distances of all ideal sites from that of one atom, by the minimum image, in Å, shape [N].
  public func distances(from atom: Int) -> [Double] {
    let x = idealPositions
    return (0..<atomCount).map { other in
      let r = displacement(of: x[3 * atom], x[3 * atom + 1], x[3 * atom + 2], from: other)
      return (r.0 * r.0 + r.1 * r.1 + r.2 * r.2).squareRoot()
    }
  }
}
