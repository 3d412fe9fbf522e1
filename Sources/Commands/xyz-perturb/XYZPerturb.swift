import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats

package var xyzPerturb: any CheckedCommand.Type { XYZPerturb.self }

struct XYZPerturb: FilterCommand {
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case localized, rattle, cosine, tail, strain
  }

  /// `random` or the number of an atom.
  struct Center: ExpressibleByArgument {
    var value: Perturbation.Center = .random

    init() {}

    init?(argument: String) {
      if argument == "random" { return }
      guard let index = NonNegativeInteger(argument: argument) else { return nil }
      value = .atom(index.value)
    }

    var defaultValueDescription: String { "random" }
  }

  static let configuration = CommandConfiguration(
    commandName: "xyz-perturb",
    abstract: "Displace the atoms of labelled frames.",
    usage: """
      xyz-perturb --mode localized --amplitude 0.05 --radius 5 --samples 60 --seed 1 si216.xyz
      xyz-build diamond --species Si -a 5.431 | xyz-perturb --mode rattle --amplitude 0.03
      """,
    discussion: """
      Every input frame gives --samples copies, numbered in config_id. The displacement is added to \
      pos; ref_pos stays. The random numbers depend on --seed, the number of the frame and that of \
      the copy only, so that slices (--first-frame, --frames) equal a run over all.

      localized: every coordinate normal with standard deviation --amplitude for the sites within \
      --radius of the centre; no other atom moves.
      rattle: the same for all atoms.
      cosine: u = amplitude cos(2 pi n.s) e, with n from --wave, s the fractional reference \
      coordinates, e from --direction (else random).
      tail: |u| = amplitude (1 + r/radius)^-exponent in random directions, r from the centre.
      strain: x -> (1 + E) x with E = amplitude (G + Gt)/2, G independent standard normal; the \
      reference keeps its cell in ref_lattice.

      Moved atoms are marked in the column core. Labels, predictions, energies and forces of the \
      input are dropped: they belong to other positions. An atom that would pass half the \
      nearest-neighbour distance is an error, in frames with defects three quarters.

      Frames with vacancies, antisites and added atoms are displaced as they are relaxed; an added \
      atom has the place where it was put for its site.
      """,
    version: sitevibVersion)

  static let tripleOptions = ["--wave", "--direction"]

  @Option(help: "How to displace.") var mode: Mode

  @Option(
    help: ArgumentHelp("Size of the displacements in Å, of the strain in 1.", valueName: "Å|1"))
  var amplitude: NonNegativeReal

  @Option(help: ArgumentHelp("Radius of localized and r0 of tail, in Å.", valueName: "Å"))
  var radius: PositiveReal?

  @Option(
    help: ArgumentHelp(
      "Centre of localized and tail: an atom counted from 0, or 'random'.",
      valueName: "random|index"))
  var center = Center()

  @Option(help: ArgumentHelp("Exponent q of tail.", valueName: "q")) var exponent: PositiveReal?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Wave vector of cosine in whole waves a cell.", valueName: "n1 n2 n3"))
  var wave: IntegerTriple?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Direction of cosine; random if not given.", valueName: "x y z"))
  var direction: RealTriple?

  @Option(help: ArgumentHelp("Copies of every frame.", valueName: "n"))
  var samples = PositiveInteger(1)

  @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n")) var seed: UInt64 = 0

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try allow("--radius", radius != nil, required: true, in: [.localized, .tail])
    try allow("--exponent", exponent != nil, required: true, in: [.tail])
    try allow("--wave", wave != nil, required: true, in: [.cosine])
    try allow("--direction", direction != nil, required: false, in: [.cosine])
    try allow("--center", center.value != .random, required: false, in: [.localized, .tail])
  }

  func perform(_ session: FilterSession) throws {
    let perturbation = perturbation
    let seed = seed
    // What copies of one frame share is found once for all of them.
    let prepared = BuiltOnce<Int, PerturbationBase>(capacity: 1)
    try session.mapFrames(copies: samples.value) { job in
      let base = try prepared.value(for: job.index) { try PerturbationBase(job.frame) }
      let frame = try base.perturbed(
        by: perturbation, seed: seed, frameIndex: job.index, copy: job.copy)
      return FrameResult(frame)
    }
  }

  private var perturbation: Perturbation {
    let (size, radius) = (amplitude.value, radius?.value ?? 0)
    return switch mode {
    case .localized: .localized(amplitude: size, radius: radius, center: center.value)
    case .rattle: .rattle(amplitude: size)
    case .cosine:
      .cosine(amplitude: size, wave: wave?.values ?? [0, 0, 0], direction: direction?.values)
    case .tail:
      .tail(
        amplitude: size, radius: radius, exponent: exponent?.value ?? 0, center: center.value)
    case .strain: .strain(amplitude: size)
    }
  }

  /// An option of other modes is a mistake, not a detail to pass over.
  private func allow(
    _ option: String, _ isGiven: Bool, required: Bool, in modes: [Mode]
  ) throws {
    if modes.contains(mode) {
      guard isGiven || !required else {
        throw ValidationError("--mode \(mode.rawValue): expected \(option), found none")
      }
    } else if isGiven {
      throw ValidationError("--mode \(mode.rawValue): expected no \(option), found one")
    }
  }
}
