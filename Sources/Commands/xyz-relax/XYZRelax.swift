import ArgumentParser
import Base
package import CommandLine
import Crystal
import ForceSources
import Formats
import StationaryPoints

package var xyzRelax: any CheckedCommand.Type { XYZRelax.self }

struct XYZRelax: FilterCommand {
  /// ``CellFreedom`` as an option.
  enum CellMode: String, ExpressibleByArgument, CaseIterable {
    case fixed, volume, full
  }

  enum PushMode: String, ExpressibleByArgument, CaseIterable {
    case inward, random
  }

  static let configuration = CommandConfiguration(
    commandName: "xyz-relax",
    abstract: "Bring the atoms of every frame to where no force acts.",
    usage: """
      xyz-defect --vacancy center si216.xyz | xyz-relax --potential Si.sw --push inward
      xyz-relax --potential Si.sw --cell full --pressure 5 si216.xyz > compressed.xyz
      xyz-relax --lammps 'pair_style tersoff; pair_coeff * * SiC.tersoff Si C' sic.xyz
      xyz-relax --potential Si.sw --max-force 1e-10 split.xyz > relaxed.xyz
      xyz-relax --potential Si.sw --saddle halfway.xyz > saddle.xyz
      """,
    discussion: """
      Newton's method with the exact Hessian in a trust region: the energy falls with every step. \
      Frames with ref_pos and sublattice, defects among them (xyz-label, xyz-defect), are \
      preconditioned by the Green function of their reference crystal, so that the steps do not \
      depend on the size of the cell; others work, but take longer.

      The negative modes of the end are counted by Lanczos' process on the exact Hessian, with an \
      error bound: stationary=minimum, saddle (one), higher (several), or degenerate, where a mode \
      beside the translations has no stiffness. A start of high symmetry keeps it and may end on a \
      saddle; an ideal vacancy may even be stationary as it is. --push inward brings the nearest \
      neighbours of each vacant site closer to it first, --push random displaces the atoms around \
      the defects by normal random numbers. --saddle follows the softest mode uphill and all others \
      downhill.

      --cell volume lets the cell change its size, --cell full its lengths and angles too, until the \
      stress is that of --pressure. The reference positions are deformed with the cell, so that labels \
      keep their meaning; the negative modes are then those of atoms and cell together.

      With --forces, --ipi or --lammps another program gives energies and forces (formats/forces.md): \
      L-BFGS, preconditioned by the Green function of the reference crystal under the potential of \
      --model, or under springs. The modes are then counted in the Hessian by differences of the forces; \
      with --no-count, or where the differences give none, stationary=unknown.

      Frames get the keys energy (eV), max_force (eV/Angstrom), relax_steps, negative_modes and \
      stationary, and with --cell stress (eV/Angstrom^3), relax_cell and relax_pressure (GPa). Labels \
      pass through; what belonged to the old positions is dropped. A frame that does not get there is an \
      error (exit 70).
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Parameter file of the potential.", valueName: "file"))
  var potential: String?

  @OptionGroup(title: "Forces of another program") var sources: ForceOptions

  @Option(
    help: ArgumentHelp(
      """
      Parameter file of a potential that resembles the forces of --forces, --ipi or --lammps: its \
      reference crystal preconditions.
      """, valueName: "file"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      """
      The largest force at the end, in eV/Å; otherwise 1e-8, or 1e-5 with --forces and --ipi.
      """, valueName: "eV/Å"))
  var maxForce: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Steps at most, in one cell; otherwise 200 of Newton's method, 2000 of L-BFGS.",
      valueName: "n"))
  var maxSteps: PositiveInteger?

  @Option(help: "Which cells are allowed.") var cell = CellMode.fixed

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pressure on the cell; otherwise 0.", valueName: "GPa"))
  var pressure: Real?

  @Option(
    help: ArgumentHelp(
      """
      How far the stress may be off the pressure; otherwise 1e-7, or 1e-3 with --forces and --ipi.
      """, valueName: "GPa"))
  var maxStress: PositiveReal?

  @Flag(help: "Do not count negative modes by differences of forces.") var noCount = false

  @Option(help: "Displace atoms before the first step.") var push: PushMode?

  @Option(
    help: ArgumentHelp(
      """
      By how much --push inward brings neighbours closer (otherwise 0.3 Å), or the standard \
      deviation of --push random (otherwise 0.05 Å).
      """, valueName: "Å"))
  var pushSize: PositiveReal?

  @Option(
    help: ArgumentHelp("Seed of --push random: equal seeds give equal bytes.", valueName: "n"))
  var seed: UInt64?

  @Flag(help: "Go uphill along the softest mode, to a saddle.") var saddle = false

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try sources.validate(beside: potential)
    try tables.validate(beside: potential)
    guard push != nil || pushSize == nil else {
      throw ValidationError("--push-size: expected --push, found none")
    }
    guard push == .random || seed == nil else {
      throw ValidationError("--seed: expected --push random, found none")
    }
    guard cell != .fixed || (pressure == nil && maxStress == nil) else {
      throw ValidationError(
        "--\(pressure == nil ? "max-stress" : "pressure"): expected --cell volume or full, found none"
      )
    }
    guard !saddle || (cell == .fixed && potential != nil) else {
      throw ValidationError(
        "--saddle: expected --potential and no --cell, found \(potential == nil ? sources.name : "one")"
      )
    }
    guard sources.isGiven || (model == nil && !noCount) else {
      throw ValidationError(
        "--\(noCount ? "no-count" : "model"): expected --forces, --ipi or --lammps, found none")
    }
  }

  func perform(_ session: FilterSession) throws {
    let work = try RelaxWork(self, session)
    let (push, size) = (displacement, pushSize?.value ?? (self.push == .inward ? 0.3 : 0.05))
    let threads = session.threadCount
    let line = session.stepProgress()
    defer { line.clear() }
    try session.mapFrames { job in
      var frame = job.frame
      let crystal =
        frame.referencePositions == nil ? nil : try OccupiedLattice(of: frame)
      if let push {
        frame.positions = try push.positions(
          of: frame, crystal: crystal, size: size, index: job.index)
      }
      return try work.relaxed(frame, crystal, threads: job.isAlone ? threads : 1) { text in
        guard job.isAlone else { return }
        line.show("frame \(job.index), \(text)")
      }
    }
  }

  private var displacement: Push? {
    switch push {
    case nil: nil
    case .inward: .inward
    case .random: .random(seed: seed ?? 0)
    }
  }
}
