internal import Glibc

/// What is summed over the modes: each kind of label is Σ_k f(λ_k) |v_k(i)|² (mathematics.md (3.7)).
public enum LabelKind: Equatable, Sendable {
  /// -½ log⁺ of A = F H̃ F: the entropy relative to the reference crystal.
  case relative
  /// -½ log⁺ of H̃ in eV/(Å² u): needs no reference; differences mean the same.
  case absolute
  /// The quantum harmonic entropy of H̃ at a temperature in K.
  case quantum(temperature: Double)
  /// Absolute, less the label of the same site in the perfect crystal of the same cell, or, for an
  /// added atom, less s_∞ of its species (mathematics.md (10.2)).
  case formation

  public var name: String {
    switch self {
    case .relative: "relative"
    case .absolute: "absolute"
    case .quantum: "quantum"
    case .formation: "formation"
    }
  }

  /// The share of a mode with eigenvalue `lambda` > 0, in k_B.
  func weight(_ lambda: Double) -> Double {
    switch self {
    case .relative, .absolute, .formation: -0.5 * log(lambda)
    case .quantum(let temperature):
      quantumModeEntropy(PhysicalConstants.reducedFrequency(lambda, temperature: temperature))
    }
  }
}

/// CODATA 2018 values, the exact ones of the SI where there are any.
public enum PhysicalConstants {
  static let planckReduced = 1.054_571_817_646_156_5e-34  // J s
  static let boltzmann = 1.380_649e-23  // J/K
  static let electronvolt = 1.602_176_634e-19  // J
  static let atomicMass = 1.660_539_066_60e-27  // kg

  /// k_B in eV/K.
  public static let boltzmannElectronvolt = boltzmann / electronvolt

  /// Angular frequency in rad/s of an eigenvalue in eV/(Å² u).
  public static func angularFrequency(_ lambda: Double) -> Double {
    (lambda * electronvolt / 1e-20 / atomicMass).squareRoot()
  }

  /// x = ħω/(k_B T) of an eigenvalue in eV/(Å² u).
  public static func reducedFrequency(_ lambda: Double, temperature: Double) -> Double {
    planckReduced * angularFrequency(lambda) / (boltzmann * temperature)
  }
}

/// Entropy of one quantum harmonic oscillator in k_B (mathematics.md (3.7)):
///
///     s(x) = x/(eˣ - 1) - ln(1 - e⁻ˣ),   x = ħω/(k_B T)
///
/// `ln(1 - e⁻ˣ)` switches form at ln 2, where each of the two starts to cancel (Mächler 2012,
/// "Accurately computing log(1 - exp(-|a|))").
///
/// - Parameter x: Greater than 0.
public func quantumModeEntropy(_ x: Double) -> Double {
  let logOneMinusExp = x < 0.693_147_180_559_945_3 ? log(-expm1(-x)) : log1p(-exp(-x))
  let occupation = expm1(x)
  return (occupation.isInfinite ? 0 : x / occupation) - logOneMinusExp
}

/// Free energy of one quantum harmonic oscillator over k_B T, its zero-point energy among it:
///
///     f(x) = ln(2 sinh(x/2)) = x/2 + ln(1 - e⁻ˣ),   x = ħω/(k_B T)
///
/// - Parameter x: Greater than 0.
public func quantumModeFreeEnergy(_ x: Double) -> Double {
  let logOneMinusExp = x < 0.693_147_180_559_945_3 ? log(-expm1(-x)) : log1p(-exp(-x))
  return 0.5 * x + logOneMinusExp
}
