public import Formats

/// One basis site of the primitive cell.
public struct BasisSite: Equatable, Sendable {
  public let species: String
  /// The label of the frame, or nil where it has no such column.
  public let sublattice: Int?
  /// Mass in u.
  public let mass: Double
  /// Position in the home cell in Å, shape [3], averaged over the cells.
  public let position: [Double]
}

/// The reference crystal of a frame: a lattice of primitive cells, each with the same basis sites
/// (mathematics.md (1.1)), found from reference positions, species and sublattices.
///
/// All translations that map the reference onto itself, labels included, are found for any periodic
/// cell: primitive, conventional, sheared. A reference without any is one primitive cell. Rounding
/// of the file (8 decimals) is averaged out: `idealPositions` obey the translations exactly.
public struct Multilattice: Sendable {
  /// Two places are one if they are at most this far apart, in Å.
  public static let tolerance = 1e-4

  /// Active Cartesian axes d.
  public let dimension: Int
  /// The supercell: the reference cell of the frame.
  public let cell: Cell
  /// Short vectors of the supercell, for minimum images.
  public let reducedCell: ReducedCell
  /// Primitive vectors as rows in Å, shape [3, 3]; those of open directions are the supercell's.
  public let primitiveVectors: [Double]
  /// The primitive cell of those vectors.
  public let primitiveCell: Cell
  /// The basis sites, by sublattice, then by first appearance in the frame.
  public let basis: [BasisSite]
  /// The translations of the supercell.
  public let group: TranslationGroup
  /// Number of each atom's translation in `group`, shape [N].
  public let translationOfAtom: [Int]
  /// Number of each atom's basis site, shape [N].
  public let basisOfAtom: [Int]
  /// The atom of a translation and a basis site, shape [group.count, basis.count].
  public let atoms: [Int]
  /// Each atom's ideal place near its reference position in Å, shape [N, 3].
  public let idealPositions: [Double]
  /// The smallest distance between two sites in Å; infinite for a lone one.
  public let nearestNeighborDistance: Double

  public var atomCount: Int { translationOfAtom.count }

  /// - Parameter tolerance: Two places are one if they are at most this far apart, in Å.
  /// - Throws: ``InputError`` for missing labels, a singular cell, or two sites in one place.
  public init(
    referenceOf frame: Frame, tolerance: Double = Self.tolerance
  ) throws(InputError) {
    let reference = try frame.requiredReferencePositions()
    let cell = try frame.cellOfReference()
    let nearest = try Self.nearestDistance(reference, cell, tolerance, frame.source)
    let classes = try SiteClasses(of: frame)
    let search = TranslationSearch(
      reference: reference, cell: cell, classes: classes, tolerance: tolerance)
    let (vectors, supercell) = search.primitiveVectors()
    let group = TranslationGroup(supercell: supercell)
    let orbits = try SiteOrbits(
      reference, group, vectors: vectors, search: search, tolerance: tolerance,
      source: frame.source)
    // A crystal has one site of each sublattice in its primitive cell.
    if let sublattices = classes.sublattices, orbits.atoms.count > Set(sublattices).count {
      try Repetition.check(
        reference, classes, cell: cell, spacing: nearest, tolerance: tolerance,
        source: frame.source)
    }
    let order = orbits.order(classes)
    var rank = [Int](repeating: 0, count: order.count)
    for (position, old) in order.enumerated() { rank[old] = position }
    let reduced = ReducedCell(cell)
    var ideal = [Double](repeating: 0, count: reference.count)
    basis = order.map { orbit in
      let first = orbits.representatives[orbit]
      return BasisSite(
        species: classes.species[first], sublattice: classes.sublattices?[first],
        mass: classes.masses[first],
        position: orbits.average(
          orbit, of: reference, group, vectors: vectors, reduced, into: &ideal))
    }
    dimension = frame.dimension
    nearestNeighborDistance = nearest
    self.cell = cell
    reducedCell = reduced
    primitiveVectors = vectors
    primitiveCell = Cell(independent: vectors, periodic: cell.periodic)
    self.group = group
    translationOfAtom = orbits.translationOfAtom
    basisOfAtom = orbits.orbitOfAtom.map { rank[$0] }
    atoms = (0..<group.count).flatMap { element in order.map { orbits.atoms[$0][element] } }
    idealPositions = ideal
  }

  /// - Throws: ``InputError`` for two sites in one place.
  private static func nearestDistance(
    _ reference: [Double], _ cell: Cell, _ tolerance: Double, _ source: FrameSource
  ) throws(InputError) -> Double {
    do {
      let nearest = try Crystal.nearestNeighborDistance(reference, cell: cell)
      guard nearest > 10 * tolerance else {
        throw InputError(
          source,
          "reference positions: expected sites farther apart than \(rounded(10 * tolerance)) Å")
      }
      return nearest
    } catch { throw InputError(source, error, in: "reference positions") }
  }

  /// The Cartesian vector of a translation in Å.
  public func vector(of n: (Int, Int, Int)) -> [Double] {
    Self.translation(n, primitiveVectors)
  }

  /// The translation nearest to a Cartesian vector in Å, in whole primitive vectors.
  public func wholeTranslation(nearest v: [Double]) -> (Int, Int, Int) {
    let s = primitiveCell.fractional(v[0], v[1], v[2])
    return (Int(s.0.rounded()), Int(s.1.rounded()), Int(s.2.rounded()))
  }

  static func translation(_ n: (Int, Int, Int), _ rows: [Double]) -> [Double] {
    (0..<3).map { Double(n.0) * rows[$0] + Double(n.1) * rows[3 + $0] + Double(n.2) * rows[6 + $0] }
  }

  /// The shortest lattice translations along the supercell's vectors, and how often each fits: the
  /// conventional cell of a supercell that was built from one.
  public var cellMultiples: [Int] {
    (0..<3).map { axis in
      guard cell.periodic[axis] else { return 1 }
      return group.supercell[3 * axis..<3 * axis + 3].reduce(0) {
        IntegerLattice.greatestCommonDivisor($0, $1)
      }
    }
  }

  /// The translations of a supercell of the same shape with other multiples of the shortest
  /// translations along its vectors.
  ///
  /// - Precondition: Multiples of open directions are 1, the others positive.
  public func group(multiples: [Int]) -> TranslationGroup {
    let now = cellMultiples
    return TranslationGroup(
      supercell: (0..<9).map { group.supercell[$0] / now[$0 / 3] * multiples[$0 / 3] })
  }

  /// The primitive cell as a frame with the same labels, its sites at their ideal places.
  public func primitiveFrame(source: FrameSource) -> Frame {
    let positions = basis.flatMap(\.position)
    var frame = Frame(
      species: basis.map(\.species), positions: positions, cell: primitiveVectors,
      periodic: cell.periodic, source: source)
    frame.setColumn(
      Column("sublattice", .integer(basis.enumerated().map { $1.sublattice ?? $0 })))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    frame.setColumn(Column("masses", .real(basis.map(\.mass))))
    if dimension != 3 { frame.setKey("dimension", .integer(dimension)) }
    return frame
  }
}

/// What must agree for one site to be a translation of another.
struct SiteClasses {
  let species: [String]
  let sublattices: [Int]?
  let masses: [Double]
  /// A number for each distinct (species, sublattice, mass), shape [N].
  let number: [Int]
  let sizes: [Int]

  init(of frame: Frame) throws(InputError) {
    struct Site: Hashable {
      let species: String
      let sublattice: Int?
      let mass: Double
    }
    species = frame.species
    sublattices = frame.sublattice
    masses = try frame.atomicMasses()
    var known: [Site: Int] = [:]
    var sizes: [Int] = []
    var number: [Int] = []
    number.reserveCapacity(frame.atomCount)
    for atom in 0..<frame.atomCount {
      let site = Site(
        species: species[atom], sublattice: sublattices?[atom], mass: masses[atom])
      let next = known.count
      let value = known[site, default: next]
      if value == next {
        known[site] = next
        sizes.append(0)
      }
      sizes[value] += 1
      number.append(value)
    }
    (self.number, self.sizes) = (number, sizes)
  }

  func sublattice(_ index: Int, _ representatives: [Int]) -> Int {
    sublattices?[representatives[index]] ?? 0
  }
}
