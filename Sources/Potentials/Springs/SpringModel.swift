internal import Base
internal import Crystal
public import Formats

/// Anharmonic springs between fixed neighbours of a reference crystal of 1, 2 or 3 dimensions.
///
///     E = Σ_bonds k s²/2 + g s³/6 + h s⁴/24,    s = |r| - r₀
///
/// The bonds are those of the primitive cell repeated, found in any supercell from the labels
/// `sublattice` and `ref_pos` (formats/springs.md).
public struct SpringModel: Potential {
  /// A bond of the primitive cell, from a sublattice of cell 0 to one of the cell at `offset`.
  public struct Spring: Equatable, Sendable {
    public var from: Int
    public var to: Int
    /// In whole cell vectors, shape [d].
    public var offset: [Int]
    /// eV/Å², eV/Å³, eV/Å⁴.
    public var k: Double
    public var g: Double
    public var h: Double
    /// Length at rest in Å; that of the reference where the file does not say.
    public var restLength: Double
    /// From atom to atom in the reference, in Å; zero along inactive axes.
    public var vector: SIMD3<Double>
  }

  public let origin: PotentialOrigin
  /// What the file calls itself.
  public let title: String
  /// The longest spring of the reference in Å.
  public let cutoff: Double
  public let dimension: Int
  /// Primitive cell vectors as rows in Å, shape [d, d].
  public let cell: [Double]
  /// In fractions of the cell, shape [S, d].
  public let sublatticePositions: [Double]
  /// The species a sublattice must have, or nil for any; shape [S].
  public let species: [String?]
  public let springs: [Spring]
  var file: String { origin.file }

  /// Reference distances and those of a frame may differ by this, in Å.
  static let tolerance = 0.01

  public var sublatticeCount: Int { species.count }

  init(
    origin: PotentialOrigin, title: String, dimension: Int, cell: [Double],
    sublatticePositions: [Double],
    species: [String?], springs: [Spring]
  ) {
    (self.origin, self.title, self.dimension) = (origin, title, dimension)
    (self.cell, self.sublatticePositions) = (cell, sublatticePositions)
    (self.species, self.springs) = (species, springs)
    cutoff = springs.reduce(0) { max($0, ($1.vector * $1.vector).sum().squareRoot()) }
  }

  public func kinds(of frame: Frame) throws -> [Int32] {
    guard frame.dimension == dimension else {
      throw InputError(
        frame.source,
        "dimension: expected \(dimension) for the springs of \(file), found \(frame.dimension)")
    }
    let symbols = frame.species
    return try frame.requiredSublattice().enumerated().map { atom, sublattice in
      guard species.indices.contains(sublattice) else {
        throw InputError(
          frame.source, atom: atom,
          "sublattice: expected 0 to \(species.count - 1) for the springs of \(file), "
            + "found \(sublattice)")
      }
      if let wanted = species[sublattice], wanted != symbols[atom] {
        throw InputError(
          frame.source, atom: atom,
          "expected \(wanted) on sublattice \(sublattice) for the springs of \(file), "
            + "found \(quoted(symbols[atom].utf8))")
      }
      return Int32(sublattice)
    }
  }

  /// The bonds between the sites of a frame.
  ///
  /// - Throws: `InputError` where the reference is not that of the file, or lacks a site although
  ///   it is periodic; at an open surface the bond ends.
  public func bonds(of frame: Frame) throws -> [Bond]? {
    let sublattice = try frame.requiredSublattice()
    let sites = PreparedPotential.flat(try frame.requiredReferencePositions(), dimension)
    let periodic = (0..<3).map { $0 < dimension && frame.periodic[$0] }
    let list: NeighborList
    do {
      let reference = try Cell(rows: frame.referenceCell, periodic: periodic)
      let search = try NeighborSearch(
        positions: sites, cell: reference, cutoff: cutoff + 2 * Self.tolerance)
      list = try search.neighborsOfAll()
    } catch { throw InputError(frame.source, error, in: "ref_pos") }
    let isOpen = periodic.prefix(dimension).contains(false)
    let ofSublattice = (0..<sublatticeCount).map { from in
      springs.indices.filter { springs[$0].from == from }
    }
    var bonds: [Bond] = []
    bonds.reserveCapacity(sites.count / 3 * springs.count / sublatticeCount)
    for atom in 0..<frame.atomCount {
      for index in ofSublattice[sublattice[atom]] {
        let spring = springs[index]
        let partner = list.pairs(of: atom).first { pair in
          let apart =
            SIMD3(list.vectors[3 * pair], list.vectors[3 * pair + 1], list.vectors[3 * pair + 2])
            - spring.vector
          return sublattice[Int(list.neighbors[pair])] == spring.to
            && (apart * apart).sum() < Self.tolerance * Self.tolerance
        }
        guard let partner else {
          if isOpen { continue }
          throw InputError(
            frame.source, atom: atom,
            "ref_pos: expected a site of sublattice \(spring.to) at \(place(spring.vector)) Å from "
              + "atom \(atom + 1), where \(file) has a spring, found none")
        }
        bonds.append(
          Bond(
            first: atom, second: Int(list.neighbors[partner]),
            shift: SIMD3(
              list.shifts[3 * partner], list.shifts[3 * partner + 1],
              list.shifts[3 * partner + 2]), tag: Int32(index)))
      }
    }
    return bonds
  }

  private func place(_ vector: SIMD3<Double>) -> String {
    let numbers = (0..<dimension).map { "\((vector[$0] * 1e4).rounded() / 1e4)" }
    return "(\(numbers.joined(separator: ", ")))"
  }

  public func addTerms(of center: Int, in stars: borrowing Stars, to terms: inout TermList) {
    let pairs = stars.list.pairs(of: center)
    for pair in pairs {
      let spring = springs[Int(stars.tags[pair])]
      let s = stars.list.distances[pair] - spring.restLength
      let (k, g, h) = (spring.k, spring.g, spring.h)
      terms.pairs.append(
        PairTerm(
          leg: pair - pairs.lowerBound,
          value: Jet(
            s * s * (k / 2 + s * (g / 6 + s * h / 24)), s * (k + s * (g / 2 + s * h / 6)),
            k + s * (g + s * h / 2), g + s * h)))
    }
  }
}
