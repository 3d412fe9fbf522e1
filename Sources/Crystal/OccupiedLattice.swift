public import Formats

/// The reference crystal of a frame whose atoms need not fill its sites one to one: some sites may be
/// vacant, some atoms of another species than their site, some without a site.
///
/// The crystal is found from the labels of the atoms that have a site (`ref_pos`, `sublattice`) and the
/// key `vacancies`, as xyz-label gives them: a lattice translation maps the sites with an atom onto
/// sites, of which as many as are vacant have none.
public struct OccupiedLattice: Sendable {
  /// The perfect crystal: the sites with an atom in the order of the frame, then the vacant ones.
  public let multilattice: Multilattice
  /// Number ℓ·S + α of the site of every atom of the frame, shape [N]; nil for an added atom.
  public let siteOfAtom: [Int?]
  /// Numbers of the vacant sites.
  public let vacantSites: [Int]
  /// Places of the vacant sites in the reference cell, in Å, shape [vacantSites.count, 3].
  public let vacantPlaces: [Double]

  /// Sites of the perfect crystal.
  public var siteCount: Int { multilattice.atomCount }

  /// - Throws: ``InputError`` for labels that are missing, or that are those of no crystal with so
  ///   many vacancies.
  public init(of frame: Frame) throws(InputError) {
    guard let reference = frame.referencePositions else {
      throw InputError(
        frame.source, "expected the column ref_pos:R:3 (xyz-label gives it), found none")
    }
    let sublattice = frame.sublattice
    let sited = (0..<frame.atomCount).filter {
      (sublattice?[$0] ?? 0) != SiteDefects.noSublattice
    }
    guard !sited.isEmpty else {
      throw InputError(frame.source, "expected atoms with a site (sublattice), found none")
    }
    let classes = Self.classes(of: frame, sited)
    let sites = try CrystalSites(
      of: frame, held: sited, reference: reference, sublattice: classes,
      vacancyCount: frame.integer("vacancies") ?? 0, searchesAlways: false)
    // Masses play no part in where the sites are.
    let perfect = sites.frame(
      species: Self.species(of: sites.sublattice, frame, sited, classes),
      masses: [Double](repeating: 1, count: sites.count), of: frame)
    let lattice = try Multilattice(referenceOf: perfect)
    let number = lattice.siteNumbers
    multilattice = lattice
    siteOfAtom = sites.siteOfAtom.map { site in site.map { number[$0] } }
    vacantSites = Array(number[sites.vacancies])
    vacantPlaces = Array(sites.positions[(3 * sited.count)...])
  }

  /// A number for every site with an atom: its sublattice, or its species where there is none.
  private static func classes(of frame: Frame, _ sited: [Int]) -> [Int] {
    if let sublattice = frame.sublattice { return sited.map { sublattice[$0] } }
    let species = frame.species
    var known: [String: Int] = [:]
    return sited.map { atom in
      let next = known.count
      let number = known[species[atom]] ?? next
      known[species[atom]] = number
      return number
    }
  }

  /// The species of each site: that of most atoms of its class.
  private static func species(
    of sites: [Int], _ frame: Frame, _ sited: [Int], _ classes: [Int]
  ) -> [String] {
    let species = frame.species
    var counts: [Int: [String: Int]] = [:]
    for (atom, number) in zip(sited, classes) {
      counts[number, default: [:]][species[atom], default: 0] += 1
    }
    // Of two that are as frequent, the first by name: equal input, equal result.
    let most = counts.mapValues { found in
      found.max { $0.value == $1.value ? $0.key > $1.key : $0.value < $1.value }?.key ?? "X"
    }
    return sites.map { most[$0] ?? "X" }
  }
}
