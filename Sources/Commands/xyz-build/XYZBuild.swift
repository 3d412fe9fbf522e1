import ArgumentParser
import CommandLine
import Crystal
import Formats

@main struct XYZBuild: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-build",
    abstract: "Build a perfect crystal with its labels.",
    usage: """
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > si216.xyz
      xyz-build wurtzite --species Ga N -a 3.19 --c-over-a 1.626 --internal 0.377 -o gan.xyz
      """,
    discussion: """
      Writes one frame with the columns species, pos, sublattice, orbit, cell_index, ref_pos. The \
      sublattice is the site of the primitive cell, and cell_index counts primitive cells, also \
      where the conventional cell is repeated.

      Prototypes: \(Prototype.all.map(\.name).joined(separator: " ")).
      Species are named in the order of the formula: perovskite ABO3 as A B O, heusler X2YZ as X Y \
      Z. chain (along x) and square (in the xy plane) are model lattices of two sublattices.
      """,
    version: sitevibVersion)

  static let tripleOptions = ["--supercell"]

  @Argument(help: "Structure type.") var prototype: String

  @Option(parsing: .upToNextOption, help: "Symbols of the elements.") var species: [String]

  @Option(
    name: [.customShort("a"), .long],
    help: "Length of the first conventional cell vector, in Å.")
  var latticeConstant: PositiveReal

  @Option(help: "c/a of wurtzite and hcp; ideal if not given: \(Prototype.idealAxisRatio).")
  var cOverA: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Position of the second site: u of wurtzite (3/8 if not given), of the chain (1/2).",
      valueName: "u"))
  var `internal`: PositiveReal?

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
    do {
      try session.write(
        prototype.supercell(
          supercell.values, species: species, latticeConstant: latticeConstant.value,
          axisRatio: cOverA?.value, internalParameter: `internal`?.value, isPrimitive: primitive))
    } catch let error as PrototypeError {
      throw ValidationError("\(error)")
    }
  }
}
