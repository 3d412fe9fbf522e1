import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import Potentials

package var xyzEnergy: any CheckedCommand.Type { XYZEnergy.self }

struct XYZEnergy: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-energy",
    abstract: "Add energy, forces and stress of a potential to frames.",
    usage: """
      xyz-energy --potential NiAl.eam.alloy frames.xyz > evaluated.xyz
      xyz-perturb ... | xyz-energy -p Si.sw | xyz-table --columns frame,energy
      """,
    discussion: """
      Adds the key energy (eV), the column forces (eV/Angstrom) and, where all three axes are \
      periodic, the key stress (eV/Angstrom^3, nine numbers by rows, positive under tension): the \
      names and units of ASE. What a frame has of these is replaced. Labels and Hessians stay.
      """,
    version: sitevibVersion)

  @Option(name: .shortAndLong, help: "Parameter file: LAMMPS sw, tersoff or eam, or springs.")
  var potential: String

  @OptionGroup var tables: TableOptions

  @OptionGroup var stream: StreamOptions

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .forces, session)
    try session.mapFrames(matrices: .keep) { job in
      let prepared = try potential.prepared(for: job.frame)
      let found = try prepared.evaluate()
      let report: JSONObject = [
        "energy": .real(found.energy),
        "largest_force": .real(found.forces.reduce(0) { max($0, abs($1)) }),
      ]
      var frame = job.frame
      frame.setKey("energy", .real(found.energy))
      frame.setColumn(Column("forces", width: 3, .real(found.forces)))
      frame.removeKey("stress")
      if prepared.dimension == 3, prepared.cell.periodic == [true, true, true] {
        frame.setKey("stress", .reals(found.stress(volume: abs(prepared.cell.volume))))
      }
      return FrameResult(frame, report: report)
    }
  }
}
