import ArgumentParser
import CommandLine
import Crystal
import ForceSources
import Formats
import LinearAlgebra
import Potentials

/// Where Hessians come from.
enum HessianSource: Sendable {
  case analytic(any Potential)
  /// Central differences of forces: their source, the range in Å if it is known, the step in Å.
  case differences(ForceProvider, range: Double?, step: Double)

  /// The Hessian in eV/Å², and what there is to say about it under --json.
  ///
  /// - Throws: `InputError` for the frame's faults, ``ForceFailure`` for those of the forces.
  func hessian(
    of frame: Frame, at place: Placement
  ) throws -> (matrix: BlockSparseMatrix, report: JSONObject) {
    switch self {
    case .analytic(let potential):
      return (try potential.hessian(of: frame, at: place), JSONObject())
    case .differences(let provider, let range, let step):
      let found = try ForceFailure.naming(frame.source) {
        try Self.differences(provider, range, step, frame, place)
      }
      return (
        found.matrix,
        [
          "force_calls": .integer(found.forceCalls), "groups": .integer(found.groupCount),
          "range": .real(found.range), "asymmetry": .real(found.asymmetry),
        ]
      )
    }
  }

  private static func differences(
    _ provider: ForceProvider, _ range: Double?, _ step: Double, _ frame: Frame,
    _ place: Placement
  ) throws -> FiniteDifferenceHessian {
    let forces = try provider.forces(of: frame, at: place)
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
    guard case .differences(_, _, let step) = self else { return frame }
    var frame = frame
    frame.setKey("hessian_method", .text("fd"))
    frame.setKey("fd_step", .real(step))
    return frame
  }
}
