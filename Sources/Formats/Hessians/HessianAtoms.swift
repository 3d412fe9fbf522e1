/// The atoms that a file gives with its Hessian: they say which row belongs to which atom.
public struct HessianAtoms: Equatable, Sendable {
  /// Element symbols, shape [M].
  public let species: [String]
  /// Cartesian, in Å, shape [M, 3].
  public let positions: [Double]
  /// Rows a, b, c in Å, shape [3, 3]; all zero where there is none.
  public let cell: [Double]
  /// In u, shape [M]; nil where the file leaves them to the elements.
  public let masses: [Double]?
  /// The atoms that have rows in the Hessian, counted from 0; nil for all of them.
  public let free: [Int]?

  /// - Precondition: The shapes agree.
  public init(
    species: [String], positions: [Double], cell: [Double], masses: [Double]? = nil,
    free: [Int]? = nil
  ) {
    precondition(positions.count == 3 * species.count && cell.count == 9, "atoms: not [M, 3]")
    precondition(masses == nil || masses?.count == species.count, "masses: not [M]")
    (self.species, self.positions, self.cell) = (species, positions, cell)
    (self.masses, self.free) = (masses, free)
  }

  /// The atoms of a frame, or of its reference crystal; nil where it has none.
  init?(of frame: Frame, isReference: Bool) {
    guard let positions = isReference ? frame.referencePositions : frame.positions else {
      return nil
    }
    self.init(
      species: frame.species, positions: positions,
      cell: isReference ? frame.referenceCell : frame.cell, masses: frame.reals("masses"))
  }
}
