internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra
internal import Potentials

/// What the modes of the defects of a frame are worth as quantum oscillators.
///
///     F_f^V = F_def - F_perf + Σ_removed f_∞ - Σ_added f_∞,   f(x) = k_B T ln(2 sinh(x/2))
///
/// and S_f^V likewise: (10.3) with the functions of quantum oscillators (mathematics.md (10.13)). At high
/// temperature S_f^V becomes the classical one, and F_f^V becomes -T S_f^V.
public struct QuantumFormation: Equatable, Sendable {
  /// In K.
  public let temperature: Double
  /// F_f^V of the modes in eV, without the static energy.
  public let freeEnergy: Double
  /// S_f^V in k_B.
  public let entropy: Double
  /// df_∞/dlnV in eV a site, the mean of the sublattices; nil where the crystal is not cubic.
  public let freeEnergyDerivative: Double?
  /// ds_∞/dlnV in k_B a site.
  public let entropyDerivative: Double?
}

extension FormationLabeller {
  /// The modes of a minimum as quantum oscillators, at several temperatures.
  ///
  /// - Parameter temperatures: In K.
  /// - Throws: As ``labels(of:)``; ``FrameFailure`` for a frame with negative modes.
  public func quantum(
    of frame: Frame, temperatures: [Double]
  ) throws -> [QuantumFormation] {
    let crystal = try PerfectCrystal(of: frame)
    let reference = try reference(of: crystal.frame)
    do {
      let (masses, hessian) = try weightedHessian(of: frame)
      let modes = try AbsoluteLabels(
        frame: frame, hessian: hessian, masses: masses, crystal: crystal
      ).result(engine: engine, memoryLimit: memoryLimit, wantsSpectrum: true)
      let ledger = modes.labels.ledger
      guard ledger.isStable else { throw SiteEntropyError.unstableFrame(ledger) }
      let tolerance = ModeLedger.zeroTolerance * ledger.largest
      let spectrum = (modes.spectrum ?? []).filter { $0 > tolerance }
      let functions = Self.functions(temperatures)
      let cell = try LatticeEntropy.sums(
        of: reference.kernel, cell: reference.multilattice.group, functions)
      let infinite = try LatticeEntropy.sums(
        infinite: reference.kernel, primitiveCell: reference.multilattice.primitiveCell,
        scales: [2, 3, 4, 6], functions)
      let slopes = try slopes(reference, source: frame.source, functions)
      return temperatures.indices.map { index in
        let kT = PhysicalConstants.boltzmannElectronvolt * temperatures[index]
        func formation(_ function: Int) -> Double {
          let own = spectrum.reduce(0) { $0 + functions[function]($1) }
          return own
            + exchanged(
              crystal, frame, reference, cell: cell[function], infinite: infinite[function])
        }
        return QuantumFormation(
          temperature: temperatures[index], freeEnergy: kT * formation(2 * index),
          entropy: formation(2 * index + 1),
          freeEnergyDerivative: slopes.map { kT * $0[2 * index] },
          entropyDerivative: slopes.map { $0[2 * index + 1] })
      }
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  /// Free energy over k_B T, and entropy over k_B, of a mode, for each temperature.
  private static func functions(_ temperatures: [Double]) -> [(Double) -> Double] {
    temperatures.flatMap { temperature -> [(Double) -> Double] in
      func x(_ lambda: Double) -> Double {
        PhysicalConstants.reducedFrequency(lambda, temperature: temperature)
      }
      return [{ quantumModeFreeEnergy(x($0)) }, { quantumModeEntropy(x($0)) }]
    }
  }

  /// -X_perf + Σ_removed x_∞ - Σ_added x_∞ of a sum over modes.
  private func exchanged(
    _ crystal: PerfectCrystal, _ frame: Frame, _ reference: FormationReference, cell: [Double],
    infinite: [Double]
  ) -> Double {
    let lattice = reference.multilattice
    func mean(_ species: String) -> Double {
      let own = lattice.basis.indices.filter { lattice.basis[$0].species == species }
      return own.reduce(0) { $0 + infinite[$1] } / Double(max(own.count, 1))
    }
    let (sites, atoms) = (crystal.frame.species, frame.species)
    var sum = 0.0
    for site in 0..<reference.siteCount { sum -= cell[lattice.basisOfAtom[site]] }
    for site in crystal.vacancies { sum += mean(sites[site]) }
    for atom in crystal.antisites {
      guard let site = crystal.siteOfAtom[atom] else { continue }
      sum += mean(sites[site]) - mean(atoms[atom])
    }
    for atom in crystal.interstitials { sum -= mean(atoms[atom]) }
    return sum
  }

  /// d/dlnV of the mean over the sites of the infinite crystal, by differences of the fourth order.
  private func slopes(
    _ reference: FormationReference, source: FrameSource, _ functions: [(Double) -> Double]
  ) throws -> [Double]? {
    guard reference.response != nil else { return nil }
    let lattice = reference.multilattice
    let primitive = lattice.primitiveFrame(source: source)
    let h = CrystalResponse.step
    let points = try [-2.0, -1, 1, 2].map { number -> [Double] in
      let scaled = try ScaledCrystal(
        primitive, logarithm: number * h, lattice: lattice, potential: potential,
        isMassWeighted: isMassWeighted)
      return try LatticeEntropy.sums(
        infinite: scaled.kernel, primitiveCell: lattice.primitiveCell, scales: [2, 3, 4], functions
      ).map { $0.reduce(0, +) / Double($0.count) }
    }
    return functions.indices.map { function in
      (points[0][function] - 8 * points[1][function] + 8 * points[2][function]
        - points[3][function]) / (12 * h)
    }
  }
}
