/// Why a prototype gives no structure.
public enum PrototypeError: Error, Equatable, Sendable, CustomStringConvertible {
  case wrongSpeciesCount(prototype: String, expected: ClosedRange<Int>, found: Int)
  case unknownSpecies(String)
  case repeatedSpecies(String)
  case noAxisRatio(prototype: String)
  case noInternalParameter(prototype: String)
  case badInternalParameter(Double)
  case badSupercell(axis: Int, expected: String, found: Int)
  case tooManyAtoms(limit: Int)

  public var description: String {
    switch self {
    case .wrongSpeciesCount(let prototype, let expected, let found):
      expected.count == 1
        ? "\(prototype): expected \(expected.lowerBound) species, found \(found)"
        : "\(prototype): expected \(expected.lowerBound) to \(expected.upperBound) species, "
          + "found \(found)"
    case .unknownSpecies(let symbol): "expected the symbol of an element, found '\(symbol)'"
    case .repeatedSpecies(let symbol): "expected different species, found '\(symbol)' twice"
    case .noAxisRatio(let prototype): "\(prototype): expected no c/a, as its cell has none"
    case .noInternalParameter(let prototype):
      "\(prototype): expected no internal parameter, as its sites are fixed by symmetry"
    case .badInternalParameter(let value):
      "expected an internal parameter between 0 and 1, found \(value)"
    case .badSupercell(let axis, let expected, let found):
      "supercell: expected \(expected) cells along axis \(axis + 1), found \(found)"
    case .tooManyAtoms(let limit): "supercell: expected at most \(limit) atoms, found more"
    }
  }
}

/// A crystal structure type: a lattice, a centring and the basis of its primitive cell.
///
/// The index of a site in the basis is its sublattice. Coordinates are whole twelfths of the
/// conventional cell vectors, so that a site of any supercell is computed from integers.
public struct Prototype: Sendable {
  public let name: String
  /// How many species may be named.
  public let speciesCount: ClosedRange<Int>
  /// Active axes: 1, 2 or 3.
  public let dimension: Int
  let system: System
  let centering: Centering
  let basis: [Site]

  /// Number of sites in the primitive cell.
  public var sublatticeCount: Int { basis.count }

  /// The ideal c/a of close packing, √(8/3).
  public static let idealAxisRatio = 1.6329931618554521
  /// No supercell may have more atoms.
  public static let atomLimit = 100_000_000

  enum System: Sendable {
    case cubic
    /// a along x, b at 120°, c along z.
    case hexagonal
  }

  enum Centering: Sendable {
    case primitive, face, body

    /// Lattice points of the conventional cell, in halves of its vectors.
    var points: [(Int, Int, Int)] {
      switch self {
      case .primitive: [(0, 0, 0)]
      case .face: [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
      case .body: [(0, 0, 0), (1, 1, 1)]
      }
    }

    /// Primitive vectors, in halves of the conventional ones.
    var primitiveVectors: [(Int, Int, Int)] {
      switch self {
      case .primitive: [(2, 0, 0), (0, 2, 0), (0, 0, 2)]
      case .face: [(0, 1, 1), (1, 0, 1), (1, 1, 0)]
      case .body: [(-1, 1, 1), (1, -1, 1), (1, 1, -1)]
      }
    }

    /// The coordinates of a lattice point in primitive vectors.
    func cellIndex(halves x: Int, _ y: Int, _ z: Int) -> (Int, Int, Int) {
      switch self {
      case .primitive: (x / 2, y / 2, z / 2)
      case .face: ((y + z - x) / 2, (z + x - y) / 2, (x + y - z) / 2)
      case .body: ((y + z) / 2, (z + x) / 2, (x + y) / 2)
      }
    }
  }

  /// A site of the basis, at (twelfths + u · internal) / 12 of the conventional vectors.
  struct Site: Sendable {
    let species: Int
    /// The first site of the basis that a symmetry of the crystal maps on this one.
    let orbit: Int
    let twelfths: (Int, Int, Int)
    /// The factor of the internal parameter u along the axis of `Internal`.
    var internalFactor = 0
  }

  /// The axis along which the internal parameter moves sites, and its usual value.
  struct Internal: Sendable {
    let axis: Int
    let standard: Double
  }

  let internalParameter: Internal?
}

extension Prototype {
  /// Every prototype, in the order of the help text.
  public static let all: [Prototype] = [
    Prototype(
      "diamond", species: 1...1, .cubic, .face,
      [(0, 0, (0, 0, 0)), (0, 0, (3, 3, 3))]),
    Prototype(
      "zincblende", species: 2...2, .cubic, .face,
      [(0, 0, (0, 0, 0)), (1, 1, (3, 3, 3))]),
    Prototype(
      "rocksalt", species: 2...2, .cubic, .face,
      [(0, 0, (0, 0, 0)), (1, 1, (6, 6, 6))]),
    Prototype(
      "cscl", species: 2...2, .cubic, .primitive,
      [(0, 0, (0, 0, 0)), (1, 1, (6, 6, 6))]),
    wurtzite,
    Prototype(
      "fluorite", species: 2...2, .cubic, .face,
      [(0, 0, (0, 0, 0)), (1, 1, (3, 3, 3)), (1, 1, (9, 9, 9))]),
    Prototype(
      "perovskite", species: 3...3, .cubic, .primitive,
      [
        (0, 0, (0, 0, 0)), (1, 1, (6, 6, 6)),
        (2, 2, (0, 6, 6)), (2, 2, (6, 0, 6)), (2, 2, (6, 6, 0)),
      ]),
    // L2_1, X2YZ in the order X Y Z: X on 8c, Y on 4b, Z on 4a.
    Prototype(
      "heusler", species: 3...3, .cubic, .face,
      [(0, 0, (3, 3, 3)), (0, 0, (9, 9, 9)), (1, 2, (6, 6, 6)), (2, 3, (0, 0, 0))]),
    Prototype("fcc", species: 1...1, .cubic, .face, [(0, 0, (0, 0, 0))]),
    Prototype("bcc", species: 1...1, .cubic, .body, [(0, 0, (0, 0, 0))]),
    Prototype(
      "hcp", species: 1...1, .hexagonal, .primitive,
      [(0, 0, (0, 0, 0)), (0, 0, (4, 8, 6))]),
    chain,
    Prototype(
      "square", species: 1...2, dimension: 2, .cubic, .primitive,
      [(0, 0, (0, 0, 0)), (1, 1, (6, 6, 0))]),
  ]

  /// The prototype of that name, or nil.
  public static func named(_ name: String) -> Prototype? { all.first { $0.name == name } }

  /// Anions lie u·c below their cations along c; u = 3/8 is ideal.
  private static let wurtzite = Prototype(
    name: "wurtzite", speciesCount: 2...2, dimension: 3, system: .hexagonal, centering: .primitive,
    basis: [
      Site(species: 0, orbit: 0, twelfths: (0, 0, 0)),
      Site(species: 1, orbit: 1, twelfths: (4, 8, 6), internalFactor: -1),
      Site(species: 0, orbit: 0, twelfths: (4, 8, 6)),
      Site(species: 1, orbit: 1, twelfths: (0, 0, 12), internalFactor: -1),
    ],
    internalParameter: Internal(axis: 2, standard: 0.375))

  /// The second atom at u·a; u = 1/2 is the usual diatomic chain.
  private static let chain = Prototype(
    name: "chain", speciesCount: 1...2, dimension: 1, system: .cubic, centering: .primitive,
    basis: [
      Site(species: 0, orbit: 0, twelfths: (0, 0, 0)),
      Site(species: 1, orbit: 1, twelfths: (0, 0, 0), internalFactor: 1),
    ],
    internalParameter: Internal(axis: 0, standard: 0.5))

  private init(
    _ name: String, species: ClosedRange<Int>, dimension: Int = 3, _ system: System,
    _ centering: Centering, _ sites: [(species: Int, orbit: Int, twelfths: (Int, Int, Int))]
  ) {
    self.init(
      name: name, speciesCount: species, dimension: dimension, system: system,
      centering: centering,
      basis: sites.map { Site(species: $0.species, orbit: $0.orbit, twelfths: $0.twelfths) },
      internalParameter: nil)
  }
}
