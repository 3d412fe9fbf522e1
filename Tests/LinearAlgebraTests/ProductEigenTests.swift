import LinearAlgebra
import Testing

struct ProductEigenTests {
  private static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var state = seed
    return Matrix(
      rowCount: rows, columnCount: columns,
      storage: (0..<rows * columns).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(Int64(bitPattern: state) >> 11) / 0x1p52
      })
  }

  private static func symmetric(_ n: Int, seed: UInt64) -> Matrix {
    var matrix = random(n, n, seed: seed)
    for i in 0..<n { for j in 0..<i { matrix[i, j] = matrix[j, i] } }
    return matrix
  }

  @Test func twoByTwo() throws {
    // P = diag(4, 9): R A Rᵀ = [[0, 6], [6, 0]], μ = ∓6, x = R⁻¹ (1, ∓1)/√2.
    let a = Matrix(rowCount: 2, columnCount: 2, storage: [0, 1, 1, 0])
    let p = Matrix(rowCount: 2, columnCount: 2, storage: [4, 0, 0, 9])
    let eigen = try ProductEigen(of: a, times: p)
    #expect(zip(eigen.values, [-6, 6]).allSatisfy { abs($0 - $1) < 1e-14 })
    for k in 0..<2 {
      #expect(abs(abs(eigen.vectors[k, 0]) - 0.5.squareRoot() / 2) < 1e-15)
      #expect(abs(abs(eigen.vectors[k, 1]) - 0.5.squareRoot() / 3) < 1e-15)
    }
  }

  @Test(arguments: [0, 3]) func equationAndNorm(nullDirections: Int) throws {
    let n = 12
    let root = Self.random(n - nullDirections, n, seed: 3)
    let p = root.multiplied(by: root, transposingSelf: true)
    let a = Self.symmetric(n, seed: 4)
    let eigen = try ProductEigen(of: a, times: p)
    #expect(eigen.values.count == n - nullDirections)
    #expect(eigen.values == eigen.values.sorted())
    let weighted = eigen.vectors.multiplied(by: p)
    let norms = weighted.multiplied(by: eigen.vectors, transposingOther: true)
    for j in eigen.values.indices {
      for k in eigen.values.indices {
        #expect(abs(norms[j, k] - (j == k ? 1 : 0)) < 1e-10)
      }
    }
    // P A P x = μ P x holds with null directions too.
    let images = weighted.multiplied(by: a).multiplied(by: p)
    for k in eigen.values.indices {
      for i in 0..<n {
        #expect(abs(images[k, i] - eigen.values[k] * weighted[k, i]) < 1e-9)
      }
    }
  }

  @Test func refusesWhatIsNotFinite() {
    let a = Matrix(rowCount: 1, columnCount: 1, storage: [.nan])
    let p = Matrix(rowCount: 1, columnCount: 1, storage: [1])
    #expect(throws: LAPACKError.self) { try ProductEigen(of: a, times: p) }
    #expect(throws: LAPACKError.self) { try ProductEigen(of: p, times: a) }
  }

  @Test func quadraticFormsAreThoseOfTheWeightedRows() {
    let (n, rank, count) = (13, 7, 5)
    let x = Self.random(rank, n, seed: 5)
    let y = Self.random(count, n, seed: 6)
    let weights = (0..<rank).map { Double($0) - 2.5 }
    var forms = [Double](repeating: .nan, count: count)
    var span = forms.mutableSpan
    quadraticForms(of: y.storage, triangle: x.weightedGramTriangle(weights), into: &span)
    let products = y.multiplied(by: x, transposingOther: true)
    for row in 0..<count {
      let expected = (0..<rank).reduce(0) {
        $0 + weights[$1] * products[row, $1] * products[row, $1]
      }
      #expect(abs(forms[row] - expected) < 1e-12)
    }
  }
}
