public import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// How a structure is brought to a stationary point.
public struct RelaxationOptions: Sendable {
  /// The largest length of a force at the end, in eV/Å.
  public var maximumForce = 1e-8
  public var stepLimit = 200
  /// The first step moves no atom farther than this, in Å.
  public var firstStep = 0.3
  /// Threads for one frame; the result does not depend on them.
  public var threads = 1

  public init() {}
}

/// Brings the atoms of frames to where no force acts, by Newton's method with the exact Hessian in a
/// trust region.
///
/// The energy decreases from step to step, so that the end is a minimum unless the start has a
/// symmetry that keeps it on a saddle: the negative modes there are counted (``NegativeModes``).
public struct Relaxation: Sendable {
  public let potential: any Potential
  public let options: RelaxationOptions

  public init(potential: any Potential, options: RelaxationOptions = RelaxationOptions()) {
    (self.potential, self.options) = (potential, options)
  }

  /// The stationary point that is found from the positions of a frame.
  ///
  /// - Parameter progress: Called before each step with its number and the largest force in eV/Å.
  /// - Throws: `InputError` for labels and what the potential does not know,
  ///   ``StationaryPointError``.
  public func stationaryPoint(
    of frame: Frame, crystal: OccupiedLattice?,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void = { _, _ in }
  ) throws -> StationaryPoint {
    let landscape = try Landscape(potential, frame: frame, threads: options.threads)
    let preconditioner = try Preconditioner(
      crystal, atomCount: frame.atomCount, potential: potential, frame: frame,
      hessian: landscape.hessian(frame.positions))
    let (state, history) = try minimum(
      from: frame.positions, landscape, preconditioner, progress: progress)
    return try counted(state, history, preconditioner)
  }

  /// Where the energy is least, downhill of some positions.
  func minimum(
    from start: [Double], _ landscape: Landscape, _ preconditioner: Preconditioner,
    progress: @Sendable (Int, Double) -> Void
  ) throws -> (state: TrustRegionState, history: [Double]) {
    var state = try TrustRegionState(landscape, at: start)
    var history: [Double] = []
    while true {
      let force = state.maximumForce
      history.append(force)
      progress(history.count - 1, force)
      if force <= options.maximumForce { return (state, history) }
      guard state.steps < options.stepLimit else {
        throw StationaryPointError.notConverged(
          steps: state.steps, maximumForce: force, goal: options.maximumForce)
      }
      try state.advance(
        preconditioner, firstStep: options.firstStep, goal: options.maximumForce)
    }
  }

  /// A stationary point with its negative modes.
  func counted(
    _ state: TrustRegionState, _ history: [Double], _ preconditioner: Preconditioner
  ) throws -> StationaryPoint {
    let modes = try NegativeModes(
      of: UnionOperator(hessian: state.hessian, preconditioner: preconditioner))
    return StationaryPoint(
      positions: state.positions, energy: state.energy, maximumForce: state.maximumForce,
      steps: state.steps, iterations: state.iterations, negativeModes: modes.count,
      kind: modes.kind, forceHistory: history)
  }
}

/// Where a minimisation is.
struct TrustRegionState {
  let landscape: Landscape
  private(set) var positions: [Double]
  private(set) var energy: Double
  private(set) var gradient: [Double]
  private(set) var hessian: BlockSparseMatrix
  private(set) var steps = 0
  private(set) var iterations = 0
  /// Δ in eV^(1/2); nil before the first step.
  private var radius: Double?

  var maximumForce: Double { largestVector(gradient, dimension: landscape.dimension) }

  init(_ landscape: Landscape, at positions: [Double]) throws {
    self.landscape = landscape
    self.positions = positions
    energy = try landscape.energy(positions)
    gradient = try landscape.gradient(positions)
    hessian = try landscape.hessian(positions)
  }

  /// One step that lowers the energy; trials that do not are repeated in a smaller region.
  ///
  /// - Throws: ``StationaryPointError/stalled(steps:maximumForce:goal:)``.
  mutating func advance(_ preconditioner: Preconditioner, firstStep: Double, goal: Double) throws {
    let slope = preconditioner.withoutTranslation(gradient)
    let strength = dot(slope, preconditioner.applied(to: slope)).squareRoot()
    // Superlinear: the closer, the more exact.
    let tolerance = min(0.01, strength)
    var region = radius ?? 4 * firstStep * preconditioner.stiffness.squareRoot()
    while true {
      let trial = TrustRegionStep(
        gradient: slope, radius: region, tolerance: max(tolerance, 1e-12),
        iterationLimit: 2 * landscape.order + 10, hessian: { hessian.applied(to: $0) },
        precondition: { preconditioner.applied(to: $0) })
      iterations += trial.iterations
      let farthest = largestVector(trial.step, dimension: landscape.dimension)
      if radius == nil, farthest > firstStep {
        region = trial.length * firstStep / farthest
        radius = region
        continue
      }
      let next = landscape.moved(positions, by: trial.step)
      if let found = try accepted(trial, at: next, preconditioner, strength) {
        let grows = found.ratio > 0.75 && trial.isOnBoundary
        let shrinks = found.ratio < 0.25
        radius = grows ? 2 * region : shrinks ? trial.length / 4 : region
        (positions, energy, gradient) = (next, found.energy, found.gradient)
        hessian = try landscape.hessian(positions)
        steps += 1
        return
      }
      region = trial.length / 4
      radius = region
      guard farthest > 1e-13 else {
        throw StationaryPointError.stalled(
          steps: steps, maximumForce: maximumForce, goal: goal)
      }
    }
  }

  /// Energy and gradient at the end of a trial that is to be taken, and the ratio of the decrease of
  /// the energy to what was expected; nil for one that is not.
  private func accepted(
    _ trial: TrustRegionStep, at next: [Double], _ preconditioner: Preconditioner,
    _ strength: Double
  ) throws -> (energy: Double, gradient: [Double], ratio: Double)? {
    let (after, slope): (Double, [Double])
    do {
      after = try landscape.energy(next)
      slope = try landscape.gradient(next)
    } catch is InputError {
      // Atoms in one place: no energy is higher.
      return nil
    }
    let decrease = energy - after
    // Below, the difference of two energies is their rounding; the forces then decide.
    let noise = 1e-14 * (abs(energy) + Double(landscape.atomCount))
    if trial.predictedDecrease < 100 * noise {
      let rest = preconditioner.withoutTranslation(slope)
      let size = dot(rest, preconditioner.applied(to: rest)).squareRoot()
      return size < strength && decrease > -100 * noise ? (after, slope, 1) : nil
    }
    let ratio = decrease / trial.predictedDecrease
    return ratio > 1e-4 ? (after, slope, ratio) : nil
  }
}
