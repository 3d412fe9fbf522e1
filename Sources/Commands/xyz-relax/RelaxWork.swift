import Base
import CommandLine
import Crystal
import ForceSources
import Formats
import LinearAlgebra
import Potentials
import StationaryPoints
import Synchronization

/// What xyz-relax does with a frame.
struct RelaxWork: Sendable {
  private let source: EvaluationSource
  private let model: (any Potential)?
  private let options: RelaxationOptions
  private let isSaddle: Bool
  private let counts: Bool
  private let freedom: CellFreedom
  /// In eV/Å³.
  private let pressure: Double
  /// In eV/Å³.
  private let maximumStress: Double

  init(_ command: XYZRelax, _ session: FilterSession) throws {
    source = try EvaluationSource(
      potential: command.potential, command.sources, command.tables, session)
    model = try command.model.map { try loadPotential(path: $0) }
    (isSaddle, counts) = (command.saddle, !command.noCount)
    freedom = CellFreedom(rawValue: command.cell.rawValue) ?? .fixed
    let isRounded = command.sources.isGiven && command.sources.lammps == nil
    var options = RelaxationOptions()
    options.maximumForce = command.maxForce?.value ?? (isRounded ? 1e-5 : 1e-8)
    options.stepLimit = command.maxSteps?.value ?? (command.sources.isGiven ? 2000 : 200)
    self.options = options
    pressure = (command.pressure?.value ?? 0) / RelaxedCell.gigapascal
    maximumStress =
      (command.maxStress?.value ?? (isRounded ? 1e-3 : 1e-7)) / RelaxedCell.gigapascal
  }

  func relaxed(
    _ start: Frame, _ crystal: OccupiedLattice?, threads: Int,
    _ show: @escaping @Sendable (String) -> Void
  ) throws -> FrameResult {
    var options = options
    options.threads = threads
    let progress: @Sendable (Int, Double) -> Void = { step, force in
      show("step \(step), largest force \(force) eV/Å")
    }
    let relaxer: any FrameRelaxation
    var surface: ProgramSurface?
    do {
      switch source {
      case .potential(let potential):
        if isSaddle {
          let point = try SaddleSearch(potential: potential, options: options)
            .saddle(of: start, crystal: crystal, progress: progress)
          return result(start, point)
        }
        relaxer = Relaxation(potential: potential, options: options)
      case .program(let provider):
        let program = ProgramSurface(
          provider, try provider.calculator(of: start), counts: counts)
        surface = program
        relaxer = SurfaceRelaxation(surface: program, model: model, options: options)
      }
      let warnings: () -> [String] = { surface?.warning.map { [$0] } ?? [] }
      guard freedom != .fixed else {
        let point = try relaxer.stationaryPoint(of: start, crystal: crystal, progress: progress)
        return result(start, point, warnings: warnings())
      }
      let relaxed = try relaxer.relaxedCell(
        of: start, crystal: crystal, freedom: freedom, pressure: pressure,
        maximumStress: maximumStress, progress: progress,
        cellProgress: { show("cell \($0), \($1 * RelaxedCell.gigapascal) GPa off the pressure") })
      return result(start, relaxed, warnings: warnings())
    } catch let error as StationaryPointError {
      throw FrameFailure(source: start.source, error: error)
    }
  }

  private func result(
    _ frame: Frame, _ point: StationaryPoint, warnings: [String] = []
  ) -> FrameResult {
    var frame = frame
    frame.setStationaryPoint(point)
    return FrameResult(frame, report: point.report, warnings: warnings)
  }

  private func result(
    _ frame: Frame, _ relaxed: RelaxedCell, warnings: [String]
  ) -> FrameResult {
    var frame = frame
    frame.setRelaxedCell(relaxed, freedom: freedom, pressure: pressure)
    var report = relaxed.point.report
    report.append("stress", .array(relaxed.stress.map { .real($0) }))
    if let constants = relaxed.elasticConstants, freedom == .full {
      report.append(
        "elastic_constants_GPa",
        .array(constants.map { .real($0 * RelaxedCell.gigapascal) }))
    }
    return FrameResult(frame, report: report, warnings: warnings)
  }
}

/// A calculator, and the differences of its forces.
private final class ProgramSurface: EnergySurface {
  private let provider: ForceProvider
  private let calculator: any Calculator
  private let counts: Bool
  private let failure = Mutex<String?>(nil)

  /// In Å, of the differences.
  private static let step = 1e-4

  init(_ provider: ForceProvider, _ calculator: any Calculator, counts: Bool) {
    (self.provider, self.calculator, self.counts) = (provider, calculator, counts)
  }

  /// Why the modes are not counted.
  var warning: String? { failure.withLock { $0 } }

  func evaluate(_ frame: Frame, at positions: [Double]) throws -> SurfacePoint {
    try ForceFailure.naming(frame.source) {
      let found = try calculator.evaluate(frame, at: [positions])[0]
      guard let energy = found.energy else { throw NoEnergy() }
      return SurfacePoint(energy: energy, forces: found.forces, stress: found.stress)
    }
  }

  func hessian(of frame: Frame) throws -> BlockSparseMatrix? {
    guard counts else { return nil }
    do {
      return try ForceFailure.naming(frame.source) {
        try provider.hessian(of: frame, at: .positions, range: nil, step: Self.step).matrix
      }
    } catch let error as ForceFailure where error.isOfDifferences {
      failure.withLock { $0 = "the negative modes are not counted: \(error.reason)" }
      return nil
    }
  }
}

private struct NoEnergy: Error, CustomStringConvertible {
  let description = "expected an energy with the forces, found none"
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
    var report: JSONObject = [
      "energy": .real(energy), "max_force": .real(maximumForce), "steps": .integer(steps),
      "iterations": .integer(iterations),
    ]
    if kind != .unknown { report.append("negative_modes", .integer(negativeModes)) }
    report.append("stationary", .text(kind.rawValue))
    report.append("forces", .array(forceHistory.map { .real($0) }))
    return report
  }
}
