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
    var places = sited.flatMap { reference[3 * $0..<3 * $0 + 3] }
    let cell = try frame.cellOfReference()
    let missing = try VacantSites(
      of: frame, places: places, classes: classes, cell: cell,
      count: frame.integer("vacancies") ?? 0)
    places += missing.places
    let numbers = classes + missing.classes
    var perfect = Frame(
      species: Self.species(of: numbers, frame, sited, classes), positions: places,
      cell: frame.referenceCell, periodic: frame.periodic, source: frame.source)
    perfect.setColumn(Column("sublattice", .integer(numbers)))
    perfect.setColumn(Column("ref_pos", width: 3, .real(places)))
    // Masses play no part in where the sites are.
    perfect.setColumn(Column("masses", .real([Double](repeating: 1, count: numbers.count))))
    if frame.dimension != 3 { perfect.setKey("dimension", .integer(frame.dimension)) }
    let lattice = try Multilattice(referenceOf: perfect)
    let s = lattice.basis.count
    let number = (0..<lattice.atomCount).map {
      lattice.translationOfAtom[$0] * s + lattice.basisOfAtom[$0]
    }
    var siteOfAtom = [Int?](repeating: nil, count: frame.atomCount)
    for (index, atom) in sited.enumerated() { siteOfAtom[atom] = number[index] }
    multilattice = lattice
    self.siteOfAtom = siteOfAtom
    vacantSites = Array(number[sited.count...])
    vacantPlaces = missing.places
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

/// The sites of a crystal that have no atom.
private struct VacantSites {
  /// In Å, shape [count, 3].
  private(set) var places: [Double] = []
  private(set) var classes: [Int] = []

  /// Translations that are tried at most.
  private static let candidateLimit = 64

  /// - Parameters:
  ///   - places: Of the sites with an atom, in Å, shape [n, 3].
  ///   - classes: A number for each of them; sites of one class are translations of each other.
  ///   - count: Vacant sites.
  /// - Throws: ``InputError`` where another number of sites is vacant.
  init(
    of frame: Frame, places sited: [Double], classes: [Int], cell: Cell, count: Int
  ) throws(InputError) {
    guard count > 0 else { return }
    let index = PositionIndex(
      positions: sited, cell: cell, tolerance: Multilattice.tolerance)
    var sizes: [Int: Int] = [:]
    for number in classes { sizes[number, default: 0] += 1 }
    let commonest = sizes.max { $0.value == $1.value ? $0.key > $1.key : $0.value < $1.value }?.key
    let members = classes.indices.filter { classes[$0] == commonest }
    let reduced = ReducedCell(cell)
    let origin = members[0]
    var vectors = members.dropFirst().map { other in
      reduced.minimumImage(
        sited[3 * other] - sited[3 * origin], sited[3 * other + 1] - sited[3 * origin + 1],
        sited[3 * other + 2] - sited[3 * origin + 2])
    }
    func squared(_ v: (Double, Double, Double)) -> Double { v.0 * v.0 + v.1 * v.1 + v.2 * v.2 }
    vectors.sort { squared($0) < squared($1) }
    for vector in vectors.prefix(Self.candidateLimit) where self.classes.count < count {
      var missing: [(place: [Double], number: Int)] = []
      for site in classes.indices {
        let place = [
          sited[3 * site] + vector.0, sited[3 * site + 1] + vector.1,
          sited[3 * site + 2] + vector.2,
        ]
        if let image = index.atom(atX: place[0], place[1], place[2]) {
          guard classes[image] == classes[site] else {
            missing = []
            break
          }
        } else {
          missing.append((place, classes[site]))
          guard missing.count <= count else {
            missing = []
            break
          }
        }
      }
      for (place, number) in missing where !contains(place, reduced) {
        places += place
        self.classes.append(number)
      }
    }
    guard self.classes.count == count else {
      throw InputError(
        frame.source,
        "vacancies: expected \(count) sites of the reference crystal (ref_pos, sublattice) without "
          + "an atom, found \(self.classes.count)")
    }
  }

  private func contains(_ place: [Double], _ reduced: ReducedCell) -> Bool {
    for start in stride(from: 0, to: places.count, by: 3) {
      let u = reduced.minimumImage(
        places[start] - place[0], places[start + 1] - place[1], places[start + 2] - place[2])
      let squared = u.0 * u.0 + u.1 * u.1 + u.2 * u.2
      // Images of one site differ by the rounding of the file.
      if squared < 100 * Multilattice.tolerance * Multilattice.tolerance { return true }
    }
    return false
  }
}
