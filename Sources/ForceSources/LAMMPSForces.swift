internal import CommandLine
internal import Crystal
public import Formats
public import Potentials

/// The forces of LAMMPS on a structure, by a process of its own that reads commands while it runs.
///
/// LAMMPS wants a along x and b in the plane xy: structure and displacements are turned to it, and the
/// forces back.
public final class LAMMPSForces: ForceSource {
  public let inFlight = 1
  public let atomCount: Int
  private let process: ChildProcess
  /// Unit vectors of LAMMPS' axes, as rows, shape [3, 3].
  private let axes: [Double]

  /// What a user asks for.
  public struct Setup: Sendable {
    public let program: String
    /// Commands from `pair_style` on.
    public let commands: [String]
    /// Element of each type; nil to take them from pair_coeff.
    public let types: [String]?
    /// The column of the charges in e, shape [N]; nil for atoms without charges.
    public let charges: String?

    public init(program: String, commands: [String], types: [String]?, charges: String? = nil) {
      (self.program, self.commands, self.types) = (program, commands, types)
      self.charges = charges
    }

    /// `kim init`, which LAMMPS wants before there are atoms.
    fileprivate var first: [String] { commands.filter(Self.isFirst) }
    fileprivate var rest: [String] { commands.filter { !Self.isFirst($0) } }

    private static func isFirst(_ command: String) -> Bool {
      command.hasPrefix("kim init ") || command.hasPrefix("kim_init ")
    }
  }

  /// - Parameter place: Whether to take the reference positions.
  public init(_ setup: Setup, frame: Frame, at place: Placement) throws {
    guard frame.dimension == 3 else {
      throw InputError(
        frame.source, "--lammps: expected a frame of 3 dimensions, found \(frame.dimension)")
    }
    let positions =
      try place == .reference ? frame.requiredReferencePositions() : frame.positions
    let cell = try place == .reference ? frame.cellOfReference() : frame.positionCell()
    let types = try Self.types(setup, frame)
    let input = try LAMMPSInput(
      positions: positions, species: frame.species, cell: cell, types: types,
      charges: try setup.charges.map { try Self.charges($0, of: frame) }, source: frame.source)
    (axes, atomCount) = (input.axes, frame.atomCount)
    process = try ChildProcess(setup.program, arguments: ["-log", "none", "-nocite"])
    let data = try process.provide(input.data)
    try process.send(
      """
      \(setup.first.isEmpty ? "units metal" : setup.first.joined(separator: "\n"))
      atom_style \(setup.charges == nil ? "atomic" : "charge")
      atom_modify map array sort 0 0.0
      boundary \(input.boundary)
      box tilt large
      read_data \(data)
      \(setup.rest.joined(separator: "\n"))
      thermo_style custom step
      thermo 1000000000

      """)
  }

  public func forces(at displacements: [GroupDisplacement]) throws -> [[Double]] {
    try displacements.map { try forces(displacing: $0.atoms, by: $0.vector) }
  }

  private func forces(displacing atoms: [Int], by vector: [Double]) throws -> [Double] {
    let turned = (0..<3).map { row in
      (0..<3).reduce(0) { $0 + axes[3 * row + $1] * vector[$1] }
    }
    var text = ""
    for start in stride(from: 0, to: atoms.count, by: 200) {
      let names = atoms[start..<min(start + 200, atoms.count)].map { String($0 + 1) }
      text += "group displaced id \(names.joined(separator: " "))\n"
    }
    text += """
      displace_atoms displaced move \(Self.words(turned)) units box
      run 0 post no
      write_dump all custom \(ChildProcess.answerPath) fx fy fz modify sort id format float %.17g
      displace_atoms displaced move \(Self.words(turned.map { -$0 })) units box
      group displaced delete

      """
    try process.send(text)
    // Nine lines stand in front of the atoms.
    let answer = try process.answer(head: "ITEM: TIMESTEP", lines: 9 + atomCount)
    return try turnedBack(answer)
  }

  private static func charges(_ name: String, of frame: Frame) throws(InputError) -> [Double] {
    guard let charges = frame.reals(name) ?? frame.integers(name)?.map(Double.init) else {
      throw InputError(frame.source, "--charges: expected the column \(name):R:1, found none")
    }
    guard let atom = charges.firstIndex(where: { !$0.isFinite }) else { return charges }
    throw InputError(
      frame.source, atom: atom, "\(name): expected a charge, found \(charges[atom])")
  }

  private static func words(_ vector: [Double]) -> String {
    vector.map { "\($0)" }.joined(separator: " ")
  }

  /// The numbers of a dump along our axes.
  private func turnedBack(_ answer: [UInt8]) throws -> [Double] {
    var lines = answer.split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst(9)
    var result = [Double](repeating: 0, count: 3 * atomCount)
    for atom in 0..<atomCount {
      let words = (lines.popFirst() ?? []).split(separator: 0x20)
      let numbers = words.compactMap { Double(String(decoding: $0, as: UTF8.self)) }
      guard numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
        throw FiniteDifferenceError.noForces
      }
      for axis in 0..<3 {
        for k in 0..<3 { result[3 * atom + k] += numbers[axis] * axes[3 * axis + k] }
      }
    }
    return result
  }

  /// The element of each type: as asked for, or the elements at the end of `pair_coeff * *`.
  private static func types(_ setup: Setup, _ frame: Frame) throws -> [String] {
    var found = setup.types
    if found == nil {
      for command in setup.commands {
        let words = command.split(whereSeparator: \.isWhitespace).map(String.init)
        let isKIM = ["kim", "kim_interactions"].contains(words.first)
        guard isKIM || (words.first == "pair_coeff" && words.dropFirst().prefix(2) == ["*", "*"])
        else { continue }
        let elements = Array(words.reversed().prefix { Element(symbol: $0) != nil }.reversed())
        if !elements.isEmpty { found = elements }
      }
    }
    // One species needs no list.
    let species = Set(frame.species)
    if found == nil, species.count == 1 { found = Array(species) }
    guard let found else {
      throw InputError(
        frame.source,
        "--lammps: expected the elements of the types at the end of 'pair_coeff * * …' or in "
          + "--types, found none")
    }
    if let atom = frame.species.firstIndex(where: { !found.contains($0) }) {
      throw InputError(
        frame.source, atom: atom,
        "--lammps: expected one of the types \(found.joined(separator: " ")), found "
          + "'\(frame.species[atom])'")
    }
    return found
  }
}
