import ArgumentParser
import Base
package import CommandLine
import ForceSources
import Formats
import LinearAlgebra
import Potentials

package var hessian: any CheckedCommand.Type { HessianCommand.self }

struct HessianCommand: FilterCommand {
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case bsr, phonopy
    case phonopyText = "phonopy-text"
    case ase
  }

  static let configuration = CommandConfiguration(
    commandName: "hessian",
    abstract: "Compute the Hessian of every frame: analytic, or from forces of another program.",
    usage: """
      xyz-perturb ... | hessian --potential Si.sw > hessians.h5
      hessian --lammps 'pair_style tersoff; pair_coeff * * SiC.tersoff Si C' -o sic.h5 sic.xyz
      hessian --forces 'python3 examples/python/forces.py emt' -o cu3au.h5 cu3au.xyz
      hessian --potential Si.sw --write phonopy -o force_constants.hdf5 rattled.xyz
      """,
    discussion: """
      Writes the frames with a block-sparse Hessian each (eV/Angstrom^2, formats/hessian.md) and, \
      where the frames carry ref_pos, the Hessian of their common reference, which site-entropy \
      needs. --write phonopy, phonopy-text and ase give the dense force constants of one frame in \
      the file of that program instead.

      --forces takes the forces of a command that is started once, reads extended XYZ and writes every \
      frame again with a column of forces; --ipi those of a client of the i-PI protocol; --lammps those \
      of an installed LAMMPS (units metal), whose commands, between semicolons, begin with pair_style; \
      the types are the elements at the end of 'pair_coeff * *', or those of --types. These strings \
      are code that is run. All by central differences. Atoms that share no force are displaced together, so \
      that the number of evaluations does not grow with the frame; in a perfect crystal those of one \
      primitive cell do. Frames get the keys hessian_method=fd and fd_step; --json says how many \
      evaluations there were, the range of the forces, and the asymmetry that was averaged out.

      --check compares with central differences of the forces and prints the largest difference of \
      each frame on standard error; the cost grows as the square of the number of atoms.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String?

  @OptionGroup(title: "Forces of another program") var sources: ForceOptions

  @Option(
    help: ArgumentHelp(
      """
      Distance up to which the force on an atom depends on another; otherwise found by moving \
      one atom of each sublattice.
      """, valueName: "Å"))
  var range: PositiveReal?

  @Option(help: ArgumentHelp("Displacement of the central differences.", valueName: "Å"))
  var step = PositiveReal(1e-4)

  @Flag(help: "At the reference positions instead of the positions.") var reference = false

  @Flag(help: "Divide block (i, j) by the root of m_i m_j: eV/(Angstrom^2 u).")
  var massWeighted = false

  @Option(help: "The file to write.") var write = Output.bsr

  @Flag(help: "Compare with central differences of the forces.") var check = false

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try sources.validate(beside: potential)
    try tables.validate(beside: potential)
    guard range == nil || sources.isGiven else {
      throw ValidationError("--range: expected --forces, --ipi or --lammps, found none")
    }
    guard !check || potential != nil else {
      throw ValidationError("--check: expected --potential, found \(sources.name)")
    }
    guard write == .bsr || !massWeighted else {
      throw ValidationError(
        "--write \(write.rawValue): expected no --mass-weighted, as force constants are not")
    }
  }

  func perform(_ session: FilterSession) throws {
    let source: HessianSource
    if let provider = try sources.provider() {
      source = .differences(provider, range: range?.value, step: step.value)
    } else {
      let potential = try tables.load(
        potential ?? "", for: .hessians, at: placement, session)
      source = .analytic(potential)
    }
    guard write == .bsr else { return try writeOne(source, session) }
    let (place, massWeighted) = (placement, massWeighted)
    // Most frames of a stream share the last reference.
    let references = BuiltOnce<Frame, StoredHessian>(capacity: 1) { $0.sharesReference(with: $1) }
    // What comes after the last frame, a file as a whole, wants the room.
    defer { references.forget() }
    let check = check
    let origin: LabelMeaning.Source? =
      if case .analytic(let potential) = source {
        LabelMeaning.Source(name: potential.name, contentHash: potential.contentHash)
      } else { sources.labelSource }
    try session.mapFrames(matrices: .add) { job in
      let frame = job.frame
      let masses = try frame.atomicMasses()
      let (matrix, details) = try source.hessian(of: frame, at: place)
      var report: JSONObject = ["blocks": .integer(matrix.blockCount)]
      report.append(contentsOf: details)
      if check, case .analytic(let potential) = source {
        let prepared = try potential.prepared(for: frame, at: place)
        report.append(
          "largest_difference", .real(try prepared.largestDifferenceFromForces(matrix)))
      }
      var attachments = FrameAttachments(
        hessian: try StoredHessian(matrix, masses: masses, massWeighted: massWeighted))
      if frame.referencePositions != nil, frame.siteDefects == nil {
        attachments.referenceHessian = try references.value(for: frame) {
          let (matrix, _) = try source.hessian(of: frame, at: .reference)
          return try StoredHessian(matrix, masses: masses, massWeighted: massWeighted)
        }
      }
      var written = source.marked(frame)
      written.hessianSource = origin
      return FrameResult(written, attachments: attachments, report: report)
    } consumed: { job, result in
      if case .real(let asymmetry)? = result.report["asymmetry"],
        asymmetry > FiniteDifferenceHessian.usualAsymmetry
      {
        session.warn(
          "\(job.frame.source.place): asymmetry \(fourDigits(asymmetry)) of the largest element: "
            + "the forces have a kink within the step, or reach beyond the range")
      }
      if case .real(let largest)? = result.report["largest_difference"] {
        session.message(
          "\(job.frame.source.place): largest difference from central differences of the forces "
            + "\(largest) eV/Å²")
      }
    }
  }

  private var placement: Placement { reference ? .reference : .positions }

  /// The force constants of a single frame in the file of another program.
  private func writeOne(_ source: HessianSource, _ session: FilterSession) throws {
    var written: FrameSource?
    let place = placement
    try session.forEachFrame { job in
      let (matrix, _) = try source.hessian(of: job.frame, at: place)
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
      case .ase:
        var frame = job.frame
        if place == .reference {
          frame.positions = try frame.requiredReferencePositions()
          frame.cell = frame.referenceCell
        }
        try session.write(textBytes: hessian.vibrationsDataJSON(frame: frame))
      case .bsr: break
      }
    }
  }
}
