internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// What block Lanczos' process starts from and is made of, and what is wanted of it: tr Xᵀ g(E) X at
/// each site, E = F δH̃ F (mathematics.md (12.1), (12.7)).
package struct MomentsOperator: Sendable {
  /// g(θ) = scale (θ + r(θ)), r(θ) = -quadratic θ² + …
  enum Function: Sendable {
    /// -½ log(1+θ), where 1+θ is positive.
    case logarithm
    /// 1/(1+θ) - 1.
    case resolvent

    var scale: Double { self == .logarithm ? -0.5 : -1 }
    var quadratic: Double { self == .logarithm ? 0.5 : 1 }

    /// r(θ).
    func remainder(_ theta: Double) -> Double {
      switch self {
      case .logarithm: (1 + theta > ModeLedger.zeroTolerance ? log1p(theta) : 0) - theta
      case .resolvent:
        1 + theta > ModeLedger.zeroTolerance ? -theta * theta / (1 + theta) : -theta
      }
    }
  }

  let function: Function
  /// F² between the translations, shape [M, S·d, S·d].
  let green: [Double]
  /// F X of the first vectors X of the sites, likewise.
  let start: [Double]
  /// XᵀX of each basis site, shape [d, d].
  let norms: [[Double]]
  /// s of F² = (H̃0 + s)^-1.
  private let shift: Double
  /// Whether F is that of the crystal, whose patches are shared by frames.
  let isRelative: Bool
  /// Whether products with F² within patches are in single precision.
  var isSingle = false

  /// X = e, F = H̃0^(+1/2 inverse): labels of kind relative.
  package init(relative normalizer: Normalizer) {
    let d = normalizer.dimension
    function = .logarithm
    (green, start) = (normalizer.green, normalizer.root)
    let one = (0..<d * d).map { $0 % (d + 1) == 0 ? 1.0 : 0.0 }
    norms = [[Double]](repeating: one, count: normalizer.basisCount)
    (shift, isRelative) = (0, true)
  }

  /// X = s^(1/2) F e, F² = (H̃0 + s)^-1 off the translations.
  ///
  /// - Parameter s: In eV/(Å² u).
  package init(shift s: Double, _ normalizer: Normalizer) {
    let order = normalizer.cellOrder
    let kernel = normalizer.modes.betweenTranslations { 1 / ($0 + s) }
    let root = s.squareRoot()
    (function, green, shift, isRelative) = (.resolvent, kernel, s, false)
    start = kernel.map { root * $0 }
    let d = normalizer.dimension
    norms = (0..<normalizer.basisCount).map { basis in
      (0..<d * d).map { e in s * kernel[(basis * d + e / d) * order + basis * d + e % d] }
    }
  }

  /// F² on vectors of the whole cell.
  func wholeGreen(_ normalizer: Normalizer) -> BlochOperator {
    BlochOperator(normalizer.modes) { 1 / ($0 + shift) }
  }
}
