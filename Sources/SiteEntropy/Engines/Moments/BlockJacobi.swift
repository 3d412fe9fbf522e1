internal import LinearAlgebra

/// The block tridiagonal matrix of block Lanczos' process for E from the d columns of a site, and
/// what Gauss' quadrature makes of it (mathematics.md (12.1), (12.2)).
///
///     J = [[A_1, B_1ᵀ], [B_1, A_2, B_2ᵀ], …]
///
/// The vectors X_j of the process are not normalised: R_j = X_jᵀ X_j, M_j = X_jᵀ E X_j, and with
/// R_j = U diag(σ²) Uᵀ, T_j = U σ⁻¹ for what is not negligible of σ, A_j = T_jᵀ M_j T_j and
/// B_j = σ_{j+1} U_{j+1}ᵀ T_j. Directions in which R_j vanishes have ended.
struct BlockJacobi {
  /// Directions below this times the largest of the block are rounding: of doubles, and where H̃0⁺ is
  /// in single precision.
  static let relativeRank = (double: 1e-13, single: 1e-6)
  /// log(1+E) sees nothing of squares below this, in units of E².
  private static let negligible = 1e-34

  let dimension: Int
  private let relativeRank: Double
  /// Columns of each block.
  private(set) var ranks: [Int]
  /// A_j, shape [rank_j, rank_j], one after the other.
  private var diagonals: [[Double]] = []
  /// B_j, shape [rank_{j+1}, rank_j].
  private var couplings: [[Double]] = []
  /// σ² of the first block.
  private let startSquares: [Double]
  /// T of the last block, shape [d, rank].
  private var transform: [Double]
  /// R of the last block and its pseudo-inverse, shape [d, d].
  private var norm: [Double]
  private var inverse: [Double]
  private var inverseBefore: [Double]

  /// Starts from orthonormal vectors.
  init(dimension d: Int) {
    let one = (0..<d * d).map { $0 % (d + 1) == 0 ? 1.0 : 0.0 }
    self.init(dimension: d, norm: one, relativeRank: Self.relativeRank.double)
  }

  /// Starts from vectors with XᵀX, shape [d, d], positive definite.
  init(dimension d: Int, norm: [Double], relativeRank: Double) {
    self.relativeRank = relativeRank
    var spectrum = SmallSpectrum()
    spectrum.decompose(norm, order: d, rowCount: d)
    (dimension, ranks, self.norm) = (d, [d], norm)
    startSquares = Array(spectrum.values[0..<d])
    var (transform, inverse) = (norm, norm)
    for a in 0..<d {
      for p in 0..<d {
        transform[a * d + p] = spectrum.rows[a * d + p] / startSquares[p].squareRoot()
      }
    }
    for a in 0..<d {
      for b in 0..<d {
        inverse[a * d + b] = (0..<d).reduce(0) {
          $0 + transform[a * d + $1] * transform[b * d + $1]
        }
      }
    }
    (self.transform, self.inverse, inverseBefore) = (transform, inverse, inverse)
  }

  var isComplete: Bool { ranks.last == 0 }

  /// Blocks whose diagonal is known.
  var stepCount: Int { diagonals.count }

  /// Takes M of the last block, shape [4, 4].
  ///
  /// - Returns: α = R⁺ M and β = R_before⁺ R, shape [3, 4] each, of the recurrence.
  mutating func appendDiagonal(
    _ gram: [Double], alpha: inout [Double], beta: inout [Double]
  ) {
    let (d, r) = (dimension, ranks[ranks.count - 1])
    for e in 0..<12 { (alpha[e], beta[e]) = (0, 0) }
    var m = [Double](repeating: 0, count: d * d)
    for a in 0..<d { for b in 0..<d { m[a * d + b] = 0.5 * (gram[4 * a + b] + gram[4 * b + a]) } }
    var block = [Double](repeating: 0, count: r * r)
    for p in 0..<r {
      for q in 0..<r {
        var sum = 0.0
        for a in 0..<d {
          for b in 0..<d { sum += transform[a * r + p] * m[a * d + b] * transform[b * r + q] }
        }
        block[p * r + q] = sum
      }
    }
    diagonals.append(block)
    for a in 0..<d {
      for b in 0..<d {
        for c in 0..<d {
          alpha[4 * a + b] += inverse[a * d + c] * m[c * d + b]
          if diagonals.count > 1 { beta[4 * a + b] += inverseBefore[a * d + c] * norm[c * d + b] }
        }
      }
    }
  }

  /// Takes R of the next block, shape [4, 4].
  mutating func appendNorm(_ gram: [Double], using spectrum: inout SmallSpectrum) {
    let (d, r) = (dimension, ranks[ranks.count - 1])
    var next = [Double](repeating: 0, count: d * d)
    for a in 0..<d {
      for b in 0..<d { next[a * d + b] = 0.5 * (gram[4 * a + b] + gram[4 * b + a]) }
    }
    spectrum.decompose(next, order: d, rowCount: d)
    var (largest, before) = (0.0, 0.0)
    for a in 0..<d {
      largest = max(largest, spectrum.values[a])
      before = max(before, norm[a * d + a])
    }
    let least = max(relativeRank * largest, Self.negligible * before)
    let kept = (0..<d).filter { spectrum.values[$0] > least }
    let rank = kept.count
    var coupling = [Double](repeating: 0, count: rank * r)
    var after = [Double](repeating: 0, count: d * rank)
    for (p, mode) in kept.enumerated() {
      let sigma = spectrum.values[mode].squareRoot()
      for a in 0..<d {
        let u = spectrum.rows[a * d + mode]
        after[a * rank + p] = u / sigma
        for q in 0..<r { coupling[p * r + q] += sigma * u * transform[a * r + q] }
      }
    }
    couplings.append(coupling)
    ranks.append(rank)
    (inverseBefore, norm, transform) = (inverse, next, after)
    for a in 0..<d {
      for b in 0..<d {
        var sum = 0.0
        for p in 0..<rank { sum += after[a * rank + p] * after[b * rank + p] }
        inverse[a * d + b] = sum
      }
    }
  }

  /// tr XᵀE²X, once the norm of the second block is known.
  var secondMoment: Double {
    let r = ranks[0]
    let elements = diagonals[0] + couplings[0]
    return elements.indices.reduce(0) {
      $0 + startSquares[$1 % r] * elements[$1] * elements[$1]
    }
  }

  /// What the quadrature says about a site.
  struct Quadrature: Sendable {
    /// tr [r(J)]_11 of the function, log(1+J) - J or 1 - 1/(1+J) - J, with what is not positive of
    /// 1+J left out.
    var curvature = 0.0
    /// tr [J²]_11.
    var square = 0.0
    /// The curvature without its term in J².
    var rest = 0.0
    /// The extreme eigenvalues of J.
    var least = 0.0
    var largest = 0.0
  }

  /// - Parameter steps: Blocks to take, at most those that there are.
  func quadrature(
    steps: Int, of function: MomentsOperator.Function = .logarithm,
    using spectrum: inout SmallSpectrum
  ) -> Quadrature {
    let (d, k) = (dimension, min(steps, diagonals.count))
    let n = ranks[0..<k].reduce(0, +)
    var matrix = [Double](repeating: 0, count: n * n)
    var first = 0
    for j in 0..<k {
      let r = ranks[j]
      for p in 0..<r {
        for q in 0..<r { matrix[(first + p) * n + first + q] = diagonals[j][p * r + q] }
      }
      if j + 1 < k {
        let below = ranks[j + 1]
        for p in 0..<below {
          for q in 0..<r {
            let element = couplings[j][p * r + q]
            matrix[(first + r + p) * n + first + q] = element
            matrix[(first + q) * n + first + r + p] = element
          }
        }
      }
      first += r
    }
    spectrum.decompose(matrix, order: n, rowCount: d)
    var result = Quadrature()
    for m in 0..<n {
      let theta = spectrum.values[m]
      result.least = min(result.least, theta)
      result.largest = max(result.largest, theta)
      var weight = 0.0
      for a in 0..<d {
        weight += startSquares[a] * spectrum.rows[a * n + m] * spectrum.rows[a * n + m]
      }
      result.square += weight * theta * theta
      result.curvature += weight * function.remainder(theta)
    }
    result.rest = result.curvature + function.quadratic * result.square
    return result
  }
}
