import Base
import CommandLine
import Formats
import LinearAlgebra
import SiteEntropy
import Synchronization

/// The Hessians that stand beside the frames in HDF5, checked as those of other files are: scripts may
/// write them too.
final class AttachedHessians: Sendable {
  /// That of the reference is one for many frames.
  private let reference = BuiltOnce<(frame: Frame, stored: StoredHessian), GivenHessian?>(
    capacity: 1
  ) { $0.frame.sharesReference(with: $1.frame) && $0.stored == $1.stored }
  /// What is to be said of references that were read.
  private let unsaid = Mutex<[String]>([])

  /// The Hessian beside a frame, checked, and the frame with its masses; nil where there is none, or
  /// where the atoms do not feel each other.
  ///
  /// - Throws: `InputError` where it cannot be the Hessian of these atoms.
  func hessian(of job: FrameJob) throws -> (given: GivenHessian, frame: Frame)? {
    guard let stored = job.attachments.hessian else { return nil }
    return try check(stored, job.frame, isReference: false)
  }

  /// Likewise of the reference.
  func referenceHessian(of job: FrameJob) throws -> GivenHessian? {
    guard let stored = job.attachments.referenceHessian else { return nil }
    return try reference.value(for: (job.frame, stored)) {
      let given = try check(stored, job.frame, isReference: true)?.given
      if let given { unsaid.withLock { $0 += given.warnings } }
      return given
    }
  }

  /// The warnings of references since the last call.
  func takeWarnings() -> [String] {
    unsaid.withLock { warnings in
      defer { warnings = [] }
      return warnings
    }
  }

  private func check(
    _ stored: StoredHessian, _ frame: Frame, isReference: Bool
  ) throws -> (given: GivenHessian, frame: Frame)? {
    guard stored.matrix.values.contains(where: { $0 != 0 }) else { return nil }
    let name = frame.source.place + (isReference ? ": its reference Hessian" : ": its Hessian")
    guard stored.siteCount == frame.atomCount, stored.blockSize == frame.dimension else {
      throw InputError(
        file: name,
        "expected \(frame.atomCount) atoms and dimension \(frame.dimension), found "
          + "\(stored.siteCount) and \(stored.blockSize)")
    }
    let weighted = try frame.settingMasses(
      stored.masses.isEmpty ? nil : stored.masses, of: name)
    let given = try GivenHessian(
      checking: stored.withoutMassWeights, of: weighted, isReference: isReference,
      rowsAreKnown: true, name: name)
    return (given, weighted)
  }
}
