import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import Potentials
import StationaryPoints

package var xyzRelax: any CheckedCommand.Type { XYZRelax.self }

struct XYZRelax: FilterCommand {
  enum PushMode: String, ExpressibleByArgument, CaseIterable {
    case inward, random
  }

  static let configuration = CommandConfiguration(
    commandName: "xyz-relax",
    abstract: "Bring the atoms of every frame to where no force acts.",
    usage: """
      xyz-defect --vacancy center si216.xyz | xyz-relax --potential Si.sw --push inward
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

      Frames get the keys energy (eV), max_force (eV/Angstrom), relax_steps, negative_modes and \
      stationary. Labels pass through; what belonged to the old positions is dropped. A frame that \
      does not get there is an error (exit 70).
      """,
    version: sitevibVersion)

  @Option(name: .shortAndLong, help: "Parameter file of the potential.")
  var potential: String

  @Option(help: "The largest force at the end, in eV/Å.") var maxForce = PositiveReal(1e-8)

  @Option(help: "Steps of Newton's method at most.") var maxSteps = PositiveInteger(200)

  @Option(help: "Displace atoms before the first step.") var push: PushMode?

  @Option(
    help: """
      By how much --push inward brings neighbours closer (otherwise 0.3 Å), or the standard \
      deviation of --push random (otherwise 0.05 Å).
      """)
  var pushSize: PositiveReal?

  @Option(help: "Seed of --push random: equal seeds give equal bytes.") var seed: UInt64?

  @Flag(help: "Go uphill along the softest mode, to a saddle.") var saddle = false

  @OptionGroup var tables: TableOptions

  @OptionGroup var stream: StreamOptions

  func validate() throws {
    guard push != nil || pushSize == nil else {
      throw ValidationError("--push-size: expected --push, found none")
    }
    guard push == .random || seed == nil else {
      throw ValidationError("--seed: expected --push random, found none")
    }
  }

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .forces, session)
    let (push, size) = (displacement, pushSize?.value ?? (self.push == .inward ? 0.3 : 0.05))
    let (maximumForce, limit) = (maxForce.value, maxSteps.value)
    let (threads, isSaddle) = (session.threadCount, saddle)
    let line = session.stepProgress()
    defer { line.clear() }
    try session.mapFrames { job in
      var options = RelaxationOptions()
      options.maximumForce = maximumForce
      options.stepLimit = limit
      options.threads = job.isAlone ? threads : 1
      var frame = job.frame
      let crystal =
        frame.referencePositions == nil ? nil : try OccupiedLattice(of: frame)
      if let push {
        frame.positions = try push.positions(
          of: frame, crystal: crystal, size: size, index: job.index)
      }
      do {
        let show: @Sendable (Int, Double) -> Void = { step, force in
          guard job.isAlone else { return }
          line.show("frame \(job.index), step \(step), largest force \(force) eV/Å")
        }
        let point =
          try isSaddle
          ? SaddleSearch(potential: potential, options: options)
            .saddle(of: frame, crystal: crystal, progress: show)
          : Relaxation(potential: potential, options: options)
            .stationaryPoint(of: frame, crystal: crystal, progress: show)
        frame.setStationaryPoint(point)
        return FrameResult(frame, report: point.report)
      } catch let error as StationaryPointError {
        throw FrameFailure(source: frame.source, error: error)
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

/// A failure of the work on one frame.
struct FrameFailure: Error, CustomStringConvertible {
  let source: FrameSource
  let error: StationaryPointError

  var description: String { "\(InputError(source, "\(error)"))" }
}

extension StationaryPoint {
  /// Its line under --json.
  var report: JSONObject {
    [
      "energy": .real(energy), "max_force": .real(maximumForce), "steps": .integer(steps),
      "iterations": .integer(iterations), "negative_modes": .integer(negativeModes),
      "stationary": .text(kind.rawValue), "forces": .array(forceHistory.map { .real($0) }),
    ]
  }
}
