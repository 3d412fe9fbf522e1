import Base
import CommandLine
import Crystal
import Formats
import Potentials
import SiteEntropy

/// A hop that is diffusion by a vacancy.
struct Vacancy {
  let diffusion: VacancyDiffusion
  let formation: DefectFormation

  /// c at the pressure of the perfect crystal, of this cell.
  func concentration(temperature: Double) -> Double? {
    DefectFormation.freeEnergy(
      formation.energyAtPressure, formation.entropyAtPressure, temperature: temperature
    ).map { DefectFormation.concentration($0, temperature: temperature) }
  }
}

/// The formation of the vacancy of the minimum, computed once, when first asked for.
struct VacancyConcentration {
  private let minimum: Frame
  private let potential: any Potential
  private let memoryLimit: Int
  private var formation: DefectFormation?

  init(_ minimum: Frame, _ potential: any Potential, memoryLimit: Int) {
    (self.minimum, self.potential, self.memoryLimit) = (minimum, potential, memoryLimit)
  }

  /// - Returns: nil where the hop is no jump of a neighbour into a vacancy of a cubic crystal.
  mutating func vacancy(of state: TransitionState) throws -> Vacancy? {
    guard
      let diffusion = try VacancyDiffusion(minimum: minimum, displacements: state.displacements)
    else { return nil }
    if let formation { return Vacancy(diffusion: diffusion, formation: formation) }
    let result = try FormationLabeller(potential: potential, memoryLimit: memoryLimit)
      .labels(of: minimum)
    let computed = DefectFormation(
      exchange: DefectExchange(result.crystal, frame: minimum), energetics: result.energetics,
      entropy: result.entropy.atVolume, potentials: [:])
    formation = computed
    return Vacancy(diffusion: diffusion, formation: computed)
  }
}

/// The lines of the table: one a saddle, or one a saddle and temperature.
struct RateTable {
  let temperatures: [Double]
  let isQuantum: Bool
  let potential: String

  private static let names = [
    "barrier", "negative_mode", "attempt_frequency", "entropy_difference",
  ]

  static let header =
    (["frame", "atoms", "potential"] + names
    + [
      "temperature", "rate", "statistics", "jump_length", "vacancy_diffusivity",
      "concentration_p", "correlation_factor", "correlation_lattice", "tracer_diffusivity",
    ]).joined(separator: "\t") + "\n"

  func lines(_ state: TransitionState, _ vacancy: Vacancy?, frame: Int) -> String {
    let start =
      ["\(frame)", "\(state.displacements.count)", potential] + values(state).map { "\($0)" }
    let jump = text(vacancy?.diffusion.jumpLength)
    let correlation = vacancy?.diffusion.correlation
    let last = [text(correlation?.factor), correlation?.lattice ?? "-"]
    guard !temperatures.isEmpty else {
      return (start + ["-", "-", "-", jump, "-", "-"] + last + ["-"]).joined(separator: "\t") + "\n"
    }
    return temperatures.map { temperature in
      let rate =
        isQuantum
        ? state.quantumRate(temperature: temperature) : state.rate(temperature: temperature)
      // From Å² to m².
      let diffusivity = vacancy.map { $0.diffusion.factor * rate * 1e-20 }
      let concentration = vacancy?.concentration(temperature: temperature)
      var tracer: Double?
      if let diffusivity, let concentration, let correlation {
        tracer = correlation.factor * diffusivity * concentration
      }
      let cells =
        start
        + [
          "\(temperature)", "\(rate)", isQuantum ? "quantum" : "classical", jump,
          text(diffusivity), text(concentration),
        ] + last + [text(tracer)]
      return cells.joined(separator: "\t") + "\n"
    }.joined()
  }

  func report(_ state: TransitionState, _ vacancy: Vacancy?, frame: Int) -> JSONObject {
    var report: JSONObject = [
      "frame": .integer(frame), "atoms": .integer(state.displacements.count),
      "potential": .text(potential),
    ]
    for (name, value) in zip(Self.names, values(state)) { report.append(name, .real(value)) }
    report.append("max_force_minimum", .real(state.largestForces.minimum))
    report.append("max_force_saddle", .real(state.largestForces.saddle))
    report.append("jump_length", vacancy.map { .real($0.diffusion.jumpLength) } ?? .null)
    return report
  }

  private func values(_ state: TransitionState) -> [Double] {
    [
      state.barrier, state.negativeFrequency, state.attemptFrequency, state.entropyDifference,
    ]
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
}

/// The entropy difference of every atom: where the entropy of a saddle sits.
enum SiteTable {
  static let header = "frame\tatom\tspecies\tentropy_difference\tdisplacement\n"

  static func lines(_ state: TransitionState, _ frame: Frame, index: Int) -> String {
    frame.species.enumerated().map { atom, species in
      "\(index)\t\(atom)\t\(species)\t\(state.siteDifferences[atom])\t"
        + "\(state.displacements[atom])\n"
    }.joined()
  }
}
