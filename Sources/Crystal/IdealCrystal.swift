public import Formats

/// A frame of a perfect crystal with the labels that its symmetry gives: the reference that
/// xyz-label writes.
///
/// The translations are found first, in linear time; spglib sees the primitive cell only. Sites are
/// numbered in an order that depends on the crystal and its cell, not on the order of the atoms: by
/// atomic number, then by orbit, then by fractional coordinates.
public struct IdealCrystal: Sendable {
  public let multilattice: Multilattice
  /// Of the primitive cell; its sites are those of `multilattice`, not the sublattices.
  public let symmetry: SiteSymmetry
  /// Sublattice of each atom, shape [N].
  public let sublattice: [Int]
  /// The smallest sublattice of the orbit of each atom's site, shape [N].
  public let orbit: [Int]
  /// Whole primitive vectors from the home cell to each atom, shape [N, 3].
  public let cellIndex: [Int]
  /// Shape [N, 3], in Å: the positions of the frame, or, where they obey the translations within
  /// the tolerance only roughly, the ideal places beside them.
  public let referencePositions: [Double]
  /// Species of each sublattice.
  public let speciesOfSublattice: [String]

  /// More sites than this in a primitive cell are no crystal that spglib could help with.
  static let siteLimit = 2000
  /// The symmetry that a triclinic crystal nearly has is looked for up to so many sites.
  private static let siteLimitOfGuess = 200

  /// - Parameters:
  ///   - frame: Any labels of it are passed over; masses tell isotopes apart.
  ///   - tolerance: Two places are one if they are at most this far apart, in Å.
  ///   - acceptsDistorted: Whether a crystal will do that is nearly one of a smaller cell or of
  ///     higher symmetry.
  /// - Throws: ``InputError`` where the frame is none, and says what was found.
  /// - Complexity: O(N).
  public init(
    of frame: Frame, tolerance: Double, acceptsDistorted: Bool = false
  ) throws(InputError) {
    guard frame.periodic.contains(true) else {
      throw InputError(frame.source, "pbc: expected a periodic crystal, found an open frame")
    }
    var bare = frame
    for name in ["sublattice", "orbit", "cell_index"] { bare.removeColumn(name) }
    bare.removeResults(after: .reference)
    bare.removeKey("ref_lattice")
    bare.setColumn(Column("ref_pos", width: 3, .real(frame.positions)))
    let lattice = try Multilattice(referenceOf: bare, tolerance: tolerance)
    if !acceptsDistorted {
      try Self.checkRepetition(of: bare, lattice, tolerance: tolerance)
    }
    guard lattice.basis.count <= Self.siteLimit else {
      throw InputError(
        frame.source,
        "expected at most \(Self.siteLimit) sites in a primitive cell, found "
          + "\(lattice.basis.count) within \(tolerance) Å; --reference labels a displaced frame")
    }
    let positions = lattice.basis.flatMap(\.position)
    let classes = lattice.basis.map { "\($0.species) \($0.mass)" }
    let symmetry: SiteSymmetry
    do {
      symmetry = try SiteSymmetry(
        cell: lattice.primitiveCell, positions: positions, classes: classes, tolerance: tolerance)
    } catch { throw InputError(frame.source, "\(error)") }
    if !acceptsDistorted, symmetry.spaceGroup <= 2 {
      try Self.checkSymmetry(
        of: frame, lattice, symmetry, positions: positions, classes: classes, tolerance: tolerance)
    }
    self.symmetry = symmetry
    multilattice = lattice

    let homes = lattice.basis.map { Home($0, cell: lattice.primitiveCell) }
    // Where the orbit of a site begins keeps its sites together.
    let first = symmetry.orbits.map { orbit in
      symmetry.orbits.indices.filter { symmetry.orbits[$0] == orbit }.map { homes[$0].place }
        .min(by: { $0.lexicographicallyPrecedes($1) }) ?? []
    }
    let order = homes.indices.sorted { left, right in
      [[homes[left].number], first[left], [symmetry.orbits[left]], homes[left].place]
        .flatMap { $0 }.lexicographicallyPrecedes(
          [[homes[right].number], first[right], [symmetry.orbits[right]], homes[right].place]
            .flatMap { $0 })
    }
    var rank = [Int](repeating: 0, count: order.count)
    for (position, site) in order.enumerated() { rank[site] = position }
    let orbitRank = symmetry.orbits.map { orbit in
      symmetry.orbits.indices.filter { symmetry.orbits[$0] == orbit }.map { rank[$0] }.min() ?? 0
    }
    sublattice = lattice.basisOfAtom.map { rank[$0] }
    orbit = lattice.basisOfAtom.map { orbitRank[$0] }
    speciesOfSublattice = order.map { lattice.basis[$0].species }
    var cellIndex: [Int] = []
    cellIndex.reserveCapacity(3 * frame.atomCount)
    var roughest = 0.0
    for atom in 0..<frame.atomCount {
      let ideal = Array(lattice.idealPositions[3 * atom..<3 * atom + 3])
      let home = homes[lattice.basisOfAtom[atom]].position
      let n = lattice.wholeTranslation(nearest: zip(ideal, home).map { $0 - $1 })
      cellIndex += [n.0, n.1, n.2]
      for axis in 0..<3 {
        roughest = max(roughest, abs(ideal[axis] - frame.positions[3 * atom + axis]))
      }
    }
    self.cellIndex = cellIndex
    // What the tools that read ref_pos average out for themselves may stay as it is.
    referencePositions =
      roughest <= Multilattice.tolerance / 4 ? frame.positions : lattice.idealPositions
  }

  /// A basis site in the home cell.
  private struct Home {
    let number: Int
    /// Fractional coordinates in whole thousandths: special places are the same whatever the
    /// rounding.
    let place: [Int]
    let position: [Double]

    init(_ site: BasisSite, cell: Cell) {
      number = Element(symbol: site.species)?.atomicNumber ?? 0
      let s = cell.fractional(site.position[0], site.position[1], site.position[2])
      var (place, position) = ([Int](), site.position)
      for (axis, value) in [s.0, s.1, s.2].enumerated() {
        let thousandths = Int((value * 1000).rounded())
        guard cell.periodic[axis] else {
          place.append(thousandths)
          continue
        }
        let folded = ((thousandths % 1000) + 1000) % 1000
        place.append(folded)
        let cells = Double((thousandths - folded) / 1000)
        for k in 0..<3 { position[k] -= cells * cell.rows[3 * axis + k] }
      }
      (self.place, self.position) = (place, position)
    }
  }
}

extension IdealCrystal {
  /// The frame with the columns sublattice, orbit, cell_index and ref_pos and the keys of a
  /// reference.
  public func labelled(_ frame: Frame) -> Frame {
    var frame = frame
    frame.removeResults(after: .reference)
    frame.removeKey("ref_lattice")
    frame.setColumn(Column("sublattice", .integer(sublattice)))
    frame.setColumn(Column("orbit", .integer(orbit)))
    frame.setColumn(Column("cell_index", width: 3, .integer(cellIndex)))
    frame.setColumn(Column("ref_pos", width: 3, .real(referencePositions)))
    frame.setKey("sitevib_format", .integer(1))
    let names = Prototype.siteNames(speciesOfSublattice).joined(separator: " ")
    // No longer text fits a key (formats/extxyz.md).
    if names.utf8.count <= 600 { frame.setKey("sublattice_names", .text(names)) }
    frame.setKey("space_group", .text(symmetry.symbol))
    return frame
  }
}

// MARK: What is no ideal crystal

extension IdealCrystal {
  private static let samples = 500

  /// Refuses a frame that nearly repeats after a vector that is no translation of it.
  private static func checkRepetition(
    of frame: Frame, _ lattice: Multilattice, tolerance: Double
  ) throws(InputError) {
    let near = 0.25 * lattice.nearestNeighborDistance
    let (n, x) = (frame.atomCount, frame.positions)
    guard near > tolerance, n > 1 else { return }
    let repetition = Repetition(
      x, try SiteClasses(of: frame), cell: lattice.cell, near: near,
      sample: (0..<min(n, samples)).map { $0 * n / min(n, samples) })
    for origin in Repetition.origins(of: n) {
      for guess in repetition.vectors(from: origin).prefix(Repetition.candidates) {
        let found = repetition.measure(guess)
        let whole = lattice.vector(of: lattice.wholeTranslation(nearest: found.vector))
        let rest = zip(found.vector, whole).map { $0 - $1 }
        guard found.share >= Repetition.repeatingShare, dot(rest, rest) > near * near else {
          continue
        }
        throw InputError(
          frame.source,
          "expected an ideal crystal within \(tolerance) Å, found \(lattice.basis.count) sites in "
            + "its primitive cell, \(Int((100 * found.share).rounded())) % of which repeat to "
            + "\(rounded(found.worst)) Å after "
            + "\(rounded(dot(found.vector, found.vector).squareRoot())) Å: rounded positions need a "
            + "larger --symprec, a displaced or defective frame --reference, a superstructure "
            + "--distorted")
      }
    }
  }

  /// Refuses a triclinic crystal that looks like one of more symmetry, displaced.
  private static func checkSymmetry(
    of frame: Frame, _ lattice: Multilattice, _ symmetry: SiteSymmetry, positions: [Double],
    classes: [String], tolerance: Double
  ) throws(InputError) {
    guard lattice.basis.count > 1 else { return }
    let found =
      "expected an ideal crystal within \(tolerance) Å, found \(lattice.basis.count) sites in its "
      + "primitive cell, space group \(symmetry.symbol)"
    let near = 0.25 * lattice.nearestNeighborDistance
    let wider =
      classes.count > siteLimitOfGuess
      ? nil
      : SiteSymmetry.spaceGroup(
        cell: lattice.primitiveCell, positions: positions, classes: classes, tolerance: near)
    if let wider, wider.number > 2 {
      throw InputError(
        frame.source,
        "\(found), and \(wider.symbol) within \(rounded(near)) Å: a displaced or defective frame "
          + "needs --reference, a crystal of so little symmetry --distorted")
    }
    guard symmetry.spaceGroup == 1 else { return }
    throw InputError(
      frame.source,
      "\(found): a displaced or defective frame needs --reference, a crystal without symmetry "
        + "--distorted")
  }
}
