internal import Crystal
public import Formats
public import Potentials

extension ForceProvider {
  /// The Hessian of a frame, or of its reference, by central differences.
  ///
  /// - Parameters:
  ///   - range: Distance in Å up to which the force on an atom depends on others; nil to measure it.
  ///   - step: In Å.
  /// - Throws: `FiniteDifferenceError`, `NeighborError`, `InputError`, and what the program throws.
  public func hessian(
    of frame: Frame, at place: Placement, range: Double?, step: Double
  ) throws -> FiniteDifferenceHessian {
    let forces = try forces(of: frame, at: place)
    let isPerfect =
      place == .reference
      || (frame.positions == frame.referencePositions && frame.cell == frame.referenceCell)
    if isPerfect {
      let lattice = try Multilattice(referenceOf: frame)
      if lattice.group.count > 1 {
        return try FiniteDifferenceHessian(of: forces, crystal: lattice, step: step)
      }
    }
    // One of each species and sublattice shows how far forces reach.
    let sublattice = frame.sublattice ?? [Int](repeating: 0, count: frame.atomCount)
    var numbers: [String: Int] = [:]
    let classes = zip(frame.species, sublattice).map { species, sublattice in
      let (name, next) = ("\(species) \(sublattice)", numbers.count)
      let number = numbers[name] ?? next
      numbers[name] = number
      return number
    }
    return try FiniteDifferenceHessian(
      of: forces,
      positions: place == .reference ? frame.requiredReferencePositions() : frame.positions,
      cell: place == .reference ? frame.cellOfReference() : frame.positionCell(),
      classes: classes, range: range, step: step)
  }
}
