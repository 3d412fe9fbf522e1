public import Formats

extension Prototype {
  /// A labelled perfect crystal: species, positions, sublattice, orbit, cell_index, ref_pos.
  ///
  ///     x = Σ_a (n_a + t_a) A_a
  ///
  /// with conventional vectors A, whole numbers n and the fractions t of a site: each coordinate is
  /// computed from integers, so that its error does not grow with the supercell.
  ///
  /// - Parameters:
  ///   - counts: Numbers of cells along the three vectors, shape [3]; 1 along an inactive axis.
  ///   - species: Symbols, in the order of the formula (ABO₃: A B O; X₂YZ: X Y Z).
  ///   - latticeConstant: Length of the first conventional vector in Å; positive.
  ///   - shape: Lengths and angles of the conventional cell; what is nil is the prototype's own.
  ///   - internalParameters: Values of `parameters`; nil for the usual ones.
  ///   - isPrimitive: Repeat the primitive cell, not the conventional one.
  /// - Throws: ``PrototypeError``.
  /// - Complexity: O(N).
  public func supercell(
    _ counts: [Int], species: [String], latticeConstant: Double, shape: Shape = Shape(),
    internalParameters: [Double]? = nil, isPrimitive: Bool = false
  ) throws(PrototypeError) -> Frame {
    precondition(counts.count == 3 && latticeConstant > 0, "supercell: bad arguments")
    let species = try checked(species)
    try check(counts, isPrimitive: isPrimitive)
    let rows = try conventionalRows(latticeConstant, shape)
    let values = try checked(parameters: internalParameters)
    // One species on both sites of a model lattice: a symmetry maps them on each other.
    let orbits = basis.map { speciesCount.count > 1 && species.count == 1 ? 0 : $0.orbit }
    let symbols = basis.map { species[min($0.species, species.count - 1)] }

    let primitive = centering.primitiveVectors
    let cells = isPrimitive ? primitive : centering.conventionalVectors
    let points = isPrimitive ? [[0, 0, 0]] : centering.points
    let parts = centering.parts
    let volume = IntegerLattice.determinant(primitive)
    let inverse = IntegerLattice.adjugate(primitive)
    let atomCount = counts.reduce(1, *) * points.count * basis.count
    var atoms = Atoms(capacity: atomCount)
    for i in 0..<counts[0] {
      for j in 0..<counts[1] {
        for k in 0..<counts[2] {
          for point in points {
            let x = (0..<3).map {
              i * cells[$0] + j * cells[3 + $0] + k * cells[6 + $0] + point[$0]
            }
            let index = (0..<3).map { axis in
              (x[0] * inverse[axis] + x[1] * inverse[3 + axis] + x[2] * inverse[6 + axis]) / volume
            }
            for (sublattice, site) in basis.enumerated() {
              let place = site.coordinates
              let fractions = (
                place[0].value(steps: x[0], of: parts, parameters: values),
                place[1].value(steps: x[1], of: parts, parameters: values),
                place[2].value(steps: x[2], of: parts, parameters: values)
              )
              atoms.append(
                symbols[sublattice], sublattice, orbits[sublattice], (index[0], index[1], index[2]),
                position: cartesian(fractions, rows))
            }
          }
        }
      }
    }
    let lattice = (0..<3).flatMap { axis in
      let whole = (0..<3).map { Double(counts[axis] * cells[3 * axis + $0]) / Double(parts) }
      let vector = cartesian((whole[0], whole[1], whole[2]), rows)
      return [vector.0, vector.1, vector.2]
    }
    let size = counts.map(String.init).joined(separator: "x")
    var keys = [
      Key("sitevib_format", .integer(1)),
      Key("config_id", .text("\(name)-\(species.joined())-\(size)\(isPrimitive ? "-p" : "")")),
      Key("config_type", .text("reference")),
      Key("prototype", .text(name)),
      Key("lattice_constant", .real(latticeConstant)),
      Key("sublattice_names", .text(Self.siteNames(symbols).joined(separator: " "))),
    ]
    if dimension < 3 { keys.append(Key("dimension", .integer(dimension))) }
    return Frame(
      columns: atoms.columns, keys: keys, cell: lattice,
      periodic: (0..<3).map { $0 < periodicAxes }, source: FrameSource(file: name, frame: 1))
  }

  // MARK: Arguments

  private func checked(_ species: [String]) throws(PrototypeError) -> [String] {
    guard speciesCount.contains(species.count) else {
      throw .wrongSpeciesCount(prototype: name, expected: speciesCount, found: species.count)
    }
    for (index, symbol) in species.enumerated() {
      guard Element(symbol: symbol) != nil else { throw .unknownSpecies(symbol) }
      // With equal species the crystal is another one, with other sublattices and orbits.
      if species[..<index].contains(symbol) { throw .repeatedSpecies(symbol) }
    }
    return species
  }

  private func check(_ counts: [Int], isPrimitive: Bool) throws(PrototypeError) {
    var atoms = basis.count * (isPrimitive ? 1 : centering.points.count)
    for (axis, count) in counts.enumerated() {
      guard count > 0 else {
        throw .badSupercell(axis: axis, expected: "at least 1", found: count)
      }
      guard axis < periodicAxes || count == 1 else {
        throw .badSupercell(axis: axis, expected: "1", found: count)
      }
      let product = atoms.multipliedReportingOverflow(by: count)
      guard !product.overflow, product.partialValue <= Self.atomLimit else {
        throw .tooManyAtoms(limit: Self.atomLimit)
      }
      atoms = product.partialValue
    }
  }

  private func checked(parameters given: [Double]?) throws(PrototypeError) -> [Double] {
    guard let given else { return parameters.map(\.standard) }
    guard !parameters.isEmpty else { throw .noInternalParameter(prototype: name) }
    guard given.count == parameters.count else {
      throw .wrongParameterCount(
        prototype: name, expected: parameters.map(\.name), found: given.count)
    }
    for value in given where !(value > 0 && value < 1) { throw .badInternalParameter(value) }
    return given
  }

  // MARK: Sites

  private func cartesian(
    _ t: (Double, Double, Double), _ rows: [Double]
  ) -> (Double, Double, Double) {
    (
      t.0 * rows[0] + t.1 * rows[3] + t.2 * rows[6],
      t.0 * rows[1] + t.1 * rows[4] + t.2 * rows[7],
      t.0 * rows[2] + t.1 * rows[5] + t.2 * rows[8]
    )
  }

  /// The symbols, numbered where several sites have the same: Ca F1 F2.
  static func siteNames(_ symbols: [String]) -> [String] {
    symbols.enumerated().map { index, symbol in
      let isUnique = symbols.count { $0 == symbol } == 1
      return isUnique ? symbol : "\(symbol)\(symbols[...index].count { $0 == symbol })"
    }
  }
}

/// The columns of a crystal while it grows.
private struct Atoms {
  private var species: [String] = []
  private var positions: [Double] = []
  private var sublattice: [Int] = []
  private var orbit: [Int] = []
  private var cellIndex: [Int] = []

  init(capacity: Int) {
    species.reserveCapacity(capacity)
    positions.reserveCapacity(3 * capacity)
    sublattice.reserveCapacity(capacity)
    orbit.reserveCapacity(capacity)
    cellIndex.reserveCapacity(3 * capacity)
  }

  mutating func append(
    _ symbol: String, _ sublattice: Int, _ orbit: Int, _ cell: (Int, Int, Int),
    position: (Double, Double, Double)
  ) {
    species.append(symbol)
    self.sublattice.append(sublattice)
    self.orbit.append(orbit)
    cellIndex.append(cell.0)
    cellIndex.append(cell.1)
    cellIndex.append(cell.2)
    // Adding 0 turns the -0 of a product into 0.
    positions.append(position.0 + 0)
    positions.append(position.1 + 0)
    positions.append(position.2 + 0)
  }

  var columns: [Column] {
    [
      Column("species", .text(species)),
      Column("pos", width: 3, .real(positions)),
      Column("sublattice", .integer(sublattice)),
      Column("orbit", .integer(orbit)),
      Column("cell_index", width: 3, .integer(cellIndex)),
      Column("ref_pos", width: 3, .real(positions)),
    ]
  }
}
