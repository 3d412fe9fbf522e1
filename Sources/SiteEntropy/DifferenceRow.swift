internal import LinearAlgebra

/// A block row of the difference of two Hessians: the blocks that are not rounding.
struct DifferenceRow {
  /// A row: its columns, ascending, and its blocks, shape [columns, d, d].
  typealias Blocks = (columns: ArraySlice<Int32>, values: ArraySlice<Double>)

  /// The columns, ascending, and where the block of each starts.
  private(set) var entries: [(column: Int32, offset: Int)] = []
  /// Shape [entries, d, d].
  private(set) var values: [Double] = []

  /// Merges two rows.
  ///
  /// - Parameters:
  ///   - index: Of the row.
  ///   - scale: Of rows and columns of `hessian`; nil where it is weighted already.
  ///   - tolerance: Blocks without a larger element are left out.
  mutating func fill(
    _ index: Int, _ hessian: Blocks, less reference: Blocks, scale: [Double]?, tolerance: Double
  ) {
    let area =
      hessian.columns.isEmpty
      ? reference.values.count / max(1, reference.columns.count)
      : hessian.values.count / hessian.columns.count
    entries.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    var (p, q) = (hessian.columns.startIndex, reference.columns.startIndex)
    let (pEnd, qEnd) = (hessian.columns.endIndex, reference.columns.endIndex)
    var (from, less) = (hessian.values.startIndex, reference.values.startIndex)
    while p < pEnd || q < qEnd {
      let left = p < pEnd ? hessian.columns[p] : .max
      let right = q < qEnd ? reference.columns[q] : .max
      let column = min(left, right)
      let factor = scale.map { $0[index] * $0[Int(column)] } ?? 1
      let offset = values.count
      var largest = 0.0
      for e in 0..<area {
        var value = left <= right ? factor * hessian.values[from + e] : 0
        if right <= left { value -= reference.values[less + e] }
        values.append(value)
        largest = max(largest, abs(value))
      }
      if right <= left { (q, less) = (q + 1, less + area) }
      if left <= right { (p, from) = (p + 1, from + area) }
      if largest > tolerance {
        entries.append((column, offset))
      } else {
        values.removeLast(area)
      }
    }
  }
}

extension BlockSparseMatrix {
  /// The columns and the blocks of a row.
  func row(_ index: Int) -> DifferenceRow.Blocks {
    let blocks = rowStarts[index]..<rowStarts[index + 1]
    return (indices[blocks], values[blocks.scaled(by: blockSize * blockSize)])
  }
}

extension Range<Int> {
  /// The range of the elements, `factor` to each.
  func scaled(by factor: Int) -> Range<Int> { lowerBound * factor..<upperBound * factor }
}
