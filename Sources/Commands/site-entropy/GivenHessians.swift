public import ArgumentParser
import CommandLine
public import Formats
import LinearAlgebra
import Synchronization

/// Files of Hessians instead of a potential.
struct HessianOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      File of the Hessian of a frame: ours, phonopy's, ASE's VibrationsData, LAMMPS' \
      dynamical_matrix; once a frame, in order.
      """, valueName: "file"))
  var hessian: [String] = []

  @Option(
    help: ArgumentHelp(
      "Likewise of the reference, with the atoms of the frames in their order.",
      valueName: "file"))
  var referenceHessian: String?

  @Option(help: "Style of a dynamical_matrix in units metal.")
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
  /// A larger violation of either, relative to the largest element, is no matter of rounding.
  private static let largestViolation = 0.05
  /// Below this an analytic Hessian is left as it is.
  private static let rounding = 1e-12
  /// No number of a text takes more, blanks included.
  private static let bytesOfNumber = 64

  let fileCount: Int
  private let options: HessianOptions
  private let firstFrame: Int
  private let reference = Mutex<(masses: [Double], given: Given)?>(nil)

  /// A matrix in eV/Å² and what was wrong with it.
  struct Given: Sendable {
    let matrix: BlockSparseMatrix
    /// The largest |H_ij - H_ji| and |Σ_j H_ij|, each divided by the largest |H_ij|.
    let asymmetry: Double
    let sumRule: Double
    let isRounded: Bool

    /// Keys under --json.
    var report: JSONObject {
      [
        "hessian_asymmetry": .real(asymmetry), "hessian_sum_rule": .real(sumRule),
        "hessian_rounded": .logical(isRounded),
      ]
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

  /// The Hessian of the reference, read once for frames of equal masses; nil where none is given.
  func referenceHessian(of frame: Frame) throws -> Given? {
    guard let path = options.referenceHessian else { return nil }
    let masses = try frame.atomicMasses()
    return try reference.withLock { latest in
      if let latest, latest.masses == masses { return latest.given }
      let given = try read(path, for: frame, isReference: true)
      latest = (masses, given)
      return given
    }
  }

  private func read(_ path: String, for frame: Frame, isReference: Bool) throws -> Given {
    let source = try ByteSource(path: path)
    let isHDF5 = try HessianFileKind(of: source.peek(8)) == .hdf5
    let atoms = min(frame.atomCount, 1 << 20)
    let bytes = try source.readToEnd(
      limit: isHDF5 ? FrameStream.imageLimit : 1 << 20 + 9 * atoms * atoms * Self.bytesOfNumber)
    let stored = try StoredHessian(
      recognising: bytes, name: path, masses: try frame.atomicMasses(),
      style: options.dynamicalMatrix, isReference: isReference)
    guard stored.siteCount == frame.atomCount, stored.blockSize == frame.dimension else {
      throw InputError(
        file: path,
        "expected a Hessian of \(frame.atomCount) atoms in \(frame.dimension) dimensions, as "
          + "\(frame.source.place) has, found one of \(stored.siteCount) in \(stored.blockSize)")
    }
    guard !stored.massWeighted || !stored.masses.isEmpty else {
      throw InputError(file: path, "expected the masses of a mass-weighted Hessian, found none")
    }
    return try Self.corrected(
      BlockSparseMatrix(stored), file: path,
      isRounded: HessianFileKind(of: bytes) == .dynamicalMatrixText)
  }

  private static func corrected(
    _ matrix: BlockSparseMatrix, file: String, isRounded: Bool
  ) throws(InputError) -> Given {
    let largest = matrix.values.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else {
      throw InputError(file: file, "expected a Hessian, found zeros only")
    }
    let asymmetry = matrix.largestAsymmetry() / largest
    var result = asymmetry > 0 ? matrix.symmetrized() : matrix
    let sumRule = result.rowSums().reduce(0) { max($0, abs($1)) } / largest
    for (what, found) in [("symmetric", asymmetry), ("free of net forces", sumRule)]
    where found > largestViolation {
      throw InputError(
        file: file,
        "expected a Hessian that is \(what) to \(largestViolation) of its largest element, found "
          + "\(fourDigits(found))")
    }
    if sumRule > rounding { result = result.withoutTranslations() }
    return Given(matrix: result, asymmetry: asymmetry, sumRule: sumRule, isRounded: isRounded)
  }
}
