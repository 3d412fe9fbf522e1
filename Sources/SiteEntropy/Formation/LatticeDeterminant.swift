internal import Base
internal import Glibc

/// The mean absolute entropy a site of a perfect crystal from determinants: no modes are needed for it.
///
///     s = -(1/2S) (1/M) Σ_k log det D(k)                                         (mathematics.md (10.4))
///
/// over M wave vectors that avoid Γ. Where all sites are equivalent that is the entropy of each.
struct LatticeDeterminant: Sendable {
  private let order: Int
  private let basisCount: Int
  /// Of 0 and one of R and -R.
  private let translations: [(Int, Int, Int)]
  /// C(R) + C(R)ᵀ and C(R) - C(R)ᵀ of each, half of them for R = 0; shape [order, order].
  private let even: [[Double]]
  private let odd: [[Double]]

  /// - Parameter kernel: Mass-weighted, in eV/(Å² u), with its true ranges.
  init(_ kernel: ReferenceKernel) {
    let (d, n) = (kernel.dimension, kernel.basisCount * kernel.dimension)
    var blocks: [[Int]: [Double]] = [:]
    for entry in kernel.entries {
      let r = [entry.translation.0, entry.translation.1, entry.translation.2]
      // C(-R) = C(R)ᵀ, up to rounding: half of each.
      let isUpper = r.lexicographicallyPrecedes([0, 0, 0])
      let key = isUpper ? r.map { -$0 } : r
      var block = blocks[key] ?? [Double](repeating: 0, count: n * n)
      for a in 0..<d {
        for b in 0..<d {
          let (i, j) = (entry.row * d + a, entry.column * d + b)
          block[isUpper ? j * n + i : i * n + j] += entry.block[a * d + b] / 2
        }
      }
      blocks[key] = block
    }
    let keys = blocks.keys.sorted { $0.lexicographicallyPrecedes($1) }
    (order, basisCount) = (n, kernel.basisCount)
    translations = keys.map { ($0[0], $0[1], $0[2]) }
    func combined(_ sign: Double) -> [[Double]] {
      keys.map { key in
        let block = blocks[key] ?? []
        return (0..<n * n).map { block[$0] + sign * block[$0 % n * n + $0 / n] }
      }
    }
    (even, odd) = (combined(1), combined(-1))
  }

  /// Over the wave vectors k = 2π Σ (j_i + ½)/n_i b_i; 0 steps mean an open direction.
  ///
  /// - Returns: nil where some D(k) is not positive definite.
  func mean(_ counts: [Int]) -> Double? {
    let n = counts.map { max($0, 1) }
    let total = n.reduce(1, *)
    // k and -k are numbers i and total - 1 - i.
    let half = (total + 1) / 2
    let phases = (0..<3).map { axis in Self.phases(translations, axis, counts[axis]) }
    let chunk = 512
    let parts = mapConcurrently((half + chunk - 1) / chunk) { part -> Double? in
      var work = Work(order: order)
      var sum = 0.0
      for point in part * chunk..<min((part + 1) * chunk, half) {
        let j = [point / (n[1] * n[2]), point / n[2] % n[1], point % n[2]]
        work.clear()
        for r in translations.indices {
          let (x, y, z) = (phases[0][j[0]][r], phases[1][j[1]][r], phases[2][j[2]][r])
          let (c, s) = (x.0 * y.0 - x.1 * y.1, x.0 * y.1 + x.1 * y.0)
          work.add(even[r], odd[r], c * z.0 - s * z.1, c * z.1 + s * z.0)
        }
        guard let value = work.logDeterminant() else { return nil }
        sum += 2 * point + 1 == total ? value : 2 * value
      }
      return sum
    }
    var sum = 0.0
    for part in parts {
      guard let part else { return nil }
      sum += part
    }
    return -0.5 * sum / Double(total * basisCount)
  }

  /// e^{-2πi (j + ½) R/n} of each step j and translation.
  private static func phases(
    _ translations: [(Int, Int, Int)], _ axis: Int, _ count: Int
  ) -> [[(Double, Double)]] {
    (0..<max(count, 1)).map { j in
      translations.map { r in
        let turns =
          count == 0 ? 0 : (Double(j) + 0.5) / Double(count) * Double([r.0, r.1, r.2][axis])
        let angle = -2 * Double.pi * (turns - turns.rounded())
        return (cos(angle), sin(angle))
      }
    }
  }

  /// D(k), and its Cholesky factor in place.
  private struct Work {
    let order: Int
    private var real: [Double]
    private var imaginary: [Double]

    init(order: Int) {
      self.order = order
      real = [Double](repeating: 0, count: order * order)
      imaginary = real
    }

    mutating func clear() {
      for e in real.indices {
        real[e] = 0
        imaginary[e] = 0
      }
    }

    mutating func add(_ even: [Double], _ odd: [Double], _ c: Double, _ s: Double) {
      for e in real.indices { real[e] += c * even[e] }
      for e in real.indices { imaginary[e] += s * odd[e] }
    }

    mutating func logDeterminant() -> Double? {
      var sum = 0.0
      for k in 0..<order {
        let pivot = real[k * order + k]
        guard pivot > 0, pivot.isFinite else { return nil }
        sum += log(pivot)
        for i in k + 1..<max(order, k + 1) {
          let (x, y) = (real[i * order + k] / pivot, imaginary[i * order + k] / pivot)
          // A_ij -= A_ik conj(A_jk) / pivot, the lower triangle.
          for j in k + 1...i {
            let (u, v) = (real[j * order + k], imaginary[j * order + k])
            real[i * order + j] -= x * u + y * v
            imaginary[i * order + j] -= y * u - x * v
          }
        }
      }
      return sum
    }
  }
}
