public import ArgumentParser
public import CommandLine
public import Formats
internal import Potentials

/// Options of forces from other programs.
public struct ForceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Forces of a command that reads frames of extended XYZ on its standard input and writes each \
      again with its forces, as examples/python/forces.py does for any calculator of ASE.
      """, valueName: "command"))
  public var forces: String?

  @Option(
    help: ArgumentHelp(
      "The column of the forces of --forces; otherwise 'forces', or the only one that ends so.",
      valueName: "column"))
  public var forcesKey: String?

  @Option(
    help: ArgumentHelp(
      """
      Forces of a client of the i-PI protocol, for which we wait at the socket /tmp/ipi_NAME or at a \
      port of 127.0.0.1; --forces is then the command that starts it, if any.
      """, valueName: "unix:NAME|port"))
  public var ipi: String?

  @Option(
    help: ArgumentHelp(
      "Give up a program of --forces or --ipi that is silent for so long; otherwise never.",
      valueName: "s"))
  public var timeout: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Forces of LAMMPS: its commands from pair_style on, between semicolons.",
      valueName: "commands"))
  public var lammps: String?

  @Option(help: ArgumentHelp("The program of LAMMPS.", valueName: "program"))
  public var lmp = "lmp"

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Elements of the types 1, 2, …; otherwise those at the end of 'pair_coeff * *'.",
      valueName: "elements"))
  public var types: [String] = []

  @Option(
    help: ArgumentHelp(
      "The column of the charges in e, for styles of --lammps that need them.",
      valueName: "column"))
  public var charges: String?

  public init() {}

  /// Whether forces of another program are asked for.
  public var isGiven: Bool { lammps != nil || forces != nil || ipi != nil }

  /// The option that asks for them.
  public var name: String { lammps != nil ? "--lammps" : forces != nil ? "--forces" : "--ipi" }

  public func validate() throws {
    if lammps == nil, !types.isEmpty {
      throw ValidationError("--types: expected --lammps, found none")
    }
    if lammps == nil, charges != nil {
      throw ValidationError("--charges: expected --lammps, found none")
    }
    if lammps != nil, forces != nil || ipi != nil {
      throw ValidationError("--lammps: expected no --forces and no --ipi, found one")
    }
    if forcesKey != nil, forces == nil || ipi != nil {
      throw ValidationError("--forces-key: expected --forces without --ipi, found others")
    }
    if timeout != nil, forces == nil, ipi == nil {
      throw ValidationError("--timeout: expected --forces or --ipi, found none")
    }
    if let ipi, IPICalculator.Address(ipi) == nil {
      throw ValidationError("--ipi: expected unix:NAME or a port, found '\(ipi)'")
    }
    if let forces, forces.allSatisfy(\.isWhitespace) {
      throw ValidationError("--forces: expected a command, found none")
    }
    _ = try lammpsSetup()
  }

  /// Checks that forces come from one place.
  ///
  /// - Parameter potential: The option `--potential` of the command.
  public func validate(beside potential: String?) throws {
    guard (potential == nil) == isGiven else {
      throw ValidationError(
        "expected one of --potential, --forces, --ipi and --lammps, found "
          + (potential == nil ? "none" : "\(name) beside --potential"))
    }
  }

  /// What the options ask for; nil where they ask for nothing.
  public func provider() throws -> ForceProvider? {
    if let setup = try lammpsSetup() { return .lammps(setup) }
    if let address = ipi.flatMap(IPICalculator.Address.init) {
      return .calculator(
        IPICalculator(address: address, client: forces, silence: timeout?.value))
    }
    return forces.map {
      .calculator(PipeCalculator(command: $0, key: forcesKey, silence: timeout?.value))
    }
  }

  /// Who these forces, and labels made of them, are of; nil where none are asked for. Files go by their
  /// names: equal work is equal wherever they lie.
  public var labelSource: LabelMeaning.Source? {
    guard let text = lammps ?? forces ?? ipi else { return nil }
    let words = text.split(whereSeparator: \.isWhitespace).map { word in
      "/.~".contains(word.first ?? " ") ? word.split(separator: "/").last ?? word : word
    }
    let whole = words.joined(separator: " ")
    let style = words.firstIndex(of: "pair_style").flatMap {
      words[($0 + 1)...].first?.prefix { $0 != ";" }
    }
    let name =
      lammps != nil ? "lammps:\(style ?? "kim")" : "\(forces != nil ? "forces" : "ipi"):\(whole)"
    let origin = PotentialOrigin(style: "", file: "", bytes: Array(whole.utf8))
    return LabelMeaning.Source(name: name, contentHash: origin.contentHash)
  }

  /// Commands that are made here, or that would let a potential do more than give forces.
  private static let refused = [
    "units", "read_data", "boundary", "atom_style", "quit", "jump", "include", "shell", "print",
    "log", "dump", "write_data", "write_dump", "write_restart", "write_coeff", "read_restart",
    "read_dump", "clear", "python", "plugin", "run", "rerun", "minimize", "info", "if", "label",
    "next", "restart",
  ]

  private func lammpsSetup() throws -> LAMMPSForces.Setup? {
    guard let lammps else { return nil }
    let commands = lammps.split { $0 == ";" || $0 == "\n" }.map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }.filter { !$0.isEmpty }
    let isKIM = commands.contains {
      $0.hasPrefix("kim interactions ") || $0.hasPrefix("kim_interactions ")
    }
    guard isKIM || commands.contains(where: { $0.hasPrefix("pair_style ") }) else {
      throw ValidationError("--lammps: expected a command pair_style, found none")
    }
    for command in commands {
      let word = String(command.prefix { $0 != " " })
      if Self.refused.contains(word) {
        throw ValidationError(
          "--lammps: expected no command \(word), which is set here or does more than give forces, "
            + "found one")
      }
    }
    if let unknown = types.first(where: { Element(symbol: $0) == nil }) {
      let isFile = unknown.contains { "./-".contains($0) }
      throw ValidationError(
        "--types: expected symbols of elements, found '\(unknown)'"
          + (isFile ? " (an INPUT stands in front of --types, or behind another option)" : ""))
    }
    return LAMMPSForces.Setup(
      program: lmp, commands: commands, types: types.isEmpty ? nil : types, charges: charges)
  }
}
