import Base
import LinearAlgebra
import Testing

struct OuterSumsTests {
  @Test func aSmallCaseByHand() {
    // Two neighbours of eight places; the first row is (1, 2), the others 0.
    var b = [SIMD8<Double>](repeating: .zero, count: 6)
    (b[0][0], b[0][1]) = (1, 2)
    var a = [SIMD4<Double>](repeating: .zero, count: 8)
    (a[0], a[1]) = (SIMD4(1, 10, 100, 1000), SIMD4(3, 4, 5, 6))
    var sums = [Double](repeating: -1, count: 26)
    var span = sums.mutableSpan
    sumOuterProducts(a.span, b.span, count: 2, width: 8, groups: [1].span, into: &span, at: 1)
    #expect(sums == [-1, 7, 18, 110, 1012] + [Double](repeating: 0, count: 20) + [-1])
  }

  @Test(arguments: [(0, [2, 1]), (1, [1]), (8, [3, 0, 2]), (21, [5, 4, 4, 1])])
  func itIsTheProductOfTheMatrices(count: Int, groups: [Int32]) {
    let width = max(8, (count + 7) / 8 * 8)
    let (columns, rows) = (Int(groups.max() ?? 0), 6 * groups.count)
    var generator = SplitMix64(state: 3)
    func random() -> Double { Double.random(in: -1...1, using: &generator) }
    let a = (0..<columns * width).map { _ in SIMD4(random(), random(), random(), random()) }
    let b = (0..<rows * width / 8).map { _ in
      SIMD8((0..<8).map { _ in random() })
    }
    var sums = [Double](repeating: .nan, count: 24 * groups.reduce(0) { $0 + Int($1) })
    var span = sums.mutableSpan
    sumOuterProducts(
      a.span, b.span, count: count, width: width, groups: groups.span, into: &span, at: 0)
    var place = 0
    for (index, own) in groups.enumerated() {
      for q in 0..<Int(own) {
        for row in 0..<6 {
          for n in 0..<4 {
            let plain = (0..<count).reduce(0.0) {
              $0 + a[q * width + $1][n] * b[(6 * index + row) * width / 8 + $1 / 8][$1 % 8]
            }
            #expect(sums[place] == plain)
            place += 1
          }
        }
      }
    }
  }
}
