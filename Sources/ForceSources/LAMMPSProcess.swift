internal import CommandLine
internal import Crystal
internal import Formats
internal import Potentials

/// A process of LAMMPS that holds one structure and reads commands while it runs.
///
/// LAMMPS wants a along x and b in the plane xy: structures and displacements are turned to it, and
/// forces and stresses back.
final class LAMMPSProcess {
  private let process: ChildProcess
  private let atomCount: Int
  /// Unit vectors of LAMMPS' axes, as rows, shape [3, 3].
  private let axes: [Double]
  /// Whether positions were given again: their variables have names.
  private var hasMoved = false

  /// The command that answers with the forces.
  static let dump =
    "write_dump all custom \(ChildProcess.answerPath) fx fy fz modify sort id format float %.17g"
  /// Bars in an eV/Å³, as LAMMPS has them in units metal.
  private static let bar = 1.602_176_5e6

  /// - Parameters:
  ///   - frame: Species and charges.
  ///   - positions: In Å, shape [N, 3].
  init(
    _ setup: LAMMPSForces.Setup, frame: Frame, positions: [Double], cell: Cell
  ) throws {
    guard frame.dimension == 3 else {
      throw InputError(
        frame.source, "--lammps: expected a frame of 3 dimensions, found \(frame.dimension)")
    }
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
      thermo_style custom step pe pxx pyy pzz pxy pxz pyz
      thermo_modify norm no
      thermo 1000000000

      """)
  }

  func send(_ text: String) throws(ChildProcessError) { try process.send(text) }

  /// The next answer to ``dump`` along our axes, in eV/Å, shape [N, 3].
  func forces() throws -> [Double] {
    // Nine lines stand in front of the atoms.
    let answer = try process.answer(head: "ITEM: TIMESTEP", lines: 9 + atomCount)
    var lines = answer.split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst(9)
    var result = [Double](repeating: 0, count: 3 * atomCount)
    for atom in 0..<atomCount {
      let numbers = Self.numbers(lines.popFirst() ?? [])
      guard numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
        throw FiniteDifferenceError.noForces
      }
      for axis in 0..<3 {
        for k in 0..<3 { result[3 * atom + k] += numbers[axis] * axes[3 * axis + k] }
      }
    }
    return result
  }

  /// Energy, forces and stress where the atoms are.
  ///
  /// - Parameter positions: Where to put them first, in Å, shape [N, 3]; nil for where they are.
  func evaluate(at positions: [Double]?) throws -> Evaluation {
    let file = try positions.map { try atomFiles(of: $0).map { try process.provide($0) } }
    if let file {
      let names = ["x", "y", "z"]
      let old = hasMoved ? names.map { "variable sitevib_\($0) delete\n" }.joined() : ""
      let new = names.enumerated().map { "variable sitevib_\($1) atomfile \(file[$0])\n" }.joined()
      // A displacement of nothing brings them back into the box.
      try process.send(
        """
        \(old)\(new)set group all x v_sitevib_x y v_sitevib_y z v_sitevib_z
        displace_atoms all move 0 0 0 units box

        """)
      hasMoved = true
    }
    try process.send(
      """
      run 0 post no
      print "sitevib \(Self.keywords)" file \(ChildProcess.answerPath) screen no
      \(Self.dump)

      """)
    let line = try process.answer(head: "sitevib ", lines: 1)
    let forces = try forces()
    file?.forEach(process.withdraw)
    let numbers = Self.numbers(line.dropFirst(8).dropLast())
    guard numbers.count == 7, numbers.allSatisfy(\.isFinite) else {
      throw FiniteDifferenceError.noForces
    }
    let p = numbers.dropFirst().map { -$0 / Self.bar }
    return Evaluation(
      energy: numbers[0], forces: forces,
      stress: turnedBack([p[0], p[3], p[4], p[3], p[1], p[5], p[4], p[5], p[2]]))
  }

  private static let keywords = ["pe", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz"]
    .map { "$(\($0):%.17g)" }.joined(separator: " ")

  /// A vector along LAMMPS' axes.
  func turned(_ vector: some RandomAccessCollection<Double>) -> [Double] {
    let v = Array(vector)
    return (0..<3).map { row in (0..<3).reduce(0) { $0 + axes[3 * row + $1] * v[$1] } }
  }

  /// A tensor AᵀTA along our axes, shape [3, 3].
  private func turnedBack(_ tensor: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: 9)
    for i in 0..<3 {
      for j in 0..<3 {
        for a in 0..<3 {
          for b in 0..<3 {
            result[3 * i + j] += axes[3 * a + i] * tensor[3 * a + b] * axes[3 * b + j]
          }
        }
      }
    }
    return result
  }

  /// Files of variables of style atomfile, for x, y and z.
  private func atomFiles(of positions: [Double]) -> [String] {
    var text = [String](repeating: "\(atomCount)\n", count: 3)
    for atom in 0..<atomCount {
      let place = turned(positions[3 * atom..<3 * atom + 3])
      for axis in 0..<3 { text[axis] += "\(atom + 1) \(place[axis])\n" }
    }
    return text
  }

  private static func numbers(_ line: some Collection<UInt8>) -> [Double] {
    line.split(separator: 0x20).compactMap { Double(String(decoding: $0, as: UTF8.self)) }
  }

  private static func charges(_ name: String, of frame: Frame) throws(InputError) -> [Double] {
    guard let charges = frame.reals(name) ?? frame.integers(name)?.map(Double.init) else {
      throw InputError(frame.source, "--charges: expected the column \(name):R:1, found none")
    }
    guard let atom = charges.firstIndex(where: { !$0.isFinite }) else { return charges }
    throw InputError(
      frame.source, atom: atom, "\(name): expected a charge, found \(charges[atom])")
  }

  /// The element of each type: as asked for, or the elements at the end of `pair_coeff * *`.
  private static func types(_ setup: LAMMPSForces.Setup, _ frame: Frame) throws -> [String] {
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
