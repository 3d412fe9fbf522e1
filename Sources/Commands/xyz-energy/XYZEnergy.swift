import ArgumentParser
import Base
package import CommandLine
import Crystal
import ForceSources
import Formats
import Potentials

package var xyzEnergy: any CheckedCommand.Type { XYZEnergy.self }

struct XYZEnergy: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-energy",
    abstract: "Add energy, forces and stress to frames: of a potential, or of another program.",
    usage: """
      xyz-energy --potential NiAl.eam.alloy frames.xyz > evaluated.xyz
      xyz-perturb ... | xyz-energy -p Si.sw | xyz-table --columns frame,energy
      xyz-energy --forces 'python3 examples/python/forces.py emt' frames.xyz > evaluated.xyz
      xyz-energy --lammps 'pair_style tersoff; pair_coeff * * SiC.tersoff Si C' frames.xyz
      """,
    discussion: """
      Adds the key energy (eV), the column forces (eV/Angstrom) and, where all three axes are \
      periodic, the key stress (eV/Angstrom^3, nine numbers by rows, positive under tension): the \
      names and units of ASE. What a frame has of these is replaced. Labels and Hessians stay.

      With --forces, --ipi or --lammps another program is asked, once a frame (formats/forces.md). \
      A program that tells no energy or no stress leaves that key absent, and a warning says so.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String?

  @OptionGroup(title: "Forces of another program") var sources: ForceOptions

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try sources.validate(beside: potential)
    try tables.validate(beside: potential)
  }

  func perform(_ session: FilterSession) throws {
    let source = try EvaluationSource(potential: potential, sources, tables, session)
    try session.mapFrames(matrices: .keep) { job in
      let found = try source.evaluate(job.frame)
      var report = JSONObject()
      if let energy = found.energy { report.append("energy", .real(energy)) }
      report.append("largest_force", .real(found.forces.reduce(0) { max($0, abs($1)) }))
      var frame = job.frame
      frame.set(found)
      // Said once: the next frame is as the first.
      let warnings = job.index == 0 ? found.warnings(for: frame) : []
      return FrameResult(frame, report: report, warnings: warnings)
    }
  }
}
