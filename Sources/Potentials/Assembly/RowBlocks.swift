/// Some block rows of a Hessian.
package struct RowBlocks: Sendable {
  /// Blocks in each row.
  package var counts: [Int] = []
  package var indices: [Int32] = []
  /// Shape [blocks, d, d].
  package var values: [Double] = []
  /// False where an overflow spoilt a row.
  package var isFinite = true

  /// Sums stars into rows.
  ///
  /// The diagonal block is there in every row: minus the sum of the others, as a translation costs
  /// nothing.
  init(_ rows: Range<Int>, of set: StarSet, members: StarMembers, rowCount: Int, dimension d: Int) {
    counts.reserveCapacity(rows.count)
    append(rows, of: set, members: members, rowCount: rowCount, dimension: d, total: rows.count)
  }

  package init() {}

  /// Takes room.
  ///
  /// - Parameter area: Elements of a block.
  package mutating func reserve(rows: Int, blocks: Int, area: Int) {
    counts.reserveCapacity(rows)
    indices.reserveCapacity(blocks)
    values.reserveCapacity(blocks * area)
  }

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
  /// The column of each slot; slot 0 is the diagonal.
  private var columns: [Int32] = []
  /// The sum of each slot.
  private var sums: [PaddedBlock] = []
  /// The slots of the legs of a star, -1 where a leg adds nothing.
  private var legSlots: [Int32] = []

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
    if known >= 0 { return known }
    let new = columns.count
    slotOf[Int(column)] = Int32(new)
    columns.append(column)
    sums.append(.zero)
    return new
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
        sums[at] -= PaddedBlock(set.data.blocks, at: offset + 9 * a).transposed
      }
      return
    }
    if Int(set.centers[star]) != index {
      let at = slot(set.centers[star])
      sums[at] -= PaddedBlock(set.data.blocks, at: offset + 9 * leg)
    }
    if let slopes = set.slopeStart(star) {
      addSquare(star: star, leg: leg, slopes: slopes, of: set)
    }
    guard set.coupled(star) else { return }
    for b in 0..<n where b != leg && Int(set.atoms[base + b]) != index {
      let (low, high) = (min(leg, b), max(leg, b))
      let from = offset + StarBlocks.offset(low, high, legs: n)
      guard set.data.present[from / 9] else { continue }
      let block = PaddedBlock(set.data.blocks, at: from)
      let at = slot(set.atoms[base + b])
      sums[at] += leg < b ? block : block.transposed
    }
  }

  /// Adds F'' g_a g_bᵀ for the row of leg a.
  @inline(__always)
  private mutating func addSquare(star: Int, leg: Int, slopes: Int, of set: StarSet) {
    let base = set.starts[star]
    let n = set.starts[star + 1] - base
    let first = set.offsets[star] / 9
    legSlots.removeAll(keepingCapacity: true)
    for b in 0..<n {
      let atom = set.atoms[base + b]
      let isAdded = b != leg && Int(atom) != index && set.data.present[first + b]
      let place = isAdded ? slot(atom) : -1
      legSlots.append(Int32(place))
    }
    let g = set.data.curvatures[star] * set.data.slopes[slopes + leg]
    let (places, all) = (legSlots, set.data.slopes.span)
    var sums = sums.mutableSpan
    for b in 0..<n where places[b] >= 0 {
      sums[Int(places[b])] += PaddedBlock(outer: g, all[slopes + b])
    }
  }

  mutating func finish(into rows: inout RowBlocks, dimension d: Int) {
    var diagonal = sums[0]
    for slot in 1..<max(1, sums.count) { diagonal -= sums[slot] }
    sums[0] = diagonal.symmetric
    // An infinity or a NaN anywhere in the row has reached the diagonal.
    if !diagonal.isFinite { rows.isFinite = false }
    orderColumns()
    rows.indices.append(contentsOf: columns)
    let start = rows.values.count
    rows.values.append(contentsOf: repeatElement(0, count: columns.count * d * d))
    var values = rows.values.mutableSpan
    for (place, column) in columns.enumerated() {
      let block = sums[Int(slotOf[Int(column)])]
      slotOf[Int(column)] = -1
      let at = start + place * d * d
      if d == 3 {
        for j in 0..<3 {
          values[at + j] = block.rows.0[j]
          values[at + 3 + j] = block.rows.1[j]
          values[at + 6 + j] = block.rows.2[j]
        }
        continue
      }
      for i in 0..<d {
        for j in 0..<d { values[at + i * d + j] = block[i, j] }
      }
    }
    rows.counts.append(columns.count)
  }

  /// Sorts the columns; where many of all are there, by looking at each.
  private mutating func orderColumns() {
    guard 8 * columns.count > slotOf.count else { return columns.sort() }
    columns.removeAll(keepingCapacity: true)
    for column in slotOf.indices where slotOf[column] >= 0 { columns.append(Int32(column)) }
  }
}
