import Base
import LinearAlgebra
import Testing

struct SquareDifferencesTests {
  @Test(arguments: [4, 12, 20, 24])
  func productsAreThoseOfTheDenseSum(width: Int) {
    var random = RandomNumbers(keys: 3, UInt64(width))
    let (siteCount, order) = (7, 21)
    var squares = SquareDifferences()
    var dense = [Double](repeating: 0, count: order * order)
    for k in 0..<5 {
      let sites = (0..<siteCount).filter { ($0 * (k + 2) + k) % 3 != 0 }.map { Int32($0) }
      let parts = sites.map { _ in
        SIMD8(
          random.normal(), random.normal(), random.normal(), 0, random.normal(), random.normal(),
          random.normal(), 0)
      }
      let weights = SIMD2(random.normal(), random.normal())
      squares.append(sites: sites, parts: parts, weights: weights)
      for (i, site) in sites.enumerated() {
        for (j, other) in sites.enumerated() {
          for a in 0..<3 {
            for b in 0..<3 {
              dense[(3 * Int(site) + a) * order + 3 * Int(other) + b] +=
                weights.x * parts[i][a] * parts[j][b] - weights.y * parts[i][4 + a]
                * parts[j][4 + b]
            }
          }
        }
      }
    }
    let x = (0..<order * width).map { _ in random.normal() }
    let before = (0..<order * width).map { _ in random.normal() }
    let dotsBefore = (0..<width).map { _ in random.normal() }
    var (y, dots) = (before, dotsBefore)
    do {
      var image = y.mutableSpan
      var products = dots.mutableSpan
      squares.multiply(x.span, width: width, addingTo: &image, dots: &products)
    }
    for column in 0..<width {
      var dot = dotsBefore[column]
      for row in 0..<order {
        let image = (0..<order).reduce(0.0) {
          $0 + dense[row * order + $1] * x[$1 * width + column]
        }
        let found = y[row * width + column] - before[row * width + column]
        #expect(abs(found - image) < 1e-12)
        dot += image * x[row * width + column]
      }
      #expect(abs(dots[column] - dot) < 1e-11)
    }
  }
}
