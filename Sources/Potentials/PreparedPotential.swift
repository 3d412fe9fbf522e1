public import Crystal
internal import Formats

/// A potential bound to the labels of a frame.
///
/// What depends on species and labels alone is found once; energy, forces and Hessians can then be
/// asked for at any positions of the same atoms.
public struct PreparedPotential: Sendable {
  public let potential: any Potential
  /// Active Cartesian axes, 1, 2 or 3: derivatives are taken by the first d coordinates.
  public let dimension: Int
  /// The cell of `positions`; open along inactive axes.
  public let cell: Cell
  /// The positions it was prepared at, in Å, shape [N, 3]; zero along inactive axes.
  public internal(set) var positions: [Double]
  /// Legs that a star may have: a thousand stand within 11 Å in the densest crystals, and couple a
  /// million pairs of legs. More are of a cell in another unit.
  static let legLimit = 1000
  let kinds: [Int32]
  let bonds: BondTable?
  let source: FrameSource

  public var atomCount: Int { kinds.count }

  init(_ potential: any Potential, frame: Frame, place: Placement) throws {
    let dimension = frame.dimension
    guard (1...3).contains(dimension) else {
      throw InputError(frame.source, "dimension: expected 1, 2 or 3, found \(dimension)")
    }
    self.potential = potential
    self.dimension = dimension
    source = frame.source
    kinds = try potential.kinds(of: frame)
    let rows: [Double]
    switch place {
    case .positions: (rows, positions) = (frame.cell, Self.flat(frame.positions, dimension))
    case .reference:
      rows = frame.referenceCell
      positions = Self.flat(try frame.requiredReferencePositions(), dimension)
    }
    let periodic = (0..<3).map { $0 < dimension && frame.periodic[$0] }
    do { cell = try Cell(rows: rows, periodic: periodic) } catch {
      throw InputError(frame.source, "Lattice: \(error)")
    }
    if let fixed = try potential.bonds(of: frame) {
      bonds = try BondTable(fixed, frame: frame, positions: positions, cell: cell)
    } else {
      bonds = nil
    }
  }

  /// Inactive axes do not exist: their coordinates count as zero.
  package static func flat(_ positions: [Double], _ dimension: Int) -> [Double] {
    guard dimension < 3 else { return positions }
    return positions.enumerated().map { $0.offset % 3 < dimension ? $0.element : 0 }
  }

  /// The energy in eV.
  ///
  /// - Parameter positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  /// - Throws: `InputError` for atoms in one place.
  public func energy(positions: [Double]? = nil) throws -> Double {
    let stars = try stars(of: 0..<atomCount, at: positions)
    var terms = TermList()
    var energy = 0.0
    for center in 0..<atomCount {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      for pair in terms.pairs { energy += pair.value[0] }
      for triplet in terms.triplets { energy += triplet.u[0] * triplet.v[0] * triplet.w[0] }
    }
    guard energy.isFinite else { throw overflow() }
    return energy
  }

  /// -∂E/∂x in eV/Å, shape [N, 3].
  ///
  /// - Parameter positions: As in ``energy(positions:)``.
  /// - Throws: As ``energy(positions:)``.
  public func forces(positions: [Double]? = nil) throws -> [Double] {
    let stars = try stars(of: 0..<atomCount, at: positions)
    var terms = TermList()
    var forces = [Double](repeating: 0, count: 3 * atomCount)
    for center in 0..<atomCount {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      let base = stars.list.pairs(of: center).lowerBound
      func add(_ gradient: SIMD3<Double>, leg: Int) {
        let neighbor = Int(stars.list.neighbors[base + leg])
        for axis in 0..<dimension {
          forces[3 * neighbor + axis] -= gradient[axis]
          forces[3 * center + axis] += gradient[axis]
        }
      }
      for pair in terms.pairs {
        add(pair.value[1] * stars.list.direction(base + pair.leg), leg: pair.leg)
      }
      for triplet in terms.triplets {
        let (x, y) = (
          stars.list.direction(base + triplet.first), stars.list.direction(base + triplet.second)
        )
        let c = (x * y).sum()
        let (u, v, w) = (triplet.u, triplet.v, triplet.w)
        let byCosine = u[0] * v[0] * w[1]
        let byA = byCosine / stars.list.distances[base + triplet.first]
        let byB = byCosine / stars.list.distances[base + triplet.second]
        add(u[1] * v[0] * w[0] * x + byA * (y - c * x), leg: triplet.first)
        add(u[0] * v[1] * w[0] * y + byB * (x - c * y), leg: triplet.second)
      }
    }
    guard forces.allSatisfy(\.isFinite) else { throw overflow() }
    return forces
  }

  /// The stars of some centres at some positions.
  func stars(
    of centers: Range<Int>, at positions: [Double]? = nil
  ) throws(InputError) -> Stars {
    try stars(of: centers, from: starSource(at: positions))
  }

  /// What gives the stars of any block of centres.
  enum StarSource: Sendable {
    case bonds(BondTable, positions: [Double])
    case search(NeighborSearch)
  }

  func starSource(
    at given: [Double]? = nil, margin: Double = 0
  ) throws(InputError) -> StarSource {
    let positions = given.map { Self.flat($0, dimension) } ?? self.positions
    precondition(positions.count == 3 * atomCount, "positions: expected [\(atomCount), 3]")
    if let bonds { return .bonds(bonds, positions: positions) }
    do {
      return .search(
        try NeighborSearch(
          positions: positions, cell: cell, cutoff: potential.cutoff + margin,
          limit: Self.legLimit))
    } catch { throw named(error) }
  }

  func stars(of centers: Range<Int>, from source: StarSource) throws(InputError) -> Stars {
    do {
      switch source {
      case .bonds(let bonds, let positions):
        let (list, tags) = try bonds.legs(of: centers, at: positions, cell: cell)
        return Stars(list: list, kinds: kinds, tags: tags)
      case .search(let search):
        return Stars(list: try search.neighbors(of: centers), kinds: kinds, tags: [])
      }
    } catch { throw named(error) }
  }

  /// The same complaint with the place in the input.
  func named(_ error: NeighborError) -> InputError { InputError(source, error) }

  func overflow() -> InputError {
    InputError(source, "expected a finite energy and derivatives, found an overflow")
  }
}

extension NeighborList {
  /// The unit vector from the centre to the neighbour of a pair.
  @inline(__always)
  func direction(_ pair: Int) -> SIMD3<Double> {
    SIMD3(vectors[3 * pair], vectors[3 * pair + 1], vectors[3 * pair + 2]) / distances[pair]
  }
}
