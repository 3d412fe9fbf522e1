public import Formats

/// The Hessian of a file with its rows in the order of a frame.
public struct FramedHessian: Sendable {
  /// Rows of the atoms of the frame, of `freeAtoms` alone where only those moved.
  public let hessian: StoredHessian
  /// The atoms of the frame that have rows, ascending, counted from 0; nil for all of them.
  public let freeAtoms: [Int]?
  /// In u, of the atoms of the frame, shape [N]; nil where the file leaves them to the elements.
  public let masses: [Double]?
  /// Whether the file has the atoms in another order.
  public let isReordered: Bool
  /// Whether that order was found from the Hessian itself, as the file does not name its atoms.
  public let isOrderInferred: Bool

  init(
    _ hessian: StoredHessian, freeAtoms: [Int]? = nil, masses: [Double]? = nil,
    isReordered: Bool = false, isOrderInferred: Bool = false
  ) {
    (self.hessian, self.freeAtoms, self.masses) = (hessian, freeAtoms, masses)
    (self.isReordered, self.isOrderInferred) = (isReordered, isOrderInferred)
  }
}

extension HessianFile {
  /// The Hessian for a frame, or for its reference crystal.
  ///
  /// Where the file names its atoms, they are matched to those of the frame; where it holds the rows of
  /// a primitive cell, the translations of the crystal give the others. Otherwise its order is that of the
  /// frame, or, of a perfect crystal and where that does not fit, one that programs list supercells in
  /// (``SupercellOrder``).
  ///
  /// - Throws: ``InputError`` for another number of atoms, another crystal, and compact force constants
  ///   of a frame that is no perfect crystal.
  public func hessian(of frame: Frame, isReference: Bool) throws(InputError) -> FramedHessian {
    switch content {
    case .compact(let compact):
      return try compact.expanded(
        over: frame.crystal(isReference: isReference), file: name)
    case .full(let hessian):
      guard let atoms else {
        try checkSize(hessian, frame)
        if hessian.blockSize == 3, isReference || frame.periodic.contains(true) {
          let lattice = try Multilattice(referenceOf: frame.crystal(isReference: isReference))
          if let turned = SupercellOrder(lattice).inFrameOrder(hessian) {
            return FramedHessian(turned, isReordered: true, isOrderInferred: true)
          }
        }
        return FramedHessian(hessian)
      }
      let order = try atoms.order(in: frame, isReference: isReference, file: name)
      let isReordered = order != Array(0..<order.count)
      let masses = atoms.masses.map { masses in order.map { masses[$0] } }
      guard let free = atoms.free else {
        try checkSize(hessian, frame)
        return FramedHessian(
          isReordered ? hessian.ordered(by: order) : hessian, masses: masses,
          isReordered: isReordered)
      }
      let row = Dictionary(uniqueKeysWithValues: free.enumerated().map { ($1, $0) })
      let places = order.indices.filter { row[order[$0]] != nil }
      let rows = places.compactMap { row[order[$0]] }
      return FramedHessian(
        hessian.ordered(by: rows), freeAtoms: places, masses: masses, isReordered: isReordered)
    }
  }

  private func checkSize(_ hessian: StoredHessian, _ frame: Frame) throws(InputError) {
    guard hessian.siteCount == frame.atomCount, hessian.blockSize == frame.dimension else {
      throw InputError(
        file: name,
        "expected a Hessian of \(frame.atomCount) atoms in \(frame.dimension) dimensions, as "
          + "\(frame.source.place) has, found one of \(hessian.siteCount) in "
          + "\(hessian.blockSize)")
    }
  }
}

extension HessianAtoms {
  /// Two atoms are one if they are at most so far apart, in Å: what files round away is less.
  private static let tolerance = 1e-3
  /// Cells whose vectors agree to this share of their length are the same.
  private static let cellTolerance = 1e-5

  /// For each atom of a frame, the number of the same atom here.
  ///
  /// - Parameter isReference: Compare with the reference positions of the frame.
  /// - Throws: ``InputError`` that names the first atom without a partner.
  func order(in frame: Frame, isReference: Bool, file: String) throws(InputError) -> [Int] {
    let n = frame.atomCount
    guard species.count == n else {
      throw InputError(
        file: file,
        "expected a Hessian of \(n) atoms in \(frame.dimension) dimensions, as "
          + "\(frame.source.place) has, found one of \(species.count) in 3")
    }
    let rows = isReference ? frame.referenceCell : frame.cell
    for axis in 0..<3 where frame.periodic[axis] {
      let (own, other) = (rows[3 * axis..<3 * axis + 3], cell[3 * axis..<3 * axis + 3])
      let square = zip(own, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let length = own.reduce(0) { $0 + $1 * $1 }
      guard square <= length * Self.cellTolerance * Self.cellTolerance else {
        throw InputError(
          file: file,
          "atoms: expected the cell of \(frame.source.place), found vector \(axis + 1) "
            + "\(other.map(rounded).joined(separator: " ")), not "
            + own.map(rounded).joined(separator: " "))
      }
    }
    let places = isReference ? try frame.requiredReferencePositions() : frame.positions
    if let order = try order(places, rows, frame) { return order }
    // A reference that was shifted to meet the frame stood elsewhere when its Hessian was made.
    if isReference, case .reals(let shift) = frame.key("reference_shift"), shift.count == 3,
      let order = try order(places.indices.map { places[$0] - shift[$0 % 3] }, rows, frame)
    {
      return order
    }
    let near = try partners(places, rows, frame)
    let atom = near.firstIndex(of: nil) ?? 0
    let what = isReference ? "reference position" : "position"
    throw InputError(
      file: file,
      "atoms: expected those of \(frame.source.place), found no \(frame.species[atom]) within "
        + "\(Self.tolerance) Å of the \(what) of its atom \(atom + 1)")
  }

  private func order(
    _ places: [Double], _ rows: [Double], _ frame: Frame
  ) throws(InputError) -> [Int]? {
    let partners = try partners(places, rows, frame)
    let order = partners.compactMap { $0 }
    return order.count == partners.count && Set(order).count == order.count ? order : nil
  }

  /// The atom of the same species at the place of each atom of the frame; its own number first.
  private func partners(
    _ places: [Double], _ rows: [Double], _ frame: Frame
  ) throws(InputError) -> [Int?] {
    let box: Cell
    do { box = try Cell(rows: rows, periodic: frame.periodic) } catch {
      throw InputError(frame.source, "Lattice: \(error)")
    }
    for value in positions + places where !(abs(value) < 1e9) {
      throw InputError(frame.source, "expected positions within 1e9 Å, found \(value)")
    }
    let index = PositionIndex(positions: positions, cell: box, tolerance: Self.tolerance)
    let symbols = frame.species
    return symbols.indices.map { atom in
      let found = index.atom(
        atX: places[3 * atom], places[3 * atom + 1], places[3 * atom + 2])
      return found.flatMap { species[$0] == symbols[atom] ? $0 : nil }
    }
  }
}

extension Frame {
  /// The frame with the crystal that a Hessian is of as its reference: its own, or the frame itself.
  fileprivate func crystal(isReference: Bool) -> Frame {
    guard !isReference else { return self }
    var crystal = self
    for name in ["sublattice", "masses"] { crystal.removeColumn(name) }
    crystal.removeKey("ref_lattice")
    crystal.removeResults(after: .reference)
    crystal.setColumn(Column("ref_pos", width: 3, .real(positions)))
    return crystal
  }
}

extension CompactForceConstants {
  /// All rows, H(i + T, j + T) = H(i, j) for the translations T of the crystal.
  ///
  /// - Parameter frame: Its reference is the crystal.
  /// - Throws: ``InputError`` where a site of the crystal has no row.
  func expanded(over frame: Frame, file: String) throws(InputError) -> FramedHessian {
    guard siteCount == frame.atomCount, frame.dimension == 3 else {
      throw InputError(
        file: file,
        "expected a Hessian of \(frame.atomCount) atoms in \(frame.dimension) dimensions, as "
          + "\(frame.source.place) has, found one of \(siteCount) in 3")
    }
    let lattice = try Multilattice(referenceOf: frame)
    let order = SupercellOrder(lattice)
    let plain = rowOfBasis(lattice)
    let full = try plain.contains(-1) ? nil : expanded(over: lattice, plain, file: file)
    if let full, order.fits(full) { return FramedHessian(full) }
    for candidate in order.candidates() {
      let turned = try CompactForceConstants(self, placedAt: candidate, file: file)
      let rows = turned.rowOfBasis(lattice)
      guard !rows.contains(-1) else { continue }
      let full = try turned.expanded(over: lattice, rows, file: file)
      if order.fits(full) { return FramedHessian(full, isReordered: true, isOrderInferred: true) }
    }
    if let full { return FramedHessian(full) }
    let basis = plain.firstIndex(of: -1) ?? 0
    let first = lattice.basisOfAtom.firstIndex(of: basis) ?? 0
    throw InputError(
      file: file,
      "compact force constants: expected a row for each of the \(lattice.basis.count) sites of "
        + "the primitive cell of \(frame.source.place), found none for atom \(first + 1) and its "
        + "translations (a displaced crystal, another order of atoms or another crystal)")
  }

  /// The same with atom k of the file as atom `places[k]`.
  private init(
    _ other: CompactForceConstants, placedAt places: [Int], file: String
  ) throws(InputError) {
    var blocks = [Double](repeating: 0, count: other.values.count)
    let n = other.siteCount
    for row in other.rowAtoms.indices {
      for j in 0..<n {
        let (from, to) = (9 * (row * n + j), 9 * (row * n + places[j]))
        for k in 0..<9 { blocks[to + k] = other.values[from + k] }
      }
    }
    try self.init(
      rowAtoms: other.rowAtoms.map { places[$0] }, siteCount: n, values: blocks, file: file)
  }

  /// A row for each basis site, -1 where there is none.
  private func rowOfBasis(_ lattice: Multilattice) -> [Int] {
    var rows = [Int](repeating: -1, count: lattice.basis.count)
    for (row, atom) in rowAtoms.enumerated() where rows[lattice.basisOfAtom[atom]] < 0 {
      rows[lattice.basisOfAtom[atom]] = row
    }
    return rows
  }

  private func expanded(
    over lattice: Multilattice, _ rowOfBasis: [Int], file: String
  ) throws(InputError) -> StoredHessian {
    let (n, group, count) = (siteCount, lattice.group, lattice.basis.count)
    var blocks = [Double](repeating: 0, count: 9 * n * n)
    for i in 0..<n {
      let row = rowOfBasis[lattice.basisOfAtom[i]]
      let back = group.difference(
        lattice.translationOfAtom[rowAtoms[row]], lattice.translationOfAtom[i])
      let shifted = (0..<group.count).map { group.sum($0, back) }
      for j in 0..<n {
        let source = lattice.atoms[
          shifted[lattice.translationOfAtom[j]] * count + lattice.basisOfAtom[j]]
        let (from, to) = (9 * (row * n + source), 9 * (i * n + j))
        for k in 0..<9 { blocks[to + k] = values[from + k] }
      }
    }
    return try StoredHessian(
      blockSize: 3, siteCount: n, rowStarts: (0...n).map { $0 * n },
      indices: (0..<n * n).map { Int32($0 % n) }, values: blocks, file: file)
  }
}
