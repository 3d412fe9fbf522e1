import LinearAlgebra
import Testing

/// Products of sparse matrices and batches of columns against loops over the dense ones.
struct BatchProductTests {
  /// Five sites, the last without blocks, any size of blocks.
  private static func matrix(blockSize d: Int) -> BlockSparseMatrix {
    let indices: [Int32] = [0, 1, 3, 0, 2, 1, 2, 3, 4, 3]
    return BlockSparseMatrix(
      blockSize: d, siteCount: 5, rowStarts: [0, 3, 5, 9, 10, 10], indices: indices,
      values: (0..<indices.count * d * d).map { value($0) })
  }

  private static func value(_ k: Int) -> Double { Double((k * 7919) % 101) / 50 - 1 }

  @Test(arguments: [1, 2, 3], [4, 8, 12, 24])
  func productsAreThoseOfTheDenseMatrix(blockSize d: Int, width: Int) {
    let matrix = Self.matrix(blockSize: d)
    let n = matrix.order
    let dense = matrix.dense()
    let x = (0..<n * width).map { Self.value($0 + 3) }
    let before = (0..<n * width).map { Self.value($0 + 11) }
    let b = (0..<width).map { Self.value($0 + 17) }
    for subtracts in [false, true] {
      var (y, dots) = (before, [Double](repeating: 9, count: width))
      do {
        var image = y.mutableSpan
        var products = dots.mutableSpan
        if subtracts {
          matrix.multiply(
            x.span, width: width, subtracting: b.span, times: &image, dots: &products)
        } else {
          matrix.multiply(x.span, width: width, into: &image, dots: &products)
        }
      }
      for c in 0..<width {
        var dot = 0.0
        for i in 0..<n {
          let rest = subtracts ? b[c] * before[i * width + c] : 0
          let expected = (0..<n).reduce(0) { $0 + dense[i, $1] * x[$1 * width + c] } - rest
          #expect(abs(y[i * width + c] - expected) < 1e-13)
          dot += x[i * width + c] * expected
        }
        #expect(abs(dots[c] - dot) < 1e-12)
      }
    }
  }

  @Test(arguments: [1, 2, 3]) func partsAddToTheirPlaces(blockSize d: Int) {
    let matrix = Self.matrix(blockSize: d)
    let dense = matrix.dense()
    let (width, column, rows) = (8, 4, 7 * d)
    let places: [Int32] = [6, 0, 3, 2, 5]
    let x = (0..<rows * width).map { Self.value($0 + 3) }
    let before = (0..<rows * width).map { Self.value($0 + 11) }
    var (y, dots) = (before, [Double](repeating: 0.5, count: width))
    do {
      var image = y.mutableSpan
      var products = dots.mutableSpan
      matrix.multiplyFour(
        x.span, places: places.span, width: width, column: column, into: &image, dots: &products)
    }
    var expected = before
    var products = [Double](repeating: 0.5, count: width)
    for c in column..<column + 4 {
      for i in 0..<matrix.order {
        let row = Int(places[i / d]) * d + i % d
        let sum = (0..<matrix.order).reduce(0) { sum, j in
          sum + dense[i, j] * x[(Int(places[j / d]) * d + j % d) * width + c]
        }
        expected[row * width + c] += sum
        products[c] += x[row * width + c] * sum
      }
    }
    #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(zip(dots, products).allSatisfy { abs($0 - $1) < 1e-12 })
  }
}
