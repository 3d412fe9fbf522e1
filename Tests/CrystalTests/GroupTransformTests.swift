import Crystal
import Testing

struct GroupTransformTests {
  /// Direct and split factors, a prime longer than the direct ones among them.
  static let cells: [[Int]] = [
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [-3, 3, 3, 3, -3, 3, 3, 3, -3],
    [4, 0, 0, 7, 6, 0, -3, 2, 10],
    [1, 0, 0, 0, 1, 0, 0, 0, 67],
    [1, 0, 0, 0, 1, 0, 0, 0, 360],
    [1, 0, 0, 0, 2, 0, 0, 0, 134],
  ]

  @Test(arguments: cells) func isTheSumOverTranslations(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    let batch = 2
    let (re, im) = functions(group.count * batch)
    var (x, y) = (re, im)
    GroupTransform(group).transform(&x, &y, batch: batch, isInverse: false)
    for k in stride(from: 0, to: group.count, by: max(1, group.count / 17)) {
      for b in 0..<batch {
        var (p, q) = (0.0, 0.0)
        for r in 0..<group.count {
          let (c, s) = group.phase(k, r)
          p += c * re[r * batch + b] - s * im[r * batch + b]
          q += c * im[r * batch + b] + s * re[r * batch + b]
        }
        #expect(abs(p - x[k * batch + b]) < 1e-12 * Double(group.count))
        #expect(abs(q - y[k * batch + b]) < 1e-12 * Double(group.count))
      }
    }
  }

  @Test(arguments: cells) func theInverseUndoesIt(cell: [Int]) {
    let group = TranslationGroup(supercell: cell)
    let (re, im) = functions(group.count * 3)
    var (x, y) = (re, im)
    let transform = GroupTransform(group)
    transform.transform(&x, &y, batch: 3, isInverse: false)
    transform.transform(&x, &y, batch: 3, isInverse: true)
    #expect(zip(x, re).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(zip(y, im).allSatisfy { abs($0 - $1) < 1e-13 })
  }

  private func functions(_ count: Int) -> ([Double], [Double]) {
    let numbers = (0..<2 * count).map { Double(($0 * 7919 + 13) % 1009) / 1009 - 0.5 }
    return (Array(numbers[0..<count]), Array(numbers[count...]))
  }
}
