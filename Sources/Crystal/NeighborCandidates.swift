/// Pairs of some positions within a cutoff and a margin.
///
/// As long as no two atoms together have moved farther than the margin, the neighbours of other
/// positions of the same atoms are among them: frames of one crystal need the search but once.
struct NeighborCandidates: Sendable {
  /// More pairs are not kept: memory.
  static let pairLimit = 20_000_000
  private static let blockSize = 1024

  private let cutoff: Double
  private let limit: Int
  /// In Å.
  private let margin: Double
  private let cell: Cell
  private let positions: [Double]
  /// Pairs of centre i: starts[i] ..< starts[i + 1], shape [N + 1].
  private var starts = [0]
  /// Ordered by neighbour, then by image, shape [pairs].
  private var neighbors: [Int32] = []
  /// Index into `shifts` and `offsets`, shape [pairs].
  private var images: [UInt16] = []
  private var shifts: [SIMD3<Int32>] = []
  /// shift · cell in Å.
  private var offsets: [SIMD3<Double>] = []

  /// Nil for more pairs, or images, than are kept.
  ///
  /// - Parameters:
  ///   - positions: Cartesian positions in Å, shape [N, 3].
  ///   - margin: In Å.
  /// - Throws: ``NeighborError``.
  init?(
    positions: [Double], cell: Cell, cutoff: Double, margin: Double,
    limit: Int = NeighborSearch.neighborLimit
  ) throws(NeighborError) {
    (self.positions, self.cell) = (positions, cell)
    (self.cutoff, self.margin, self.limit) = (cutoff, margin, limit)
    let search = try NeighborSearch(positions: positions, cell: cell, cutoff: cutoff + margin)
    var imageOfShift: [SIMD3<Int32>: UInt16] = [:]
    let (count, rows) = (positions.count / 3, cell.rows)
    for first in stride(from: 0, to: count, by: Self.blockSize) {
      let list = try search.neighbors(of: first..<min(first + Self.blockSize, count))
      guard neighbors.count + list.pairCount <= Self.pairLimit else { return nil }
      for pair in 0..<list.pairCount {
        let shift = SIMD3(
          list.shifts[3 * pair], list.shifts[3 * pair + 1], list.shifts[3 * pair + 2])
        if let image = imageOfShift[shift] {
          images.append(image)
          continue
        }
        guard let image = UInt16(exactly: shifts.count) else { return nil }
        let (f0, f1, f2) = (Double(shift[0]), Double(shift[1]), Double(shift[2]))
        imageOfShift[shift] = image
        images.append(image)
        shifts.append(shift)
        // In the order of operations of NeighborSearch: the vectors get the same bits.
        offsets.append(
          SIMD3(
            f0 * rows[0] + f1 * rows[3] + f2 * rows[6],
            f0 * rows[1] + f1 * rows[4] + f2 * rows[7],
            f0 * rows[2] + f1 * rows[5] + f2 * rows[8]))
      }
      starts += list.starts.dropFirst().map { $0 + neighbors.count }
      neighbors += list.neighbors
    }
  }

  /// How much nearer two atoms may have come since, in Å; nil for other atoms or another cell.
  func approach(of positions: [Double], cell: Cell) -> Double? {
    guard positions.count == self.positions.count, cell == self.cell else { return nil }
    return largestApproach(from: self.positions, to: positions)
  }

  /// Whether an approach leaves no neighbour out.
  func covers(approach: Double) -> Bool { approach < margin - 1e-9 }

  /// The neighbours of a block of centres at other positions: those that ``NeighborSearch`` finds,
  /// in the same order, with the same bits.
  ///
  /// - Precondition: ``covers(approach:)`` of the positions.
  /// - Throws: As ``NeighborSearch/neighbors(of:)``.
  func neighbors(
    of centers: Range<Int>, positions: [Double]
  ) throws(NeighborError) -> NeighborList {
    var list = NeighborList(centers: centers)
    let most = starts[centers.upperBound] - starts[centers.lowerBound]
    list.neighbors = [Int32](repeating: 0, count: most)
    list.shifts = [Int32](repeating: 0, count: 3 * most)
    list.vectors = [Double](repeating: 0, count: 3 * most)
    list.distances = [Double](repeating: 0, count: most)
    list.starts.reserveCapacity(centers.count + 1)
    let count = fill(
      centers, positions, &list.starts, &list.neighbors, &list.shifts, &list.vectors,
      &list.distances)
    list.neighbors.removeLast(most - count)
    list.shifts.removeLast(3 * (most - count))
    list.vectors.removeLast(3 * (most - count))
    list.distances.removeLast(most - count)
    try list.check(limit: limit)
    return list
  }

  /// Writes every candidate and steps on only past those within the cutoff: no branch to foresee.
  private func fill(
    _ centers: Range<Int>, _ positions: [Double], _ starts: inout [Int],
    _ neighbors: inout [Int32], _ shifts: inout [Int32], _ vectors: inout [Double],
    _ distances: inout [Double]
  ) -> Int {
    let x = positions.span
    let (candidates, images) = (self.neighbors.span, self.images.span)
    let (allShifts, offsets) = (self.shifts.span, self.offsets.span)
    var neighbors = neighbors.mutableSpan
    var shifts = shifts.mutableSpan
    var vectors = vectors.mutableSpan
    var distances = distances.mutableSpan
    let limit = cutoff * cutoff
    var count = 0
    for center in centers {
      let (x0, y0, z0) = (x[3 &* center], x[3 &* center &+ 1], x[3 &* center &+ 2])
      for pair in self.starts[center]..<self.starts[center + 1] {
        let atom = Int(candidates[pair])
        let image = Int(images[pair])
        let (offset, shift) = (offsets[image], allShifts[image])
        let u = x[3 &* atom] - x0 + offset[0]
        let v = x[3 &* atom &+ 1] - y0 + offset[1]
        let w = x[3 &* atom &+ 2] - z0 + offset[2]
        let squared = u * u + v * v + w * w
        neighbors[count] = candidates[pair]
        shifts[3 &* count] = shift[0]
        shifts[3 &* count &+ 1] = shift[1]
        shifts[3 &* count &+ 2] = shift[2]
        vectors[3 &* count] = u
        vectors[3 &* count &+ 1] = v
        vectors[3 &* count &+ 2] = w
        distances[count] = squared.squareRoot()
        count &+= squared < limit ? 1 : 0
      }
      starts.append(count)
    }
    return count
  }
}

/// Twice the farthest way of an atom in Å: two atoms can have come no nearer by more.
func largestApproach(from old: [Double], to new: [Double]) -> Double {
  var most = 0.0
  for atom in 0..<old.count / 3 {
    let u = new[3 * atom] - old[3 * atom]
    let v = new[3 * atom + 1] - old[3 * atom + 1]
    let w = new[3 * atom + 2] - old[3 * atom + 2]
    let squared = u * u + v * v + w * w
    // A position that is not a number is nowhere near.
    guard squared.isFinite else { return .infinity }
    most = max(most, squared)
  }
  return 2 * most.squareRoot()
}
