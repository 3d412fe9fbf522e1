public import Formats

extension Frame {
  /// Cell of the reference positions, periodic as the frame is.
  ///
  /// - Throws: ``InputError`` for a singular cell.
  public func cellOfReference() throws(InputError) -> Cell {
    do { return try Cell(rows: referenceCell, periodic: periodic) } catch {
      throw InputError(source, "reference cell: \(error)")
    }
  }

  /// The displacement of every atom from its reference site: the minimum image of pos - ref_pos
  /// (mathematics.md (1.2)), in Å, shape [N, 3].
  ///
  /// Where the reference has a cell of its own (`ref_lattice`), positions and reference positions
  /// are compared in the frame's cell after the reference was mapped on it, and the homogeneous
  /// strain is not part of the displacement.
  ///
  /// - Parameter nearestNeighborDistance: Of the reference in Å, where it is known already.
  /// - Throws: ``InputError`` where the labels are missing, a cell is singular, or an atom lies
  ///   farther from its site than half the nearest-neighbour distance, so that the site is in doubt;
  ///   and for positions beyond 1e9 Å.
  public func displacements(
    nearestNeighborDistance: Double? = nil
  ) throws(InputError) -> [Double] {
    let reference = try requiredReferencePositions()
    let cell = try positionCell()
    let referenceCell = try cellOfReference()
    let limit =
      if let nearestNeighborDistance { nearestNeighborDistance / 2 } else {
        try halfNearestNeighborDistance(reference, cell: referenceCell)
      }
    let isStrained = self.referenceCell != self.cell
    let reduced = ReducedCell(cell)
    let positions = self.positions
    // Beyond, a double is too coarse to tell where in its cell an atom lies.
    if let far = positions.firstIndex(where: { !(abs($0) < 1e9) }) {
      throw InputError(
        source, atom: far / 3,
        "expected positions within 1e9 Å, found \(positions[far]) at atom \(far / 3 + 1)")
    }
    var result = [Double](repeating: 0, count: 3 * atomCount)
    for atom in 0..<atomCount {
      var (x, y, z) = (reference[3 * atom], reference[3 * atom + 1], reference[3 * atom + 2])
      if isStrained {
        let s = referenceCell.fractional(x, y, z)
        (x, y, z) = cell.cartesian(s.0, s.1, s.2)
      }
      let u = reduced.minimumImage(
        positions[3 * atom] - x, positions[3 * atom + 1] - y, positions[3 * atom + 2] - z)
      let length = (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
      guard length < limit else {
        throw InputError(
          source, atom: atom,
          "expected a displacement below half the nearest-neighbour distance of the reference "
            + "(\(rounded(limit)) Å), found \(rounded(length)) Å at atom \(atom + 1)")
      }
      (result[3 * atom], result[3 * atom + 1], result[3 * atom + 2]) = u
    }
    return result
  }

  /// Half the smallest distance between two reference sites in Å; infinite for a lone atom.
  private func halfNearestNeighborDistance(
    _ reference: [Double], cell: Cell
  ) throws(InputError) -> Double {
    do { return try Crystal.nearestNeighborDistance(reference, cell: cell) / 2 } catch {
      throw InputError(source, error, in: "reference positions")
    }
  }
}

/// The smallest distance between two sites of a structure in Å, images included.
///
/// - Throws: ``NeighborError``, two sites in one place among them.
/// - Complexity: O(N): the search radius starts near the mean spacing and doubles until it finds.
public func nearestNeighborDistance(
  _ positions: [Double], cell: Cell
) throws(NeighborError) -> Double {
  let atomCount = positions.count / 3
  guard atomCount > 1 || cell.periodic.contains(true) else { return .infinity }
  let shortest = (0..<3).filter { cell.periodic[$0] }.map { axis in
    let row = cell.rows[3 * axis..<3 * axis + 3]
    return row.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }.min()
  // An atom and its own image are never farther apart than the shortest cell vector.
  let longest = shortest ?? .infinity
  var cutoff = 2.0
  while true {
    let search = try NeighborSearch(positions: positions, cell: cell, cutoff: cutoff)
    var least = Double.infinity
    for first in stride(from: 0, to: atomCount, by: 1024) {
      let list = try search.neighbors(of: first..<min(first + 1024, atomCount))
      least = min(least, list.distances.min() ?? .infinity)
    }
    if least < .infinity { return least }
    if cutoff > longest || cutoff > 1e4 { return min(longest, .infinity) }
    cutoff *= 2
  }
}

/// A number for a message: four significant digits.
func rounded(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var scale = 1.0
  while abs(value) * scale < 1000 && scale < 1e12 { scale *= 10 }
  return "\((value * scale).rounded() / scale)"
}
