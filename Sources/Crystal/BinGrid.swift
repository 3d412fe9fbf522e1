/// Positions brought into the cell, in its own coordinates.
struct WrappedPositions {
  /// Shape [N, 3]; within 0 ..< 1 along periodic axes.
  private(set) var fractional: [Double]
  /// Whole cell vectors that bring each atom into the cell, shape [N, 3].
  private(set) var wraps: [Int32]
  /// The least coordinate along each open axis, and how far the atoms spread; 0 and 1 along periodic
  /// ones.
  private(set) var low = [0.0, 0.0, 0.0]
  private(set) var span = [1.0, 1.0, 1.0]

  var atomCount: Int { wraps.count / 3 }

  /// - Parameter positions: In Å, shape [N, 3].
  /// - Throws: ``NeighborError/notFinite(atom:)``.
  init(_ positions: [Double], cell: Cell) throws(NeighborError) {
    let atomCount = positions.count / 3
    // A position that is not a number has no bin: refuse before Int() traps.
    if let bad = positions.firstIndex(where: { !(abs($0) < 1e9) }) {
      throw .notFinite(atom: bad / 3)
    }
    fractional = [Double](repeating: 0, count: positions.count)
    wraps = [Int32](repeating: 0, count: positions.count)
    for atom in 0..<atomCount {
      let s = cell.fractional(
        positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2])
      (fractional[3 * atom], fractional[3 * atom + 1], fractional[3 * atom + 2]) = s
    }
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
  }
}

/// How a cell is divided into bins: along each axis so many that several cover the cutoff.
struct BinGrid {
  static let imageLimit = 100_000
  /// Thinner bins follow the sphere more closely, at the price of more of them.
  private static let binsPerCutoff = 2.0

  private(set) var counts = [1, 1, 1]
  /// Bins on either side of an atom's own that the cutoff reaches, by axis.
  private(set) var reach = [0, 0, 0]

  /// - Parameter cutoff: In Å.
  /// - Throws: ``NeighborError/tooManyImages(_:)``.
  init(_ wrapped: WrappedPositions, cell: Cell, cutoff: Double) throws(NeighborError) {
    var imageCount = 1
    for axis in 0..<3 {
      let extent = cell.height(axis) * wrapped.span[axis]
      let most = max(1.0, Double(wrapped.atomCount).squareRoot() + 8)
      let wanted = (Self.binsPerCutoff * extent / cutoff).rounded(.down)
      counts[axis] = Int(max(1, min(wanted, most)))
      let range = (cutoff * Double(counts[axis]) / extent).rounded(.up)
      guard cell.periodic[axis] else {
        // A flat molecule in an open cell has no images, however thin it is.
        reach[axis] = Int(min(range, Double(counts[axis] - 1)))
        continue
      }
      guard range < 1e6 else { throw .tooManyImages(Int(min(range, 1e15))) }
      reach[axis] = Int(range)
      imageCount *= 2 * (reach[axis] / counts[axis]) + 1
      guard imageCount <= Self.imageLimit else { throw .tooManyImages(imageCount) }
    }
  }

  /// The bin of each atom; where the atoms of each bin start, and the atoms by bin.
  func sorted(
    _ wrapped: WrappedPositions
  ) -> (binOf: [Int32], starts: [Int], atoms: [Int32]) {
    let atomCount = wrapped.atomCount
    var binOf = [Int32](repeating: 0, count: atomCount)
    var starts = [Int](repeating: 0, count: counts.reduce(1, *) + 1)
    for atom in 0..<atomCount {
      var bin = 0
      for axis in 0..<3 {
        let place = (wrapped.fractional[3 * atom + axis] - wrapped.low[axis]) / wrapped.span[axis]
        let slot = min(max(Int(place * Double(counts[axis])), 0), counts[axis] - 1)
        bin = bin * counts[axis] + slot
      }
      binOf[atom] = Int32(bin)
      starts[bin + 1] += 1
    }
    for bin in 1..<starts.count { starts[bin] += starts[bin - 1] }
    var next = starts
    var atoms = [Int32](repeating: 0, count: atomCount)
    for atom in 0..<atomCount {
      let bin = Int(binOf[atom])
      atoms[next[bin]] = Int32(atom)
      next[bin] += 1
    }
    return (binOf, starts, atoms)
  }
}
