import LinearAlgebra
import Testing

struct HermitianEigenTests {
  /// Small and large orders are summed in two ways.
  @Test(arguments: [1, 6, 24, 25, 40]) func functionsOfTheMatrixAreThoseOfItsEigenvalues(
    order n: Int
  ) throws {
    var (x, y) = ([Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n))
    for i in 0..<n {
      for j in 0..<n {
        x[i * n + j] = 1 / Double(1 + i + j) + (i == j ? Double(1 + i) : 0)
        y[i * n + j] = 0.1 * Double(i - j) / Double(1 + i + j)
      }
    }
    let eigen = try ComplexMatrix(order: n, real: x, imaginary: y).hermitianEigen()
    let (same, inverse) = (eigen.applying { $1 }, eigen.applying { 1 / $1 })
    for i in 0..<n {
      for j in 0..<n {
        #expect(abs(same.real[i * n + j] - x[i * n + j]) < 1e-12 * Double(n))
        #expect(abs(same.imaginary[i * n + j] - y[i * n + j]) < 1e-12 * Double(n))
        var (re, im) = (i == j ? -1.0 : 0, 0.0)
        for k in 0..<n {
          let (a, b) = (i * n + k, k * n + j)
          re += x[a] * inverse.real[b] - y[a] * inverse.imaginary[b]
          im += x[a] * inverse.imaginary[b] + y[a] * inverse.real[b]
        }
        #expect(max(abs(re), abs(im)) < 1e-11)
      }
    }
  }
}
