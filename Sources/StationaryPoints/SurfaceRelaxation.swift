public import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// Brings structures to where a program says that no force acts, by preconditioned L-BFGS
/// (mathematics.md (11.8)).
///
/// The preconditioner is the Green function of the reference crystal under a potential of ours that
/// resembles the program's, or under springs. A minimum is only called one after its modes were counted
/// in the Hessian by differences of the program's forces; otherwise it is `unknown`.
public struct SurfaceRelaxation: FrameRelaxation {
  public let surface: any EnergySurface
  /// Whose Hessian of the reference crystal preconditions; nil for springs.
  public let model: (any Potential)?
  public let options: RelaxationOptions

  public init(
    surface: any EnergySurface, model: (any Potential)?, options: RelaxationOptions
  ) {
    (self.surface, self.model, self.options) = (surface, model, options)
  }

  public func stationaryPoint(
    of frame: Frame, crystal: OccupiedLattice?,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void = { _, _ in }
  ) throws -> StationaryPoint {
    let relaxer = try LimitedMemoryRelaxer(self, frame, crystal, progress: progress)
    _ = try relaxer.relax(frame)
    return try relaxer.counted(frame)
  }

  public func relaxedCell(
    of frame: Frame, crystal: OccupiedLattice?, freedom: CellFreedom, pressure: Double,
    maximumStress: Double,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void = { _, _ in },
    cellProgress: @escaping @Sendable (_ round: Int, _ stress: Double) -> Void = { _, _ in }
  ) throws -> RelaxedCell {
    try frame.checkCellIsFree()
    let relaxer = try LimitedMemoryRelaxer(self, frame, crystal, progress: progress)
    let descent = CellDescent(
      relaxer: relaxer, freedom: freedom, pressure: pressure, maximumStress: maximumStress,
      progress: cellProgress)
    let end = try descent.descend(frame)
    return RelaxedCell(
      point: try relaxer.counted(end.frame), deformation: end.deformation, stress: end.stress,
      elasticConstants: nil)
  }
}

/// L-BFGS in one cell after another.
private final class LimitedMemoryRelaxer: AtomRelaxer {
  private let relaxation: SurfaceRelaxation
  private let preconditioner: Preconditioner
  private let progress: @Sendable (Int, Double) -> Void
  private var end: (positions: [Double], point: SurfacePoint)?
  private var history: [Double] = []
  private var steps = 0
  private var evaluations = 0
  let isExact = false

  /// Strains of the differences of stresses, which programs round.
  private static let strain = 1e-3

  init(
    _ relaxation: SurfaceRelaxation, _ frame: Frame, _ crystal: OccupiedLattice?,
    progress: @escaping @Sendable (Int, Double) -> Void
  ) throws {
    (self.relaxation, self.progress) = (relaxation, progress)
    preconditioner = try Preconditioner(
      crystal, atomCount: frame.atomCount, model: relaxation.model, source: frame.source)
  }

  /// Programs print energies with eight decimals, or compute them in single precision.
  func noise(of energy: Double) -> Double { 1e-9 + 1e-14 * abs(energy) }

  func relax(_ frame: Frame) throws -> RelaxedAtoms {
    let options = relaxation.options
    var positions = frame.positions
    var point = try evaluate(frame, positions)
    var memory = LimitedMemory()
    let first = steps
    while true {
      let force = largestVector(point.forces, dimension: 3)
      history.append(force)
      progress(steps, force)
      if force <= options.maximumForce { break }
      guard steps - first < options.stepLimit else {
        throw StationaryPointError.notConverged(
          steps: steps - first, maximumForce: force, goal: options.maximumForce)
      }
      let gradient = slope(point)
      var direction = memory.direction(gradient) { preconditioner.applied(to: $0) }
      if dot(direction, gradient) >= 0 {
        memory.forget()
        direction = memory.direction(gradient) { preconditioner.applied(to: $0) }
      }
      let farthest = largestVector(direction, dimension: 3)
      if farthest > options.firstStep {
        direction = direction.map { $0 * options.firstStep / farthest }
      }
      guard let (next, found, factor) = try searched(frame, positions, point, direction) else {
        guard memory.isEmpty else {
          memory.forget()
          continue
        }
        throw StationaryPointError.stalled(
          steps: steps - first, maximumForce: force, goal: options.maximumForce)
      }
      memory.append(
        step: direction.map { $0 * factor },
        change: zip(slope(found), gradient).map { $0 - $1 },
        precondition: { preconditioner.applied(to: $0) })
      (positions, point) = (next, found)
      steps += 1
    }
    end = (positions, point)
    let volume = frame.cell.contains { $0 != 0 } ? abs(try frame.positionCell().volume) : 0
    return RelaxedAtoms(
      positions: positions, energy: point.energy,
      virial: (point.stress ?? [Double](repeating: 0, count: 9)).map { $0 * volume })
  }

  /// A point along a direction where the energy is lower or, where it could not be told from rounding,
  /// the slope is less steep; nil where there is none.
  private func searched(
    _ frame: Frame, _ positions: [Double], _ point: SurfacePoint, _ direction: [Double]
  ) throws -> (positions: [Double], point: SurfacePoint, factor: Double)? {
    let steepness = dot(slope(point), direction)
    let noise = 100 * noise(of: point.energy)
    var factor = 1.0
    for _ in 0..<12 {
      var next = positions
      add(factor, direction, to: &next)
      let found = try evaluate(frame, next)
      let after = dot(slope(found), direction)
      let decrease = point.energy - found.energy
      let isLower =
        -factor * steepness > noise
        ? decrease > -1e-4 * factor * steepness
        : decrease > -noise && abs(after) < 0.9 * abs(steepness)
      if isLower { return (next, found, factor) }
      // Where the slope would vanish if it changed evenly.
      let secant = after > steepness ? factor * steepness / (steepness - after) : factor / 4
      factor = min(max(secant, 0.1 * factor), 0.5 * factor)
    }
    return nil
  }

  /// ∂E/∂x without its mean.
  private func slope(_ point: SurfacePoint) -> [Double] {
    preconditioner.withoutTranslation(point.forces.map { -$0 })
  }

  private func evaluate(_ frame: Frame, _ positions: [Double]) throws -> SurfacePoint {
    evaluations += 1
    return try relaxation.surface.evaluate(frame, at: positions)
  }

  /// Of the atoms as they are in the strained cell: what they would do themselves is left to the
  /// secants.
  func response(
    of frame: Frame, _ freedom: CellFreedom, pressure: Double
  ) throws -> ElasticResponse {
    let strains = freedom.strains
    let m = strains.count
    var stiffness = Matrix(rowCount: m, columnCount: m)
    for (k, unit) in strains.enumerated() {
      let slopes = try [Self.strain, -Self.strain].map { size in
        var strained = frame
        strained.deform(by: Deformation(strain: unit.map { $0 * size }))
        let found = try evaluate(strained, strained.positions)
        guard let stress = found.stress else { throw StationaryPointError.noStress }
        let volume = abs(try strained.positionCell().volume)
        return enthalpySlope(
          virial: stress.map { $0 * volume }, volume: volume, freedom, pressure: pressure)
      }
      for l in 0..<m {
        let value = (slopes[0][l] - slopes[1][l]) / (4 * Self.strain)
        stiffness[k, l] += value
        stiffness[l, k] += value
      }
    }
    return ElasticResponse(stiffness: stiffness, displacements: [])
  }

  /// The last structure that came to rest, its modes counted if the surface gives a Hessian.
  func counted(_ frame: Frame) throws -> StationaryPoint {
    guard let (positions, point) = end else {
      throw StationaryPointError.noConvergedModes(iterations: 0)
    }
    var found = StationaryPoint(
      positions: positions, energy: point.energy,
      maximumForce: largestVector(point.forces, dimension: 3), steps: steps,
      iterations: evaluations, negativeModes: 0, kind: .unknown, forceHistory: history)
    var frame = frame
    frame.positions = positions
    if let hessian = try relaxation.surface.hessian(of: frame) {
      let modes = try NegativeModes(
        of: UnionOperator(hessian: hessian, preconditioner: preconditioner))
      (found.negativeModes, found.kind) = (modes.count, modes.kind)
    }
    return found
  }
}
