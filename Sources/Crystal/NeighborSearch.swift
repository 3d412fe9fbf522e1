/// Finds neighbours in any periodic or open cell, several images of one pair included.
///
/// Atoms are sorted into bins no thinner than needed once; any block of centres can then be asked
/// for, so that memory stays bounded and blocks run in parallel.
public struct NeighborSearch: Sendable {
  /// Closer than this, in Å, two atoms are in one place.
  public static let coincidence = 1e-3
  /// An atom with more neighbours is one of a cell in another unit.
  public static let neighborLimit = 20_000
  private static let reserveLimit = 1 << 20

  public let cutoff: Double
  /// Of one atom.
  let limit: Int
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
  /// The most atoms in a row of bins along c, and one more.
  private let longestRun: Int
  private let bins: BinGeometry
  /// A distance in Å that the rounding of `binned` cannot exceed.
  private let slack: Double

  /// - Parameters:
  ///   - positions: Cartesian positions in Å, shape [N, 3]; wrapped or not.
  ///   - cutoff: In Å; greater than 0. Neighbours lie strictly within.
  ///   - limit: Neighbours that an atom may have; more are refused before they are stored.
  /// - Throws: ``NeighborError``.
  /// - Complexity: O(N).
  public init(
    positions: [Double], cell: Cell, cutoff: Double, limit: Int = Self.neighborLimit
  ) throws(NeighborError) {
    precondition(cutoff > 0 && positions.count.isMultiple(of: 3), "neighbour search: bad arguments")
    let wrapped = try WrappedPositions(positions, cell: cell)
    let grid = try BinGrid(wrapped, cell: cell, cutoff: cutoff)
    let (binOf, binStarts, binAtoms) = grid.sorted(wrapped)
    let (wraps, binCounts, reach) = (wrapped.wraps, grid.counts, grid.reach)
    (self.cutoff, self.limit) = (cutoff, limit)
    (self.cell, self.positions, self.wraps) = (cell, positions, wraps)
    (self.binCounts, self.reach, self.binStarts) = (binCounts, reach, binStarts)
    (self.binAtoms, self.binOf) = (binAtoms, binOf)
    var binned: [SIMD4<Double>] = []
    binned.reserveCapacity(binAtoms.count)
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
    longestRun =
      1
      + stride(from: 0, to: binStarts.count - 1, by: binCounts[2]).reduce(0) {
        max($0, binStarts[$1 + binCounts[2]] - binStarts[$1])
      }
    bins = BinGeometry(cell: cell, low: wrapped.low, span: wrapped.span, counts: binCounts)
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
    var found = Found(longestRun: longestRun)
    for center in centers {
      found.count = 0
      try collect(center, into: &found)
      found.sort()
      list.append(found)
      if center == centers.lowerBound {
        // A first atom among many says little of the others.
        list.reserve(pairs: min(found.count * centers.count * 5 / 4, Self.reserveLimit))
      }
    }
    try list.check(limit: limit)
    return list
  }

  /// The neighbours of every atom.
  public func neighborsOfAll() throws(NeighborError) -> NeighborList {
    try neighbors(of: 0..<positions.count / 3)
  }

  /// Walks the bins around `center`; a bin beyond the cell is an image of one inside.
  ///
  /// Bins in a row along c lie one behind the other in memory: they are walked as one run. Rows, and
  /// ends of rows, that lie beyond the cutoff as a whole are left out, and only what a first look
  /// leaves within the cutoff is computed from the positions as given.
  private func collect(_ center: Int, into found: inout Found) throws(NeighborError) {
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
    let place = bins.place(cell.fractional(x0, y0, z0))
    slots(around: home.0, place.0, axis: 0, into: &found.slots.0)
    slots(around: home.1, place.1, axis: 1, into: &found.slots.1)
    slots(around: home.2, place.2, axis: 2, into: &found.slots.2)
    let loose = (cutoff + slack) * (cutoff + slack)
    for first in found.slots.0.indices {
      let i = found.slots.0[first]
      for second in found.slots.1.indices {
        let j = found.slots.1[second]
        let left = loose - bins.squaredDistance(i.gap, j.gap)
        guard left > 0 else { continue }
        var row = bins.isUpright ? found.slots(within: left) : found.slots.2.indices
        while !row.isEmpty {
          let k = found.slots.2[row.lowerBound]
          let length = min(row.count, binCounts[2] - k.bin)
          row = row.lowerBound + length..<row.upperBound
          let slot = (i.bin * binCounts[1] + j.bin) * binCounts[2] + k.bin
          let (f0, f1, f2) = (Double(i.cells), Double(j.cells), Double(k.cells))
          let offset = SIMD4(
            f0 * rows[0] + f1 * rows[3] + f2 * rows[6] - x0,
            f0 * rows[1] + f1 * rows[4] + f2 * rows[7] - y0,
            f0 * rows[2] + f1 * rows[5] + f2 * rows[8] - z0, 0)
          let hits = firstLook(binStarts[slot]..<binStarts[slot + length], offset, loose, &found)
          for hit in 0..<hits {
            try append(
              Int(binAtoms[Int(found.run[hit])]), image: (i.cells, j.cells, k.cells), of: center,
              to: &found)
          }
        }
      }
    }
  }

  /// The entries of a run that may lie within the cutoff, into `found.run`; without a branch, which
  /// no processor could foresee.
  @inline(__always)
  private func firstLook(
    _ entries: Range<Int>, _ offset: SIMD4<Double>, _ loose: Double, _ found: inout Found
  ) -> Int {
    let binned = binned.span
    var run = found.run.mutableSpan
    var count = 0
    for entry in entries {
      let u = binned[entry] + offset
      run[count] = Int32(truncatingIfNeeded: entry)
      count += (u * u).sum() < loose ? 1 : 0
    }
    return count
  }

  /// Adds an atom in an image of the cell if it lies within the cutoff.
  ///
  /// - Parameter image: Counts whole cells between the atoms brought into the cell.
  private func append(
    _ atom: Int, image: (Int, Int, Int), of center: Int, to found: inout Found
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
    guard found.count < limit else {
      throw .tooManyNeighbors(atom: center, limit: limit)
    }
    found.append(
      Found.Candidate(
        atom: Int32(atom), shift: (Int32(t0), Int32(t1), Int32(t2)), x: x, y: y, z: z,
        squared: squared))
  }

  /// The bins of an axis within reach of a place in bin `home`; those beyond an open cell are left
  /// out, and one beyond a periodic cell repeats one inside.
  @inline(__always)
  private func slots(
    around home: Int, _ place: Double, axis: Int, into slots: inout [Found.Slot]
  ) {
    slots.removeAll(keepingCapacity: true)
    let (low, high) = (home - reach[axis], home + reach[axis] + 1)
    let count = binCounts[axis]
    let range = cell.periodic[axis] ? low..<high : max(low, 0)..<min(high, count)
    for index in range {
      var cells = 0
      if index < 0 || index >= count {
        cells = index >= 0 ? index / count : -((count - 1 - index) / count)
      }
      slots.append(
        Found.Slot(
          bin: index - cells * count, cells: cells, gap: bins.gap(index, from: place, axis: axis)))
    }
  }
}
