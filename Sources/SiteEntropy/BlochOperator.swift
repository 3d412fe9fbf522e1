internal import Crystal

/// A translation-invariant operator on a batch of real vectors: F or the Green function H̃0⁺.
///
///     (Zx)(ℓ) = Σ_ℓ' Z(ℓ'-ℓ) x(ℓ') = (1/M) Σ_k conj(Z(k)) x̂(k) e^{ik·ℓ},  x̂(k) = Σ_ℓ x(ℓ) e^{-ik·ℓ}
///
/// as Z(-k) is the conjugate of Z(k) (mathematics.md (4.1)). Two real vectors share one complex transform.
struct BlochOperator: Sendable {
  private let transform: GroupTransform
  private let order: Int
  /// conj(Z(k))/M of one half of the wave vectors, shape [(⌊n₁/2⌋ + 1) n₂ n₃, S·d, S·d].
  private let real: [Double]
  private let imaginary: [Double]

  /// F of a normaliser.
  static func root(_ normalizer: Normalizer) -> BlochOperator {
    BlochOperator(normalizer.modes) { 1 / $0.squareRoot() }
  }

  /// H̃0⁺ = F² of a normaliser.
  static func green(_ normalizer: Normalizer) -> BlochOperator {
    BlochOperator(normalizer.modes) { 1 / $0 }
  }

  /// f(H̃0) off the translations.
  init(_ modes: BlochModes, _ f: (Double) -> Double) {
    transform = GroupTransform(modes.group)
    order = modes.basisCount * modes.dimension
    let factor = 1 / Double(modes.group.count)
    var (real, imaginary) = modes.applying(isHalf: true, f)
    for e in real.indices { real[e] *= factor }
    for e in imaginary.indices { imaginary[e] *= -factor }
    (self.real, self.imaginary) = (real, imaginary)
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
