import Base
import LinearAlgebra
import Testing

struct RowProductsTests {
  @Test func aSmallCaseByHand() {
    // Two neighbours of eight places; the first row of the pair is (1, 2), the second (0, -1).
    var b = [SIMD8<Double>](repeating: .zero, count: 2)
    (b[0][0], b[0][1], b[1][1]) = (1, 2, -1)
    var a = [SIMD8<Double>](repeating: .zero, count: 3)
    for (n, values) in [(1.0, 3.0), (10, 4), (100, 5)].enumerated() {
      (a[n][0], a[n][1]) = values
    }
    var sums = [Double](repeating: -7, count: 8)
    var span = sums.mutableSpan
    sumRowProducts(a.span, b.span, count: 2, width: 8, counts: [3].span, into: &span, at: 1)
    #expect(sums == [-7, 7, 18, 110, -3, -4, -5, -7])
  }

  /// Counts of all tiles: 1, 2, 3, 4, and those made of several.
  @Test(arguments: [
    (0, [2, 1]), (1, [1]), (8, [3, 0, 2]), (21, [5, 4, 4, 1, 18]), (35, [9, 6, 7]),
  ])
  func itIsTheProductOfTheMatrices(count: Int, counts: [Int32]) {
    let width = max(8, (count + 7) / 8 * 8)
    let (rows, most) = (2 * counts.count, Int(counts.max() ?? 0))
    var generator = SplitMix64(state: 3)
    // Places beyond the count hold a 0 on one side.
    func random(isPadded: Bool) -> [Double] {
      (0..<width).map { j in
        isPadded && j >= count ? 0 : Double.random(in: -1...1, using: &generator)
      }
    }
    let a = (0..<most).map { _ in random(isPadded: true) }
    let b = (0..<rows).map { _ in random(isPadded: false) }
    func packed(_ rows: [[Double]]) -> [SIMD8<Double>] {
      rows.flatMap { row in (0..<width / 8).map { SIMD8(row[8 * $0..<8 * $0 + 8]) } }
    }
    var sums = [Double](repeating: .nan, count: 2 * counts.reduce(0) { $0 + Int($1) })
    var span = sums.mutableSpan
    sumRowProducts(
      packed(a).span, packed(b).span, count: count, width: width, counts: counts.span,
      into: &span, at: 0)
    var place = 0
    for (pair, own) in counts.enumerated() {
      for row in 2 * pair..<2 * pair + 2 {
        for n in 0..<Int(own) {
          // The plain form in the promised order: equal bits.
          var parts = SIMD4<Double>.zero
          for j in 0..<count {
            var factor = SIMD4<Double>.zero
            factor[j % 4] = b[row][j]
            parts = parts.plus(factor, times: a[n][j])
          }
          #expect(sums[place] == (parts[0] + parts[2]) + (parts[1] + parts[3]))
          place += 1
        }
      }
    }
  }
}
