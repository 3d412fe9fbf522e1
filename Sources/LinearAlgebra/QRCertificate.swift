/// What a factor R of rows A, one block of rows above the other, must satisfy, found from A before it is
/// made: O(n²) where the factor takes O(h n²), h rows (mathematics.md (3.9)).
///
///     RᵀR = AᵀA:   ‖R e_j‖² = ‖A e_j‖² for every column,   D Rᵀ R D w = D Aᵀ A D w
///
/// for the fixed vector w of ``SpectralCertificate/probe(_:)``, D the inverse largest elements of the
/// columns: features of any scale count alike. Householder reflections keep both, column by column, to a
/// few (h + n) times the rounding.
package struct QRCertificate {
  private let order: Int
  /// D, shape [n]; 0 for a column of zeros.
  private let scale: [Double]
  /// ‖A D e_j‖², shape [n].
  private let squares: [Double]
  /// D Aᵀ A D w, shape [n].
  private let image: [Double]
  private let tolerance: Double

  /// - Parameters:
  ///   - factor: The triangle of the rows so far, column by column, shape [n, n]; zero below the
  ///     diagonal.
  ///   - block: The rows that are to be folded in, column by column, shape [height, n]; of a triangle
  ///     too.
  package init(factor: [Double], block: [Double], order n: Int) {
    let height = n > 0 ? block.count / n : 0
    order = n
    scale = (0..<n).map { j in
      var largest = 0.0
      for i in 0...j { largest = max(largest, abs(factor[j * n + i])) }
      for i in 0..<height { largest = max(largest, abs(block[j * height + i])) }
      // A NaN is no maximum: it stays in the sums, and what is compared with them fails.
      return largest > 0 ? 1 / largest : 0
    }
    let above = Self.sums(of: factor, height: n, isTriangle: true, scale)
    let below = Self.sums(of: block, height: height, isTriangle: false, scale)
    squares = zip(above.squares, below.squares).map { $0 + $1 }
    image = zip(above.image, below.image).map { $0 + $1 }
    tolerance = 1e-14 * Double(100 + n + height)
  }

  /// - Parameter factor: The triangle of all rows, as before.
  /// - Throws: ``LAPACKError/wrong(routine:check:error:)``.
  package func check(factor: [Double], routine: String) throws(LAPACKError) {
    let found = Self.sums(of: factor, height: order, isTriangle: true, scale)
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    for j in 0..<order {
      try require(
        abs(found.squares[j] - squares[j]), tolerance * squares[j], "the norm of a column", routine)
    }
    // ‖D Aᵀ A D w‖ may be small by cancellation: rounding is relative to the terms.
    let size = squares.reduce(0, +) * norm(SpectralCertificate.probe(order))
    try require(
      norm(zip(found.image, image).map { $0 - $1 }), tolerance * size, "the product RᵀR w", routine)
  }

  /// Of X D, X column by column: squared norms of its columns, and D Xᵀ X D w.
  private static func sums(
    of matrix: [Double], height: Int, isTriangle: Bool, _ scale: [Double]
  ) -> (squares: [Double], image: [Double]) {
    let (n, elements) = (scale.count, matrix.span)
    let w = SpectralCertificate.probe(n)
    var product = [Double](repeating: 0, count: height)
    var squares = [Double](repeating: 0, count: n)
    for j in 0..<n {
      let (start, factor) = (j &* height, scale[j])
      var sum = 0.0
      for i in 0..<(isTriangle ? j + 1 : height) {
        let element = elements[start &+ i] * factor
        product[i] += element * w[j]
        sum += element * element
      }
      squares[j] = sum
    }
    let image = (0..<n).map { j in
      let start = j &* height
      var sum = 0.0
      for i in 0..<(isTriangle ? j + 1 : height) { sum += elements[start &+ i] * product[i] }
      return sum * scale[j]
    }
    return (squares, image)
  }

  private func require(
    _ error: Double, _ allowed: Double, _ check: String, _ routine: String
  ) throws(LAPACKError) {
    // Not `error > allowed`: a NaN must fail.
    guard error <= allowed else {
      throw .wrong(routine: routine, check: check, error: error / allowed)
    }
  }
}
