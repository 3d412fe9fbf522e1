internal import Formats

extension DefectMaker {
  /// One place that a defect can have.
  struct Choice: Equatable, Sendable {
    /// Basis site, or basis.count + number of the interstice in the list of the search.
    let point: Int
    /// Translation of the supercell.
    let element: Int
    let defect: PlacedDefect
    /// From the centre of the frame, in Å.
    let distance: Double
  }

  /// The places that each defect can have, nearest to the centre first, and the points of the
  /// primitive cell that they are translations of.
  struct ChoiceTable: Sendable {
    /// Shape [defects, choices].
    var choices: [[Choice]] = []
    /// Positions in the primitive cell in Å: the basis sites, then the interstices.
    var points: [[Double]]
  }

  /// - Throws: ``InputError`` where a defect has no place at all.
  func table(_ defects: [PointDefect]) throws(InputError) -> ChoiceTable {
    var table = ChoiceTable(points: lattice.basis.map(\.position))
    // Interstices of one kind asked for twice are the same points.
    var known: [Interstice.Kind: [Int]] = [:]
    for defect in defects {
      switch defect {
      case .vacancy(let site):
        table.choices.append(
          try sites(site, "--vacancy").map { choice($0, .vacancy) })
      case .antisite(let site, let symbol):
        let found = try sites(site, "--antisite").filter { species[$0] != symbol }
        guard !found.isEmpty else {
          throw InputError(
            reference.source,
            "--antisite: expected a site of another species than \(symbol), found none")
        }
        table.choices.append(found.map { choice($0, .antisite(species: symbol)) })
      case .split(let site, let symbol, let direction):
        let change = PlacedDefect.Change.split(
          species: symbol, vector: try splitVector(direction))
        table.choices.append(try sites(site, "--split").map { choice($0, change) })
      case .interstitial(let symbol, .place(let place)):
        table.points.append(place)
        let change = PlacedDefect.Change.interstitial(species: symbol)
        table.choices.append([
          choice(table.points.count - 1, 0, change, nil, place)
        ])
      case .interstitial(let symbol, .kind(let kind)):
        if known[kind] == nil {
          let found = try interstices(kind)
          known[kind] = Array(table.points.count..<table.points.count + found.count)
          table.points += found.map(\.position)
        }
        table.choices.append(
          interstitials(symbol, points: known[kind] ?? [], positions: table.points))
      }
      let last = table.choices.count - 1
      table.choices[last] = table.choices[last].enumerated().sorted {
        // Equal distances differ by rounding.
        abs($0.element.distance - $1.element.distance) > 1e-6
          ? $0.element.distance < $1.element.distance : $0.offset < $1.offset
      }.map(\.element)
    }
    return table
  }

  // MARK: Sites

  private func sites(_ selection: SiteSelection, _ option: String) throws(InputError) -> [Int] {
    let all = Array(0..<species.count)
    switch selection {
    case .index(let index):
      guard all.indices.contains(index) else {
        throw InputError(
          reference.source,
          "\(option): expected a site from 0 to \(species.count - 1), found \(index)")
      }
      return [index]
    case .center, .any: return all
    case .name(let name):
      if let sublattice = sublatticeNames.firstIndex(of: name) {
        let own = reference.sublattice ?? []
        let found = all.filter { own[$0] == sublattice }
        if !found.isEmpty { return found }
      }
      let found = all.filter { species[$0] == name }
      guard found.isEmpty else { return found }
      var names: [String] = []
      for known in sublatticeNames + species where !names.contains(known) { names.append(known) }
      throw InputError(
        reference.source,
        "\(option): expected the number of a site, center, any, or a sublattice or species among "
          + "\(names.prefix(20).joined(separator: " ")), found '\(name)'")
    }
  }

  private func choice(_ site: Int, _ change: PlacedDefect.Change) -> Choice {
    choice(
      lattice.basisOfAtom[site], lattice.translationOfAtom[site], change, site,
      Array(sites[3 * site..<3 * site + 3]))
  }

  private func choice(
    _ point: Int, _ element: Int, _ change: PlacedDefect.Change, _ site: Int?, _ place: [Double]
  ) -> Choice {
    let u = reduced.minimumImage(
      place[0] - center[0], place[1] - center[1], place[2] - center[2])
    return Choice(
      point: point, element: element,
      defect: PlacedDefect(change: change, site: site, position: place),
      distance: (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot())
  }

  // MARK: Interstices

  private func interstices(_ kind: Interstice.Kind) throws(InputError) -> [Interstice] {
    guard reference.dimension == 3 || kind == .bond else {
      throw InputError(
        reference.source,
        "--interstitial: expected bond or a place in \(reference.dimension) dimensions, found "
          + kind.rawValue)
    }
    guard lattice.basis.count <= IntersticeSearch.siteLimit else {
      throw InputError(
        reference.source,
        "--interstitial: expected at most \(IntersticeSearch.siteLimit) sites in a primitive cell, "
          + "found \(lattice.basis.count)")
    }
    let search = IntersticeSearch(lattice)
    let found = try interstices(kind, search)
    guard found.isEmpty else { return found }
    var others: [String] = []
    for other in Interstice.Kind.allCases where other != kind {
      if try !interstices(other, search).isEmpty { others.append(other.rawValue) }
    }
    throw InputError(
      reference.source,
      "--interstitial: expected a kind of place that the crystal has "
        + "(\(others.joined(separator: ", "))), found \(kind.rawValue)")
  }

  private func interstices(
    _ kind: Interstice.Kind, _ search: IntersticeSearch
  ) throws(InputError) -> [Interstice] {
    do { return try search.found(kind) } catch { throw InputError(reference.source, error) }
  }

  private func interstitials(
    _ symbol: String, points: [Int], positions: [[Double]]
  ) -> [Choice] {
    let change = PlacedDefect.Change.interstitial(species: symbol)
    return points.flatMap { point in
      (0..<lattice.group.count).map { element in
        let t = lattice.vector(of: lattice.group.translation(at: element))
        let place = zip(positions[point], t).map { $0 + $1 }
        let u = reduced.minimumImage(
          place[0] - center[0], place[1] - center[1], place[2] - center[2])
        return choice(
          point, element, change, nil, [center[0] + u.0, center[1] + u.1, center[2] + u.2])
      }
    }
  }
}
