/// phonopy's compact force constants: the rows of the atoms of one primitive cell, from which the
/// translations of the crystal give the others.
public struct CompactForceConstants: Equatable, Sendable {
  /// The atom of the supercell of each row, counted from 0, shape [p].
  public let rowAtoms: [Int]
  /// Atoms of the supercell, n.
  public let siteCount: Int
  /// Block (r, j), row-major, in eV/Å², shape [p, n, 3, 3].
  public let values: [Double]

  /// - Throws: ``InputError`` naming `file` for rows of no atom, or twice of one, and for a number that
  ///   is not finite.
  public init(
    rowAtoms: [Int], siteCount: Int, values: [Double], file: String
  ) throws(InputError) {
    precondition(values.count == 9 * siteCount * rowAtoms.count, "values: not [p, n, 3, 3]")
    (self.rowAtoms, self.siteCount, self.values) = (rowAtoms, siteCount, values)
    if let atom = rowAtoms.first(where: { !(0..<siteCount).contains($0) }) {
      throw InputError(
        file: file, "force constants: expected rows of \(siteCount) atoms, found atom \(atom + 1)")
    }
    guard Set(rowAtoms).count == rowAtoms.count else {
      throw InputError(
        file: file,
        "force constants: expected one row an atom, found rows of atoms "
          + rowAtoms.prefix(9).map { "\($0 + 1)" }.joined(separator: ", "))
    }
    if let value = values.first(where: { !$0.isFinite }) {
      throw InputError(file: file, "force constants: expected finite numbers, found \(value)")
    }
  }
}
