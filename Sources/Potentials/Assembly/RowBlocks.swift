/// Some block rows of a Hessian.
struct RowBlocks: Sendable {
  /// Blocks in each row.
  var counts: [Int] = []
  var indices: [Int32] = []
  /// Shape [blocks, d, d].
  var values: [Double] = []
  /// False where an overflow spoilt a row.
  var isFinite = true

  /// Sums stars into rows.
  ///
  /// The diagonal block is there in every row: minus the sum of the others, as a translation costs
  /// nothing.
  init(_ rows: Range<Int>, of set: StarSet, members: StarMembers, rowCount: Int, dimension d: Int) {
    counts.reserveCapacity(rows.count)
    append(rows, of: set, members: members, rowCount: rowCount, dimension: d, total: rows.count)
  }

  init() {}

  /// Sums stars into further rows.
  ///
  /// - Parameter total: The rows that there will be.
  mutating func append(
    _ rows: Range<Int>, of set: StarSet, members: StarMembers, rowCount: Int, dimension d: Int,
    total: Int
  ) {
    var row = RowSum(rowCount: rowCount)
    for index in rows {
      if counts.count == 32 { reserve(total: total) }
      row.start(index)
      for member in members.starts[index]..<members.starts[index + 1] {
        row.add(star: Int(members.stars[member]), leg: Int(members.legs[member]), of: set)
      }
      row.finish(into: &self, dimension: d)
    }
  }

  /// Room for all rows, if they are as the first ones: a grown array would hold twice as much.
  private mutating func reserve(total: Int) {
    guard counts.count < total else { return }
    let factor = 1.03 * Double(total) / Double(counts.count)
    indices.reserveCapacity(Int(factor * Double(indices.count)))
    values.reserveCapacity(Int(factor * Double(values.count)))
  }
}

/// Replaces the first block of nine by its symmetric part.
func symmetrize(_ blocks: inout [Double]) {
  for i in 0..<3 {
    for j in 0..<i {
      let mean = 0.5 * (blocks[3 * i + j] + blocks[3 * j + i])
      (blocks[3 * i + j], blocks[3 * j + i]) = (mean, mean)
    }
  }
}

/// One block row under construction: slots by column, in the order of their first mention.
private struct RowSum {
  private var index = 0
  /// The slot of each column in this row, or -1.
  private var slotOf: [Int32]
  /// Column in the upper half, slot in the lower: sorted by column at the end.
  private var columns: [UInt64] = []
  /// Shape [slots, 3, 3].
  private var sums: [Double] = []

  init(rowCount: Int) { slotOf = [Int32](repeating: -1, count: rowCount) }

  mutating func start(_ index: Int) {
    self.index = index
    columns.removeAll(keepingCapacity: true)
    sums.removeAll(keepingCapacity: true)
    _ = slot(Int32(index))
  }

  @inline(__always)
  private mutating func slot(_ column: Int32) -> Int {
    let known = Int(slotOf[Int(column)])
    if known >= 0 { return 9 * known }
    let new = columns.count
    slotOf[Int(column)] = Int32(new)
    columns.append(UInt64(column) << 32 | UInt64(new))
    sums.append(contentsOf: repeatElement(0, count: 9))
    return 9 * new
  }

  /// Adds the blocks that a star has in this row.
  @inline(__always)
  mutating func add(star: Int, leg: Int, of set: StarSet) {
    let base = set.starts[star]
    let n = set.starts[star + 1] - base
    let offset = set.offsets[star]
    if leg < 0 {
      for a in 0..<n where set.data.present[offset / 9 + a] && Int(set.atoms[base + a]) != index {
        let at = slot(set.atoms[base + a])
        let from = offset + 9 * a
        for i in 0..<3 {
          for j in 0..<3 { sums[at + 3 * i + j] -= set.data.blocks[from + 3 * j + i] }
        }
      }
      return
    }
    if Int(set.centers[star]) != index {
      let at = slot(set.centers[star])
      let from = offset + 9 * leg
      for e in 0..<9 { sums[at + e] -= set.data.blocks[from + e] }
    }
    if let slopes = set.slopeStart(star) {
      addSquare(star: star, leg: leg, slopes: slopes, of: set)
    }
    guard set.coupled(star) else { return }
    for b in 0..<n where b != leg && Int(set.atoms[base + b]) != index {
      let (low, high) = (min(leg, b), max(leg, b))
      let from = offset + StarBlocks.offset(low, high, legs: n)
      guard set.data.present[from / 9] else { continue }
      let at = slot(set.atoms[base + b])
      if leg < b {
        for e in 0..<9 { sums[at + e] += set.data.blocks[from + e] }
      } else {
        for i in 0..<3 {
          for j in 0..<3 { sums[at + 3 * i + j] += set.data.blocks[from + 3 * j + i] }
        }
      }
    }
  }

  /// Adds F'' g_a g_bᵀ for the row of leg a.
  @inline(__always)
  private mutating func addSquare(star: Int, leg: Int, slopes: Int, of set: StarSet) {
    let base = set.starts[star]
    let n = set.starts[star + 1] - base
    let first = set.offsets[star] / 9
    let factor = set.data.curvatures[star]
    let g = SIMD3(
      factor * set.data.slopes[slopes + 3 * leg], factor * set.data.slopes[slopes + 3 * leg + 1],
      factor * set.data.slopes[slopes + 3 * leg + 2])
    for b in 0..<n where b != leg && Int(set.atoms[base + b]) != index {
      guard set.data.present[first + b] else { continue }
      let at = slot(set.atoms[base + b])
      for j in 0..<3 {
        let h = set.data.slopes[slopes + 3 * b + j]
        sums[at + j] += g[0] * h
        sums[at + 3 + j] += g[1] * h
        sums[at + 6 + j] += g[2] * h
      }
    }
  }

  mutating func finish(into rows: inout RowBlocks, dimension d: Int) {
    // Slot 0 is the diagonal.
    for at in stride(from: 9, to: sums.count, by: 9) {
      for e in 0..<9 { sums[e] -= sums[at + e] }
    }
    symmetrize(&sums)
    // An infinity or a NaN anywhere in the row has reached the diagonal.
    if !sums[0..<9].allSatisfy(\.isFinite) { rows.isFinite = false }
    columns.sort()
    for entry in columns {
      let column = Int32(entry >> 32)
      let at = 9 * Int(entry & 0xffff_ffff)
      slotOf[Int(column)] = -1
      rows.indices.append(column)
      if d == 3 {
        rows.values.append(contentsOf: sums[at..<at + 9])
      } else {
        for i in 0..<d { rows.values.append(contentsOf: sums[at + 3 * i..<at + 3 * i + d]) }
      }
    }
    rows.counts.append(columns.count)
  }
}
