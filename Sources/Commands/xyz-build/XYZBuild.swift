import ArgumentParser
package import CommandLine
import Crystal
import Formats
import Potentials
import StationaryPoints

package var xyzBuild: any CheckedCommand.Type { XYZBuild.self }

struct XYZBuild: CheckedCommand {
  static let toolName = "xyz-build"

  static let configuration = CommandConfiguration(
    commandName: toolName,
    abstract: "Build a perfect crystal with its labels.",
    usage: """
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > si216.xyz
      xyz-build wurtzite --species Ga N -a 3.19 --c-over-a 1.626 --internal 0.377 -o gan.xyz
      xyz-build cscl --species Ni Al -a auto -p NiAlH_jea.eam.alloy --supercell 4 4 4 > nial.xyz
      xyz-build L1_2 --species Ni Al -a 3.57 --supercell 4 4 4 -o ni3al.xyz
      """,
    discussion: """
      Writes one frame with the columns species, pos, sublattice, orbit, cell_index, ref_pos. The \
      sublattice is the site of the primitive cell, and cell_index counts primitive cells, also \
      where the conventional cell is repeated.

      With --lattice-constant auto the energy under the potential of -p is least: the constant, and c/a, \
      b/a, angles and internal parameters, where they are free and not given. They are found from a scan of \
      the constant and Newton's method in the parameters themselves, to all digits, and written as the keys \
      lattice_constant, c_over_a, b_over_a, cell_angles and internal_parameters.

      Prototypes, with the order of --species, the usual c/a and internal parameters, and other \
      names:
      \(Prototype.all.map(\.summary).joined(separator: "\n"))

      chain (along x) and square (in the xy plane) are model lattices of two sublattices; graphene \
      has no images along z.
      """,
    version: sitevibVersion)

  static let tripleOptions = ["--supercell"]

  @Argument(help: "Structure type.") var prototype: String

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Symbols of the elements.", valueName: "elements"))
  var species: [String]

  @Option(
    name: [.customShort("a"), .long],
    help: ArgumentHelp(
      "Length of the first conventional cell vector, or auto: that of the least energy under -p.",
      valueName: "Å|auto"))
  var latticeConstant: LatticeConstant

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file of the potential of -a auto.", valueName: "file"))
  var potential: String?

  @Option(
    help: ArgumentHelp(
      "c/a of the conventional cell; the usual one if not given.", valueName: "ratio"))
  var cOverA: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "b/a of the conventional cell; the usual one if not given.", valueName: "ratio"))
  var bOverA: PositiveReal?

  @Option(help: ArgumentHelp("Angle between b and c, in degrees.", valueName: "degrees"))
  var alpha: PositiveReal?
  @Option(help: ArgumentHelp("Angle between c and a, in degrees.", valueName: "degrees"))
  var beta: PositiveReal?
  @Option(help: ArgumentHelp("Angle between a and b, in degrees.", valueName: "degrees"))
  var gamma: PositiveReal?

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
    guard (latticeConstant == .auto) == (potential != nil) else {
      throw ValidationError(
        potential == nil
          ? "--lattice-constant auto: expected --potential, found none"
          : "--potential: expected --lattice-constant auto, found a number")
    }
  }

  func perform(_ session: FilterSession) throws {
    guard let prototype = Prototype.named(prototype) else { return }
    let shape = Prototype.Shape(
      axisRatio: cOverA?.value, secondRatio: bOverA?.value,
      angles: [alpha?.value, beta?.value, gamma?.value])
    let values = `internal`.isEmpty ? nil : `internal`.map(\.value)
    do {
      switch latticeConstant {
      case .length(let length):
        try session.write(
          prototype.supercell(
            supercell.values, species: species, latticeConstant: length, shape: shape,
            internalParameters: values, isPrimitive: primitive))
      case .auto:
        try session.write(relaxed(prototype, shape, values))
      }
    } catch let error as PrototypeError {
      throw ValidationError("\(error)")
    }
  }

  /// The crystal of the least energy.
  private func relaxed(
    _ prototype: Prototype, _ shape: Prototype.Shape, _ values: [Double]?
  ) throws -> Frame {
    let potential = try loadPotential(path: potential ?? "")
    // What is wrong with the options comes before the work.
    _ = try prototype.supercell(
      supercell.values.map { _ in 1 }, species: species, latticeConstant: 1, shape: shape,
      internalParameters: values, isPrimitive: true)
    let found = try PrototypeRelaxation(
      prototype, species: species, shape: shape, internalParameters: values, potential: potential)
    var frame = try prototype.supercell(
      supercell.values, species: species, latticeConstant: found.latticeConstant,
      shape: found.shape,
      internalParameters: found.internalParameters.isEmpty ? nil : found.internalParameters,
      isPrimitive: primitive)
    if let ratio = found.shape.axisRatio { frame.setKey("c_over_a", .real(ratio)) }
    if let ratio = found.shape.secondRatio { frame.setKey("b_over_a", .real(ratio)) }
    if found.shape.angles.contains(where: { $0 != nil }) {
      frame.setKey("cell_angles", .reals(found.shape.angles.map { $0 ?? 90 }))
    }
    if !found.internalParameters.isEmpty {
      frame.setKey("internal_parameters", .reals(found.internalParameters))
    }
    return frame
  }
}

/// The value of --lattice-constant.
enum LatticeConstant: ExpressibleByArgument, Equatable {
  /// In Å, positive.
  case length(Double)
  case auto

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let length = PositiveReal(argument: argument) {
      self = .length(length.value)
    } else {
      return nil
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
