import ArgumentParser
package import CommandLine
import Formats

package var xyzConvert: any CheckedCommand.Type { XYZConvert.self }

struct XYZConvert: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-convert",
    abstract: "Convert frames between extended XYZ and HDF5, merge and slice them.",
    usage: """
      xyz-convert frames.xyz -o frames.h5
      xyz-convert -f extxyz --first-frame 100 --frames 10 frames.h5 | head -2
      xyz-convert part-*.xyz > all.xyz
      xyz-convert --types Si Ge dump.h5md > frames.xyz
      xyz-convert SPOSCAR > supercell.xyz
      """,
    discussion: """
      The frames of all inputs follow one another; all columns and keys are kept. HDF5 keeps the \
      Hessians and features of the input too, which extended XYZ cannot hold. An HDF5 file is held \
      in memory whole, extended XYZ streams. A POSCAR of VASP or phonopy is read as a frame.
      """,
    version: sitevibVersion)

  static let elementOptions = ["--types"]

  @Option(
    help: ArgumentHelp(
      "Elements of the atom types 1, 2, … that LAMMPS writes as species into HDF5.",
      valueName: "elements"))
  var types: ElementList?

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try types?.checkTookNoFile(option: "--types", inputs: stream.inputs)
  }

  var speciesTypes: [String] { types?.symbols ?? [] }

  func perform(_ session: FilterSession) throws {
    try session.mapFrames(matrices: .keep) { FrameResult($0.frame) }
  }
}
