import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy

package var stability: any CheckedCommand.Type { StabilityCommand.self }

struct StabilityCommand: FilterCommand {
  static let tripleOptions = ["--grid"]

  static let configuration = CommandConfiguration(
    commandName: "stability",
    abstract: "Print the stability constants of a crystal and how far frames are from it.",
    usage: """
      stability --potential Si.sw si.xyz
      xyz-perturb ... | stability --potential Si.sw --grid 12 12 12 > stability.tsv
      """,
    discussion: """
      A tab-separated table (formats/tables.md). For the reference crystal of the first frame: \
      optical_constant, acoustic_constant, coercivity and coupling of the unweighted Hessian over \
      the wave vectors of a grid, each with the wave vector (reduced coordinates) where it is \
      attained. For every frame: the least and the largest eigenvalue of A = F H F, and \
      perturbation_norm, |A - 1| on the stable subspace, below 1 for the series of the theory.

      An unstable reference is an error (exit 70) with the count of its modes over the grid and \
      the smallest eigenvalue; an unstable frame is in the table, named, and the exit code is 3.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String

  @Option(
    help: ArgumentHelp(
      """
      Wave vectors: those of a cell of so many conventional cells (shortest translations along \
      the cell's vectors). Otherwise the least multiples of the frame's own that reach 12 in 3D, \
      48 in 2D, 256 in 1D.
      """, valueName: "m1 m2 m3"))
  var grid: IntegerTriple?

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    guard grid?.values.allSatisfy({ 1...1000 ~= $0 }) ?? true else {
      throw ValidationError(
        "--grid: expected numbers from 1 to 1000, found \(grid?.description ?? "")")
    }
    try stream.output.checkIsTable()
  }

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .hessians, session)
    guard let first = try session.firstFrame() else { return }
    try session.write(text: "quantity\tframe\tvalue\tunit\tq1\tq2\tq3\n")
    try writeConstants(of: first, potential, session)
    let cache = ReferenceCache { frame, _ in
      try ReferenceCrystal(of: frame, potential: potential, isMassWeighted: false)
    }
    let threads = session.threadCount
    try session.forEachFrame { job in
      do {
        return try withLinearAlgebraThreads(job.decompositionThreads(of: threads)) {
          try cache.crystal(of: job.frame).ledger(of: job.frame, potential: potential)
        }
      } catch let error as SiteEntropyError {
        throw FrameFailure(job.frame.source, error)
      }
    } consume: { job, ledger in
      let rows = [
        ("lambda_min", ledger.smallest), ("lambda_max", ledger.largest),
        ("perturbation_norm", ledger.perturbationNorm),
      ]
      for (name, value) in rows {
        try session.write(text: "\(name)\t\(job.index)\t\(value)\t1\t-\t-\t-\n")
      }
      session.report([
        "frame": .integer(job.index), "atoms": .integer(job.frame.atomCount),
        "zero_modes": .integer(ledger.zeroModes), "negative_modes": .integer(ledger.negativeModes),
        "lambda_min": .real(ledger.smallest), "lambda_max": .real(ledger.largest),
        "perturbation_norm": .real(ledger.perturbationNorm),
      ])
      if !ledger.isStable { session.reject(job.frame.source, "\(ledger)") }
    }
  }

  private func writeConstants(
    of frame: Frame, _ potential: any Potential, _ session: FilterSession
  ) throws {
    let lattice = try Multilattice(referenceOf: frame)
    let multiples = grid?.values ?? lattice.defaultGrid
    for axis in 0..<3 where !lattice.cell.periodic[axis] && multiples[axis] != 1 {
      throw InputError(
        frame.source, "--grid: expected 1 along an open direction, found \(multiples[axis])")
    }
    let kernel = try ReferenceKernel(of: lattice, potential: potential, source: frame.source)
    let constants: StabilityConstants
    do {
      constants = try StabilityConstants(
        of: kernel, multilattice: lattice, group: lattice.group(multiples: multiples))
    } catch {
      throw FrameFailure(frame.source, error)
    }
    var object: JSONObject = [
      "grid": .array(multiples.map { .integer($0) }),
      "wave_vectors": .integer(constants.waveVectorCount),
    ]
    try session.write(text: "wave_vectors\t-\t\(constants.waveVectorCount)\t1\t-\t-\t-\n")
    let rows = [
      ("optical_constant", constants.optical, "eV/Angstrom^2"),
      ("acoustic_constant", constants.acoustic, "eV"),
      ("coercivity", constants.coercivity, "eV"),
      ("coupling", constants.coupling, "eV/Angstrom"),
    ]
    for (name, extreme, unit) in rows {
      let place = extreme?.waveVector.map { "\($0)" } ?? ["-", "-", "-"]
      let value = extreme.map { "\($0.value)" } ?? "-"
      try session.write(
        text: "\(name)\t-\t\(value)\t\(unit)\t\(place.joined(separator: "\t"))\n")
      object.append(name, extreme.map { .real($0.value) } ?? .null)
    }
    session.report(object)
  }
}
