internal import Crystal
public import Formats

/// What the environment of a site tells apart, and which sites share coefficients (mathematics.md (8.1)).
///
/// A site belongs to a centre channel (species, class of sublattices): one block of coefficients.
/// Its neighbours belong to neighbour channels z. Sublattices that a symmetry of the reference
/// relates form one class; where z holds the sublattice, that of a neighbour is taken as the same
/// symmetry carries it, so that both sites of diamond see their own kind under the same name.
///
/// Point defects: an atom of another species than its site, and an added atom (sublattice -1, "Si.i"),
/// have centre channels of their own. An empty site is no neighbour: its absence is what the others see.
public struct Channels: Equatable, Sendable {
  /// What a neighbour channel stands for.
  public enum Resolution: String, Codable, Sendable, CaseIterable {
    case none, species, sublattice, both
  }

  /// Whether equivalent sublattices share a block of coefficients.
  public enum Sharing: String, Codable, Sendable, CaseIterable {
    case auto, never
  }

  /// A species on a sublattice: a pure neighbour or centre, before classes and names.
  public struct Site: Codable, Hashable, Sendable {
    public let species: String
    public let sublattice: Int

    public init(species: String, sublattice: Int) {
      (self.species, self.sublattice) = (species, sublattice)
    }

    /// Whether it is an atom without a site.
    var isAdded: Bool { sublattice == SiteDefects.noSublattice }
    var name: String { "\(species).\(place(sublattice))" }

    fileprivate func place(_ sublattice: Int) -> String { isAdded ? "i" : String(sublattice) }
  }

  public let resolution: Resolution
  public let sharing: Sharing
  /// All sites that may occur: those of the reference, then substitutions.
  public let sites: [Site]
  /// The class of each sublattice: the smallest of those equivalent to it.
  public let classes: [Int]
  /// As which sublattice a neighbour counts for a centre on sublattice s: carriers[s][t].
  public let carriers: [[Int]]
  /// Names of the neighbour channels: "Si", "Si.0", "*.0" or "*".
  public let neighborNames: [String]
  /// Names of the centre channels, "Si.0": species, class.
  public let centerNames: [String]
  /// Centre channel of each site.
  let centerOfSite: [Int]
  /// Neighbour channel of each site seen from each sublattice, shape [sublattices, sites].
  let neighborOfSite: [Int]

  /// Whether atoms that are not on a site of their own have channels.
  public var takesDefects: Bool { sites.count > classes.count }
  public var neighborCount: Int { neighborNames.count }
  public var centerCount: Int { centerNames.count }

  /// - Parameters:
  ///   - species: Species of each sublattice of the reference, shape [S].
  ///   - classes: Class of each sublattice, its smallest member, shape [S].
  ///   - carriers: Permutation of the sublattices for each, shape [S, S]: ``SiteSymmetry/carriers``.
  ///   - substitutions: Further species that may stand on a sublattice (antisites).
  public init(
    species: [String], classes: [Int], carriers: [[Int]], resolution: Resolution,
    sharing: Sharing, substitutions: [Site] = []
  ) {
    let count = species.count
    precondition(classes.count == count && carriers.count == count, "channels: shapes disagree")
    (self.resolution, self.sharing) = (resolution, sharing)
    let own = Array(0..<count)
    let shared = sharing == .auto
    self.classes = shared ? classes : own
    self.carriers = shared ? carriers : [[Int]](repeating: own, count: count)
    var sites = own.map { Site(species: species[$0], sublattice: $0) }
    // A substitution may be seen as any sublattice that a carrier makes of its own.
    for substitution in substitutions {
      let images = self.carriers.compactMap {
        substitution.isAdded ? nil : $0[substitution.sublattice]
      }
      for image in Set(images).union([substitution.sublattice]).sorted() {
        let site = Site(species: substitution.species, sublattice: image)
        if !sites.contains(site) { sites.append(site) }
      }
    }
    self.sites = sites
    func neighborName(_ site: Site) -> String {
      switch resolution {
      case .none: "*"
      case .species: site.species
      case .sublattice: "*.\(site.place(site.sublattice))"
      case .both: site.name
      }
    }
    func unique(_ names: [String]) -> [String] {
      names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    let representatives = self.classes
    let centers = sites.map { site in
      "\(site.species).\(site.place(site.isAdded ? 0 : representatives[site.sublattice]))"
    }
    centerNames = unique(centers)
    let neighborNames = unique(sites.map(neighborName))
    self.neighborNames = neighborNames
    centerOfSite = centers.map { unique(centers).firstIndex(of: $0) ?? 0 }
    let permutations = self.carriers
    // The last row is that of added atoms, which no symmetry carries.
    neighborOfSite = (permutations + [own]).flatMap { carrier in
      sites.map { site in
        let image = Site(
          species: site.species,
          sublattice: site.isAdded ? site.sublattice : carrier[site.sublattice])
        return neighborNames.firstIndex(of: neighborName(image)) ?? 0
      }
    }
  }

  /// Channels of the reference crystal of a frame; equivalent sublattices are found with spglib,
  /// and where the frame has a column `orbit`, only those it puts into one orbit are shared.
  ///
  /// - Parameters:
  ///   - frame: Without defects: ``PerfectCrystal`` gives it for one that has some.
  ///   - takesDefects: Whether atoms of the crystal's species have channels on every sublattice and
  ///     without a site.
  /// - Throws: ``InputError`` where labels are missing or disagree with each other.
  public init(
    reference frame: Frame, resolution: Resolution, sharing: Sharing, takesDefects: Bool = false
  ) throws(InputError) {
    let sublattice = try frame.requiredSublattice()
    guard let last = sublattice.max(), let first = sublattice.min(), first >= 0, last < 10_000
    else {
      throw InputError(frame.source, "sublattice: expected numbers from 0 to 9999, found others")
    }
    var species = [String?](repeating: nil, count: last + 1)
    for (atom, label) in sublattice.enumerated() {
      let symbol = frame.species[atom]
      if let known = species[label], known != symbol {
        throw InputError(
          frame.source, atom: atom,
          "expected species \(known) on sublattice \(label) of the reference, found \(symbol)")
      }
      species[label] = symbol
    }
    let names = species.compactMap { $0 }
    guard names.count == species.count else {
      let missing = species.firstIndex { $0 == nil } ?? 0
      throw InputError(frame.source, "expected atoms on sublattice \(missing), found none")
    }
    let own = Array(names.indices)
    var classes = own
    var carriers = [[Int]](repeating: own, count: own.count)
    if sharing == .auto, own.count > 1 {
      (classes, carriers) = try equivalentSublattices(of: frame, count: own.count)
    }
    var others: [Site] = []
    if takesDefects {
      let kinds = Set(names).sorted()
      for (sublattice, own) in names.enumerated() {
        others += kinds.filter { $0 != own }.map { Site(species: $0, sublattice: sublattice) }
      }
      others += kinds.map { Site(species: $0, sublattice: SiteDefects.noSublattice) }
    }
    self.init(
      species: names, classes: classes, carriers: carriers, resolution: resolution,
      sharing: sharing, substitutions: others)
  }

  /// The site kind of every atom: its index in `sites`.
  ///
  /// - Throws: ``InputError`` naming the first atom that no channel covers.
  public func siteKinds(of frame: Frame) throws(InputError) -> [Int32] {
    let sublattice: [Int]
    if takesDefects, let own = frame.sublattice {
      sublattice = own
    } else {
      sublattice = try frame.requiredSublattice()
    }
    let species = frame.species
    var known: [Site: Int32] = [:]
    for (index, site) in sites.enumerated() { known[site] = Int32(index) }
    var kinds: [Int32] = []
    kinds.reserveCapacity(species.count)
    for atom in species.indices {
      guard let kind = known[Site(species: species[atom], sublattice: sublattice[atom])] else {
        let error = DescriptorError.unknownSite(
          species: species[atom], sublattice: sublattice[atom],
          known: sites.map(\.name))
        throw InputError(frame.source, atom: atom, error.description)
      }
      kinds.append(kind)
    }
    return kinds
  }

  /// Centre channel of a site kind.
  public func centerChannel(ofKind kind: Int32) -> Int { centerOfSite[Int(kind)] }

  /// Neighbour channel of a site kind, seen from a centre of another.
  public func neighborChannel(ofKind kind: Int32, from center: Int32) -> Int32 {
    let site = sites[Int(center)]
    let row = site.isAdded ? classes.count : site.sublattice
    return Int32(neighborOfSite[row * sites.count + Int(kind)])
  }
}

extension Channels: Codable {
  private enum CodingKeys: String, CodingKey {
    case resolution, sharing, species, classes, carriers, substitutions, neighbors, centers
  }

  /// Writes what defines the channels, and their names for people.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(resolution, forKey: .resolution)
    try container.encode(sharing, forKey: .sharing)
    try container.encode(sites.prefix(classes.count).map(\.species), forKey: .species)
    try container.encode(classes, forKey: .classes)
    try container.encode(carriers, forKey: .carriers)
    try container.encode(Array(sites.dropFirst(classes.count)), forKey: .substitutions)
    try container.encode(neighborNames, forKey: .neighbors)
    try container.encode(centerNames, forKey: .centers)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let species = try container.decode([String].self, forKey: .species)
    let classes = try container.decode([Int].self, forKey: .classes)
    let carriers = try container.decode([[Int]].self, forKey: .carriers)
    let substitutions = try container.decode([Site].self, forKey: .substitutions)
    let own = Array(species.indices)
    guard !species.isEmpty, classes.count == species.count, carriers.count == species.count,
      classes.allSatisfy(own.contains), carriers.allSatisfy({ $0.sorted() == own }),
      substitutions.allSatisfy({ $0.isAdded || own.contains($0.sublattice) })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .carriers, in: container, debugDescription: "channels disagree with each other")
    }
    self.init(
      species: species, classes: classes, carriers: carriers,
      resolution: try container.decode(Resolution.self, forKey: .resolution),
      sharing: try container.decode(Sharing.self, forKey: .sharing), substitutions: substitutions)
    guard neighborNames == (try container.decode([String].self, forKey: .neighbors)),
      centerNames == (try container.decode([String].self, forKey: .centers))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .neighbors, in: container, debugDescription: "names disagree with the channels")
    }
  }
}

/// Classes and carriers of the sublattices of a reference.
private func equivalentSublattices(
  of frame: Frame, count: Int
) throws(InputError) -> (classes: [Int], carriers: [[Int]]) {
  let crystal = try Multilattice(referenceOf: frame)
  let labels = crystal.basis.map { $0.sublattice ?? 0 }
  let symmetry: SiteSymmetry
  do {
    symmetry = try SiteSymmetry(
      cell: Cell(rows: crystal.primitiveVectors, periodic: frame.periodic),
      positions: crystal.basis.flatMap(\.position), classes: crystal.basis.map(\.species))
  } catch {
    throw InputError(frame.source, "\(error)")
  }
  let given = frame.orbit
  let sublattice = frame.sublattice ?? []
  var orbitOfLabel = Array(0..<count)
  if let given {
    for (atom, label) in sublattice.enumerated() { orbitOfLabel[label] = given[atom] }
  }
  var classes = Array(0..<count)
  var carriers = [[Int]](repeating: classes, count: count)
  for label in 0..<count {
    // Several basis sites under one label (a coarse labelling) have one carrier only if it maps
    // labels onto labels; where it does not, the sublattice keeps its own class.
    let sites = labels.indices.filter { labels[$0] == label }
    guard let site = sites.first else { continue }
    let target = labels[symmetry.orbits[site]]
    guard target < label, given == nil || orbitOfLabel[label] == orbitOfLabel[target] else {
      continue
    }
    var image = [Int](repeating: -1, count: count)
    var isConsistent = sites.allSatisfy { labels[symmetry.carriers[site][$0]] == target }
    for (from, to) in symmetry.carriers[site].enumerated() {
      if image[labels[from]] >= 0, image[labels[from]] != labels[to] { isConsistent = false }
      image[labels[from]] = labels[to]
    }
    guard isConsistent, classes[target] == target else { continue }
    classes[label] = target
    carriers[label] = image
  }
  return (classes, carriers)
}
