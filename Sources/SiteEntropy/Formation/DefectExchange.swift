public import Crystal
public import Formats

/// What the defects of a frame exchange with the reservoirs, and their name.
public struct DefectExchange: Equatable, Sendable {
  /// Such as "V_Si", "Cd_Te", "Si_i", "V_Ni+Al_Ni", "2V_Si"; "-" for a perfect crystal.
  public let name: String
  /// Atoms removed less atoms added, by species; no zeros.
  public let removed: [String: Int]
  /// Sites of the perfect crystal.
  public let siteCount: Int
  /// The species of the site of a single vacancy or antisite; nil for other defects.
  public let siteSpecies: String?
  /// Sites of a species in the perfect crystal, divided by their common factor.
  public let composition: [String: Int]

  /// - Parameter frame: That of which `crystal` is the perfect one.
  public init(_ crystal: PerfectCrystal, frame: Frame) {
    let (sites, atoms) = (crystal.frame.species, frame.species)
    var names: [String: Int] = [:]
    var removed: [String: Int] = [:]
    for site in crystal.vacancies {
      names["V_\(sites[site])", default: 0] += 1
      removed[sites[site], default: 0] += 1
    }
    for atom in crystal.antisites {
      guard let site = crystal.siteOfAtom[atom] else { continue }
      names["\(atoms[atom])_\(sites[site])", default: 0] += 1
      removed[sites[site], default: 0] += 1
      removed[atoms[atom], default: 0] -= 1
    }
    for atom in crystal.interstitials {
      names["\(atoms[atom])_i", default: 0] += 1
      removed[atoms[atom], default: 0] -= 1
    }
    // Vacancies first, then antisites, then interstitials, each by name.
    func rank(_ name: String) -> Int { name.hasPrefix("V_") ? 0 : name.hasSuffix("_i") ? 2 : 1 }
    let parts = names.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
      .map { $0.value == 1 ? $0.key : "\($0.value)\($0.key)" }
    name = parts.isEmpty ? "-" : parts.joined(separator: "+")
    self.removed = removed.filter { $0.value != 0 }
    siteCount = sites.count
    let changed =
      crystal.vacancies + crystal.antisites.compactMap { crystal.siteOfAtom[$0] }
    siteSpecies =
      changed.count == 1 && crystal.interstitials.isEmpty ? sites[changed[0]] : nil
    var counts: [String: Int] = [:]
    for species in sites { counts[species, default: 0] += 1 }
    let divisor = counts.values.reduce(0) { greatestCommonDivisor($0, $1) }
    composition = counts.mapValues { $0 / divisor }
  }

  /// Σ_removed μ - Σ_added μ in eV.
  ///
  /// Of one species whose μ is not given, the energy of the perfect crystal tells it; species that are
  /// exchanged in the proportions of the crystal need none.
  ///
  /// - Parameters:
  ///   - potentials: Chemical potentials (energies of the reference states) in eV an atom.
  ///   - perfectEnergy: Of the perfect crystal in eV a site.
  /// - Returns: nil where it takes a μ that is not given.
  public func energy(potentials: [String: Double], perfectEnergy: Double) -> Double? {
    let formula = perfectEnergy * Double(composition.values.reduce(0, +))
    let unknown = composition.keys.filter { potentials[$0] == nil }.sorted()
    let known = removed.filter { potentials[$0.key] != nil || composition[$0.key] == nil }
    var sum = 0.0
    for species in known.keys.sorted() {
      guard let mu = potentials[species] else { return nil }
      sum += Double(known[species] ?? 0) * mu
    }
    guard let first = unknown.first else { return sum }
    // n_X = t c_X for every X that is not given.
    func share(_ species: String) -> (Int, Int) {
      (removed[species] ?? 0, composition[species] ?? 1)
    }
    let (n, c) = share(first)
    for species in unknown {
      let (m, b) = share(species)
      guard n * b == m * c else { return nil }
    }
    let rest = composition.keys.sorted().reduce(0.0) {
      $0 + Double(composition[$1] ?? 0) * (potentials[$1] ?? 0)
    }
    return sum + Double(n) / Double(c) * (formula - rest)
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (abs(a), abs(b))
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
