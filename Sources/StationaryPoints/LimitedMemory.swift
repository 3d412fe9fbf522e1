/// The last steps of a minimisation and the changes of the gradient over them, as an approximate inverse
/// Hessian: Nocedal's two loops (1980, Math. Comp. 35, 773) around a preconditioner P,
///
///     H₀ = γ P,   γ = sᵀy / yᵀPy   of the last pair (mathematics.md (11.8)).
struct LimitedMemory {
  private var pairs: [(step: [Double], change: [Double], scale: Double)] = []
  private var factor = 1.0
  private static let length = 30

  var isEmpty: Bool { pairs.isEmpty }

  /// -H g.
  func direction(_ gradient: [Double], precondition: ([Double]) -> [Double]) -> [Double] {
    var q = gradient
    var weights: [Double] = []
    for pair in pairs.reversed() {
      let weight = pair.scale * dot(pair.step, q)
      weights.append(weight)
      add(-weight, pair.change, to: &q)
    }
    var result = precondition(q).map { $0 * factor }
    for (pair, weight) in zip(pairs, weights.reversed()) {
      add(weight - pair.scale * dot(pair.change, result), pair.step, to: &result)
    }
    return result.map { -$0 }
  }

  /// Takes a pair with sᵀy > 0; others would make H indefinite, and are left out.
  mutating func append(
    step: [Double], change: [Double], precondition: ([Double]) -> [Double]
  ) {
    let product = dot(step, change)
    let size = (dot(step, step) * dot(change, change)).squareRoot()
    guard product > 1e-10 * size else { return }
    let curvature = dot(change, precondition(change))
    if curvature > 0 { factor = product / curvature }
    pairs.append((step, change, 1 / product))
    if pairs.count > Self.length { pairs.removeFirst() }
  }

  mutating func forget() { pairs = [] }
}
