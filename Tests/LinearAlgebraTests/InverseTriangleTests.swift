import LinearAlgebra
import Testing

struct InverseTriangleTests {
  @Test func aSmallCaseByHand() throws {
    // The last row and what is below the diagonal are not read.
    let r = Matrix(rowCount: 3, columnCount: 3, storage: [2, 3, 9, .nan, 4, 9, 9, .nan, 0])
    #expect(try r.inverseOfUpperTriangle(order: 2).storage == [0.5, -0.375, 0, 0.25])
    #expect(try r.inverseOfUpperTriangle(order: 0).storage.isEmpty)
  }

  @Test(arguments: [1, 5, 40, 130]) func theProductIsTheUnitMatrix(n: Int) throws {
    var r = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in i..<n { r[i, j] = i == j ? 1 + Double(i % 3) : 1 / Double(2 + i + 2 * j) }
    }
    let product = r.multiplied(by: try r.inverseOfUpperTriangle(order: n))
    for i in 0..<n {
      for j in 0..<n { #expect(abs(product[i, j] - (i == j ? 1 : 0)) < 1e-14) }
    }
  }

  /// Columns of very different lengths are no reason to doubt.
  @Test func aPoorConditionPasses() throws {
    var r = Matrix(rowCount: 30, columnCount: 30)
    for i in 0..<30 {
      for j in i..<30 { r[i, j] = (i == j ? 1 : 0.5) * (i % 2 == 0 ? 1 : 3e-8) }
    }
    let product = r.multiplied(by: try r.inverseOfUpperTriangle(order: 30))
    for i in 0..<30 { #expect(abs(product[i, i] - 1) < 1e-6) }
  }

  @Test(arguments: [0, Double.nan, .infinity]) func whatHasNoInverseIsRefused(element: Double) {
    let r = Matrix(rowCount: 2, columnCount: 2, storage: [1, 1, 0, element])
    #expect(throws: LAPACKError.self) { try r.inverseOfUpperTriangle(order: 2) }
  }
}
