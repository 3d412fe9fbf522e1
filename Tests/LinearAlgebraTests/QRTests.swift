import LinearAlgebra
import Testing

struct QRTests {
  /// Elements that differ row by row without a generator.
  private func tall(_ rows: Int, _ columns: Int) -> [Double] {
    (0..<rows * columns).map { index in
      let (i, j) = (index / columns, index % columns)
      return 1 / Double(1 + (i * 7 + j * 13) % 31) + (i % columns == j ? 1 : 0)
    }
  }

  @Test func twoRowsGiveTheKnownTriangle() throws {
    var qr = StreamingQR(columnCount: 2)
    qr.append([3.0, 1, 4, 2].span)
    let r = try qr.triangle()
    #expect(abs(abs(r[0, 0]) - 5) <= 1e-15 * 5)
    #expect(abs(r[0, 0] * r[0, 1] - 11) <= 1e-14)
    #expect(abs(abs(r[1, 1]) - 0.4) <= 1e-15)
    #expect(r[1, 0] == 0)
  }

  @Test(arguments: [1, 3, 511, 512, 513, 1700])
  func theTriangleHasTheNormalMatrixOfTheRows(rows: Int) throws {
    let n = 40
    let x = tall(rows, n)
    var qr = StreamingQR(columnCount: n)
    qr.append(x.span)
    let r = try qr.triangle()
    let normal = r.multiplied(by: r, transposingSelf: true)
    let whole = Matrix(rowCount: rows, columnCount: n, storage: x)
    let expected = whole.multiplied(by: whole, transposingSelf: true)
    let scale = expected.storage.map(abs).max() ?? 0
    for (a, b) in zip(normal.storage, expected.storage) { #expect(abs(a - b) <= 1e-14 * scale) }
    #expect(qr.rowCount == rows)
  }

  /// Of RᵀR + I the inverse factor turns the matrix into the unit matrix; what is not definite has
  /// none.
  @Test func theInverseCholeskyFactorWhitens() throws {
    let n = 23
    let x = Matrix(rowCount: 40, columnCount: n, storage: tall(40, n))
    var normal = Matrix.identity(n)
    addNormalMatrix(of: x.storage.span, rowCount: 40, to: &normal)
    var full = normal
    for i in 0..<n { for j in 0..<i { full[i, j] = full[j, i] } }
    let inverse = try #require(normal.inverseCholeskyFactor(tolerance: 1e-12))
    let unit = inverse.multiplied(
      by: full.multiplied(by: inverse), transposingSelf: true)
    for i in 0..<n {
      for j in 0..<n { #expect(abs(unit[i, j] - (i == j ? 1 : 0)) < 1e-12) }
      for j in 0..<i { #expect(inverse[i, j] == 0) }
    }
    full[3, 3] = -1
    #expect(full.inverseCholeskyFactor(tolerance: 1e-12) == nil)
    full[3, 3] = .nan
    #expect(full.inverseCholeskyFactor(tolerance: 1e-12) == nil)
  }

  @Test func theBytesDoNotDependOnHowTheRowsComeIn() throws {
    let n = 7
    let x = tall(1300, n)
    var atOnce = StreamingQR(columnCount: n)
    atOnce.append(x.span)
    var inPieces = StreamingQR(columnCount: n)
    for first in stride(from: 0, to: 1300, by: 11) {
      inPieces.append(Array(x[first * n..<min(1300, first + 11) * n]).span)
    }
    #expect(try atOnce.triangle() == inPieces.triangle())
  }

  @Test func twoFactorsMergeIntoThatOfAllRows() throws {
    let n = 9
    let x = tall(800, n)
    var (whole, head, tail) = (
      StreamingQR(columnCount: n), StreamingQR(columnCount: n), StreamingQR(columnCount: n)
    )
    whole.append(x.span)
    head.append(Array(x[..<(300 * n)]).span)
    tail.append(Array(x[(300 * n)...]).span)
    head.append(tail)
    let (a, b) = (try whole.triangle(), try head.triangle())
    for i in 0..<n {
      let sign = a[i, i] * b[i, i] < 0 ? -1.0 : 1.0
      for j in i..<n { #expect(abs(a[i, j] - sign * b[i, j]) <= 1e-12 * abs(a[0, 0])) }
    }
    #expect(head.rowCount == 800)
  }

  /// The columns differ by 1e-9: XᵀX would have lost their difference (1e-18) altogether.
  @Test func nearlyEqualColumnsKeepTheirDifference() throws {
    var qr = StreamingQR(columnCount: 2)
    for k in 0..<600 {
      let x = Double(k % 5) + 1
      qr.append([x, x + (k.isMultiple(of: 2) ? 1e-9 : -1e-9)].span)
    }
    let expected = 1e-9 * 600.0.squareRoot()
    let found = try qr.triangle()[1, 1]
    #expect(abs(abs(found) - expected) <= 1e-5 * expected)
  }
}

struct SingularValuesTests {
  @Test func aDiagonalMatrixShowsItsSortedElements() throws {
    let d = Matrix(rowCount: 3, columnCount: 3, storage: [1, 0, 0, 0, -3, 0, 0, 0, 2])
    #expect(try d.singularValues().values == [3, 2, 1])
  }

  @Test(arguments: [1, 2, 30])
  func theFactorsGiveTheMatrixBack(n: Int) throws {
    var a = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in 0..<n { a[i, j] = 1 / Double(1 + (3 * i + 5 * j) % 11) + (i < j ? 1 : 0) }
    }
    let decomposition = try a.singularValues()
    var scaled = decomposition.right
    for k in 0..<n {
      for j in 0..<n { scaled[k, j] *= decomposition.values[k] }
    }
    let product = decomposition.left.multiplied(by: scaled)
    for (p, q) in zip(product.storage, a.storage) { #expect(abs(p - q) <= 1e-14 * Double(n) * 4) }
  }

  @Test func refusesWhatIsNotASquareOfNumbers() {
    #expect(throws: LAPACKError.notSquare(rowCount: 1, columnCount: 2)) {
      try Matrix(rowCount: 1, columnCount: 2).singularValues()
    }
    #expect(throws: LAPACKError.notFinite) {
      try Matrix(rowCount: 1, columnCount: 1, storage: [.infinity]).singularValues()
    }
  }
}
