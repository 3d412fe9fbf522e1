internal import Glibc

/// Formation energy and entropy of the defects of one frame, at fixed volume and at the pressure of
/// the perfect crystal.
public struct DefectFormation: Equatable, Sendable {
  public let exchange: DefectExchange
  public let energetics: FormationEnergetics
  /// S_f^V in k_B; nil where the cell of the frame was relaxed.
  public let entropyAtVolume: Double?
  /// S_f^p in k_B; nil where the crystal is not cubic.
  public let entropyAtPressure: Double?
  /// E_f at fixed volume in eV; nil where the cell was relaxed, or a chemical potential is missing.
  public let energyAtVolume: Double?
  /// E_def - E_perf at the pressure of the crystal in eV, without what reservoirs give and take; nil
  /// where it is not cubic.
  public let cellEnergyAtPressure: Double?
  /// E_f at the pressure of the crystal (an enthalpy) in eV; nil likewise, and where it is not cubic.
  public let energyAtPressure: Double?

  /// - Parameters:
  ///   - entropy: The formation entropy in the frame's own cell in k_B (mathematics.md (10.3)).
  ///   - potentials: Chemical potentials by species in eV an atom.
  public init(
    exchange: DefectExchange, energetics: FormationEnergetics, entropy: Double,
    potentials: [String: Double]
  ) {
    (self.exchange, self.energetics) = (exchange, energetics)
    let isReferenceCell = energetics.volumeChange == nil
    entropyAtVolume = isReferenceCell ? entropy : nil
    entropyAtPressure = energetics.entropyOfRelaxation.map { entropy + $0 }
    let siteEnergy = energetics.perfectEnergy / Double(energetics.siteCount)
    let energy = exchange.energy(potentials: potentials, perfectEnergy: siteEnergy).map {
      energetics.energy - energetics.perfectEnergy + $0
    }
    energyAtVolume = isReferenceCell ? energy : nil
    cellEnergyAtPressure = energetics.energyOfRelaxation.map {
      energetics.energy - energetics.perfectEnergy + $0
    }
    energyAtPressure =
      if let energy, let relaxation = energetics.energyOfRelaxation { energy + relaxation } else {
        nil
      }
  }

  /// Free energies in eV and entropies in k_B at a temperature, the modes taken as quantum oscillators.
  public func quantum(
    _ modes: QuantumFormation
  ) -> (freeEnergyV: Double?, gibbsEnergyP: Double?, entropyV: Double?, entropyP: Double?) {
    let isReferenceCell = energetics.volumeChange == nil
    // Sites' volumes that the cell gains on its way to the pressure of the crystal.
    let sites = energetics.remainingRelaxation.flatMap { remaining in
      energetics.response.map { remaining / $0.siteVolume }
    }
    var (gibbs, entropy): (Double?, Double?) = (nil, nil)
    if let sites, let slope = modes.entropyDerivative {
      entropy = modes.entropy + slope * sites
    }
    if let sites, let slope = modes.freeEnergyDerivative, let energy = energyAtPressure {
      gibbs = energy + modes.freeEnergy + slope * sites
    }
    return (
      isReferenceCell ? energyAtVolume.map { $0 + modes.freeEnergy } : nil, gibbs,
      isReferenceCell ? modes.entropy : nil, entropy
    )
  }

  /// E - T S in eV; nil where one of them is.
  ///
  /// - Parameters:
  ///   - energy: In eV.
  ///   - entropy: In k_B.
  ///   - temperature: In K.
  public static func freeEnergy(
    _ energy: Double?, _ entropy: Double?, temperature: Double
  ) -> Double? {
    guard let energy, let entropy else { return nil }
    return energy - PhysicalConstants.boltzmannElectronvolt * temperature * entropy
  }

  /// exp(-G_f/k_B T): dilute defects for each site and orientation where they can be.
  public static func concentration(_ freeEnergy: Double, temperature: Double) -> Double {
    exp(-freeEnergy / (PhysicalConstants.boltzmannElectronvolt * temperature))
  }
}
