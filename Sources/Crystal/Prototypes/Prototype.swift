/// A crystal structure type: a lattice, a centring and the basis of its primitive cell.
///
/// The index of a site in the basis is its sublattice. Coordinates are fractions of whole numbers
/// of the conventional cell vectors, and internal parameters: a site of any supercell is computed
/// with one rounding. `Catalogue.swift` lists them all.
public struct Prototype: Sendable {
  public let name: String
  /// Other names that are accepted: Strukturbericht or the compound that gave the type its name.
  public let aliases: [String]
  /// X, Y, Z in the order in which species are named, such as "X Y2".
  public let formula: String
  /// How many species may be named.
  public let speciesCount: ClosedRange<Int>
  /// Active axes: 1, 2 or 3.
  public let dimension: Int
  /// Axes along which the structure repeats: the first so many.
  public let periodicAxes: Int
  /// Names of the internal parameters and their usual values.
  public let parameters: [(name: String, standard: Double)]
  let system: System
  let centering: Centering
  /// What the structure has where nobody says.
  let shape: Shape
  let basis: [Site]

  /// Number of sites in the primitive cell.
  public var sublatticeCount: Int { basis.count }
  /// Its usual c/a where the cell has one.
  public var standardAxisRatio: Double? { shape.axisRatio }

  /// The ideal c/a of close packing, √(8/3).
  public static let idealAxisRatio = 1.6329931618554521
  /// No supercell may have more atoms.
  public static let atomLimit = 100_000_000

  /// A site of the basis.
  struct Site: Sendable {
    let species: Int
    /// The first site of the basis that a symmetry of the crystal maps on this one.
    let orbit: Int
    /// Along the three conventional vectors, shape [3].
    let coordinates: [Coordinate]

    /// - Parameter text: "species orbit x,y,z".
    init(_ text: String, parameters: [Character]) {
      let words = text.split(separator: " ")
      let places = words.last?.split(separator: ",") ?? []
      guard words.count == 3, places.count == 3, let species = Int(words[0]),
        let orbit = Int(words[1])
      else { preconditionFailure("site: expected 'species orbit x,y,z', found '\(text)'") }
      (self.species, self.orbit) = (species, orbit)
      coordinates = places.map { Coordinate($0, parameters: parameters) }
    }
  }

  init(
    _ name: String, _ aliases: [String], _ formula: String, dimension: Int = 3,
    periodicAxes: Int? = nil, _ system: System, _ centering: Centering, axisRatio: Double? = nil,
    secondRatio: Double? = nil, angles: [Double?] = [nil, nil, nil],
    parameters: [(name: String, standard: Double)] = [], _ sites: [String]
  ) {
    (self.name, self.aliases, self.formula) = (name, aliases, formula)
    let letters = formula.split(separator: " ").count
    // One species on both sites makes another model, not another crystal.
    speciesCount = dimension < 3 ? 1...letters : letters...letters
    self.dimension = dimension
    self.periodicAxes = periodicAxes ?? dimension
    (self.system, self.centering, self.parameters) = (system, centering, parameters)
    shape = Shape(axisRatio: axisRatio, secondRatio: secondRatio, angles: angles)
    let names = parameters.flatMap { Array($0.name) }
    basis = sites.map { Site($0, parameters: names) }
  }

  /// The prototype of that name or alias, whatever its case, hyphens and underscores; or nil.
  public static func named(_ name: String) -> Prototype? {
    func plain(_ text: String) -> String {
      text.lowercased().filter { $0 != "_" && $0 != "-" }
    }
    let wanted = plain(name)
    return all.first { plain($0.name) == wanted }
      ?? all.first { $0.aliases.contains { plain($0) == wanted } }
  }
}
