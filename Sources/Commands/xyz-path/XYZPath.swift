import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import Potentials
import StationaryPoints

package var xyzPath: any CheckedCommand.Type { XYZPath.self }

struct XYZPath: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-path",
    abstract: "Find the path of least energy between two minima, and its saddles.",
    usage: """
      xyz-path --potential Si.sw before.xyz after.xyz > path.xyz
      xyz-path --potential Si.sw --images 11 before.xyz after.xyz | xyz-table --columns frame,energy
      """,
    discussion: """
      Reads two frames, the minima at the ends (xyz-relax), with the same atoms in the same order; \
      --match brings those of the second into the order of the first. A string of images between \
      them, its symmetry broken by small random displacements, is relaxed roughly; its highest image \
      is refined to a saddle by following its mode with the exact Hessian, and from there the atoms \
      run down both sides. Where they do not come to the two ends, there is another minimum between: \
      it is named, and each part is a path of its own.

      Writes the path: the minima, --images images between each two of them, one of which is the \
      saddle. Keys: image, reaction_coordinate (distance along the path, from 0 to 1), energy (eV), \
      max_force (eV/Angstrom); stationary and negative_modes where a frame is an exact stationary \
      point. Labels are those of the first frame.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Parameter file of the potential.", valueName: "file"))
  var potential: String

  @Option(help: ArgumentHelp("Images between two minima.", valueName: "n"))
  var images = PositiveInteger(7)

  @Option(
    help: ArgumentHelp("The largest force at the minima and saddles, in eV/Å.", valueName: "eV/Å"))
  var maxForce = PositiveReal(1e-8)

  @Option(
    help: ArgumentHelp("Steps of Newton's method to a stationary point at most.", valueName: "n"))
  var maxSteps = PositiveInteger(200)

  @Option(
    help: ArgumentHelp(
      "The largest force of the two frames that still counts as stationary, in eV/Å.",
      valueName: "eV/Å"))
  var endForce = PositiveReal(1e-3)

  @Flag(help: "Bring the atoms of the second frame into the order of the first.") var match = false

  @Option(
    help: ArgumentHelp(
      "Standard deviation of the displacements that break the symmetry, in Å.", valueName: "Å"))
  var noise = NonNegativeReal(0.03)

  @Option(
    help: ArgumentHelp("Seed of these displacements: equal seeds give equal bytes.", valueName: "n")
  ) var seed: UInt64 = 0

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    guard images.value >= 3 else {
      throw ValidationError("--images: expected at least 3, found \(images.value)")
    }
  }

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .forces, session)
    var ends: [Frame] = []
    try session.forEachFrame {
      $0.frame
    } consume: { _, frame in
      guard ends.count < 2 else {
        throw InputError(frame.source, "expected two frames, the ends of the path, found another")
      }
      ends.append(frame)
    }
    guard ends.count == 2 else {
      throw InputError(
        ends.first?.source ?? FrameSource(file: "-", frame: 1),
        "expected two frames, the ends of the path, found one")
    }
    let end = try PathEnds(from: ends[0], to: ends[1], isMatching: match).end
    for frame in ends { try check(frame, potential) }
    let crystal = ends[0].referencePositions == nil ? nil : try OccupiedLattice(of: ends[0])
    let line = session.stepProgress()
    defer { line.clear() }
    do {
      let path = try PathSearch(potential: potential, options: options(session.threadCount))
        .path(from: ends[0], to: end, crystal: crystal) { stage, force in
          line.show("\(stage), largest force \(force) eV/Å")
        }
      line.clear()
      if path.intermediateMinima > 0 {
        let count = path.intermediateMinima
        session.note([
          "\(ends[1].source.place): \(count) more \(count == 1 ? "minimum" : "minima") between the two"
        ])
      }
      for index in path.images.indices { try session.write(frame(index, of: path, ends[0])) }
      session.report(path.report)
    } catch let error as StationaryPointError {
      throw PathFailure(source: ends[1].source, reason: "\(error)")
    } catch let error as PathError {
      throw PathFailure(source: ends[1].source, reason: "\(error)")
    }
  }

  private func options(_ threads: Int) -> PathOptions {
    var options = PathOptions()
    options.imageCount = images.value
    options.noise = noise.value
    options.seed = seed
    options.relaxation.maximumForce = maxForce.value
    options.relaxation.stepLimit = maxSteps.value
    options.relaxation.threads = threads
    return options
  }

  private func check(_ frame: Frame, _ potential: any Potential) throws {
    let forces = try potential.forces(of: frame)
    let largest =
      stride(from: 0, to: forces.count, by: 3).map { start in
        forces[start..<start + 3].reduce(0) { $0 + $1 * $1 }.squareRoot()
      }.max() ?? 0
    guard largest <= endForce.value else {
      throw InputError(
        frame.source,
        "expected a stationary structure (xyz-relax), found a force of \(largest) eV/Å "
          + "(--end-force)")
    }
  }

  /// An image as a frame, with the labels of the start.
  private func frame(_ index: Int, of path: ReactionPath, _ start: Frame) -> Frame {
    let image = path.images[index]
    var frame = start
    frame.setPathImage(image, number: index, coordinate: path.reactionCoordinate[index])
    return frame
  }
}

/// A failure of the work on a path.
struct PathFailure: Error, CustomStringConvertible {
  let source: FrameSource
  let reason: String

  var description: String { "\(InputError(source, reason))" }
}

extension ReactionPath {
  /// The line under --json.
  var report: JSONObject {
    let points = images.enumerated().compactMap { index, image -> JSON? in
      guard let point = image.point else { return nil }
      return .object([
        "image": .integer(index), "energy": .real(point.energy),
        "max_force": .real(point.maximumForce), "steps": .integer(point.steps),
        "negative_modes": .integer(point.negativeModes),
        "stationary": .text(point.kind.rawValue),
      ])
    }
    return ["images": .integer(images.count), "points": .array(points)]
  }
}
