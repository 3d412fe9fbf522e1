public import ArgumentParser
import Base
import CommandLine
import Crystal
public import Formats
import LinearAlgebra
import SiteEntropy
import Synchronization

/// Files of Hessians instead of a potential.
struct HessianOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      File of the Hessian of a frame: ours, phonopy's, ASE's VibrationsData, NumPy's .npy, LAMMPS' \
      dynamical_matrix; once a frame, in order.
      """, valueName: "file"))
  var hessian: [String] = []

  @Option(
    help: ArgumentHelp(
      "Likewise of the reference, with the atoms of the frames in their order.",
      valueName: "file"))
  var referenceHessian: String?

  @Option(help: ArgumentHelp("Style of a dynamical_matrix in units metal.", valueName: "style"))
  var dynamicalMatrix = StoredHessian.DynamicalMatrixStyle.regular

  /// Whether anything is given.
  var isGiven: Bool { !hessian.isEmpty || referenceHessian != nil }

  func validate() throws {
    guard !([referenceHessian].compactMap { $0 } + hessian).contains("-") else {
      throw ValidationError("--hessian: expected a file, found '-', which holds the frames")
    }
  }
}

extension StoredHessian.DynamicalMatrixStyle: ExpressibleByArgument {}

/// The Hessians of files, read when their frame comes.
///
/// Finite differences and electronic structure obey symmetry and translations only nearly: both are
/// imposed, and what was missing is told.
final class GivenHessians: Sendable {
  /// No number of a text takes more, blanks included.
  private static let bytesOfNumber = 64

  let fileCount: Int
  private let options: HessianOptions
  private let firstFrame: Int
  private let reference = BuiltOnce<Frame, Given>(capacity: 1) { $0.sharesReference(with: $1) }
  /// What is to be said of references that were read.
  private let unsaid = Mutex<[String]>([])

  /// A Hessian in the order of a frame, checked.
  struct Given: Sendable {
    let name: String
    let hessian: GivenHessian
    /// The atoms of the frame that have rows; nil for all of them.
    let freeAtoms: [Int]?
    /// In u, shape [N]; nil where the file leaves them to the frame.
    let masses: [Double]?
    let isReordered: Bool
    let isOrderInferred: Bool
    let isRounded: Bool

    /// Keys under --json.
    var report: JSONObject {
      var report: JSONObject = [
        "hessian_asymmetry": .real(hessian.asymmetry),
        "hessian_sum_rule": .real(hessian.sumRule ?? 0),
        "hessian_rounded": .logical(isRounded), "hessian_reordered": .logical(isReordered),
      ]
      if let freeAtoms { report.append("free_atoms", .integer(freeAtoms.count)) }
      return report
    }

    /// One clause for each thing that the user should know.
    var warnings: [String] {
      hessian.warnings
        + (isRounded
          ? ["\(name): a dynamical_matrix as text has 8 decimals, binary yes all"] : [])
        + (isOrderInferred
          ? ["\(name): its atoms stand in another order of the same crystal, which was undone"]
          : [])
    }
  }

  init(_ options: HessianOptions, firstFrame: Int) {
    (self.options, self.firstFrame) = (options, firstFrame)
    fileCount = options.hessian.count
  }

  /// The Hessian of a frame; nil where files give that of the reference only.
  func hessian(of job: FrameJob) throws -> Given? {
    guard fileCount > 0 else { return nil }
    let index = job.index - firstFrame
    guard index < fileCount else {
      throw InputError(
        job.frame.source, "--hessian: expected a file for every frame, found \(fileCount)")
    }
    return try read(options.hessian[index], for: job.frame, isReference: false)
  }

  /// Refuses files that no frame had.
  func checkAllUsed(frameCount: Int) throws {
    guard frameCount < fileCount else { return }
    throw ValidationError(
      "--hessian: expected as many files as frames, \(frameCount), found \(fileCount)")
  }

  /// The Hessian of the reference, read once for frames of one reference; nil where none is given.
  func referenceHessian(of frame: Frame) throws -> Given? {
    guard let path = options.referenceHessian else { return nil }
    return try reference.value(for: frame) {
      let given = try read(path, for: frame, isReference: true)
      unsaid.withLock { $0 += given.warnings }
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

  private func read(_ path: String, for frame: Frame, isReference: Bool) throws -> Given {
    let source = try ByteSource(path: path)
    let isHDF5 = try HessianFileKind(of: source.peek(8)) == .hdf5
    let atoms = min(frame.atomCount, 1 << 20)
    let bytes = try source.readToEnd(
      limit: isHDF5 ? FrameStream.imageLimit : 1 << 20 + 9 * atoms * atoms * Self.bytesOfNumber)
    let file = try HessianFile(
      recognising: bytes, name: path, masses: try frame.atomicMasses(),
      style: options.dynamicalMatrix, isReference: isReference)
    let framed = try file.hessian(of: frame, isReference: isReference)
    let stored = framed.hessian
    guard !stored.massWeighted || !stored.masses.isEmpty else {
      throw InputError(file: path, "expected the masses of a mass-weighted Hessian, found none")
    }
    guard framed.freeAtoms == nil || !isReference else {
      throw InputError(
        file: path,
        "expected the Hessian of all atoms of the reference, found one of \(stored.siteCount)")
    }
    let weighted = try frame.settingMasses(framed.masses, of: path)
    return Given(
      name: path,
      hessian: try GivenHessian(
        checking: stored.withoutMassWeights, of: weighted, isReference: isReference,
        freeAtoms: framed.freeAtoms, name: path),
      freeAtoms: framed.freeAtoms, masses: framed.masses, isReordered: framed.isReordered,
      isOrderInferred: framed.isOrderInferred, isRounded: file.kind == .dynamicalMatrixText)
  }
}

extension Frame {
  /// Masses that differ by less than this share are the same, rounded.
  private static let massRounding = 1e-3

  /// The frame with the masses that stand in the file of its Hessian.
  ///
  /// - Throws: `InputError` where the frame has masses of its own, and they are others.
  func settingMasses(_ given: [Double]?, of file: String) throws -> Frame {
    guard let given else { return self }
    let own = try atomicMasses()
    let different = own.indices.first { abs(own[$0] - given[$0]) > Self.massRounding * own[$0] }
    guard let atom = different else { return self }
    guard reals("masses") == nil else {
      throw InputError(
        file: file,
        "masses: expected those of \(source.place), \(own[atom]) u of atom \(atom + 1), found "
          + "\(given[atom]) u")
    }
    var frame = self
    frame.setColumn(Column("masses", .real(given)))
    return frame
  }
}
