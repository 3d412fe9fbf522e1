/// A sparse matrix of small square blocks, in the block-sparse-row form of SciPy (`bsr_matrix`).
///
/// Block k of block row i couples site i with site `indices[k]`, for
/// k in `rowStarts[i] ..< rowStarts[i + 1]`; its elements lie row-major at
/// `values[k * d * d ..< (k + 1) * d * d]`, d = `blockSize`. Indices ascend within a row.
public struct BlockSparseMatrix: Equatable, Sendable {
  public let blockSize: Int
  /// Block rows, which are as many as block columns.
  public let siteCount: Int
  /// Shape [siteCount + 1].
  public let rowStarts: [Int]
  /// Shape [blockCount].
  public let indices: [Int32]
  /// Shape [blockCount, d, d].
  public var values: [Double]

  /// - Precondition: The shapes agree, indices ascend in each row and lie in `0 ..< siteCount`.
  public init(
    blockSize: Int, siteCount: Int, rowStarts: [Int], indices: [Int32], values: [Double]
  ) {
    precondition(rowStarts.count == siteCount + 1, "rowStarts: expected [\(siteCount + 1)]")
    precondition(rowStarts.first == 0 && rowStarts.last == indices.count, "rowStarts: wrong ends")
    precondition(values.count == indices.count * blockSize * blockSize, "values: wrong count")
    for i in 0..<siteCount {
      precondition(rowStarts[i] <= rowStarts[i + 1], "rowStarts: descends at \(i)")
      for k in rowStarts[i]..<rowStarts[i + 1] {
        precondition(indices[k] >= 0 && indices[k] < siteCount, "indices: out of range")
        precondition(k == rowStarts[i] || indices[k - 1] < indices[k], "indices: do not ascend")
      }
    }
    (self.blockSize, self.siteCount) = (blockSize, siteCount)
    (self.rowStarts, self.indices, self.values) = (rowStarts, indices, values)
  }

  /// Rows (and columns) of scalars: `siteCount * blockSize`.
  public var order: Int { siteCount * blockSize }

  public var blockCount: Int { indices.count }

  /// The largest |H_ij|, in the unit of `values`; 0 where there is none.
  public var largestElement: Double { values.reduce(0) { max($0, abs($1)) } }

  /// The position of block (i, j) in `indices`, or nil where the block is zero.
  public func position(row i: Int, column j: Int) -> Int? {
    var low = rowStarts[i]
    var high = rowStarts[i + 1]
    while low < high {
      let middle = (low + high) / 2
      if Int(indices[middle]) < j { low = middle + 1 } else { high = middle }
    }
    return low < rowStarts[i + 1] && Int(indices[low]) == j ? low : nil
  }

  /// The same matrix with every zero written out.
  public func dense() -> Matrix {
    let d = blockSize
    var result = Matrix(rowCount: order, columnCount: order)
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let j = Int(indices[k])
        for a in 0..<d {
          for b in 0..<d { result[i * d + a, j * d + b] = values[(k * d + a) * d + b] }
        }
      }
    }
    return result
  }

  /// The largest |H_ij - H_ji| over all elements, in the unit of `values`.
  public func largestAsymmetry() -> Double {
    let d = blockSize
    var largest = 0.0
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let mirror = position(row: Int(indices[k]), column: i)
        for a in 0..<d {
          for b in 0..<d {
            let other = mirror.map { values[($0 * d + b) * d + a] } ?? 0
            largest = max(largest, abs(values[(k * d + a) * d + b] - other))
          }
        }
      }
    }
    return largest
  }

  /// Multiplies block (i, j) by `scale[i] * scale[j]`: mass weighting with scale = m^(-1/2).
  ///
  /// - Precondition: `scale` has `siteCount` elements.
  public func scaledSymmetrically(by scale: [Double]) -> BlockSparseMatrix {
    precondition(scale.count == siteCount, "scale: expected [\(siteCount)]")
    var result = self
    let area = blockSize * blockSize
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let factor = scale[i] * scale[Int(indices[k])]
        for e in k * area..<(k + 1) * area { result.values[e] *= factor }
      }
    }
    return result
  }

  /// The matrix of other rows and columns: block (i, j) of the result is block
  /// (`order[i]`, `order[j]`) of this one.
  ///
  /// - Precondition: `order` names rows, none of them twice.
  public func ordered(by order: [Int]) -> BlockSparseMatrix {
    let area = blockSize * blockSize
    var newRow = [Int](repeating: -1, count: siteCount)
    for (new, old) in order.enumerated() {
      precondition(newRow[old] < 0, "order: row \(old) twice")
      newRow[old] = new
    }
    var starts = [0]
    var columns: [Int32] = []
    var blocks: [Double] = []
    for old in order {
      let row = (rowStarts[old]..<rowStarts[old + 1])
        .filter { newRow[Int(indices[$0])] >= 0 }
        .map { (column: newRow[Int(indices[$0])], block: $0) }
        .sorted { $0.column < $1.column }
      for (column, block) in row {
        columns.append(Int32(column))
        blocks += values[block * area..<(block + 1) * area]
      }
      starts.append(columns.count)
    }
    return BlockSparseMatrix(
      blockSize: blockSize, siteCount: order.count, rowStarts: starts, indices: columns,
      values: blocks)
  }
}
