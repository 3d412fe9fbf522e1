/// A spline of degree 5 with four continuous derivatives, fitted to equally spaced values by least
/// squares (mathematics.md (2.13)).
///
///     min Σ_k (s(kδ) - f_k)²,   s = Σ_m c_m N(x/h - m),   h = Kδ
///
/// with N the cardinal B-spline. Rounding of the printed values, which the second differences of a
/// table carry over δ², is averaged over K cells and then divided by h².
struct QuinticSpline: Sendable, Equatable {
  /// Where it begins and ends.
  let first: Double
  let last: Double
  private let inverse: Double
  /// Of p⁰ … p⁵ in each piece, p from 0 to 1 across it; shape [pieces].
  private let pieces: [SIMD8<Double>]

  /// N_0 … N_5, the parts of the B-spline in one piece, times 120: rows, by powers of p.
  private static let basis: [[Double]] = [
    [1, -5, 10, -10, 5, -1], [26, -50, 20, 20, -20, 5], [66, 0, -60, 0, 30, -10],
    [26, 50, 20, -20, -20, 10], [1, 5, 10, 10, 5, -5], [0, 0, 0, 0, 0, 1],
  ]

  /// - Parameters:
  ///   - f: Values at k · step.
  ///   - range: The k that are fitted, knots every K of them from the first; the last piece may be
  ///     shorter, but not than K/4.
  ///   - cells: K, cells of the table in one piece.
  /// - Precondition: K ≥ 5, `range` holds at least one piece and lies within `f`.
  init(fitting f: [Double], range: ClosedRange<Int>, step: Double, cells: Int) {
    let length = range.upperBound - range.lowerBound
    let count = (length + cells - 1) / cells
    precondition(cells >= 5 && length >= cells, "spline: range")
    // N_j at the points of a piece, its right end among them.
    let weights = (0...cells).map { k -> [Double] in
      let p = Double(k) / Double(cells)
      return Self.basis.map { row in
        row.reversed().reduce(0) { $0 * p + $1 } / 120
      }
    }
    let values = Array(f[range])
    func eachPoint(_ body: (_ point: Int, _ piece: Int, _ weights: [Double]) -> Void) {
      for point in values.indices {
        let piece = min(point / cells, count - 1)
        body(point, piece, weights[point - piece * cells])
      }
    }
    var normal = BandMatrix(order: count + 5)
    eachPoint { _, piece, w in
      for a in 0..<6 { for b in 0...a { normal[piece + a, piece + b] += w[a] * w[b] } }
    }
    normal.factorise()
    var coefficients = [Double](repeating: 0, count: count + 5)
    // The second pass takes back what the normal equations lose.
    for _ in 0..<2 {
      var right = [Double](repeating: 0, count: count + 5)
      eachPoint { point, piece, w in
        let value = (0..<6).reduce(0) { $0 + w[$1] * coefficients[piece + $1] }
        for a in 0..<6 { right[piece + a] += w[a] * (values[point] - value) }
      }
      normal.solve(&right)
      for index in right.indices { coefficients[index] += right[index] }
    }
    pieces = (0..<count).map { piece in
      var powers = SIMD8<Double>.zero
      for a in 0..<6 {
        for power in 0..<6 {
          powers[power] += coefficients[piece + a] * Self.basis[a][power] / 120
        }
      }
      return powers
    }
    first = Double(range.lowerBound) * step
    last = Double(range.upperBound) * step
    inverse = 1 / (Double(cells) * step)
  }

  /// The function and its derivatives.
  ///
  /// - Precondition: `first` ≤ x ≤ `last`.
  @inline(__always)
  func jet(_ x: Double) -> Jet {
    let place = (x - first) * inverse
    let piece = min(Int(place), pieces.count - 1)
    let (p, c) = (place - Double(piece), pieces[piece])
    let value = ((((c[5] * p + c[4]) * p + c[3]) * p + c[2]) * p + c[1]) * p + c[0]
    let slope = (((5 * c[5] * p + 4 * c[4]) * p + 3 * c[3]) * p + 2 * c[2]) * p + c[1]
    let second = ((20 * c[5] * p + 12 * c[4]) * p + 6 * c[3]) * p + 2 * c[2]
    let third = (60 * c[5] * p + 24 * c[4]) * p + 6 * c[3]
    return Jet(
      value, slope * inverse, second * inverse * inverse, third * inverse * inverse * inverse)
  }
}

/// A symmetric positive definite matrix of half-bandwidth 5, its lower half.
private struct BandMatrix {
  private static let width = 6
  private let order: Int
  /// Element (i, j) at 6 i + i - j, shape [order, 6].
  private var storage: [Double]

  init(order: Int) {
    self.order = order
    storage = [Double](repeating: 0, count: order * Self.width)
  }

  subscript(i: Int, j: Int) -> Double {
    get { storage[i * Self.width + i - j] }
    set { storage[i * Self.width + i - j] = newValue }
  }

  /// Cholesky's L, in place.
  mutating func factorise() {
    for i in 0..<order {
      let low = max(0, i - 5)
      for j in low...i {
        var sum = self[i, j]
        for k in low..<max(low, j) where j - k < Self.width { sum -= self[i, k] * self[j, k] }
        self[i, j] = i == j ? sum.squareRoot() : sum / self[j, j]
      }
    }
  }

  /// L Lᵀ x = b, in place.
  func solve(_ b: inout [Double]) {
    for i in 0..<order {
      for k in max(0, i - 5)..<i { b[i] -= self[i, k] * b[k] }
      b[i] /= self[i, i]
    }
    for i in (0..<order).reversed() {
      for k in i + 1..<max(i + 1, min(order, i + 6)) { b[i] -= self[k, i] * b[k] }
      b[i] /= self[i, i]
    }
  }
}
