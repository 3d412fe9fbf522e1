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
  ///   - axisRatio: c/a of a hexagonal cell; nil for √(8/3).
  ///   - internalParameter: u of wurtzite (anion below cation, in c) or of the chain; nil for 3/8
  ///     or 1/2.
  ///   - isPrimitive: Repeat the primitive cell, not the conventional one.
  /// - Throws: ``PrototypeError``.
  /// - Complexity: O(N).
  public func supercell(
    _ counts: [Int], species: [String], latticeConstant: Double, axisRatio: Double? = nil,
    internalParameter: Double? = nil, isPrimitive: Bool = false
  ) throws(PrototypeError) -> Frame {
    precondition(counts.count == 3 && latticeConstant > 0, "supercell: bad arguments")
    let species = try checked(species)
    try check(counts, isPrimitive: isPrimitive)
    let rows = try conventionalRows(latticeConstant, axisRatio: axisRatio)
    let offset = try internalOffset(internalParameter)
    // One species on both sites of a model lattice: a symmetry maps them on each other.
    let orbits = basis.map { speciesCount.count > 1 && species.count == 1 ? 0 : $0.orbit }
    let symbols = basis.map { species[min($0.species, species.count - 1)] }

    let cells = cellVectors(isPrimitive: isPrimitive)
    let points = isPrimitive ? [(0, 0, 0)] : centering.points
    let atomCount = counts.reduce(1, *) * points.count * basis.count
    var atoms = Atoms(capacity: atomCount)
    for i in 0..<counts[0] {
      for j in 0..<counts[1] {
        for k in 0..<counts[2] {
          for point in points {
            let x = i * cells[0].0 + j * cells[1].0 + k * cells[2].0 + point.0
            let y = i * cells[0].1 + j * cells[1].1 + k * cells[2].1 + point.1
            let z = i * cells[0].2 + j * cells[1].2 + k * cells[2].2 + point.2
            let index = centering.cellIndex(halves: x, y, z)
            for (sublattice, site) in basis.enumerated() {
              let fractions = (
                fraction(6 * x + site.twelfths.0, site, axis: 0, offset),
                fraction(6 * y + site.twelfths.1, site, axis: 1, offset),
                fraction(6 * z + site.twelfths.2, site, axis: 2, offset)
              )
              atoms.append(
                symbols[sublattice], sublattice, orbits[sublattice], index,
                position: cartesian(fractions, rows))
            }
          }
        }
      }
    }
    let lattice = (0..<3).flatMap { axis in
      let whole = (
        Double(counts[axis] * cells[axis].0) / 2, Double(counts[axis] * cells[axis].1) / 2,
        Double(counts[axis] * cells[axis].2) / 2
      )
      let vector = cartesian(whole, rows)
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
      periodic: (0..<3).map { $0 < dimension }, source: FrameSource(file: name, frame: 1))
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
      guard axis < dimension || count == 1 else {
        throw .badSupercell(axis: axis, expected: "1", found: count)
      }
      let product = atoms.multipliedReportingOverflow(by: count)
      guard !product.overflow, product.partialValue <= Self.atomLimit else {
        throw .tooManyAtoms(limit: Self.atomLimit)
      }
      atoms = product.partialValue
    }
  }

  /// Conventional vectors as rows in Å, shape [3, 3].
  private func conventionalRows(
    _ a: Double, axisRatio: Double?
  ) throws(PrototypeError) -> [Double] {
    switch system {
    case .cubic:
      guard axisRatio == nil else { throw .noAxisRatio(prototype: name) }
      return [a, 0, 0, 0, a, 0, 0, 0, a]
    case .hexagonal:
      let c = a * (axisRatio ?? Self.idealAxisRatio)
      return [a, 0, 0, -a / 2, a * 0.75.squareRoot(), 0, 0, 0, c]
    }
  }

  private func internalOffset(
    _ value: Double?
  ) throws(PrototypeError) -> (axis: Int, value: Double) {
    guard let internalParameter else {
      guard value == nil else { throw .noInternalParameter(prototype: name) }
      return (0, 0)
    }
    let value = value ?? internalParameter.standard
    guard value > 0, value < 1 else { throw .badInternalParameter(value) }
    return (internalParameter.axis, value)
  }

  /// Vectors of the repeated cell, in halves of the conventional ones.
  private func cellVectors(isPrimitive: Bool) -> [(Int, Int, Int)] {
    isPrimitive ? centering.primitiveVectors : Centering.primitive.primitiveVectors
  }

  // MARK: Sites

  private func fraction(
    _ twelfths: Int, _ site: Site, axis: Int, _ offset: (axis: Int, value: Double)
  ) -> Double {
    let fixed = Double(twelfths) / 12
    guard site.internalFactor != 0, axis == offset.axis else { return fixed }
    return fixed + Double(site.internalFactor) * offset.value
  }

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
