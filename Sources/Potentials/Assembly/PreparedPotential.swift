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
  public internal(set) var cell: Cell
  /// The positions it was prepared at, in Å, shape [N, 3]; zero along inactive axes.
  public internal(set) var positions: [Double]
  /// Legs that a star may have: a thousand stand within 11 Å in the densest crystals, and couple a
  /// million pairs of legs. More are of a cell in another unit.
  static let legLimit = 1000
  let kinds: [Int32]
  let bonds: BondTable?
  let source: FrameSource
  /// Saves searches when positions change little between two calls.
  private let finder: NeighborFinder

  public var atomCount: Int { kinds.count }

  init(_ potential: any Potential, frame: Frame, place: Placement) throws {
    let dimension = frame.dimension
    guard (1...3).contains(dimension) else {
      throw InputError(frame.source, "dimension: expected 1, 2 or 3, found \(dimension)")
    }
    self.potential = potential
    self.dimension = dimension
    source = frame.source
    finder = NeighborFinder(cutoff: potential.cutoff, limit: Self.legLimit)
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
    case found(FrameNeighbors)
  }

  func starSource(
    at given: [Double]? = nil, margin: Double = 0
  ) throws(InputError) -> StarSource {
    let positions = given.map { Self.flat($0, dimension) } ?? self.positions
    precondition(positions.count == 3 * atomCount, "positions: expected [\(atomCount), 3]")
    if let bonds { return .bonds(bonds, positions: positions) }
    do {
      if margin == 0 { return .found(try finder.prepare(positions: positions, cell: cell)) }
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
      case .found(let found):
        return Stars(list: try found.neighbors(of: centers), kinds: kinds, tags: [])
      }
    } catch { throw named(error) }
  }

  /// The same complaint with the place in the input.
  func named(_ error: NeighborError) -> InputError { InputError(source, error) }

  func overflow() -> InputError {
    InputError(source, "expected a finite energy and derivatives, found an overflow")
  }
}
