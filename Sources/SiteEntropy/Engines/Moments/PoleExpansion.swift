internal import Glibc
internal import LinearAlgebra

/// Functions of H̃ as sums of its resolvents, the same for all of them:
///
///     f(λ) ≈ c + Σ_j w_j s_j / (λ + s_j)
///
/// mathematics.md (12.8). The shifts s_j > 0 lie evenly in log s around the spectrum, w_j are those of
/// least squares; the error falls by a factor for each pole, as that of rational functions does.
package struct PoleExpansion: Sendable {
  /// s_j, in the unit of λ.
  package let shifts: [Double]
  /// w_j of each function, shape [functions][poles].
  package let weights: [[Double]]
  /// The largest |error| of each function on the points, and a tenth more.
  package let errors: [Double]

  /// Poles beyond which rounding takes over.
  private static let mostPoles = 22
  private static let pointCount = 480

  /// The fewest poles that leave less than `tolerance` of each function, or the most there are.
  ///
  /// - Parameters:
  ///   - interval: Positive; holds all λ.
  ///   - functions: Each is smooth on the interval.
  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  package init(
    of functions: [(Double) -> Double], on interval: ClosedRange<Double>, tolerance: Double
  ) throws(SiteEntropyError) {
    var best: PoleExpansion?
    for count in stride(from: 4, through: Self.mostPoles, by: 1) {
      let candidate = try PoleExpansion(of: functions, on: interval, poleCount: count)
      let error = candidate.errors.max() ?? 0
      if let known = best, error >= known.errors.max() ?? 0 { continue }
      best = candidate
      if error <= tolerance { break }
    }
    guard let best else { throw .mismatch("poles: expected a function, found none") }
    self = best
  }

  init(
    of functions: [(Double) -> Double], on interval: ClosedRange<Double>, poleCount: Int
  ) throws(SiteEntropyError) {
    let (low, high) = (log(interval.lowerBound), log(interval.upperBound))
    // Poles a little beyond the ends, points closer at them.
    let (first, last) = (low - 1.2, high + 1.2)
    let poles = (0..<poleCount).map {
      exp(first + (last - first) * Double($0) / Double(max(poleCount - 1, 1)))
    }
    let points = (0..<Self.pointCount).map { index in
      let place = 0.5 - 0.5 * cos(Double.pi * (Double(index) + 0.5) / Double(Self.pointCount))
      return exp(low + (high - low) * place)
    }
    let columns = poleCount + 1 + functions.count
    var qr = StreamingQR(columnCount: columns)
    for x in points {
      let row = poles.map { $0 / (x + $0) } + [1] + functions.map { $0(x) }
      qr.append(row.span)
    }
    let triangle: Matrix
    do { triangle = try qr.triangle() } catch { throw .decomposition(order: columns, error) }
    var solutions: [[Double]] = []
    var errors: [Double] = []
    for (index, function) in functions.enumerated() {
      let column = poleCount + 1 + index
      var c = [Double](repeating: 0, count: poleCount + 1)
      for i in (0...poleCount).reversed() {
        var sum = triangle[i, column]
        for j in i + 1..<max(poleCount + 1, i + 1) { sum -= triangle[i, j] * c[j] }
        c[i] = triangle[i, i] == 0 ? 0 : sum / triangle[i, i]
      }
      solutions.append(Array(c.prefix(poleCount)))
      let largest = points.reduce(0.0) { largest, x in
        var value = c[poleCount]
        for (weight, shift) in zip(c, poles) { value += weight * shift / (x + shift) }
        return max(largest, abs(value - function(x)))
      }
      errors.append(1.1 * largest)
    }
    (shifts, weights, self.errors) = (poles, solutions, errors)
  }
}
