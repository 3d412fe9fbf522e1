internal import Base
public import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// Brings structures to saddles by following a mode uphill and all others downhill, with the exact
/// Hessian (mathematics.md (11.4)).
///
///     H' = H - 2 Hp(Hp)ᵀ/(pᵀHp),   g' = g - 2 Hp (pᵀg)/(pᵀHp)
///
/// turn the sign of the energy along p, in the decomposition of displacements that are conjugate by H:
/// the minimum of the turned model is the stationary point of the true one. Its step is Steihaug's in a
/// trust region; a step is taken where the gradient at its end is near what the model says.
public struct SaddleSearch: Sendable {
  public let potential: any Potential
  public let options: RelaxationOptions

  public init(potential: any Potential, options: RelaxationOptions = RelaxationOptions()) {
    (self.potential, self.options) = (potential, options)
  }

  /// The saddle that is found from the positions of a frame.
  ///
  /// - Parameters:
  ///   - direction: Where to look for the mode first, in any unit, shape [N, 3]; random if nil.
  ///   - progress: As in ``Relaxation``.
  /// - Throws: `InputError`, ``StationaryPointError``.
  public func saddle(
    of frame: Frame, crystal: OccupiedLattice?, direction: [Double]? = nil,
    progress: @Sendable (_ step: Int, _ maximumForce: Double) -> Void = { _, _ in }
  ) throws -> StationaryPoint {
    let landscape = try Landscape(potential, frame: frame, threads: options.threads)
    let preconditioner = try Preconditioner(
      crystal, atomCount: frame.atomCount, potential: potential, frame: frame,
      hessian: landscape.hessian(frame.positions))
    return try saddle(
      from: frame.positions, landscape, preconditioner, direction: direction, progress: progress
    ).point
  }

  /// The saddle and its mode p, a displacement, shape [N, d].
  func saddle(
    from start: [Double], _ landscape: Landscape, _ preconditioner: Preconditioner,
    direction: [Double]?, progress: @Sendable (Int, Double) -> Void
  ) throws -> (point: StationaryPoint, mode: [Double]) {
    var positions = start
    var gradient = try landscape.gradient(positions)
    var hessian = try landscape.hessian(positions)
    var mode = FollowedMode(
      start: Self.dual(direction, landscape), hessian: hessian, preconditioner: preconditioner)
    var region = options.firstStep * preconditioner.stiffness.squareRoot()
    var (history, iterations, steps) = ([Double](), 0, 0)
    while true {
      let force = largestVector(gradient, dimension: landscape.dimension)
      if history.count == steps {
        history.append(force)
        progress(steps, force)
        try mode.refine(
          hessian: hessian, preconditioner: preconditioner,
          tolerance: max(1e-4, min(0.1, force)), limit: steps == 0 ? 60 : 30)
      }
      if force <= options.maximumForce { break }
      guard steps < options.stepLimit else {
        throw StationaryPointError.notConverged(
          steps: steps, maximumForce: force, goal: options.maximumForce)
      }
      let turned = TurnedModel(mode)
      let slope = preconditioner.withoutTranslation(gradient)
      let strength = dot(slope, preconditioner.applied(to: slope)).squareRoot()
      let trial = TrustRegionStep(
        gradient: turned.gradient(slope), radius: region,
        tolerance: max(1e-12, min(0.01, strength)), iterationLimit: 2 * landscape.order + 10,
        hessian: { turned.image($0, of: hessian) },
        precondition: { preconditioner.applied(to: $0) })
      iterations += trial.iterations
      let farthest = largestVector(trial.step, dimension: landscape.dimension)
      if farthest > options.firstStep {
        region = trial.length * 0.99 * options.firstStep / farthest
        continue
      }
      let next = landscape.moved(positions, by: trial.step)
      if let (slope, error) = try outcome(
        landscape, preconditioner, at: next, gradient, hessian.applied(to: trial.step)),
        error < 0.7
      {
        region = error < 0.25 && trial.isOnBoundary ? 2 * region : error > 0.5 ? region / 2 : region
        (positions, gradient) = (next, slope)
        hessian = try landscape.hessian(positions)
        mode.update(hessian)
        steps += 1
      } else {
        region = trial.length / 4
        guard farthest > 1e-12 else {
          throw StationaryPointError.stalled(
            steps: steps, maximumForce: force, goal: options.maximumForce)
        }
      }
    }
    let modes = try NegativeModes(
      of: UnionOperator(hessian: hessian, preconditioner: preconditioner))
    let point = StationaryPoint(
      positions: positions, energy: try landscape.energy(positions),
      maximumForce: largestVector(gradient, dimension: landscape.dimension), steps: steps,
      iterations: iterations + mode.products, negativeModes: modes.count, kind: modes.kind,
      forceHistory: history)
    return (point, mode.vector)
  }

  /// The gradient at the end of a step, and the part of its change that the model does not have; nil
  /// for atoms in one place.
  private func outcome(
    _ landscape: Landscape, _ preconditioner: Preconditioner, at next: [Double],
    _ gradient: [Double], _ expected: [Double]
  ) throws -> (gradient: [Double], error: Double)? {
    let found: [Double]
    do { found = try landscape.gradient(next) } catch is InputError { return nil }
    func size(_ x: [Double]) -> Double {
      let rest = preconditioner.withoutTranslation(x)
      return max(0, dot(rest, preconditioner.applied(to: rest))).squareRoot()
    }
    var difference = found
    add(-1, gradient, to: &difference)
    add(-1, expected, to: &difference)
    // Below, both sides are the rounding of the forces.
    let noise = 1e-13 * Double(landscape.order).squareRoot()
    return (found, size(difference) / (size(expected) + noise))
  }

  /// A vector with which the search for the mode begins, shape [N, d].
  private static func dual(_ direction: [Double]?, _ landscape: Landscape) -> [Double] {
    let (n, d) = (landscape.atomCount, landscape.dimension)
    if let direction {
      return (0..<n * d).map { direction[$0 / d * 3 + $0 % d] }
    }
    var random = RandomNumbers(keys: 0x5add1e, UInt64(n))
    return (0..<n * d).map { _ in random.normal() }
  }
}

/// A quadratic model whose sign along one mode is turned.
private struct TurnedModel {
  private let mode: FollowedMode
  /// Hp/(pᵀHp) where the curvature is well below zero, else Mp: the same for an eigenvector.
  private let covector: [Double]
  private let curvature: Double

  init(_ mode: FollowedMode) {
    self.mode = mode
    curvature = mode.value
    covector = mode.value < -0.01 ? mode.image.map { $0 / mode.value } : mode.dual
  }

  func gradient(_ g: [Double]) -> [Double] {
    var result = g
    add(-2 * dot(mode.vector, g), covector, to: &result)
    return result
  }

  func image(_ x: [Double], of hessian: BlockSparseMatrix) -> [Double] {
    var result = hessian.applied(to: x)
    add(-2 * curvature * dot(covector, x), covector, to: &result)
    return result
  }
}
