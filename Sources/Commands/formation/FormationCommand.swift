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
      for all species but one, which then follows.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: "Parameter file, for frames that site-entropy --kind formation has not seen.")
  var potential: String?

  @Option(
    help: ArgumentHelp(
      "Temperatures in K for free energies and concentrations.",
      valueName: "lo:hi:step"))
  var temperatures: TemperatureRange?

  @Option(
    help: ArgumentHelp(
      "Chemical potential of a species in eV an atom; repeatable.", valueName: "species=eV"))
  var referenceEnergy: [ReferenceEnergy] = []

  @Option(help: "The largest force in eV/Å that a relaxed frame may have.")
  var maxForce = PositiveReal(1e-4)

  @OptionGroup var memory: MemoryOptions

  @OptionGroup var stream: StreamOptions

  func validate() throws {
    try stream.output.checkIsTable()
    guard Set(referenceEnergy.map(\.species)).count == referenceEnergy.count else {
      throw ValidationError("--reference-energy: expected each species once, found one twice")
    }
  }

  func perform(_ session: FilterSession) throws {
    let limit = memory.limit
    let source = FormationSource(
      potential: try potential.map { try loadPotential(path: $0) },
      forceLimit: maxForce.value, memoryLimit: limit,
      chemicalPotentials: Dictionary(
        uniqueKeysWithValues: referenceEnergy.map { ($0.species, $0.energy) }))
    var table = FormationTable(temperatures: temperatures?.values ?? [])
    var perfect = PerfectFrames()
    var rows = 0
    try session.write(text: FormationTable.header)
    let threads = session.threadCount
    try session.forEachFrame { job in
      try withLinearAlgebraThreads(job.isAlone ? threads : 1) { try source.entry(job.frame) }
    } consume: { job, entry in
      switch entry {
      case .perfect(let crystal): perfect.append(crystal)
      case .defect(let row, let crystal):
        try perfect.check(crystal)
        try session.write(text: table.lines(of: row, frame: job.index))
        session.report(FormationTable.report(row, frame: job.index))
        rows += 1
      }
    }
    guard rows > 0 else {
      throw InputError(
        file: stream.inputs.last ?? "-",
        "expected a frame with defects, found perfect crystals only")
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
