internal import Crystal
public import Formats
internal import Glibc

/// The rate of a thermally activated process from its minimum and its saddle.
///
///     ν = (1/2π) exp(S_s - S_m),   Γ(T) = ν exp(-ΔE/k_B T)                  (mathematics.md (10.7))
///
/// Vineyard's form of transition state theory (J. Phys. Chem. Solids 3, 121 (1957)): S_m and S_s are
/// the absolute entropies, without the negative mode of the saddle. Both stationary points have the
/// same atoms in the same order in one cell: the process happens at fixed volume.
public struct TransitionState: Sendable {
  /// ΔE = E_s - E_m in eV.
  public let barrier: Double
  /// ν in THz.
  public let attemptFrequency: Double
  /// √|λ₋|/2π of the one negative mode in THz.
  public let negativeFrequency: Double
  /// S_s,i - S_m,i in k_B by atom, frequencies in units of (eV/(Å² u))^(1/2); they add up to ln(2πν) in
  /// that unit, shape [N].
  public let siteDifferences: [Double]
  /// The largest force in eV/Å of the minimum and of the saddle.
  public let largestForces: (minimum: Double, saddle: Double)
  /// |x_s - x_m| of each atom in Å, shape [N].
  public let displacements: [Double]
  private let spectra: (minimum: [Double], saddle: [Double])?

  /// S_s - S_m in k_B.
  public var entropyDifference: Double { log(attemptFrequency / Self.unitFrequency) }

  /// √(1 eV/(Å² u))/2π in THz.
  static var unitFrequency: Double {
    PhysicalConstants.angularFrequency(1) / (2 * .pi) * 1e-12
  }

  /// - Parameters:
  ///   - bottom: A minimum.
  ///   - top: A saddle.
  /// - Throws: ``InputError`` for frames of other atoms, cells or masses, and for the same structure.
  public init(from bottom: StationaryPoint, over top: StationaryPoint) throws(InputError) {
    displacements = try Self.displacements(bottom.frame, top.frame)
    barrier = top.energy - bottom.energy
    largestForces = (bottom.largestForce, top.largestForce)
    siteDifferences = zip(top.labels.siteEntropy, bottom.labels.siteEntropy).map { $0 - $1 }
    attemptFrequency = Self.unitFrequency * exp(top.labels.entropy - bottom.labels.entropy)
    negativeFrequency = Self.unitFrequency * abs(top.labels.ledger.smallest).squareRoot()
    if let minimum = bottom.positiveSpectrum, let saddle = top.positiveSpectrum {
      spectra = (minimum, saddle)
    } else {
      spectra = nil
    }
  }

  /// Γ in 1/s, classical.
  ///
  /// - Parameter temperature: In K.
  public func rate(temperature: Double) -> Double {
    attemptFrequency * 1e12
      * exp(-barrier / (PhysicalConstants.boltzmannElectronvolt * temperature))
  }

  /// Γ in 1/s with quantum harmonic modes, without tunnelling:
  ///
  ///     Γ = (k_B T/h) exp(-(ΔE + F_s - F_m)/k_B T),   F = Σ_k [ħω_k/2 + k_B T ln(1 - e^(-ħω_k/k_B T))]
  ///
  /// (mathematics.md (10.9)); F_s leaves out the negative mode.
  ///
  /// - Parameter temperature: In K.
  /// - Precondition: Both points have their spectrum.
  public func quantumRate(temperature: Double) -> Double {
    guard let spectra else { preconditionFailure("no spectrum") }
    func sum(_ spectrum: [Double]) -> Double {
      spectrum.reduce(0) {
        let x = PhysicalConstants.reducedFrequency($1, temperature: temperature)
        return $0 + x / 2 + log(-expm1(-x))
      }
    }
    let kT = PhysicalConstants.boltzmannElectronvolt * temperature
    let exponent = barrier / kT + sum(spectra.saddle) - sum(spectra.minimum)
    return PhysicalConstants.boltzmann * temperature / (2 * .pi * PhysicalConstants.planckReduced)
      * exp(-exponent)
  }

  /// |x_s - x_m| by minimum image.
  private static func displacements(
    _ minimum: Frame, _ saddle: Frame
  ) throws(InputError) -> [Double] {
    guard minimum.species == saddle.species else {
      throw InputError(
        saddle.source,
        "expected the atoms of the minimum (\(minimum.source.place)) in its order, found "
          + "\(saddle.atomCount) atoms where it has \(minimum.atomCount), or other species")
    }
    guard minimum.cell == saddle.cell, minimum.periodic == saddle.periodic,
      minimum.dimension == saddle.dimension
    else {
      throw InputError(
        saddle.source, "expected the cell of the minimum (\(minimum.source.place)), found another")
    }
    guard try minimum.atomicMasses() == saddle.atomicMasses() else {
      throw InputError(
        saddle.source, "expected the masses of the minimum (\(minimum.source.place)), found others")
    }
    let reduced = ReducedCell(try minimum.positionCell())
    let (x, y) = (minimum.positions, saddle.positions)
    let lengths = (0..<minimum.atomCount).map { atom in
      let u = reduced.minimumImage(
        y[3 * atom] - x[3 * atom], y[3 * atom + 1] - x[3 * atom + 1],
        y[3 * atom + 2] - x[3 * atom + 2])
      return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
    }
    guard lengths.contains(where: { $0 > 1e-6 }) else {
      throw InputError(
        saddle.source, "expected another stationary point than the minimum, found the same one")
    }
    return lengths
  }
}
