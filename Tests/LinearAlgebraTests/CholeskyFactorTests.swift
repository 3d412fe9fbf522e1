import Foundation
import LinearAlgebra
import Testing

struct CholeskyFactorTests {
  /// A = Bᵀ B + 1 of a matrix with known elements.
  static func definite(_ n: Int) -> Matrix {
    var b = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n { for j in 0..<n { b[i, j] = sin(Double(3 * i + 7 * j + 1)) } }
    var a = b.multiplied(by: b, transposingSelf: true)
    for i in 0..<n { a[i, i] += 1 }
    return a
  }

  @Test(arguments: [1, 2, 17]) func determinantsAndSolutionsAreThoseOfTheSpectrum(n: Int) throws {
    let a = Self.definite(n)
    let factor = try #require(CholeskyFactor(a))
    let spectrum = try a.symmetricEigen().values
    #expect(abs(factor.logDeterminant - spectrum.reduce(0) { $0 + log($1) }) < 1e-11)
    let b = (0..<n).map { Double($0) - 1.5 }
    let x = factor.solved(b)
    for i in 0..<n {
      let row = (0..<n).reduce(0) { $0 + a[i, $1] * x[$1] }
      #expect(abs(row - b[i]) < 1e-10)
    }
  }

  @Test func whatIsNotDefiniteHasNoFactor() {
    var a = Self.definite(4)
    a[2, 2] = -1
    #expect(CholeskyFactor(a) == nil)
    a[2, 2] = .nan
    #expect(CholeskyFactor(a) == nil)
  }
}
