/// Neighbours of some atoms: for each, who lies within the cutoff, through which image, and where.
///
/// The pairs of centre i (counted from `centers.lowerBound`) are `starts[i] ..< starts[i + 1]`,
/// ordered by neighbour, then by image: the order depends on nothing but the frame.
public struct NeighborList: Sendable {
  public let centers: Range<Int>
  /// Shape [centers + 1].
  public internal(set) var starts: [Int]
  /// Index of the neighbour, shape [pairs].
  public internal(set) var neighbors: [Int32]
  /// Image of the neighbour in whole cell vectors, shape [pairs, 3].
  public internal(set) var shifts: [Int32]
  /// x_j + shift · cell - x_i in Å, shape [pairs, 3].
  public internal(set) var vectors: [Double]
  /// Length of the vector in Å, shape [pairs].
  public internal(set) var distances: [Double]

  public var pairCount: Int { neighbors.count }

  /// A list of neighbours that something else than distance chose; the distances follow.
  ///
  /// - Precondition: The shapes agree.
  public init(
    centers: Range<Int>, starts: [Int], neighbors: [Int32], shifts: [Int32], vectors: [Double]
  ) {
    precondition(starts.count == centers.count + 1, "starts: expected [\(centers.count + 1)]")
    precondition(
      shifts.count == 3 * neighbors.count && vectors.count == shifts.count, "ragged neighbours")
    (self.centers, self.starts, self.neighbors) = (centers, starts, neighbors)
    (self.shifts, self.vectors) = (shifts, vectors)
    distances = neighbors.indices.map { pair in
      let (x, y, z) = (vectors[3 * pair], vectors[3 * pair + 1], vectors[3 * pair + 2])
      return (x * x + y * y + z * z).squareRoot()
    }
  }

  init(centers: Range<Int>) {
    self.centers = centers
    (starts, neighbors, shifts, vectors, distances) = ([0], [], [], [], [])
  }

  /// - Throws: ``NeighborError/coincident(_:_:)``, ``NeighborError/tooManyNeighbors(atom:limit:)``.
  func check(limit: Int) throws(NeighborError) {
    let (distances, starts) = (distances.span, starts.span)
    for (index, center) in centers.enumerated() {
      guard starts[index + 1] - starts[index] <= limit else {
        throw .tooManyNeighbors(atom: center, limit: limit)
      }
      for pair in starts[index]..<starts[index + 1]
      where distances[pair] <= NeighborSearch.coincidence {
        throw .coincident(center, Int(neighbors[pair]))
      }
    }
  }

  /// The pairs of an atom.
  public func pairs(of atom: Int) -> Range<Int> {
    starts[atom - centers.lowerBound]..<starts[atom - centers.lowerBound + 1]
  }
}

/// Why there is no list of neighbours.
public enum NeighborError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Two atoms (or an atom and its image) in one place; counted from 0.
  case coincident(Int, Int)
  case tooManyImages(Int)
  case tooManyNeighbors(atom: Int, limit: Int)
  case notFinite(atom: Int)

  public var description: String {
    switch self {
    case .coincident(let i, let j):
      i == j
        ? "expected distinct places, found atom \(i + 1) on its own image"
        : "expected distinct places, found atoms \(i + 1) and \(j + 1) in one place"
    case .tooManyImages(let count):
      "expected a cell of at least a fraction of the cutoff, found \(count) images within it; "
        + "cell and positions are in Å"
    case .tooManyNeighbors(let atom, let limit):
      "expected at most \(limit) neighbours within the cutoff, found more at atom \(atom + 1); "
        + "cell and positions are in Å"
    case .notFinite(let atom):
      "expected positions within 1e9 Å, found another at atom \(atom + 1)"
    }
  }
}
