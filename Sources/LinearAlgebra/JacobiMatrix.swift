internal import Glibc

/// The Jacobi matrix of Lanczos' process for E and one vector e, as it grows, and Gauss rules for
/// eᵀ log(1+E) e from it (Golub, Meurant 2010, "Matrices, Moments and Quadrature", ch. 6).
///
/// Diagonal a_0, a_1, …; the squares of the off-diagonal are b_1, b_2, …. With |e| = 1 the nodes θ
/// are eigenvalues of the matrix and the weights squares of first components of its eigenvectors.
package struct JacobiMatrix: Sendable {
  package private(set) var diagonal: [Double] = []
  /// b_1 … b_k: one for each diagonal element, the last coupling to the next step.
  package private(set) var squares: [Double] = []
  /// Whether the process has ended: the Gauss rule is then exact.
  package private(set) var isComplete = false
  private var scale = 0.0

  /// Couplings below this times the largest square are rounding.
  private static let negligible = 1e-26

  package var stepCount: Int { diagonal.count }

  package init() {}

  package mutating func append(_ a: Double, square b: Double) {
    guard !isComplete else { return }
    diagonal.append(a)
    scale = max(scale, a * a)
    // 1e-34: log(1+E) sees nothing of what is below its own rounding.
    isComplete = b <= max(Self.negligible * scale, 1e-34)
    squares.append(isComplete ? 0 : b)
    scale = max(scale, b)
  }

  /// Lower and upper bounds of eᵀ log(1+E) e, |e| = 1, where the spectrum of E lies in
  /// [`interval.lower`, `interval.upper`], lower > -1; nil where rounding hides them.
  ///
  /// The even derivatives of log are negative, the odd ones positive: Gauss' rule and Radau's with a
  /// node at the upper end are too large, Radau's with a node at the lower end is too small.
  ///
  /// - Parameter steps: Of the steps made, those to use.
  package func bounds(
    in interval: (lower: Double, upper: Double), steps: Int? = nil
  ) -> (lower: Double, upper: Double)? {
    let k = min(steps ?? stepCount, stepCount)
    guard k > 0 else { return nil }
    guard let gauss = logarithm(diagonal[0..<k], squares[0..<k - 1]) else { return nil }
    if isComplete && k == stepCount { return (gauss, gauss) }
    guard let low = radau(k, at: interval.lower) else { return nil }
    let high = radau(k, at: interval.upper) ?? gauss
    return (low, min(gauss, high))
  }

  /// The Gauss rule of all steps.
  package func gauss() -> Double? { logarithm(diagonal[...], squares.dropLast()) }

  /// The least and the largest eigenvalue of the matrix so far.
  package func extremes(steps: Int? = nil) -> (least: Double, largest: Double) {
    let k = min(steps ?? stepCount, stepCount)
    var nodes = Array(diagonal[0..<k])
    var weights = [Double](repeating: 0, count: k)
    Self.diagonalise(&nodes, squares[0..<max(k - 1, 0)], &weights)
    return (nodes.min() ?? 0, nodes.max() ?? 0)
  }

  /// An extreme eigenvalue of the matrix, and by how much it fails to be one of E.
  package struct End: Sendable {
    package var value: Double
    /// |E v - θ v| of its Ritz vector v of unit length.
    package var residual: Double

    package init(value: Double, residual: Double) {
      (self.value, self.residual) = (value, residual)
    }
  }

  /// The least and the largest eigenvalue of the matrix so far with their residuals.
  package func ends() -> (least: End, largest: End) {
    var nodes = diagonal
    var last = [Double](repeating: 0, count: nodes.count)
    last[nodes.count - 1] = 1
    Self.diagonalise(&nodes, squares.dropLast(), &last)
    let coupling = (squares.last ?? 0).squareRoot()
    var ends = (
      least: End(value: .infinity, residual: 0), largest: End(value: -.infinity, residual: 0)
    )
    for (node, component) in zip(nodes, last) {
      let end = End(value: node, residual: coupling * abs(component))
      if node < ends.least.value { ends.least = end }
      if node > ends.largest.value { ends.largest = end }
    }
    return ends
  }

  /// Eigenvalues of the matrix at most `limit`: E has at least as many.
  package func count(atMost limit: Double) -> Int {
    var nodes = diagonal
    var weights = [Double](repeating: 0, count: nodes.count)
    Self.diagonalise(&nodes, squares.dropLast(), &weights)
    return nodes.count { $0 <= limit }
  }

  /// Radau's rule: k free nodes and one at `end`.
  private func radau(_ k: Int, at end: Double) -> Double? {
    var pivot = diagonal[0] - end
    for j in 1..<max(k, 1) { pivot = diagonal[j] - end - squares[j - 1] / pivot }
    // Outside the spectrum all pivots of T - end have one sign.
    guard pivot != 0, (pivot > 0) == (diagonal[0] > end) else { return nil }
    return logarithm(diagonal[0..<k] + [end + squares[k - 1] / pivot], squares[0..<k])
  }

  private func logarithm(_ diagonal: ArraySlice<Double>, _ squares: ArraySlice<Double>) -> Double? {
    var nodes = Array(diagonal)
    var weights = [Double](repeating: 0, count: nodes.count)
    weights[0] = 1
    Self.diagonalise(&nodes, squares, &weights)
    var sum = 0.0
    for (node, weight) in zip(nodes, weights) {
      guard node > -1 else { return nil }
      sum += weight * weight * log1p(node)
    }
    return sum
  }

  /// Eigenvalues, `z` turned along with the rows of the eigenvectors.
  private static func diagonalise(
    _ d: inout [Double], _ squares: ArraySlice<Double>, _ z: inout [Double]
  ) {
    var e = squares.map { $0.squareRoot() } + [0]
    let scale = d.reduce(0) { max($0, abs($1)) } + e.reduce(0, max)
    diagonalizeTridiagonal(&d, &e, scale: scale, rows: &z, rowCount: 1)
  }
}
