public import Formats

extension Frame {
  /// The centre of the frame in Å, shape [3], in the reference cell: the place in the key
  /// `perturb_center`, else that in the key `center` (a place, or the number of an atom), else the
  /// middle of the reference cell, half the sum of its periodic vectors.
  ///
  /// - Throws: ``InputError`` for missing reference positions and keys with other values.
  public func centralPlace() throws(InputError) -> [Double] {
    let reference = try requiredReferencePositions()
    switch key("perturb_center") ?? key("center") {
    case .reals(let values) where values.count == 3: return values
    case .integers(let values) where values.count == 3: return values.map(Double.init)
    case .integer(let atom) where key("perturb_center") == nil && 0..<atomCount ~= atom:
      return Array(reference[3 * atom..<3 * atom + 3])
    case nil:
      let cell = try cellOfReference()
      var place = [0.0, 0.0, 0.0]
      for axis in 0..<3 where periodic[axis] && axis < dimension {
        for k in 0..<3 { place[k] += 0.5 * cell.rows[3 * axis + k] }
      }
      return place
    default:
      throw InputError(
        source,
        "expected the key perturb_center of three numbers, or center of three or of an atom from 0 "
          + "to \(atomCount - 1), found others")
    }
  }

  /// The atom whose reference site is nearest to ``centralPlace()``; of several as near the first.
  ///
  /// - Throws: As ``centralPlace()``.
  public func centralAtom() throws(InputError) -> Int {
    let place = try centralPlace()
    let reference = try requiredReferencePositions()
    let reduced = ReducedCell(try cellOfReference())
    var (nearest, least) = (0, Double.infinity)
    for atom in 0..<atomCount {
      let r = reduced.minimumImage(
        reference[3 * atom] - place[0], reference[3 * atom + 1] - place[1],
        reference[3 * atom + 2] - place[2])
      let distance = (r.0 * r.0 + r.1 * r.1 + r.2 * r.2).squareRoot()
      // Sites at equal distances differ by rounding: the first of them stays.
      if distance < least - 1e-6 { (nearest, least) = (atom, distance) }
    }
    return nearest
  }
}
