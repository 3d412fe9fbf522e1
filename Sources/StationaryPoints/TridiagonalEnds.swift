/// The ends of the spectrum of a symmetric tridiagonal matrix by Sturm sequences.
package struct TridiagonalEnds {
  package init() {}

  private(set) var diagonal: [Double] = []
  /// offDiagonal[k] couples k and k + 1; the last one belongs to the row that comes next.
  private(set) var offDiagonal: [Double] = []
  package private(set) var isComplete = false

  /// Adds a row; the process is complete once `beta` vanishes.
  package mutating func append(_ alpha: Double, _ beta: Double) {
    guard !isComplete else { return }
    diagonal.append(alpha)
    offDiagonal.append(beta)
    isComplete = !(beta > 1e-12)
  }

  /// Eigenvalues below x.
  package func count(below x: Double) -> Int {
    var (count, q) = (0, 1.0)
    for k in diagonal.indices {
      let coupling = k == 0 ? 0 : offDiagonal[k - 1] * offDiagonal[k - 1]
      q = diagonal[k] - x - (coupling == 0 ? 0 : coupling / q)
      if q == 0 { q = 1e-300 }
      if q < 0 { count += 1 }
    }
    return count
  }

  /// The smallest and the largest eigenvalue, to 1e-13 of the largest bound.
  package func extremes() -> (least: Double, largest: Double) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for k in diagonal.indices {
      let radius =
        (k > 0 ? abs(offDiagonal[k - 1]) : 0)
        + (k + 1 < diagonal.count ? abs(offDiagonal[k]) : 0)
      low = min(low, diagonal[k] - radius)
      high = max(high, diagonal[k] + radius)
    }
    let n = diagonal.count
    return (
      bisect(low, high) { count(below: $0) >= 1 }, bisect(low, high) { count(below: $0) >= n }
    )
  }

  /// The place in [low, high] from which on `isAbove` holds.
  private func bisect(_ low: Double, _ high: Double, _ isAbove: (Double) -> Bool) -> Double {
    var (low, high) = (low, high)
    let resolution = 1e-13 * max(abs(low), abs(high), .leastNormalMagnitude)
    while high - low > resolution {
      let middle = low + (high - low) / 2
      if isAbove(middle) { high = middle } else { low = middle }
    }
    return low + (high - low) / 2
  }
}
