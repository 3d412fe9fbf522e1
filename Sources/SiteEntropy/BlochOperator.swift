internal import Crystal

/// A translation-invariant operator on a batch of real vectors: F or the Green function H̃0⁺.
///
///     (Zx)(ℓ) = Σ_ℓ' Z(ℓ'-ℓ) x(ℓ') = (1/M) Σ_k conj(Z(k)) x̂(k) e^{ik·ℓ},  x̂(k) = Σ_ℓ x(ℓ) e^{-ik·ℓ}
///
/// as Z(-k) is the conjugate of Z(k) (mathematics.md (4.1)). Two real vectors share one complex transform.
struct BlochOperator: Sendable {
  private let transform: GroupTransform
  private let order: Int
  /// conj(Z(k))/M, shape [M, S·d, S·d].
  private let real: [Double]
  private let imaginary: [Double]

  /// F of a normaliser.
  static func root(_ normalizer: Normalizer) -> BlochOperator {
    BlochOperator(normalizer, normalizer.blochRoot.real, normalizer.blochRoot.imaginary)
  }

  /// H̃0⁺ = F² of a normaliser.
  static func green(_ normalizer: Normalizer) -> BlochOperator {
    let (n, area) = (normalizer.cellOrder, normalizer.cellOrder * normalizer.cellOrder)
    let (x, y) = normalizer.blochRoot
    var (real, imaginary) = (x, y)
    for k in 0..<normalizer.group.count {
      for i in 0..<n {
        for j in 0..<n {
          var (re, im) = (0.0, 0.0)
          for e in 0..<n {
            let (p, q) = (k * area + i * n + e, k * area + e * n + j)
            re += x[p] * x[q] - y[p] * y[q]
            im += x[p] * y[q] + y[p] * x[q]
          }
          real[k * area + i * n + j] = re
          imaginary[k * area + i * n + j] = im
        }
      }
    }
    return BlochOperator(normalizer, real, imaginary)
  }

  private init(_ normalizer: Normalizer, _ real: [Double], _ imaginary: [Double]) {
    self.init(normalizer.group, order: normalizer.cellOrder, real, imaginary)
  }

  /// - Parameters:
  ///   - order: S·d.
  ///   - real, imaginary: Z(k), shape [M, S·d, S·d].
  init(_ group: TranslationGroup, order: Int, _ real: [Double], _ imaginary: [Double]) {
    let factor = 1 / Double(group.count)
    transform = GroupTransform(group)
    self.order = order
    self.real = real.map { $0 * factor }
    self.imaginary = imaginary.map { -$0 * factor }
  }

  /// Applies the operator in place.
  ///
  /// - Parameters:
  ///   - data: Shape [M, S·d, width]: rows by site number and component.
  ///   - width: Vectors, a multiple of 8.
  func apply(_ data: inout MutableSpan<Double>, width: Int) {
    transform.apply(real.span, imaginary.span, toPairs: &data, order: order, width: width)
  }
}
