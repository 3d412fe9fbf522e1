public import Formats

/// Makes point defects in a labelled reference, with the labels that ``ReferenceMatcher`` gives.
public struct DefectMaker: Sendable {
  let reference: Frame
  let lattice: Multilattice
  let species: [String]
  /// Reference positions in Å, shape [N, 3].
  let sites: [Double]
  let reduced: ReducedCell
  /// The centre of the frame in Å: of several choices the one nearest to it is taken.
  let center: [Double]
  /// Named in `sublattice_names`, by sublattice; empty where there is no such key.
  let sublatticeNames: [String]
  /// Minimum image of pos - ref_pos in Å, shape [N, 3].
  private let displacements: [Double]
  private let matcher: ReferenceMatcher

  /// Two atoms nearer than this, in units of the nearest-neighbour distance, are on top of each
  /// other.
  static let closest = 0.25
  /// Distance between the two atoms of a split in the same units.
  private static let splitLength = 0.8

  /// - Parameter reference: A perfect crystal with labels, displaced or not.
  /// - Throws: ``InputError`` for missing labels and what is no crystal.
  /// - Complexity: O(N).
  public init(_ reference: Frame) throws(InputError) {
    _ = try reference.requiredSublattice()
    sites = try reference.requiredReferencePositions()
    lattice = try Multilattice(referenceOf: reference)
    displacements = try reference.displacements(
      nearestNeighborDistance: lattice.nearestNeighborDistance)
    reduced = ReducedCell(lattice.cell)
    center = try reference.centralPlace()
    matcher = try ReferenceMatcher(reference)
    species = reference.species
    sublatticeNames =
      reference.text("sublattice_names")?.split(separator: " ").map(String.init) ?? []
    self.reference = reference
  }

  /// The vector of a split in Å, shape [3].
  ///
  /// - Parameter direction: h, k, l.
  func splitVector(_ direction: [Double]) throws(InputError) -> [Double] {
    let rows = zip(lattice.cell.rows.indices, lattice.cell.rows).map { index, value in
      value / Double(lattice.cellMultiples[index / 3])
    }
    var v = [0.0, 0.0, 0.0]
    for axis in 0..<3 where lattice.cell.periodic[axis] {
      for k in 0..<3 { v[k] += direction[axis] * rows[3 * axis + k] }
    }
    let length = dot(v, v).squareRoot()
    guard length > 0, length.isFinite else {
      throw InputError(
        reference.source, "--split: expected a direction along periodic axes, found none")
    }
    return v.map { $0 / length * Self.splitLength * lattice.nearestNeighborDistance }
  }

  // MARK: Frames

  /// The reference with the defects, labelled.
  ///
  /// Atoms keep their order; added ones follow. Columns other than labels and masses go where atoms
  /// are added or of another species, as nobody knows their values there; results always go.
  ///
  /// - Parameters:
  ///   - copy: Number of a frame drawn at random, for `config_id`.
  ///   - seed: Of the random numbers, for the key `seed`.
  /// - Throws: ``InputError`` for a defect on top of an atom, two defects of one site, and where
  ///   nothing is left.
  public func frame(
    with defects: [PlacedDefect], copy: Int? = nil, seed: UInt64? = nil
  ) throws(InputError) -> Frame {
    var symbols = species
    var positions = reference.positions
    var masses = reference.reals("masses")
    let known = commonMasses()
    var removed: Set<Int> = []
    var used: Set<Int> = []
    var added: [(species: String, position: [Double])] = []
    for defect in defects {
      if let site = defect.site, !used.insert(site).inserted {
        throw InputError(
          reference.source, "expected one defect a site, found two of site \(site)")
      }
      switch (defect.change, defect.site) {
      case (.vacancy, let site?): removed.insert(site)
      case (.antisite(let symbol), let site?):
        symbols[site] = symbol
        let mass = try mass(of: symbol, among: known)
        masses?[site] = mass
      case (.split(let symbol, let vector), let site?):
        let place = Array(positions[3 * site..<3 * site + 3])
        added.append((symbol, (0..<3).map { place[$0] + 0.5 * vector[$0] }))
        for k in 0..<3 { positions[3 * site + k] -= 0.5 * vector[k] }
      case (.interstitial(let symbol), _): added.append((symbol, try position(of: defect)))
      default: preconditionFailure("a defect of a site without the site")
      }
    }
    let kept = (0..<species.count).filter { !removed.contains($0) }
    guard !kept.isEmpty else {
      throw InputError(reference.source, "expected atoms besides the vacancies, found none")
    }
    let places = kept.flatMap { positions[3 * $0..<3 * $0 + 3] }
    try check(added.map(\.position), among: places, kept)
    var columns = [
      Column("species", .text(kept.map { symbols[$0] } + added.map(\.species))),
      Column("pos", width: 3, .real(places + added.flatMap(\.position))),
    ]
    if let masses {
      let more = try added.map { (atom) throws(InputError) in
        try mass(of: atom.species, among: known)
      }
      columns.append(Column("masses", .real(kept.map { masses[$0] } + more)))
    }
    var bare = reference
    bare.removeResults(after: .reference)
    if added.isEmpty && symbols == species {
      let own = [
        "species", "pos", "masses", "sublattice", "orbit", "cell_index", "ref_pos", "core",
      ]
      for column in bare.columns where !own.contains(column.name) {
        columns.append(column.rows(kept))
      }
    }
    var frame = Frame(
      columns: columns, keys: bare.keys, cell: reference.cell, periodic: reference.periodic,
      source: reference.source)
    setKeys(of: &frame, defects, copy: copy)
    if let seed { frame.setSeed(seed) }
    return try labelled(frame, defects, removed)
  }

  /// The masses of the species of which all atoms of the crystal have the same.
  private func commonMasses() -> [String: Double] {
    guard let masses = reference.reals("masses") else { return [:] }
    var found: [String: Double] = [:]
    var mixed: Set<String> = []
    for (symbol, mass) in zip(species, masses) {
      if let known = found[symbol], known != mass { mixed.insert(symbol) }
      found[symbol] = mass
    }
    return found.filter { !mixed.contains($0.key) }
  }

  /// As the crystal has it, else the element's.
  private func mass(
    of symbol: String, among known: [String: Double]
  ) throws(InputError) -> Double {
    guard let element = Element(symbol: symbol) else {
      throw InputError(
        reference.source, "expected the symbol of an element, found '\(symbol)'")
    }
    return known[symbol] ?? element.mass
  }

  private func setKeys(of frame: inout Frame, _ defects: [PlacedDefect], copy: Int?) {
    var names: [(name: String, count: Int)] = []
    for name in defects.map({ $0.name(species) }) {
      if let known = names.firstIndex(where: { $0.name == name }) {
        names[known].count += 1
      } else {
        names.append((name, 1))
      }
    }
    let text = names.map { $0.count > 1 ? "\($0.count)\($0.name)" : $0.name }
      .joined(separator: "+")
    let base = reference.text("config_id") ?? "frame"
    let number = copy.map { "-\(paddedNumber($0))" } ?? ""
    frame.setKey("config_id", .text("\(base)-\(text)\(number)"))
    frame.setKey("config_type", .text("defect"))
    if let first = defects.first { frame.setKey("center", .reals(first.position)) }
  }

  /// The labels that matching gives, checked against what was made.
  private func labelled(
    _ frame: Frame, _ defects: [PlacedDefect], _ removed: Set<Int>
  ) throws(InputError) -> Frame {
    let match = try matcher.match(frame, mayShift: false)
    let antisites = defects.count { defect in
      guard case .antisite(let symbol) = defect.change, let site = defect.site else {
        return false
      }
      return symbol != species[site]
    }
    let found = match.defects
    guard found.vacancies == removed.sorted(), found.antisites.count == antisites else {
      throw InputError(
        frame.source,
        "expected defects apart from each other, found \(removed.count) vacancies and "
          + "\(antisites) antisites that look like \(found.description ?? "a perfect crystal")")
    }
    return match.frame
  }

  // MARK: Places

  /// Where an added atom goes: in the cell of the frame, moved as the atoms around are if the cell
  /// is strained.
  private func position(of defect: PlacedDefect) throws(InputError) -> [Double] {
    guard reference.referenceCell != reference.cell else { return defect.position }
    let s = lattice.cell.fractional(defect.position[0], defect.position[1], defect.position[2])
    let x = try reference.positionCell().cartesian(s.0, s.1, s.2)
    return [x.0, x.1, x.2]
  }

  private func check(
    _ added: [[Double]], among places: [Double], _ kept: [Int]
  ) throws(InputError) {
    guard !added.isEmpty else { return }
    let limit = Self.closest * min(lattice.nearestNeighborDistance, 1e6)
    let cell = try reference.positionCell()
    let index = PositionIndex(positions: places, cell: cell, tolerance: limit)
    let reduced = ReducedCell(cell)
    func refusal(_ place: [Double], _ other: String) -> InputError {
      InputError(
        reference.source,
        "expected a defect at least \(rounded(limit)) Å from every atom, found one at "
          + "(\(place.map { rounded($0) }.joined(separator: ", "))) Å on top of \(other)")
    }
    for (number, place) in added.enumerated() {
      if let atom = index.atom(atX: place[0], place[1], place[2]) {
        throw refusal(place, "atom \(kept[atom] + 1)")
      }
      for other in added[..<number] {
        let u = reduced.minimumImage(
          place[0] - other[0], place[1] - other[1], place[2] - other[2])
        if u.0 * u.0 + u.1 * u.1 + u.2 * u.2 <= limit * limit {
          throw refusal(place, "another")
        }
      }
    }
  }
}

extension Column {
  /// Some rows, in the order given.
  fileprivate func rows(_ kept: [Int]) -> Column {
    func pick<Value>(_ values: [Value]) -> [Value] {
      kept.flatMap { values[width * $0..<width * ($0 + 1)] }
    }
    return switch values {
    case .real(let values): Column(name, width: width, .real(pick(values)))
    case .integer(let values): Column(name, width: width, .integer(pick(values)))
    case .text(let values): Column(name, width: width, .text(pick(values)))
    case .logical(let values): Column(name, width: width, .logical(pick(values)))
    }
  }
}
