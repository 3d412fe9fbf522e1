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
      "expected a cell of at least a fraction of the cutoff, found \(count) images within it"
    case .tooManyNeighbors(let atom, let limit):
      "expected at most \(limit) neighbours within the cutoff, found more at atom \(atom + 1)"
    case .notFinite(let atom):
      "expected positions within 1e9 Å, found another at atom \(atom + 1)"
    }
  }
}

/// Finds neighbours in any periodic or open cell, several images of one pair included.
///
/// Atoms are sorted into bins no thinner than needed once; any block of centres can then be asked
/// for, so that memory stays bounded and blocks run in parallel.
public struct NeighborSearch: Sendable {
  /// Closer than this, in Å, two atoms are in one place.
  public static let coincidence = 1e-3
  static let imageLimit = 100_000
  static let neighborLimit = 20_000
  /// Thinner bins follow the sphere more closely, at the price of more of them.
  private static let binsPerCutoff = 2.0

  public let cutoff: Double
  let cell: Cell
  let positions: [Double]
  /// Whole cell vectors that bring each atom into the cell, shape [N, 3].
  private let wraps: [Int32]
  private let binCounts: [Int]
  /// Bins on either side of an atom's own that the cutoff reaches, by axis.
  private let reach: [Int]
  private let binStarts: [Int]
  private let binAtoms: [Int32]
  private let binOf: [Int32]
  /// The atoms in the order of the bins, brought into the cell, in Å; the fourth lane is 0.
  private let binned: [SIMD4<Double>]
  /// A distance in Å that the rounding of `binned` cannot exceed.
  private let slack: Double

  /// - Parameters:
  ///   - positions: Cartesian positions in Å, shape [N, 3]; wrapped or not.
  ///   - cutoff: In Å; greater than 0. Neighbours lie strictly within.
  /// - Throws: ``NeighborError``.
  /// - Complexity: O(N).
  public init(positions: [Double], cell: Cell, cutoff: Double) throws(NeighborError) {
    precondition(cutoff > 0 && positions.count.isMultiple(of: 3), "neighbour search: bad arguments")
    let atomCount = positions.count / 3
    // A positions that is not a number has no bin: refuse before Int() traps.
    if let bad = positions.firstIndex(where: { !(abs($0) < 1e9) }) {
      throw .notFinite(atom: bad / 3)
    }
    var fractional = [Double](repeating: 0, count: positions.count)
    var low = [Double](repeating: 0, count: 3)
    var span = [Double](repeating: 1, count: 3)
    for atom in 0..<atomCount {
      let s = cell.fractional(
        positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2])
      (fractional[3 * atom], fractional[3 * atom + 1], fractional[3 * atom + 2]) = s
    }
    var wraps = [Int32](repeating: 0, count: positions.count)
    for axis in 0..<3 {
      if cell.periodic[axis] {
        for atom in 0..<atomCount {
          let whole = fractional[3 * atom + axis].rounded(.down)
          guard abs(whole) < 1e9 else { throw .notFinite(atom: atom) }
          wraps[3 * atom + axis] = Int32(-whole)
          fractional[3 * atom + axis] -= whole
        }
      } else if atomCount > 0 {
        let values = stride(from: axis, to: fractional.count, by: 3).map { fractional[$0] }
        let (least, most) = (values.min() ?? 0, values.max() ?? 0)
        low[axis] = least
        span[axis] = max(most - least, 1e-6)
      }
    }
    var binCounts = [1, 1, 1]
    var reach = [0, 0, 0]
    var imageCount = 1
    for axis in 0..<3 {
      let extent = cell.height(axis) * span[axis]
      let most = max(1.0, Double(atomCount).squareRoot() + 8)
      let wanted = (Self.binsPerCutoff * extent / cutoff).rounded(.down)
      binCounts[axis] = Int(max(1, min(wanted, most)))
      let range = (cutoff * Double(binCounts[axis]) / extent).rounded(.up)
      guard cell.periodic[axis] else {
        // A flat molecule in an open cell has no images, however thin it is.
        reach[axis] = Int(min(range, Double(binCounts[axis] - 1)))
        continue
      }
      guard range < 1e6 else { throw .tooManyImages(Int(min(range, 1e15))) }
      reach[axis] = Int(range)
      imageCount *= 2 * (reach[axis] / binCounts[axis]) + 1
      guard imageCount <= Self.imageLimit else { throw .tooManyImages(imageCount) }
    }
    var binOf = [Int32](repeating: 0, count: atomCount)
    var binStarts = [Int](repeating: 0, count: binCounts.reduce(1, *) + 1)
    for atom in 0..<atomCount {
      var bin = 0
      for axis in 0..<3 {
        let place = (fractional[3 * atom + axis] - low[axis]) / span[axis]
        let slot = min(max(Int(place * Double(binCounts[axis])), 0), binCounts[axis] - 1)
        bin = bin * binCounts[axis] + slot
      }
      binOf[atom] = Int32(bin)
      binStarts[bin + 1] += 1
    }
    for bin in 1..<binStarts.count { binStarts[bin] += binStarts[bin - 1] }
    var next = binStarts
    var binAtoms = [Int32](repeating: 0, count: atomCount)
    for atom in 0..<atomCount {
      let bin = Int(binOf[atom])
      binAtoms[next[bin]] = Int32(atom)
      next[bin] += 1
    }
    (self.cutoff, self.cell, self.positions, self.wraps) = (cutoff, cell, positions, wraps)
    (self.binCounts, self.reach, self.binStarts) = (binCounts, reach, binStarts)
    (self.binAtoms, self.binOf) = (binAtoms, binOf)
    var binned: [SIMD4<Double>] = []
    binned.reserveCapacity(atomCount)
    var farthest = 0.0
    for atom in binAtoms {
      let a = 3 * Int(atom)
      let t = cell.cartesian(Double(wraps[a]), Double(wraps[a + 1]), Double(wraps[a + 2]))
      let x = SIMD4(positions[a], positions[a + 1], positions[a + 2], 0)
      let offset = SIMD4(t.0, t.1, t.2, 0)
      binned.append(x + offset)
      for lane in 0..<3 { farthest = max(farthest, abs(x[lane]), abs(offset[lane])) }
    }
    self.binned = binned
    let longest = cell.rows.reduce(0) { max($0, abs($1)) }
    let images = (0..<3).reduce(0) { max($0, reach[$1] / binCounts[$1] + 2) }
    slack = 1e-14 * (farthest + 3 * Double(images) * longest + cutoff) + 1e-12
  }

  /// The neighbours of a block of centres.
  ///
  /// - Throws: ``NeighborError/coincident(_:_:)``, ``NeighborError/tooManyNeighbors(atom:limit:)``.
  public func neighbors(of centers: Range<Int>) throws(NeighborError) -> NeighborList {
    var list = NeighborList(centers: centers)
    list.starts.reserveCapacity(centers.count + 1)
    var found: [Candidate] = []
    var order: [UInt64] = []
    for center in centers {
      found.removeAll(keepingCapacity: true)
      try collect(center, into: &found)
      Self.sort(found, into: &order)
      for entry in order {
        let candidate = found[Int(truncatingIfNeeded: entry & 0xffff_ffff)]
        list.neighbors.append(candidate.atom)
        list.shifts.append(candidate.shift.0)
        list.shifts.append(candidate.shift.1)
        list.shifts.append(candidate.shift.2)
        list.vectors.append(candidate.x)
        list.vectors.append(candidate.y)
        list.vectors.append(candidate.z)
        list.distances.append(candidate.squared.squareRoot())
      }
      list.starts.append(list.neighbors.count)
    }
    return list
  }

  /// The neighbours of every atom.
  public func neighborsOfAll() throws(NeighborError) -> NeighborList {
    try neighbors(of: 0..<positions.count / 3)
  }

  private struct Candidate {
    var atom: Int32
    var shift: (Int32, Int32, Int32)
    var x: Double
    var y: Double
    var z: Double
    var squared: Double
  }

  /// The order of candidates by atom, then by image.
  ///
  /// - Parameter order: The index of a candidate in the low half of each element.
  private static func sort(_ found: [Candidate], into order: inout [UInt64]) {
    order.removeAll(keepingCapacity: true)
    for (index, candidate) in found.enumerated() {
      order.append(UInt64(candidate.atom) << 32 | UInt64(index))
    }
    order.sort()
    var first = 0
    while first < order.count {
      var end = first + 1
      while end < order.count && order[end] >> 32 == order[first] >> 32 { end += 1 }
      if end - first > 1 {
        order[first..<end].sort {
          found[Int($0 & 0xffff_ffff)].shift < found[Int($1 & 0xffff_ffff)].shift
        }
      }
      first = end
    }
  }

  /// Walks the bins around `center`; a bin beyond the cell is an image of one inside.
  ///
  /// Bins in a row along c lie one behind the other in memory: they are walked as one run, and only
  /// what a first look leaves within the cutoff is computed from the positions as given.
  private func collect(_ center: Int, into found: inout [Candidate]) throws(NeighborError) {
    let rows = cell.rows
    let bin = Int(binOf[center])
    let home = (
      bin / (binCounts[1] * binCounts[2]), bin / binCounts[2] % binCounts[1], bin % binCounts[2]
    )
    let inside = cell.cartesian(
      Double(wraps[3 * center]), Double(wraps[3 * center + 1]), Double(wraps[3 * center + 2]))
    let (x0, y0, z0) = (
      positions[3 * center] + inside.0, positions[3 * center + 1] + inside.1,
      positions[3 * center + 2] + inside.2
    )
    let loose = (cutoff + slack) * (cutoff + slack)
    let last = reaches(home.2, axis: 2)
    for i in reaches(home.0, axis: 0) {
      let (p, s0) = fold(i, axis: 0)
      for j in reaches(home.1, axis: 1) {
        let (q, s1) = fold(j, axis: 1)
        var k = last.lowerBound
        while k < last.upperBound {
          let (r, s2) = fold(k, axis: 2)
          let length = min(last.upperBound - k, binCounts[2] - r)
          k += length
          let slot = (p * binCounts[1] + q) * binCounts[2] + r
          let (f0, f1, f2) = (Double(s0), Double(s1), Double(s2))
          let offset = SIMD4(
            f0 * rows[0] + f1 * rows[3] + f2 * rows[6] - x0,
            f0 * rows[1] + f1 * rows[4] + f2 * rows[7] - y0,
            f0 * rows[2] + f1 * rows[5] + f2 * rows[8] - z0, 0)
          for entry in binStarts[slot]..<binStarts[slot + length] {
            let u = binned[entry] + offset
            guard (u * u).sum() < loose else { continue }
            try append(Int(binAtoms[entry]), image: (s0, s1, s2), of: center, to: &found)
          }
        }
      }
    }
  }

  /// Adds an atom in an image of the cell if it lies within the cutoff.
  ///
  /// - Parameter image: Counts whole cells between the atoms brought into the cell.
  private func append(
    _ atom: Int, image: (Int, Int, Int), of center: Int, to found: inout [Candidate]
  ) throws(NeighborError) {
    let rows = cell.rows
    // From wrapped to unwrapped: the shift counts whole cells between the given positions.
    let t0 = image.0 &+ Int(wraps[3 * atom]) &- Int(wraps[3 * center])
    let t1 = image.1 &+ Int(wraps[3 * atom + 1]) &- Int(wraps[3 * center + 1])
    let t2 = image.2 &+ Int(wraps[3 * atom + 2]) &- Int(wraps[3 * center + 2])
    if atom == center && t0 == 0 && t1 == 0 && t2 == 0 { return }
    let (f0, f1, f2) = (Double(t0), Double(t1), Double(t2))
    let x =
      positions[3 * atom] - positions[3 * center] + (f0 * rows[0] + f1 * rows[3] + f2 * rows[6])
    let y =
      positions[3 * atom + 1] - positions[3 * center + 1]
      + (f0 * rows[1] + f1 * rows[4] + f2 * rows[7])
    let z =
      positions[3 * atom + 2] - positions[3 * center + 2]
      + (f0 * rows[2] + f1 * rows[5] + f2 * rows[8])
    let squared = x * x + y * y + z * z
    guard squared < cutoff * cutoff else { return }
    guard squared > Self.coincidence * Self.coincidence else { throw .coincident(center, atom) }
    guard found.count < Self.neighborLimit else {
      throw .tooManyNeighbors(atom: center, limit: Self.neighborLimit)
    }
    found.append(
      Candidate(
        atom: Int32(atom), shift: (Int32(t0), Int32(t1), Int32(t2)), x: x, y: y, z: z,
        squared: squared))
  }

  /// The bins of an axis within reach; those beyond an open cell are left out.
  @inline(__always)
  private func reaches(_ home: Int, axis: Int) -> Range<Int> {
    let (low, high) = (home - reach[axis], home + reach[axis] + 1)
    return cell.periodic[axis] ? low..<high : max(low, 0)..<min(high, binCounts[axis])
  }

  /// The bin inside the cell that bin `index` of an axis repeats, and by how many cells.
  @inline(__always)
  private func fold(_ index: Int, axis: Int) -> (bin: Int, cells: Int) {
    let count = binCounts[axis]
    if index >= 0 && index < count { return (index, 0) }
    let cells = index >= 0 ? index / count : -((count - 1 - index) / count)
    return (index - cells * count, cells)
  }
}
