public import Formats

/// Gives the atoms of displaced frames the sites of a labelled reference.
///
/// An atom belongs to the site nearer than half the nearest-neighbour distance of the reference; as
/// spheres of that radius do not overlap there is at most one, and the assignment that leaves the
/// fewest defects and then has the least Σ|u|² is found sphere by sphere: of several atoms in one,
/// those of the right species come first, then the nearest. The others have no site, but for splits: of
/// two atoms on either side of a site that would be vacant, one is its atom and the other an added one.
public struct ReferenceMatcher: Sendable {
  private let reference: Frame
  private let lattice: Multilattice
  private let cell: Cell
  private let sites: [Double]
  private let species: [String]
  /// Half the nearest-neighbour distance of the reference in Å.
  public let radius: Double

  /// A larger element of F - 1, with F from the cell of the reference to that of the frame, is
  /// another cell.
  static let largestStrain = 0.15
  /// Cells whose vectors agree to this share of their length are the same, rounded.
  private static let cellRounding = 1e-6
  /// A frame of which a smaller share is in place is not one of this crystal.
  private static let leastShare = 0.5

  /// - Parameter reference: With sublattice and ref_pos for every atom.
  /// - Throws: ``InputError`` for missing labels and two sites in one place.
  public init(_ reference: Frame) throws(InputError) {
    _ = try reference.requiredSublattice()
    sites = try reference.requiredReferencePositions()
    cell = try reference.cellOfReference()
    lattice = try Multilattice(referenceOf: reference)
    species = reference.species
    self.reference = reference
    let half = lattice.nearestNeighborDistance / 2
    // A lone atom in an open cell has all space for itself.
    radius = half < .infinity ? half : 1
  }

  /// What a frame turned out to be.
  public struct Match: Sendable {
    /// The frame with the columns and keys of its match; its positions and order are untouched.
    public let frame: Frame
    public let defects: SiteDefects
    /// Added to the reference positions, in Å, shape [3].
    public let shift: [Double]
    /// Species of the sites of the antisites.
    public let antisiteSpecies: [String]
    /// The largest displacement of an atom that has a site, in Å.
    public let largestDisplacement: Double
  }

  /// Matches the atoms of a frame to the sites.
  ///
  /// The reference is shifted as a whole only where that puts more atoms in place, or as many with
  /// smaller displacements about their mean.
  ///
  /// - Parameter mayShift: Whether the reference may be shifted at all.
  /// - Throws: ``InputError`` for another cell, and where most atoms have no site.
  /// - Complexity: O(N).
  public func match(_ frame: Frame, mayShift: Bool = true) throws(InputError) -> Match {
    let places = try places(in: frame)
    let frameCell = try frame.positionCell()
    let search = SiteSearch(
      places: places.sites, cell: frameCell, species: species,
      radius: min(radius, try halfSpacing(places.sites, frameCell, frame)))
    var shift = [0.0, 0.0, 0.0]
    var assigned = search.assign(frame, shift: shift)
    let isDoubtful =
      mayShift
      && (assigned.inPlace(frame, species) < max(frame.atomCount, species.count)
        || assigned.largestSquare.squareRoot() > search.radius / 2)
    if isDoubtful,
      let better = search.bestShift(frame, lattice: lattice, isStrained: places.isStrained)
    {
      shift = better
      assigned = search.assign(frame, shift: shift)
    }
    let found = assigned.inPlace(frame, species)
    guard Double(found) >= Self.leastShare * Double(max(frame.atomCount, species.count)) else {
      throw InputError(
        frame.source,
        "expected a frame of the reference crystal, found \(found) of \(frame.atomCount) atoms "
          + "within \(rounded(search.radius)) Å of a site of their species, of which there are "
          + "\(species.count)")
    }
    let joined = search.joiningSplits(assigned, frame, shift: shift)
    return labelled(frame, joined, places, shift: shift)
  }

  // MARK: Places

  /// The sites in the cell of a frame.
  private struct Places {
    /// In Å, shape [S, 3].
    let sites: [Double]
    /// The lattice of the reference in the vectors next to those of the frame.
    let cell: Cell
    /// Whether the frame has another lattice.
    let isStrained: Bool
  }

  private func places(in frame: Frame) throws(InputError) -> Places {
    guard frame.periodic == reference.periodic else {
      throw InputError(
        frame.source,
        "pbc: expected that of the reference, \(reference.periodic), found \(frame.periodic)")
    }
    let target = try frame.positionCell()
    if target.rows == cell.rows { return Places(sites: sites, cell: cell, isStrained: false) }
    let own = Self.vectors(of: cell, like: target)
    let largest = Self.difference(own, target)
    guard largest <= Self.largestStrain else {
      let size = zip(["reference", "frame"], [cell, target]).map { name, cell in
        "\(name) \(rounded(abs(cell.volume))) Å³"
      }
      throw InputError(
        frame.source,
        "Lattice: expected the cell of the reference to within \(Self.largestStrain), found one "
          + "that differs by \(rounded(largest)) (\(size.joined(separator: ", ")))")
    }
    var places = sites
    for site in 0..<species.count {
      let s = own.fractional(sites[3 * site], sites[3 * site + 1], sites[3 * site + 2])
      (places[3 * site], places[3 * site + 1], places[3 * site + 2]) = target.cartesian(
        s.0, s.1, s.2)
    }
    return Places(sites: places, cell: own, isStrained: largest > Self.cellRounding)
  }

  /// The largest difference of a periodic vector from that of the reference, as a share of it.
  private static func difference(_ own: Cell, _ target: Cell) -> Double {
    var largest = 0.0
    for axis in 0..<3 where own.periodic[axis] {
      let row = Array(target.rows[3 * axis..<3 * axis + 3])
      let known = Array(own.rows[3 * axis..<3 * axis + 3])
      let difference = zip(row, known).map { $0 - $1 }
      largest = max(largest, (dot(difference, difference) / dot(known, known)).squareRoot())
    }
    return largest
  }

  /// The lattice of the reference in the vectors next to those of another cell: its own where they
  /// are near, or where the other cell has another lattice.
  private static func vectors(of cell: Cell, like target: Cell) -> Cell {
    if difference(cell, target) <= largestStrain { return cell }
    var whole: [Int] = []
    for axis in 0..<3 {
      let v = target.rows[3 * axis..<3 * axis + 3]
      let s = cell.fractional(v[3 * axis], v[3 * axis + 1], v[3 * axis + 2])
      for value in [s.0, s.1, s.2] {
        guard abs(value) < 1e6 else { return cell }
        whole.append(Int(value.rounded()))
      }
    }
    guard abs(IntegerLattice.determinant(whole)) == 1 else { return cell }
    var rows: [Double] = []
    for axis in 0..<3 {
      let v = cell.cartesian(
        Double(whole[3 * axis]), Double(whole[3 * axis + 1]), Double(whole[3 * axis + 2]))
      rows += [v.0, v.1, v.2]
    }
    let other = Cell(independent: rows, periodic: cell.periodic)
    return difference(other, target) <= largestStrain ? other : cell
  }

  private func halfSpacing(
    _ places: [Double], _ cell: Cell, _ frame: Frame
  ) throws(InputError) -> Double {
    guard places != sites else { return radius }
    do { return try nearestNeighborDistance(places, cell: cell) / 2 } catch {
      throw InputError(frame.source, "Lattice: \(error)")
    }
  }

  // MARK: Result

  private func labelled(
    _ frame: Frame, _ assigned: SiteSearch.Assignment, _ places: Places, shift: [Double]
  ) -> Match {
    let n = frame.atomCount
    let symbols = frame.species
    var defects = SiteDefects()
    defects.vacancies = assigned.atomOfSite.indices.filter { assigned.atomOfSite[$0] == nil }
    var antisiteSpecies: [String] = []
    let source = places.isStrained ? sites : assigned.places
    var referencePositions = frame.positions
    for atom in 0..<n {
      guard let site = assigned.siteOfAtom[atom] else {
        defects.interstitials.append(atom)
        continue
      }
      for k in 0..<3 { referencePositions[3 * atom + k] = source[3 * site + k] + shift[k] }
      if symbols[atom] != species[site] {
        defects.antisites.append(atom)
        antisiteSpecies.append(species[site])
      }
    }
    var result = frame
    result.removeResults(after: .reference)
    for name in ["orbit", "cell_index"] where reference.column(name) == nil {
      result.removeColumn(name)
    }
    // Those of an earlier reference.
    for name in ["ref_lattice", "space_group"] { result.removeKey(name) }
    if reference.key("sublattice_names") == nil { result.removeKey("sublattice_names") }
    func column(_ name: String, width: Int = 1, none: Int) {
      guard let values = reference.integers(name, width: width) else { return }
      result.setColumn(
        Column(
          name, width: width,
          .integer(
            (0..<n).flatMap { atom in
              assigned.siteOfAtom[atom].map { Array(values[width * $0..<width * ($0 + 1)]) }
                ?? [Int](repeating: none, count: width)
            })))
    }
    column("sublattice", none: SiteDefects.noSublattice)
    column("orbit", none: SiteDefects.noSublattice)
    column("cell_index", width: 3, none: 0)
    result.setColumn(Column("ref_pos", width: 3, .real(referencePositions)))
    if places.isStrained { result.setKey("ref_lattice", .reals(places.cell.rows)) }
    result.setKey("sitevib_format", .integer(1))
    for name in ["sublattice_names", "dimension"] {
      if let value = reference.key(name) { result.setKey(name, value) }
    }
    defects.setKeys(of: &result)
    if shift.contains(where: { $0 != 0 }) { result.setKey("reference_shift", .reals(shift)) }
    return Match(
      frame: result, defects: defects, shift: shift, antisiteSpecies: antisiteSpecies,
      largestDisplacement: assigned.largestSquare.squareRoot())
  }
}
