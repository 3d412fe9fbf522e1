/// The masses of the atoms, under the names that other programs give them.
extension Frame {
  /// The atomic masses in u, shape [N]: the column `masses` (ASE's name, u whatever its values) where
  /// there is one, else `mass` (LAMMPS, i-PI, GPUMD) where its values can only be u, else the standard
  /// atomic weights of the species.
  ///
  /// - Throws: ``InputError`` for a species without a weight, a mass that is not positive, a `mass` in
  ///   another unit, and `mass` and `masses` that differ.
  public func atomicMasses() throws(InputError) -> [Double] {
    let masses = try massColumn("masses")
    let others = try massColumn("mass")
    if let masses, let others {
      for atom in masses.indices where abs(masses[atom] - others[atom]) > 1e-3 * masses[atom] {
        throw InputError(
          source, atom: atom,
          "expected mass and masses to agree, found \(others[atom]) and \(masses[atom])")
      }
    }
    if let masses { return masses }
    if let others {
      try checkUnit(ofMasses: others)
      return others
    }
    return try standardMasses()
  }

  /// A column of positive numbers, or nil where there is none.
  private func massColumn(_ name: String) throws(InputError) -> [Double]? {
    guard let column = column(name) else { return nil }
    let values: [Double]
    switch column.values {
    case .real(let reals) where column.width == 1: values = reals
    case .integer(let integers) where column.width == 1: values = integers.map(Double.init)
    default: throw InputError(source, "expected one number an atom in column \(name), found others")
    }
    if let atom = values.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw InputError(source, atom: atom, "expected a positive mass, found \(values[atom])")
    }
    return values
  }

  private func standardMasses() throws(InputError) -> [Double] {
    var masses: [Double] = []
    masses.reserveCapacity(atomCount)
    var known: [String: Double] = [:]
    for (atom, symbol) in species.enumerated() {
      if let mass = known[symbol] {
        masses.append(mass)
        continue
      }
      let mass = try element(symbol, atom: atom).mass
      known[symbol] = mass
      masses.append(mass)
    }
    return masses
  }

  private func element(_ symbol: String, atom: Int) throws(InputError) -> Element {
    guard let element = Element(symbol: symbol) else {
      throw InputError(
        source, atom: atom,
        "expected an element with a standard atomic weight, found '\(symbol)'")
    }
    return element
  }

  // MARK: Units

  /// `mass` has no agreed unit: QUIP writes eV fs²/Å² under the same name. It is u where no value is
  /// farther from an isotope of its element than any other unit would put it.
  private func checkUnit(ofMasses masses: [Double]) throws(InputError) {
    for (atom, symbol) in species.enumerated() where Element(symbol: symbol) == nil {
      _ = try element(symbol, atom: atom)
    }
    guard let atom = atomOfAnotherUnit(masses) else { return }
    let element = try element(species[atom], atom: atom)
    let unit = Self.massUnits.first {
      abs(masses[atom] / ($0.inDaltons * element.mass) - 1) < 0.25
    }
    throw InputError(
      source, atom: atom,
      "mass: expected u, within 20 % of an isotope of \(element.symbol), found \(masses[atom]), "
        + "\(unit?.name ?? "another unit") (the column masses holds any mass in u)")
  }

  /// The first atom whose mass cannot be in u; nil where all may be. What is no element, such as X, may
  /// have any.
  private func atomOfAnotherUnit(_ masses: [Double]) -> Int? {
    var good: Set<String> = []
    for (atom, symbol) in species.enumerated() {
      // Few pairs of species and mass, many atoms.
      guard good.insert("\(symbol) \(masses[atom])").inserted else { continue }
      guard let isotopes = Element(symbol: symbol)?.isotopeMasses else { continue }
      let isNear = isotopes.contains { abs(masses[atom] / $0 - 1) <= Self.isotopeTolerance }
      if !isNear { return atom }
    }
    return nil
  }

  /// Gives `masses` that came as `mass`, without a unit, that name again where they cannot be in u: what
  /// needs masses then refuses them.
  mutating func renameUnclearMasses() {
    guard let column = column("masses"), let masses = reals("masses"),
      atomOfAnotherUnit(masses) != nil
    else { return }
    removeColumn("masses")
    setColumn(Column("mass", column.values))
  }

  private static let isotopeTolerance = 0.2

  /// How many of each unit are 1 u.
  private static let massUnits: [(name: String, inDaltons: Double)] = [
    ("which is in eV fs²/Å² (QUIP)", 103.642697), ("which is in electron masses", 1822.888486),
    ("which is in eV ps²/Å²", 1.03642697e-4), ("which is in kg", 1.66053907e-27),
    ("which is in g", 1.66053907e-24),
  ]
}

extension Element {
  /// Masses in u that an atom of this element may have: the standard weight, and the isotopes of the
  /// light elements, which lie far from it.
  fileprivate var isotopeMasses: [Double] {
    switch symbol {
    case "H": [1.008, 2.0141, 3.016]
    case "He": [3.016, 4.0026]
    case "Li": [6.0151, 6.94, 7.016]
    case "Be": [7.0169, 9.0122, 10.0135]
    case "B": [10.0129, 10.81, 11.0093]
    default: [mass]
    }
  }
}
