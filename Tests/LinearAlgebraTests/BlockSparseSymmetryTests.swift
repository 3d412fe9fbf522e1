import LinearAlgebra
import Testing

struct BlockSparseSymmetryTests {
  /// [[1, 2], [4, 0]] with the last block not stored.
  private static let small = BlockSparseMatrix(
    blockSize: 1, siteCount: 2, rowStarts: [0, 2, 3], indices: [0, 1, 0], values: [1, 2, 4])

  @Test func theMeanWithTheTransposeIsSymmetric() {
    let result = Self.small.symmetrized()
    #expect(result.values == [1, 3, 3] && result.indices == [0, 1, 0])
    // Block (0, 1) alone: its mirror is made.
    let half = BlockSparseMatrix(
      blockSize: 2, siteCount: 2, rowStarts: [0, 1, 1], indices: [1], values: [1, 2, 3, 4])
    let whole = half.symmetrized()
    #expect(whole.rowStarts == [0, 1, 2] && whole.indices == [1, 0])
    #expect(whole.values == [0.5, 1, 1.5, 2, 0.5, 1.5, 1, 2])
  }

  /// Blocks of a pattern that is not symmetric.
  private static func scattered(isDense: Bool) -> BlockSparseMatrix {
    let (n, d) = (7, 3)
    var (starts, indices, values): ([Int], [Int32], [Double]) = ([0], [], [])
    for i in 0..<n {
      for j in 0..<n where isDense || i == j || (3 * i + 5 * j) % 4 == 0 {
        indices.append(Int32(j))
        for e in 0..<d * d {
          let number = (i * 71 + j * 37 + e * 13 + 5) % 101
          values.append(Double(number) / 50 - 1)
        }
      }
      starts.append(indices.count)
    }
    return BlockSparseMatrix(
      blockSize: d, siteCount: n, rowStarts: starts, indices: indices, values: values)
  }

  @Test(arguments: [false, true]) func symmetrizingIsAProjection(isDense: Bool) {
    let matrix = Self.scattered(isDense: isDense)
    let once = matrix.symmetrized()
    #expect(matrix.largestAsymmetry() > 0.1 && once.largestAsymmetry() == 0)
    #expect(once.symmetrized() == once)
    let (plain, made) = (matrix.dense(), once.dense())
    for i in 0..<plain.rowCount {
      for j in 0..<plain.columnCount {
        #expect(abs(made[i, j] - (plain[i, j] + plain[j, i]) / 2) < 1e-15)
      }
    }
  }

  @Test func translationsCostNothing() {
    let dense = Self.scattered(isDense: true).symmetrized()
    let free = dense.withoutTranslations()
    #expect(dense.rowSums().contains { abs($0) > 0.1 })
    #expect(free.rowSums().allSatisfy { abs($0) < 1e-13 })
    #expect(free.largestAsymmetry() < 1e-15)
    let again = free.withoutTranslations()
    #expect(zip(again.values, free.values).allSatisfy { abs($0 - $1) < 1e-14 })

    // A sparse one keeps its pattern; the Rayleigh quotient of every translation is zero.
    let sparse = Self.scattered(isDense: false).symmetrized()
    let kept = sparse.withoutTranslations()
    #expect(kept.indices == sparse.indices && kept.largestAsymmetry() < 1e-15)
    let sums = kept.rowSums()
    for a in 0..<3 {
      for b in 0..<3 {
        let quotient = (0..<7).reduce(0) { $0 + sums[$1 * 9 + a * 3 + b] }
        #expect(abs(quotient) < 1e-13)
      }
    }
  }
}
