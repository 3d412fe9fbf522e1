import LinearAlgebra
import Testing

struct SmallSpectrumTests {
  private static func symmetric(_ n: Int) -> Matrix {
    var a = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in i..<n {
        let x = Double((i * 37 + j * 101) % 97) / 97 - 0.4
        (a[i, j], a[j, i]) = (x, x)
      }
    }
    return a
  }

  @Test func aTwoByTwoMatrix() {
    var spectrum = SmallSpectrum()
    spectrum.decompose([2, 1, 1, 2], order: 2, rowCount: 1)
    #expect(abs(spectrum.values.min() ?? 0) - 1 < 1e-15)
    #expect(abs((spectrum.values.max() ?? 0) - 3) < 1e-15)
    #expect(abs(spectrum.rows[0] * spectrum.rows[0] - 0.5) < 1e-15)
  }

  /// Values and the forms e_iᵀ f(A) e_j of the first rows are LAPACK's, one order after another with
  /// one memory.
  @Test func valuesAndFirstRowsAreThoseOfLAPACK() throws {
    var spectrum = SmallSpectrum()
    for n in [1, 2, 3, 9, 4, 18, 36] {
      let (a, rows) = (Self.symmetric(n), min(3, n))
      spectrum.decompose(a.storage, order: n, rowCount: rows)
      let eigen = try a.symmetricEigen()
      let sorted = spectrum.values[0..<n].sorted()
      for (x, y) in zip(sorted, eigen.values) { #expect(abs(x - y) < 1e-13 * Double(n)) }
      for i in 0..<rows {
        for j in 0..<rows {
          let expected = (0..<n).reduce(0.0) {
            let v = eigen.vectors
            return $0 + v[$1, i] * v[$1, j] / (20 + eigen.values[$1])
          }
          let found = (0..<n).reduce(0.0) {
            $0 + spectrum.rows[i * n + $1] * spectrum.rows[j * n + $1]
              / (20 + spectrum.values[$1])
          }
          #expect(abs(found - expected) < 1e-14, "order \(n)")
        }
      }
    }
  }

  @Test func aDiagonalMatrixIsLeftAsItIs() {
    var spectrum = SmallSpectrum()
    spectrum.decompose([3, 0, 0, 0, 1, 0, 0, 0, 2], order: 3, rowCount: 3)
    #expect(spectrum.values == [3, 1, 2])
    #expect(spectrum.rows == [1, 0, 0, 0, 1, 0, 0, 0, 1])
  }
}

/// The kernels on a patch against products with dense matrices.
struct PatchKernelTests {
  /// A ring of sites, each coupled to itself and the next two on both sides.
  private static func ring(_ n: Int, _ d: Int) -> BlockSparseMatrix {
    var (starts, indices, values) = ([0], [Int32](), [Double]())
    for i in 0..<n {
      for j in Set((-2...2).map { (i + $0 + n) % n }).sorted() {
        indices.append(Int32(j))
        for a in 0..<d {
          for b in 0..<d {
            let (x, y) = i <= j ? (i * d + a, j * d + b) : (j * d + b, i * d + a)
            values.append(Double((min(x, y) * 31 + max(x, y) * 17) % 23) / 23 - 0.5)
          }
        }
      }
      starts.append(indices.count)
    }
    return BlockSparseMatrix(
      blockSize: d, siteCount: n, rowStarts: starts, indices: indices, values: values)
  }

  @Test(arguments: [1, 2, 3]) func productsAreThoseOfTheDensePatch(d: Int) {
    let (n, width, column) = (9, 12, 4)
    let matrix = Self.ring(n, d)
    let (sites, weights) = ([7, 8, 0, 1, 2], [1.0, 2, 3])
    var placeOfSite = [Int32](repeating: -1, count: n)
    for (place, site) in sites.enumerated() { placeOfSite[site] = Int32(place) }
    var patch = PatchBlocks()
    patch.read(matrix, sites: sites, placeOfSite: placeOfSite, weights: weights)
    // The plain form: what leaves the patch comes back to the diagonal, its symmetric part.
    let (whole, m) = (matrix.dense(), sites.count * d)
    var dense = Matrix(rowCount: m, columnCount: m)
    for (p, site) in sites.enumerated() {
      for other in 0..<n {
        let place = placeOfSite[other]
        for a in 0..<d {
          for b in 0..<d {
            let element = whole[site * d + a, other * d + b]
            if place >= 0 {
              dense[p * d + a, Int(place) * d + b] += element
            } else {
              let transposed = whole[site * d + b, other * d + a]
              dense[p * d + a, p * d + b] +=
                0.5 * (element + transposed) * weights[other % 3] / weights[site % 3]
            }
          }
        }
      }
    }
    var s = [Double](repeating: 0, count: m * width)
    for r in 0..<m {
      for c in 0..<d { s[r * width + column + c] = Double((r * 7 + c * 3) % 11) - 4 }
    }
    var (w, gram) = ([Double](repeating: 0, count: s.count), [Double](repeating: 0, count: 16))
    do {
      var image = w.mutableSpan
      var products = gram.mutableSpan
      multiplyPatch(
        matrix, patch, s.span, width: width, column: column, into: &image, gram: &products)
    }
    for r in 0..<m {
      for c in 0..<4 {
        let expected = (0..<m).reduce(0.0) { $0 + dense[r, $1] * s[$1 * width + column + c] }
        #expect(abs(w[r * width + column + c] - expected) < 1e-13)
      }
    }
    for a in 0..<d {
      for b in 0..<d {
        let expected = (0..<m).reduce(0.0) {
          $0 + s[$1 * width + column + a] * w[$1 * width + column + b]
        }
        #expect(abs(gram[4 * a + b] - expected) < 1e-12)
      }
    }
  }

  @Test func aStepIsThatOfItsFormula() {
    let (rows, width, column) = (5, 8, 4)
    func values(_ seed: Int) -> [Double] {
      (0..<rows * width).map { Double(($0 * 13 + seed * 29) % 19) / 19 - 0.5 }
    }
    let (p, s, w, before) = (values(1), values(2), values(3), values(4))
    let (alpha, beta) = (Array(values(5)[0..<12]), Array(values(6)[0..<12]))
    var (next, gram) = (before, [Double](repeating: 0, count: 16))
    do {
      var vectors = next.mutableSpan
      var products = gram.mutableSpan
      advancePatch(
        &vectors, image: p.span, current: s.span, product: w.span, alpha: alpha.span,
        beta: beta.span, components: 3, width: width, column: column, gram: &products)
    }
    var expectedGram = [Double](repeating: 0, count: 16)
    for r in 0..<rows {
      let at = r * width + column
      let expected = (0..<4).map { c in
        (0..<3).reduce(p[at + c]) {
          $0 - s[at + $1] * alpha[4 * $1 + c] - before[at + $1] * beta[4 * $1 + c]
        }
      }
      // What the lanes of the site take of the next one is left alone.
      #expect(next[at + 3] == before[at + 3])
      for c in 0..<3 {
        #expect(abs(next[at + c] - expected[c]) < 1e-14)
        #expect(next[at - 4 + c] == before[at - 4 + c])
        for b in 0..<3 { expectedGram[4 * b + c] += expected[b] * w[at + c] }
      }
    }
    for b in 0..<3 {
      for c in 0..<3 { #expect(abs(gram[4 * b + c] - expectedGram[4 * b + c]) < 1e-13) }
    }
  }
}
