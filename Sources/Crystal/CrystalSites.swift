internal import Formats

/// The sites of the perfect crystal in the reference cell of a frame with defects: those that atoms
/// hold, in the order of the atoms, then the empty ones, which the translations of the crystal tell.
struct CrystalSites {
  /// The atoms that have a site, ascending: site k is that of `held[k]`.
  let held: [Int]
  /// The site of each atom of the frame; nil for an added one.
  let siteOfAtom: [Int?]
  /// Of all sites, in the reference cell, in Å, shape [sites, 3].
  let positions: [Double]
  /// The sublattice of each site, or another number that sites have in common which are translations
  /// of each other.
  let sublattice: [Int]

  var count: Int { sublattice.count }

  /// The empty sites.
  var vacancies: Range<Int> { held.count..<count }

  /// - Parameters:
  ///   - held: The atoms that have a site, ascending.
  ///   - reference: Reference positions of all atoms of the frame in Å, shape [N, 3].
  ///   - sublattice: Of the atoms in `held`.
  ///   - vacancyCount: How many sites are empty; they are looked for where there are some, or where
  ///     `searchesAlways`.
  /// - Throws: ``InputError`` where another number of sites is empty.
  init(
    of frame: Frame, held: [Int], reference: [Double], sublattice: [Int], vacancyCount: Int,
    searchesAlways: Bool
  ) throws(InputError) {
    var siteOfAtom = [Int?](repeating: nil, count: frame.atomCount)
    for (site, atom) in held.enumerated() { siteOfAtom[atom] = site }
    let places = held.flatMap { reference[3 * $0..<3 * $0 + 3] }
    let empty =
      vacancyCount > 0 || searchesAlways
      ? try EmptySite.all(
        of: frame, positions: places, classes: sublattice, expected: vacancyCount) : []
    (self.held, self.siteOfAtom) = (held, siteOfAtom)
    positions = places + empty.flatMap(\.position)
    self.sublattice = sublattice + empty.map(\.sublattice)
  }

  /// The perfect crystal at its reference positions, with labels.
  ///
  /// - Parameters:
  ///   - species: Of each site.
  ///   - masses: Of each site in u.
  ///   - frame: The one with defects: cell, axes and names of the sublattices are its.
  func frame(species: [String], masses: [Double], of frame: Frame) -> Frame {
    var perfect = Frame(
      species: species, positions: positions, cell: frame.referenceCell, periodic: frame.periodic,
      source: frame.source)
    perfect.setColumn(Column("sublattice", .integer(sublattice)))
    perfect.setColumn(Column("ref_pos", width: 3, .real(positions)))
    perfect.setColumn(Column("masses", .real(masses)))
    for name in ["dimension", "sublattice_names"] {
      if let value = frame.key(name) { perfect.setKey(name, value) }
    }
    return perfect
  }
}
