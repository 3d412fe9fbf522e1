import LinearAlgebra
import Testing

struct SingleMatrixTests {
  @Test(arguments: [(1, 4, 3, 1e-20), (7, 12, 12, 1e60), (60, 68, 16, 1e-20)])
  func theProductIsThatOfDoublesToSinglePrecision(
    order n: Int, width: Int, columns: Int, size: Double
  ) {
    let elements = (0..<n * n).map { 1 / Double(1 + ($0 * 7) % 31) - 0.1 }
    let x = (0..<n * width).map { size * (Double(($0 * 13) % 17) - 8) }
    var y = [Double](repeating: 5, count: n * width)
    var scratch = SingleMatrix.Scratch()
    let single = SingleMatrix(Matrix(rowCount: n, columnCount: n, storage: elements))
    // The second product finds the memory of the first.
    for _ in 0..<2 {
      var span = y.mutableSpan
      single.multiply(x.span, width: width, columns: columns, into: &span, &scratch)
    }
    #expect(single.order == n)
    for i in 0..<n {
      for c in 0..<width {
        guard c < columns else {
          #expect(y[i * width + c] == 5)
          continue
        }
        var (sum, total) = (0.0, 0.0)
        for j in 0..<n {
          let term = elements[i * n + j] * x[j * width + c]
          sum += term
          total += abs(term)
        }
        #expect(abs(y[i * width + c] - sum) <= 1e-6 * total)
      }
    }
  }
}
