import ArgumentParser
import Base
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
        try provider.hessian(of: frame, at: place, range: range, step: step)
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

  /// The frame with the keys of finite differences.
  func marked(_ frame: Frame) -> Frame {
    guard case .differences(_, _, let step) = self else { return frame }
    var frame = frame
    frame.setKey("hessian_method", .text("fd"))
    frame.setKey("fd_step", .real(step))
    return frame
  }
}
