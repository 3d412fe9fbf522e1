import Base
import CommandLine
import Crystal
import Formats
import Potentials
import SiteEntropy
import StationaryPoints

/// What a frame is for the table.
enum FormationEntry: Sendable {
  case perfect(PerfectFrame)
  case defect(FormationRow, PerfectFrame)
}

/// One frame with defects.
struct FormationRow: Sendable {
  let formation: DefectFormation
  let potential: String
  /// How far S_f^V depends on how the tables of the potential are interpolated, in k_B; nil where
  /// nobody asked.
  let refitChange: Double?
  /// The modes as quantum oscillators, shape [temperatures]; nil for classical ones.
  let quantum: [QuantumFormation]?
  var name: String { formation.exchange.name }
}

/// Reads what the table needs from the keys of a frame, or computes it.
struct FormationSource: Sendable {
  let potential: (any Potential)?
  let forceLimit: Double
  let memoryLimit: Int
  let chemicalPotentials: [String: Double]
  /// At which the modes are quantum oscillators; empty for classical ones.
  let quantumTemperatures: [Double]
  private let labeller: FormationLabeller?
  private let comparison: RefitComparison?

  /// - Parameter compares: Whether S_f^V is compared with that of other functions through the tables.
  init(
    potential: (any Potential)?, compares: Bool, forceLimit: Double, memoryLimit: Int,
    chemicalPotentials: [String: Double], quantumTemperatures: [Double]
  ) throws {
    self.potential = potential
    (self.forceLimit, self.memoryLimit) = (forceLimit, memoryLimit)
    self.chemicalPotentials = chemicalPotentials
    self.quantumTemperatures = quantumTemperatures
    labeller = potential.map { FormationLabeller(potential: $0, memoryLimit: memoryLimit) }
    comparison =
      compares
      ? try potential.flatMap { try RefitComparison(of: $0, memoryLimit: memoryLimit) } : nil
  }

  /// - Throws: ``InputError`` for a frame without labels or keys, or one that is not stationary.
  func entry(_ frame: Frame, threads: Int) throws -> FormationEntry {
    let crystal = try PerfectCrystal(of: frame)
    let exchange = DefectExchange(crystal, frame: frame)
    let name = potential?.name ?? frame.text("potential") ?? "-"
    let isPerfect =
      crystal.vacancies.isEmpty && crystal.antisites.isEmpty && crystal.interstitials.isEmpty
    if isPerfect, potential != nil || frame.key("formation_entropy") == nil {
      return .perfect(try perfect(frame, crystal, name))
    }
    let (energetics, entropy) = try energetics(frame)
    guard energetics.largestForce <= forceLimit else {
      throw InputError(
        frame.source,
        "expected a relaxed frame, with forces up to \(short(forceLimit)) eV/Å, found "
          + "\(short(energetics.largestForce)) (xyz-relax relaxes it)")
    }
    let sites = Double(energetics.siteCount)
    let place = PerfectFrame(
      source: frame.source, siteCount: energetics.siteCount,
      siteVolume: (energetics.volume - (energetics.volumeChange ?? 0)) / sites,
      siteEnergy: energetics.perfectEnergy / sites, potential: name)
    if isPerfect { return .perfect(place) }
    let formation = DefectFormation(
      exchange: exchange, energetics: energetics, entropy: entropy,
      potentials: chemicalPotentials)
    let change =
      potential == nil
      ? frame.real("refit_change")
      : try comparison?.change(from: entropy, of: frame, threads: threads)
    let quantum =
      quantumTemperatures.isEmpty
      ? nil : try labeller?.quantum(of: frame, temperatures: quantumTemperatures)
    return .defect(
      FormationRow(
        formation: formation, potential: name, refitChange: change, quantum: quantum), place)
  }

  private func energetics(_ frame: Frame) throws -> (FormationEnergetics, entropy: Double) {
    if let labeller {
      let result = try labeller.labels(of: frame)
      guard result.labels.ledger.isStable else {
        throw FrameFailure(frame.source, SiteEntropyError.unstableFrame(result.labels.ledger))
      }
      if let known = try FormationEnergetics(keysOf: frame) {
        try checkPotential(frame, known, result.energetics)
      }
      return (result.energetics, result.entropy.atVolume)
    }
    guard let energetics = try FormationEnergetics(keysOf: frame),
      let entropy = frame.real("formation_entropy"), frame.text("entropy_kind") == "formation"
    else {
      throw InputError(
        frame.source,
        "expected the keys of site-entropy --kind formation, or --potential to compute them, found "
          + "neither")
    }
    guard frame.key("stable") == .logical(true) else {
      throw InputError(
        frame.source,
        "key stable: expected T, a minimum, found "
          + "\(frame.integer("negative_modes") ?? 0) negative modes")
    }
    return (energetics, entropy)
  }

  /// The keys of a frame must be of the potential that is given.
  private func checkPotential(
    _ frame: Frame, _ known: FormationEnergetics, _ computed: FormationEnergetics
  ) throws {
    let scale = 1e-6 * Double(computed.siteCount)
    guard known.siteCount == computed.siteCount,
      abs(known.perfectEnergy - computed.perfectEnergy) <= scale
    else {
      throw InputError(
        frame.source,
        "--potential: expected that of the frame's keys, with a perfect crystal of "
          + "\(known.perfectEnergy) eV, found one of \(computed.perfectEnergy) eV")
    }
  }

  private func perfect(
    _ frame: Frame, _ crystal: PerfectCrystal, _ name: String
  ) throws -> PerfectFrame {
    let sites = frame.atomCount
    var energy = frame.real("energy")
    if let potential {
      let prepared = try potential.prepared(for: frame)
      let force = largestLength(try prepared.forces())
      guard force <= forceLimit else {
        throw InputError(
          frame.source,
          "expected a perfect crystal at rest, with forces up to \(short(forceLimit)) eV/Å, found "
            + "\(short(force))")
      }
      energy = try prepared.energy()
    }
    return PerfectFrame(
      source: frame.source, siteCount: sites,
      siteVolume: abs(try frame.positionCell().volume) / Double(sites),
      siteEnergy: energy.map { $0 / Double(sites) }, potential: name)
  }
}

/// A perfect crystal of the input, or that of a frame with defects.
struct PerfectFrame: Sendable {
  let source: FrameSource
  let siteCount: Int
  /// In Å³.
  let siteVolume: Double
  /// In eV; nil where nobody computed it.
  let siteEnergy: Double?
  let potential: String
}

/// The perfect crystals of the input so far.
struct PerfectFrames {
  private var frames: [PerfectFrame] = []
  /// More tell nothing new.
  private static let capacity = 64

  mutating func append(_ frame: PerfectFrame) {
    if frames.count < Self.capacity { frames.append(frame) }
  }

  /// Checks the crystal of a frame with defects against those given.
  ///
  /// - Throws: ``InputError`` where none of them fits.
  func check(_ crystal: PerfectFrame) throws(InputError) {
    guard let first = frames.first else { return }
    let ofSize = frames.filter { $0.siteCount == crystal.siteCount }
    guard let given = ofSize.first(where: { mismatch($0, crystal) == nil }) ?? ofSize.first else {
      let sizes = Set(frames.map(\.siteCount)).sorted().map(String.init).joined(separator: ", ")
      throw InputError(
        crystal.source,
        "expected the cell of a perfect crystal of the input (\(sizes) sites, "
          + "\(first.source.place)), found one of \(crystal.siteCount) sites")
    }
    if let text = mismatch(given, crystal) {
      throw InputError(
        crystal.source, "expected the perfect crystal of \(given.source.place), \(text)")
    }
  }

  private func mismatch(_ given: PerfectFrame, _ own: PerfectFrame) -> String? {
    if abs(given.siteVolume - own.siteVolume) > 1e-6 * own.siteVolume {
      return "of \(given.siteVolume) Å³ a site, found one of \(own.siteVolume) Å³"
    }
    if let energy = given.siteEnergy, let other = own.siteEnergy, abs(energy - other) > 1e-6 {
      return "of \(energy) eV a site, found one of \(other) eV: another potential"
    }
    return nil
  }
}

/// A number for a message.
private func short(_ value: Double) -> String { fourDigits(value) }
