/// Finds the atom at a place of a periodic or open structure, within a tolerance.
struct PositionIndex {
  private let cell: Cell
  private let positions: [Double]
  private let reduced: ReducedCell
  private let tolerance: Double
  private let counts: [Int]
  private let low: [Double]
  private let span: [Double]
  private let starts: [Int]
  private let atoms: [Int32]

  /// - Parameters:
  ///   - positions: Cartesian, in Å, shape [N, 3]; finite.
  ///   - tolerance: In Å; far below the distance of two atoms.
  init(positions: [Double], cell: Cell, tolerance: Double) {
    let atomCount = positions.count / 3
    (self.cell, self.positions, self.tolerance) = (cell, positions, tolerance)
    reduced = ReducedCell(cell)
    var fractional = [[Double]](repeating: [], count: 3)
    for atom in 0..<atomCount {
      let s = cell.fractional(
        positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2])
      fractional[0].append(s.0)
      fractional[1].append(s.1)
      fractional[2].append(s.2)
    }
    var low = [0.0, 0.0, 0.0]
    var span = [1.0, 1.0, 1.0]
    for axis in 0..<3 where !cell.periodic[axis] {
      low[axis] = fractional[axis].min() ?? 0
      span[axis] = max((fractional[axis].max() ?? 0) - low[axis], 1e-6)
    }
    let extents = (0..<3).map { cell.height($0) * span[$0] }
    // About one atom a bin, and bins wider than the tolerance.
    let volume = extents.reduce(1, *)
    let width = max(Self.cubeRoot(volume / Double(max(1, atomCount))), 2 * tolerance)
    counts = extents.map { Int(min(max(($0 / width).rounded(.down), 1), 4096)) }
    (self.low, self.span) = (low, span)
    var bins = [Int](repeating: 0, count: atomCount)
    var starts = [Int](repeating: 0, count: counts.reduce(1, *) + 1)
    for atom in 0..<atomCount {
      var bin = 0
      for axis in 0..<3 {
        var place = (fractional[axis][atom] - low[axis]) / span[axis]
        if cell.periodic[axis] { place -= place.rounded(.down) }
        bin = bin * counts[axis] + min(max(Int(place * Double(counts[axis])), 0), counts[axis] - 1)
      }
      bins[atom] = bin
      starts[bin + 1] += 1
    }
    for bin in 1..<starts.count { starts[bin] += starts[bin - 1] }
    var next = starts
    var atoms = [Int32](repeating: 0, count: atomCount)
    for atom in 0..<atomCount {
      atoms[next[bins[atom]]] = Int32(atom)
      next[bins[atom]] += 1
    }
    (self.starts, self.atoms) = (starts, atoms)
  }

  private static func cubeRoot(_ x: Double) -> Double {
    // Newton's method; a rough value is enough for the width of a bin.
    var r = max(x, 1e-9)
    for _ in 0..<200 { r = (2 * r + x / (r * r)) / 3 }
    return r
  }

  /// The first atom within the tolerance of a place, or nil.
  func atom(atX x: Double, _ y: Double, _ z: Double) -> Int? {
    let s = cell.fractional(x, y, z)
    let fractional = [s.0, s.1, s.2]
    var slots: [[Int]] = [[], [], []]
    for axis in 0..<3 {
      let n = Double(counts[axis])
      let place = (fractional[axis] - low[axis]) / span[axis] * n
      let margin = tolerance / (cell.height(axis) * span[axis]) * n
      guard abs(place) < 1e15, margin < 1e15 else { return nil }
      let (first, last) = (
        Int((place - margin).rounded(.down)), Int((place + margin).rounded(.down))
      )
      if cell.periodic[axis] {
        for slot in first...min(last, first + counts[axis] - 1) {
          let folded = slot % counts[axis]
          slots[axis].append(folded < 0 ? folded + counts[axis] : folded)
        }
      } else {
        // A flat structure has a span far below the tolerance: its one bin is walked once.
        slots[axis] = Array(
          min(max(first, 0), counts[axis] - 1)...min(max(last, 0), counts[axis] - 1))
      }
    }
    for i in slots[0] {
      for j in slots[1] {
        for k in slots[2] {
          let bin = (i * counts[1] + j) * counts[2] + k
          for entry in starts[bin]..<starts[bin + 1] {
            let atom = Int(atoms[entry])
            let u = reduced.minimumImage(
              positions[3 * atom] - x, positions[3 * atom + 1] - y, positions[3 * atom + 2] - z)
            if u.0 * u.0 + u.1 * u.1 + u.2 * u.2 <= tolerance * tolerance { return atom }
          }
        }
      }
    }
    return nil
  }
}
