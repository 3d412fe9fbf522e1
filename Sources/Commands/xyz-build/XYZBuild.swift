import ArgumentParser
package import CommandLine
import Crystal
import Formats

package var xyzBuild: any CheckedCommand.Type { XYZBuild.self }

struct XYZBuild: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-build",
    abstract: "Build a perfect crystal with its labels.",
    usage: """
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > si216.xyz
      xyz-build wurtzite --species Ga N -a 3.19 --c-over-a 1.626 --internal 0.377 -o gan.xyz
      xyz-build L1_2 --species Ni Al -a 3.57 --supercell 4 4 4 -o ni3al.xyz
      """,
    discussion: """
      Writes one frame with the columns species, pos, sublattice, orbit, cell_index, ref_pos. The \
      sublattice is the site of the primitive cell, and cell_index counts primitive cells, also \
      where the conventional cell is repeated.

      Prototypes, with the order of --species, the usual c/a and internal parameters, and other \
      names:
      \(Prototype.all.map(\.summary).joined(separator: "\n"))

      chain (along x) and square (in the xy plane) are model lattices of two sublattices; graphene \
      has no images along z.
      """,
    version: sitevibVersion)

  static let tripleOptions = ["--supercell"]

  @Argument(help: "Structure type.") var prototype: String

  @Option(parsing: .upToNextOption, help: "Symbols of the elements.") var species: [String]

  @Option(
    name: [.customShort("a"), .long],
    help: "Length of the first conventional cell vector, in Å.")
  var latticeConstant: PositiveReal

  @Option(help: "c/a of the conventional cell; the usual one if not given.")
  var cOverA: PositiveReal?

  @Option(help: "b/a of the conventional cell; the usual one if not given.")
  var bOverA: PositiveReal?

  @Option(help: "Angle between b and c, in degrees.") var alpha: PositiveReal?
  @Option(help: "Angle between c and a, in degrees.") var beta: PositiveReal?
  @Option(help: "Angle between a and b, in degrees.") var gamma: PositiveReal?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Internal parameters, in the order of the list; the usual ones if not given.",
      valueName: "u"))
  var `internal`: [PositiveReal] = []

  @Option(help: ArgumentHelp("Cells along the three vectors.", valueName: "n1 n2 n3"))
  var supercell = IntegerTriple(1, 1, 1)

  @Flag(help: "Repeat the primitive cell, not the conventional one.") var primitive = false

  @OptionGroup(title: "Options of every command") var output: OutputOptions

  var outputOptions: OutputOptions { output }

  func validate() throws {
    guard Prototype.named(prototype) != nil else {
      let names = Prototype.all.map(\.name).joined(separator: ", ")
      throw ValidationError("expected a prototype among \(names), found '\(prototype)'")
    }
  }

  func perform(_ session: FilterSession) throws {
    guard let prototype = Prototype.named(prototype) else { return }
    let shape = Prototype.Shape(
      axisRatio: cOverA?.value, secondRatio: bOverA?.value,
      angles: [alpha?.value, beta?.value, gamma?.value])
    do {
      try session.write(
        prototype.supercell(
          supercell.values, species: species, latticeConstant: latticeConstant.value,
          shape: shape, internalParameters: `internal`.isEmpty ? nil : `internal`.map(\.value),
          isPrimitive: primitive))
    } catch let error as PrototypeError {
      throw ValidationError("\(error)")
    }
  }
}

extension Prototype {
  /// A line of the help.
  fileprivate var summary: String {
    var text = "  \(name): \(formula)"
    if let ratio = standardAxisRatio { text += ", c/a \(ratio)" }
    for parameter in parameters { text += ", \(parameter.name) \(parameter.standard)" }
    return aliases.isEmpty ? text : text + " (\(aliases.joined(separator: ", ")))"
  }
}
