public import Formats

/// The perfect crystal in the reference cell of a frame with point defects, and which of its sites
/// each atom has.
///
/// The sites are those that atoms hold (`ref_pos`), and the empty ones, which the translations of the
/// crystal tell: a translation carries every held site to a held one or to an empty one.
public struct PerfectCrystal: Sendable {
  /// The perfect crystal at its reference positions, with labels and masses: first the sites of the
  /// atoms that have one, in their order, then the empty sites.
  public let frame: Frame
  /// The site of each atom, a number of `frame`; nil for an atom without a site (an added one).
  public let siteOfAtom: [Int?]
  /// The empty sites, numbers of `frame`.
  public let vacancies: [Int]
  /// Atoms of another species than their site, numbers of the frame with defects.
  public let antisites: [Int]
  /// Atoms without a site, numbers of the frame with defects.
  public let interstitials: [Int]

  /// - Parameter frame: With the columns `sublattice` and `ref_pos`, and the keys of its defects as
  ///   xyz-label gives them.
  /// - Throws: ``InputError`` for missing labels, and where keys and sites do not agree.
  /// - Complexity: O(N).
  public init(of frame: Frame) throws(InputError) {
    let labels = try DefectLabels(frame)
    let held = labels.siteAtoms
    let sites = try CrystalSites(
      of: frame, held: held, reference: labels.referencePositions,
      sublattice: held.map { labels.sublattice[$0] }, vacancyCount: labels.vacancyCount,
      searchesAlways: true)
    let masses = try frame.atomicMasses()
    let antisites = Set(labels.antisites)
    var species = held.map { labels.species[$0] }
    var siteMasses = held.map { masses[$0] }
    for (site, atom) in held.enumerated() where antisites.contains(atom) {
      let owner = try Self.owner(of: sites.sublattice[site], labels, masses, frame)
      (species[site], siteMasses[site]) = owner
    }
    for site in sites.vacancies {
      let owner = try Self.owner(of: sites.sublattice[site], labels, masses, frame)
      species.append(owner.species)
      siteMasses.append(owner.mass)
    }
    self.frame = sites.frame(species: species, masses: siteMasses, of: frame)
    siteOfAtom = sites.siteOfAtom
    vacancies = Array(sites.vacancies)
    (self.antisites, interstitials) = (labels.antisites, labels.interstitials)
  }

  /// Refuses atoms that have left their sites.
  ///
  /// Half the way to a neighbour is the middle of a hop, where a saddle may be; beyond three quarters
  /// the atom is another site's.
  ///
  /// - Parameter nearestNeighborDistance: Of the crystal in Å.
  /// - Returns: The displacements of the atoms from their sites in Å, those of added atoms 0, shape
  ///   [N, 3].
  /// - Throws: ``InputError`` with the atom, also for positions beyond 1e9 Å.
  @discardableResult public func checkDisplacements(
    of frame: Frame, nearestNeighborDistance: Double
  ) throws(InputError) -> [Double] {
    let limit = Self.largestShare * nearestNeighborDistance
    var displacements = [Double](repeating: 0, count: 3 * frame.atomCount)
    let cell = try frame.positionCell()
    let referenceCell = try frame.cellOfReference()
    let isStrained = frame.cell != frame.referenceCell
    let reduced = ReducedCell(cell)
    let (positions, sites) = (frame.positions, self.frame.positions)
    for (atom, site) in siteOfAtom.enumerated() {
      let x = Array(positions[3 * atom..<3 * atom + 3])
      guard x.allSatisfy({ abs($0) < 1e9 }) else {
        throw InputError(
          frame.source, atom: atom,
          "expected positions within 1e9 Å, found another at atom \(atom + 1)")
      }
      guard let site else { continue }
      var y = (sites[3 * site], sites[3 * site + 1], sites[3 * site + 2])
      if isStrained {
        let s = referenceCell.fractional(y.0, y.1, y.2)
        y = cell.cartesian(s.0, s.1, s.2)
      }
      let u = reduced.minimumImage(x[0] - y.0, x[1] - y.1, x[2] - y.2)
      let length = (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
      guard length < limit else {
        throw InputError(
          frame.source, atom: atom,
          "expected displacements below 3/4 of the nearest-neighbour distance (\(rounded(limit)) Å), "
            + "found \(rounded(length)) Å at atom \(atom + 1) (xyz-label --reference finds its site)"
        )
      }
      (displacements[3 * atom], displacements[3 * atom + 1]) = (u.0, u.1)
      displacements[3 * atom + 2] = u.2
    }
    return displacements
  }

  /// The largest displacement of an atom that still has its site, in nearest-neighbour distances.
  static let largestShare = 0.75

  /// Species and mass that the sites of a sublattice have in the crystal.
  private static func owner(
    of sublattice: Int, _ labels: DefectLabels, _ masses: [Double], _ frame: Frame
  ) throws(InputError) -> (species: String, mass: Double) {
    let odd = Set(labels.antisites)
    var found: (species: String, mass: Double)?
    for atom in labels.siteAtoms
    where labels.sublattice[atom] == sublattice && !odd.contains(atom) {
      let this = (labels.species[atom], masses[atom])
      guard let known = found else {
        found = this
        continue
      }
      guard known == this else {
        throw InputError(
          frame.source, atom: atom,
          "expected one species and mass on sublattice \(sublattice), which tells what a defect "
            + "replaces, found \(known.species) (\(known.mass) u) and \(this.0) (\(this.1) u)")
      }
    }
    guard let found else {
      throw InputError(
        frame.source,
        "expected an atom of the crystal on sublattice \(sublattice), which tells what a defect "
          + "replaces, found none")
    }
    return found
  }
}

/// The labels of a frame with defects, checked against the counts of its keys.
private struct DefectLabels {
  let species: [String]
  let sublattice: [Int]
  let referencePositions: [Double]
  /// Atoms that have a site, ascending.
  let siteAtoms: [Int]
  let antisites: [Int]
  let interstitials: [Int]
  let vacancyCount: Int

  init(_ frame: Frame) throws(InputError) {
    guard let sublattice = frame.sublattice, let positions = frame.referencePositions else {
      throw InputError(
        frame.source,
        "expected the columns sublattice:I:1 and ref_pos:R:3 (xyz-label gives them), found "
          + (frame.sublattice == nil ? "no sublattice" : "no ref_pos"))
    }
    (species, self.sublattice, referencePositions) = (frame.species, sublattice, positions)
    siteAtoms = sublattice.indices.filter { sublattice[$0] >= 0 }
    interstitials = sublattice.indices.filter { sublattice[$0] < 0 }
    let counts = try ["vacancies", "antisites", "interstitials"].map {
      (name) throws(InputError) in try Self.count(name, frame)
    }
    guard interstitials.count == counts[2] else {
      throw InputError(
        frame.source,
        "expected as many atoms without a site (sublattice -1) as the key interstitials says, "
          + "\(counts[2]), found \(interstitials.count)")
    }
    guard !siteAtoms.isEmpty else {
      throw InputError(frame.source, "expected atoms on sites of the crystal, found none")
    }
    vacancyCount = counts[0]
    antisites = try Self.antisites(frame, sublattice, count: counts[1])
  }

  private static func count(_ name: String, _ frame: Frame) throws(InputError) -> Int {
    guard let value = frame.key(name) else { return 0 }
    guard case .integer(let count) = value, count >= 0 else {
      throw InputError(frame.source, "key \(name): expected a count, found another value")
    }
    return count
  }

  private static func antisites(
    _ frame: Frame, _ sublattice: [Int], count: Int
  ) throws(InputError) -> [Int] {
    let listed =
      switch frame.key("antisite_atoms") {
      case .integer(let atom): [atom]
      case .integers(let atoms): atoms
      default: [Int]()
      }
    guard listed.allSatisfy({ sublattice.indices.contains($0) && sublattice[$0] >= 0 }),
      Set(listed).count == listed.count
    else {
      throw InputError(
        frame.source, "key antisite_atoms: expected atoms that have a site, found others")
    }
    if listed.count == count { return listed.sorted() }
    // The list of many is cut: those of the rarer species.
    let species = frame.species
    var counts: [Int: [String: Int]] = [:]
    for atom in sublattice.indices where sublattice[atom] >= 0 {
      counts[sublattice[atom], default: [:]][species[atom], default: 0] += 1
    }
    let owners = counts.mapValues { $0.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    let found = sublattice.indices.filter { atom in
      sublattice[atom] >= 0 && owners[sublattice[atom]] != species[atom]
    }
    guard found.count == count, Set(listed).isSubset(of: found) else {
      throw InputError(
        frame.source,
        "expected \(count) atoms of another species than their site (key antisites), found "
          + "\(listed.isEmpty ? found.count : listed.count)")
    }
    return found
  }
}
