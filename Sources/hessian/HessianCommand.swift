import ArgumentParser
import CommandLine
import Formats
import LinearAlgebra
import Potentials
import Synchronization

@main struct HessianCommand: FilterCommand {
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case bsr, phonopy
    case phonopyText = "phonopy-text"
    case ase
  }

  static let configuration = CommandConfiguration(
    commandName: "hessian",
    abstract: "Compute the exact analytic Hessian of every frame.",
    usage: """
      xyz-perturb ... | hessian --potential Si.sw > hessians.h5
      hessian --potential Si.sw --write phonopy -o force_constants.hdf5 rattled.xyz
      """,
    discussion: """
      Writes the frames with a block-sparse Hessian each (eV/Angstrom^2, formats/hessian.md) and, \
      where the frames carry ref_pos, the Hessian of their common reference, which site-entropy \
      needs. --write phonopy, phonopy-text and ase give the dense force constants of one frame in \
      the file of that program instead.

      --check compares with central differences of the forces and prints the largest difference of \
      each frame on standard error; the cost grows as the square of the number of atoms.
      """,
    version: sitevibVersion)

  @Option(name: .shortAndLong, help: "Parameter file: LAMMPS .sw, or springs as JSON.")
  var potential: String

  @Flag(help: "At the reference positions instead of the positions.") var reference = false

  @Flag(help: "Divide block (i, j) by the root of m_i m_j: eV/(Angstrom^2 u).")
  var massWeighted = false

  @Option(help: "The file to write.") var write = Output.bsr

  @Flag(help: "Compare with central differences of the forces.") var check = false

  @OptionGroup var stream: StreamOptions

  func validate() throws {
    guard write == .bsr || !massWeighted else {
      throw ValidationError(
        "--write \(write.rawValue): expected no --mass-weighted, as force constants are not")
    }
  }

  func perform(_ session: FilterSession) throws {
    let potential = try loadPotential(path: potential)
    guard write == .bsr else { return try writeOne(potential, session) }
    let (place, massWeighted) = (placement, massWeighted)
    let references = LatestReference()
    let check = check
    try session.mapFrames(matrices: .add) { job in
      let frame = job.frame
      let masses = try frame.atomicMasses()
      let prepared = try potential.prepared(for: frame, at: place)
      let matrix = try prepared.hessian()
      var report: JSONObject = ["blocks": .integer(matrix.blockCount)]
      if check {
        let largest = try prepared.largestDifferenceFromForces(matrix)
        report.append("largest_difference", .real(largest))
      }
      var attachments = FrameAttachments(
        hessian: try StoredHessian(matrix, masses: masses, massWeighted: massWeighted))
      if frame.referencePositions != nil, frame.siteDefects == nil {
        attachments.referenceHessian = try references.hessian(of: frame) {
          let matrix = try potential.hessian(of: frame, at: .reference)
          return try StoredHessian(matrix, masses: masses, massWeighted: massWeighted)
        }
      }
      return FrameResult(frame, attachments: attachments, report: report)
    } consumed: { job, result in
      if case .real(let largest)? = result.report["largest_difference"] {
        session.message(
          "\(job.frame.source.place): largest difference from central differences of the forces "
            + "\(largest) eV/Å²")
      }
    }
  }

  private var placement: Placement { reference ? .reference : .positions }

  /// The force constants of a single frame in the file of another program.
  private func writeOne(_ potential: any Potential, _ session: FilterSession) throws {
    var written: FrameSource?
    let place = placement
    try session.forEachFrame { job in
      let matrix = try potential.hessian(of: job.frame, at: place)
      return try StoredHessian(
        matrix, masses: try job.frame.atomicMasses(), massWeighted: false)
    } consume: { job, hessian in
      if let written {
        throw InputError(
          job.frame.source,
          "--write \(write.rawValue): expected one frame, found another behind \(written.place)")
      }
      written = job.frame.source
      switch write {
      case .phonopy: try session.write(binary: hessian.phonopyHDF5())
      case .phonopyText: try session.write(textBytes: hessian.forceConstantsText())
      case .ase: try session.write(textBytes: hessian.vibrationsDataJSON(frame: job.frame))
      case .bsr: break
      }
    }
  }
}

/// The Hessian of the last reference, which most frames of a stream share.
private final class LatestReference: Sendable {
  private let latest = Mutex<(frame: Frame, hessian: StoredHessian)?>(nil)

  func hessian(of frame: Frame, _ make: () throws -> StoredHessian) throws -> StoredHessian {
    try latest.withLock { latest in
      if let latest, latest.frame.sharesReference(with: frame) { return latest.hessian }
      let hessian = try make()
      latest = (frame, hessian)
      return hessian
    }
  }
}
