internal import Crystal
public import Formats
public import Potentials

/// The forces of LAMMPS on a structure with groups of its atoms displaced, by a process of its own.
public final class LAMMPSForces: ForceSource {
  public let inFlight = 1
  public let atomCount: Int
  private let process: LAMMPSProcess

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
    var first: [String] { commands.filter(Self.isFirst) }
    var rest: [String] { commands.filter { !Self.isFirst($0) } }

    private static func isFirst(_ command: String) -> Bool {
      command.hasPrefix("kim init ") || command.hasPrefix("kim_init ")
    }
  }

  /// - Parameter place: Whether to take the reference positions.
  public init(_ setup: Setup, frame: Frame, at place: Placement) throws {
    atomCount = frame.atomCount
    process = try LAMMPSProcess(
      setup, frame: frame,
      positions: place == .reference ? frame.requiredReferencePositions() : frame.positions,
      cell: place == .reference ? frame.cellOfReference() : frame.positionCell())
  }

  public func forces(at displacements: [GroupDisplacement]) throws -> [[Double]] {
    try displacements.map { try forces(displacing: $0.atoms, by: $0.vector) }
  }

  private func forces(displacing atoms: [Int], by vector: [Double]) throws -> [Double] {
    let turned = process.turned(vector)
    var text = ""
    for start in stride(from: 0, to: atoms.count, by: 200) {
      let names = atoms[start..<min(start + 200, atoms.count)].map { String($0 + 1) }
      text += "group displaced id \(names.joined(separator: " "))\n"
    }
    text += """
      displace_atoms displaced move \(Self.words(turned)) units box
      run 0 post no
      \(LAMMPSProcess.dump)
      displace_atoms displaced move \(Self.words(turned.map { -$0 })) units box
      group displaced delete

      """
    try process.send(text)
    return try process.forces()
  }

  private static func words(_ vector: [Double]) -> String {
    vector.map { "\($0)" }.joined(separator: " ")
  }
}
