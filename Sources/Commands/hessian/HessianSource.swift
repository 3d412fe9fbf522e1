import ArgumentParser
import CommandLine
import Crystal
import Formats
import LinearAlgebra
import Potentials

/// Options of the forces of LAMMPS.
struct LAMMPSOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Forces of LAMMPS: its commands from pair_style on, between semicolons.",
      valueName: "commands"))
  var lammps: String?

  @Option(help: ArgumentHelp("The program of LAMMPS.", valueName: "program"))
  var lmp = "lmp"

  @Option(
    parsing: .upToNextOption,
    help: "Elements of the types 1, 2, …; otherwise those at the end of 'pair_coeff * *'.")
  var types: [String] = []

  @Option(
    help: """
      Distance in Å up to which the force on an atom depends on another; otherwise found by moving \
      one atom of each sublattice.
      """)
  var range: PositiveReal?

  @Option(help: "Displacement of the central differences in Å.") var step = PositiveReal(1e-4)

  func validate() throws {
    guard lammps != nil else {
      guard types.isEmpty, range == nil else {
        throw ValidationError(
          "\(range == nil ? "--types" : "--range"): expected --lammps, found none")
      }
      return
    }
    _ = try setup()
  }

  /// What a process of LAMMPS needs.
  func setup() throws -> LAMMPSForces.Setup {
    let commands = (lammps ?? "").split { $0 == ";" || $0 == "\n" }.map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }.filter { !$0.isEmpty }
    guard commands.contains(where: { $0.hasPrefix("pair_style ") }) else {
      throw ValidationError("--lammps: expected a command pair_style, found none")
    }
    for name in ["units", "read_data", "boundary", "atom_style", "quit", "jump", "include"] {
      if commands.contains(where: { $0 == name || $0.hasPrefix(name + " ") }) {
        throw ValidationError("--lammps: expected no command \(name), which is set here, found one")
      }
    }
    if let unknown = types.first(where: { Element(symbol: $0) == nil }) {
      throw ValidationError("--types: expected symbols of elements, found '\(unknown)'")
    }
    return LAMMPSForces.Setup(
      program: lmp, commands: commands, types: types.isEmpty ? nil : types)
  }
}

/// Where Hessians come from.
enum HessianSource: Sendable {
  case analytic(any Potential)
  case lammps(LAMMPSForces.Setup, Double?, step: Double)

  /// The Hessian in eV/Å², and what there is to say about it under --json.
  ///
  /// - Throws: `InputError` for the frame's faults, ``ForceFailure`` for those of LAMMPS.
  func hessian(
    of frame: Frame, at place: Placement
  ) throws -> (matrix: BlockSparseMatrix, report: JSONObject) {
    switch self {
    case .analytic(let potential):
      return (try potential.hessian(of: frame, at: place), JSONObject())
    case .lammps(let setup, let range, let step):
      do {
        let found = try Self.differences(setup, range, step, frame, place)
        return (
          found.matrix,
          [
            "force_calls": .integer(found.forceCalls), "groups": .integer(found.groupCount),
            "range": .real(found.range), "asymmetry": .real(found.asymmetry),
          ]
        )
      } catch let error as NeighborError {
        throw InputError(frame.source, error)
      } catch let error as InputError {
        throw error
      } catch { throw ForceFailure(source: frame.source, error: error) }
    }
  }

  private static func differences(
    _ setup: LAMMPSForces.Setup, _ range: Double?, _ step: Double, _ frame: Frame,
    _ place: Placement
  ) throws -> FiniteDifferenceHessian {
    let forces = try LAMMPSForces(setup, frame: frame, at: place)
    let isPerfect =
      place == .reference
      || (frame.positions == frame.referencePositions && frame.cell == frame.referenceCell)
    if isPerfect {
      let lattice = try Multilattice(referenceOf: frame)
      if lattice.group.count > 1 {
        return try FiniteDifferenceHessian(of: forces, crystal: lattice, step: step)
      }
    }
    // One of each species and sublattice shows how far forces reach.
    let sublattice = frame.sublattice ?? [Int](repeating: 0, count: frame.atomCount)
    var numbers: [String: Int] = [:]
    let classes = zip(frame.species, sublattice).map { species, sublattice in
      let (name, next) = ("\(species) \(sublattice)", numbers.count)
      let number = numbers[name] ?? next
      numbers[name] = number
      return number
    }
    return try FiniteDifferenceHessian(
      of: forces,
      positions: place == .reference ? frame.requiredReferencePositions() : frame.positions,
      cell: place == .reference ? frame.cellOfReference() : frame.positionCell(),
      classes: classes, range: range, step: step)
  }

  /// The frame with the keys of finite differences.
  func marked(_ frame: Frame) -> Frame {
    guard case .lammps(_, _, let step) = self else { return frame }
    var frame = frame
    frame.setKey("hessian_method", .text("fd"))
    frame.setKey("fd_step", .real(step))
    return frame
  }
}

/// A failure of the forces of one frame.
struct ForceFailure: Error, CustomStringConvertible {
  let source: FrameSource
  let error: any Error

  var description: String { "\(InputError(source, "\(error)"))" }
}
