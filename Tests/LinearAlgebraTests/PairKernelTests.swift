import LinearAlgebra
import Testing

struct PairKernelTests {
  /// A symmetric matrix over three sites in a row, the outer ones not coupled.
  private func chain(blockSize d: Int) -> BlockSparseMatrix {
    let rows: [[Int32]] = [[0, 1], [0, 1, 2], [1, 2]]
    var values: [Double] = []
    for (i, row) in rows.enumerated() {
      for j in row {
        for a in 0..<d {
          for b in 0..<d {
            // Symmetric in (i, a) and (j, b).
            let (x, y) = (Double(10 * i + a), Double(10 * Int(j) + b))
            values.append(0.1 * (x + y) + 0.01 * x * y - 1)
          }
        }
      }
    }
    return BlockSparseMatrix(
      blockSize: d, siteCount: 3, rowStarts: [0, 2, 5, 7], indices: rows.flatMap { $0 },
      values: values)
  }

  /// X M against the product of dense matrices, for each block size.
  @Test(arguments: [1, 2, 3, 4]) func rowsOfAProductAreThoseOfTheDenseOne(d: Int) {
    let matrix = chain(blockSize: d)
    let dense = matrix.dense()
    let (width, column) = (12, 4)
    // Xᵀ, with d columns in use; the kind of a block is the number of its column.
    var x = [Double](repeating: 7, count: 3 * d * width)
    for e in 0..<3 * d { for a in 0..<d { x[e * width + column + a] = Double(e * e - 3 * a) } }
    let rows: [Int32] = [2, 0]
    let places: [Int32] = [0, 1, 2, 0, 1, 2]
    let kinds = RowPlaces(kinds: matrix.indices, kindCount: 3)
    var blocks = [Double](repeating: -99, count: 1 + 2 * d * d + 1)
    var span = blocks.mutableSpan
    multiplyRows(
      matrix, kinds, rows: rows.span, places: places.span, x: x.span, width: width, column: column,
      into: &span, offset: 1)
    for (p, row) in rows.enumerated() {
      for c in 0..<d {
        for a in 0..<d {
          let expected = (0..<3 * d).reduce(0.0) {
            $0 + x[$1 * width + column + a] * dense[$1, Int(row) * d + c]
          }
          let found = blocks[1 + (p * d + c) * d + a]
          #expect(abs(found - expected) <= 1e-12 * (1 + abs(expected)))
        }
      }
    }
    #expect(blocks.first == -99 && blocks.last == -99)
  }

  @Test(arguments: [0, 1, 7, 8, 9, 31]) func dotProductsStartAnywhere(count: Int) {
    let x = (0..<40).map { Double($0) - 11 }
    let y = (0..<40).map { Double($0 * $0 % 13) }
    let expected = (0..<count).reduce(0.0) { $0 + x[3 + $1] * y[5 + $1] }
    #expect(dotProduct(x.span, from: 3, y.span, from: 5, count: count) == expected)
  }
}
