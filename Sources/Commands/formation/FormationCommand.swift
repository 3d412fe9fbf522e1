import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy

package var formation: any CheckedCommand.Type { FormationCommand.self }

struct FormationCommand: FilterCommand {
  /// `Ni=-4.45`.
  struct ReferenceEnergy: ExpressibleByArgument {
    let species: String
    let energy: Double

    init?(argument: String) {
      let parts = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, Element(symbol: parts[0]) != nil, let value = decimal(parts[1])
      else { return nil }
      (species, energy) = (parts[0], value)
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "formation",
    abstract: "Tabulate formation energies, entropies and concentrations of point defects.",
    usage: """
      site-entropy -p Si.sw --kind formation vacancy.xyz | formation --temperatures 300:1500:100
      formation -p Si.sw perfect.xyz vacancy-216.xyz vacancy-512.xyz vacancy-1000.xyz
      """,
    discussion: """
      Reads relaxed frames with defects (keys of xyz-label or xyz-defect) and prints one line a frame, \
      or one a frame and temperature (formats/formation.md). What site-entropy --kind formation wrote \
      into a frame is used; with --potential it is computed here. Frames without defects are perfect \
      crystals, against which the frames behind them are checked: same cell, same potential.

      _V: at fixed volume, in the cell of the reference. _p: at the pressure of the perfect crystal, by \
      the elastic dipole, the bulk modulus and ds/dlnV; for cubic crystals. concentration_p is \
      exp(-gibbs_energy_p/kT), for each site and orientation. A - stands where there is no value.

      Several cells of one defect are extrapolated in 1/N: the line with inf sites, and its errors.

      Reference states: atoms come from and go to the perfect crystal. In compounds that takes \
      chemical potentials, unless the exchange has the composition of the crystal: --reference-energy \
      for all species but one, which then follows, or --balance, which finds them: single vacancies and \
      antisites, extrapolated in 1/N where there are several cells, at the composition of the crystal; \
      and groups of them that keep it, far apart (V_Al,V_Ni; 2V_Ni,Ni_Al).
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Parameter file, for frames that site-entropy --kind formation has not seen.",
      valueName: "file"))
  var potential: String?

  @Option(
    help: ArgumentHelp(
      "Temperatures in K for free energies and concentrations.",
      valueName: "lo:hi:step"))
  var temperatures: TemperatureRange?

  @Flag(
    help: "Quantum harmonic modes instead of classical ones, at --temperatures; with --potential.")
  var quantum = false

  @Option(
    help: ArgumentHelp(
      "Chemical potential of a species in eV an atom; repeatable.", valueName: "species=eV"))
  var referenceEnergy: [ReferenceEnergy] = []

  @Flag(
    help: """
      Print the concentrations at which vacancies and antisites of a compound keep its composition, \
      with the chemical potentials that make them so, for each of --temperatures.
      """)
  var balance = false

  @Option(
    help: ArgumentHelp(
      "The largest force in eV/Å that a relaxed frame may have.", valueName: "eV/Å"))
  var maxForce = PositiveReal(1e-4)

  @OptionGroup(title: "Memory") var memory: MemoryOptions

  @OptionGroup(title: "Tables of eam potentials") var noise: NoiseOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try stream.output.checkIsTable()
    try noise.tables.validate(beside: potential)
    guard potential != nil || !noise.acceptNoise else {
      throw ValidationError("--accept-noise: expected --potential, found none")
    }
    guard !quantum || (temperatures != nil && potential != nil && !balance) else {
      throw ValidationError(
        "--quantum: expected --temperatures and --potential, no --balance, found others")
    }
    guard !balance || temperatures != nil else {
      throw ValidationError("--balance: expected --temperatures, found none")
    }
    guard !balance || referenceEnergy.isEmpty else {
      throw ValidationError("--balance: expected no --reference-energy, found some")
    }
    guard Set(referenceEnergy.map(\.species)).count == referenceEnergy.count else {
      throw ValidationError("--reference-energy: expected each species once, found one twice")
    }
  }

  func perform(_ session: FilterSession) throws {
    let limit = memory.limit
    let source = try FormationSource(
      potential: try potential.map {
        try noise.tables.load(
          $0, for: .formation(acceptsNoise: noise.acceptNoise), session)
      },
      compares: noise.tables.refit != nil || noise.acceptNoise,
      forceLimit: maxForce.value, memoryLimit: limit,
      chemicalPotentials: Dictionary(
        uniqueKeysWithValues: referenceEnergy.map { ($0.species, $0.energy) }),
      quantumTemperatures: quantum ? temperatures?.values ?? [] : [])
    var table = FormationTable(temperatures: temperatures?.values ?? [])
    var perfect = PerfectFrames()
    var rows = 0
    var balanced = BalanceTable(temperatures: temperatures?.values ?? [])
    if !balance { try session.write(text: FormationTable.header) }
    let threads = session.threadCount
    try session.forEachFrame { job in
      try withLinearAlgebraThreads(job.decompositionThreads(of: threads)) {
        try source.entry(job.frame, threads: job.isAlone ? threads : 1)
      }
    } consume: { job, entry in
      switch entry {
      case .perfect(let crystal): perfect.append(crystal)
      case .defect(let row, let crystal):
        try perfect.check(crystal)
        rows += 1
        if balance { return try balanced.append(row, from: job.frame.source) }
        try session.write(text: table.lines(of: row, frame: job.index))
        session.report(FormationTable.report(row, frame: job.index))
      }
    }
    guard rows > 0 else {
      throw InputError(
        file: stream.inputs.last ?? "-",
        "expected a frame with defects, found perfect crystals only")
    }
    if balance {
      let (text, reports) = try balanced.text(file: stream.inputs.last ?? "-")
      try session.write(text: text)
      return reports.forEach(session.report)
    }
    for line in table.limits() {
      try session.write(text: line.text)
      session.report(line.report)
    }
    for name in table.ambiguous {
      session.warn("\(name): no limit in 1/N, as one cell holds several frames of it")
    }
  }
}
