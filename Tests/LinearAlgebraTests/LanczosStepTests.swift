import LinearAlgebra
import Testing

/// The two halves of a step of Lanczos' process against loops.
struct LanczosStepTests {
  @Test(arguments: [1, 2, 3]) func stepsAreThoseOfTheFormulas(blockSize d: Int) {
    // A ring of five sites.
    let (sites, width) = (5, 8)
    var indices: [Int32] = []
    for i in 0..<sites {
      indices += [i, (i + 1) % sites, (i + 4) % sites].sorted().map(Int32.init)
    }
    func value(_ k: Int) -> Double { Double((k * 7919) % 101) / 50 - 1 }
    let matrix = BlockSparseMatrix(
      blockSize: d, siteCount: sites, rowStarts: (0...sites).map { 3 * $0 }, indices: indices,
      values: (0..<indices.count * d * d).map(value))
    let n = matrix.order
    let x = (0..<n * width).map { value($0 + 3) }
    let before = (0..<n * width).map { value($0 + 11) }
    let (a, b) = ((0..<width).map { value($0 + 5) }, (0..<width).map { value($0 + 17) })
    let scale = (0..<width).map { $0 == 2 ? 0 : value($0 + 23) }
    var (y, dots) = (before, [Double](repeating: 9, count: width))
    do {
      var image = y.mutableSpan
      var products = dots.mutableSpan
      matrix.multiply(
        x.span, width: width, subtracting: b.span, times: &image, dots: &products)
    }
    let dense = matrix.dense()
    for c in 0..<width {
      var dot = 0.0
      for i in 0..<n {
        let expected =
          (0..<n).reduce(0) { $0 + dense[i, $1] * x[$1 * width + c] }
          - b[c] * before[i * width + c]
        #expect(abs(y[i * width + c] - expected) < 1e-13)
        dot += x[i * width + c] * expected
      }
      #expect(abs(dots[c] - dot) < 1e-12)
    }
    let image = y
    do {
      var next = y.mutableSpan
      var squares = dots.mutableSpan
      subtract(x.span, times: a.span, scaling: scale.span, from: &next, squares: &squares)
    }
    for c in 0..<width {
      var square = 0.0
      for i in 0..<n {
        let e = i * width + c
        let expected = scale[c] * (image[e] - a[c] * x[e])
        #expect(abs(y[e] - expected) < 1e-13)
        square += expected * expected
      }
      #expect(abs(dots[c] - square) < 1e-12)
    }
  }
}
