import ArgumentParser
import Base
package import CommandLine
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy

package var vineyard: any CheckedCommand.Type { Vineyard.self }

struct Vineyard: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "vineyard",
    abstract: "Tabulate barrier, attempt frequency and rate of hops from minima and saddles.",
    usage: """
      vineyard -p Si.sw minimum.xyz saddle.xyz --temperatures 300:1500:100
      xyz-path -p Si.sw start.xyz end.xyz | vineyard -p Si.sw --by-site > sites.tsv
      """,
    discussion: """
      The first frame is the minimum, each further one a saddle out of it: the same atoms in the same \
      order and cell, at rest. Where frames say what they are (key stationary of xyz-relax and \
      xyz-path), each saddle belongs to the minimum in front of it, and images of a path are passed \
      over. One line a saddle, or one a saddle and temperature \
      (formats/formation.md): barrier (eV), negative_mode and attempt_frequency (THz, 2 pi counted), \
      entropy_difference (k_B, frequencies in units of sqrt(eV/(Angstrom^2 u))), rate (1/s); all at \
      the fixed volume of the cell.

      Where the minimum is a labelled cubic crystal of one element with one vacancy, and the atom that \
      moves most its nearest neighbour: vacancy_diffusivity z d^2 rate/6 and, with the concentration \
      of vacancies at the pressure of the crystal from the same potential, tracer_diffusivity, both \
      in m^2/s, with the lattice that the correlation factor is of. A - stands where there is none.
      """,
    version: sitevibVersion)

  @Option(name: .shortAndLong, help: ArgumentHelp("Parameter file.", valueName: "file"))
  var potential: String

  @Option(
    help: ArgumentHelp("Temperatures in K for rates.", valueName: "lo:hi:step"))
  var temperatures: TemperatureRange?

  @Flag(help: "Rates of quantum harmonic modes, without tunnelling, instead of classical ones.")
  var quantum = false

  @Flag(help: "Print the entropy difference of every atom instead.") var bySite = false

  @Option(
    help: ArgumentHelp(
      "The largest force in eV/Å that a stationary point may have.", valueName: "eV/Å"))
  var maxForce = PositiveReal(1e-4)

  @OptionGroup(title: "Memory") var memory: MemoryOptions

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try stream.output.checkIsTable()
    guard !bySite || temperatures == nil else {
      throw ValidationError("--by-site: expected no --temperatures, found some")
    }
    guard !quantum || temperatures != nil else {
      throw ValidationError("--quantum: expected --temperatures, found none")
    }
  }

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .hessians, session)
    let limit = memory.limit
    let (forceLimit, isQuantum) = (maxForce.value, quantum)
    let threads = session.threadCount
    let table = RateTable(
      temperatures: temperatures?.values ?? [], isQuantum: quantum, potential: potential.name)
    var hops = 0
    var minimum: (point: StationaryPoint, vacancies: VacancyConcentration)?
    try session.write(text: bySite ? SiteTable.header : RateTable.header)
    let first = stream.firstFrame.value
    try session.forEachFrame { job -> StationaryPoint? in
      guard let isSaddle = try Self.isSaddle(job.frame, isFirst: job.index == first) else {
        return nil
      }
      return try withLinearAlgebraThreads(job.decompositionThreads(of: threads)) {
        try StationaryPoint(
          job.frame, potential: potential, isSaddle: isSaddle, forceLimit: forceLimit,
          wantsSpectrum: isQuantum, memoryLimit: limit)
      }
    } consume: { job, point in
      guard let point else { return }
      guard point.labels.ledger.isSaddle, var start = minimum else {
        minimum = (point, VacancyConcentration(job.frame, potential, memoryLimit: limit))
        return
      }
      let state = try TransitionState(from: start.point, over: point)
      let vacancy = try start.vacancies.vacancy(of: state)
      minimum = start
      hops += 1
      try session.write(
        text: bySite
          ? SiteTable.lines(state, job.frame, index: job.index)
          : table.lines(state, vacancy, frame: job.index))
      session.report(table.report(state, vacancy, frame: job.index))
    }
    guard hops > 0 else {
      throw InputError(
        file: stream.inputs.last ?? "-", "expected a minimum and then saddles, found no saddle")
    }
  }

  /// Whether a frame is a saddle or a minimum; nil for an image of a path that is neither.
  ///
  /// Frames of xyz-path and xyz-relax say it; of others the first is the minimum.
  private static func isSaddle(_ frame: Frame, isFirst: Bool) throws(InputError) -> Bool? {
    switch frame.text("stationary") {
    case "minimum": return false
    case "saddle":
      guard !isFirst else {
        throw InputError(frame.source, "expected a minimum in front of its saddles, found a saddle")
      }
      return true
    case nil: return frame.key("image") != nil ? nil : !isFirst
    case let other?:
      throw InputError(
        frame.source, "key stationary: expected minimum or saddle, found \(other)")
    }
  }
}
