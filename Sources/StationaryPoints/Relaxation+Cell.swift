public import Crystal
public import Formats
internal import LinearAlgebra
internal import Potentials

extension Relaxation: FrameRelaxation {
  /// As the protocol has it.
  public func relaxedCell(
    of frame: Frame, crystal: OccupiedLattice?, freedom: CellFreedom, pressure: Double,
    maximumStress: Double,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void = { _, _ in },
    cellProgress: @escaping @Sendable (_ round: Int, _ stress: Double) -> Void = { _, _ in }
  ) throws -> RelaxedCell {
    try frame.checkCellIsFree()
    guard try potential.bonds(of: frame) == nil else {
      throw InputError(
        frame.source,
        "--cell: expected a potential of positions alone, found springs, which belong to the cell of "
          + "their reference")
    }
    let landscape = try Landscape(potential, frame: frame, threads: options.threads)
    let preconditioner = try Preconditioner(
      crystal, atomCount: frame.atomCount, potential: potential, frame: frame,
      hessian: landscape.hessian(frame.positions))
    let relaxer = NewtonRelaxer(self, preconditioner, progress: progress)
    let descent = CellDescent(
      relaxer: relaxer, freedom: freedom, pressure: pressure, maximumStress: maximumStress,
      progress: cellProgress)
    let end = try descent.descend(frame)
    var point = try counted(relaxer.last(), relaxer.history, preconditioner)
    (point.steps, point.iterations) = (relaxer.steps, relaxer.iterations)
    if point.kind != .degenerate {
      point.negativeModes += try end.response.negativeCount()
      point.kind = StationaryKind(negativeModes: point.negativeModes)
    }
    let volume = abs(try end.frame.positionCell().volume)
    return RelaxedCell(
      point: point, deformation: end.deformation, stress: end.stress,
      elasticConstants: end.response.stiffness.storage.map { $0 / volume })
  }
}

extension Frame {
  /// - Throws: `InputError` where the frame does not repeat along three axes.
  func checkCellIsFree() throws(InputError) {
    guard dimension == 3, periodic == [true, true, true] else {
      throw InputError(
        source, "--cell: expected a frame of 3 dimensions that repeats along all, found another")
    }
  }
}

/// Newton's method in one cell after another.
private final class NewtonRelaxer: AtomRelaxer {
  private let relaxation: Relaxation
  private let preconditioner: Preconditioner
  private let progress: @Sendable (Int, Double) -> Void
  private var state: TrustRegionState?
  private(set) var history: [Double] = []
  private(set) var steps = 0
  private(set) var iterations = 0
  let isExact = true

  /// Strains of the central differences: of first derivatives that are exact.
  private static let strain = 1e-4

  init(
    _ relaxation: Relaxation, _ preconditioner: Preconditioner,
    progress: @escaping @Sendable (Int, Double) -> Void
  ) {
    (self.relaxation, self.preconditioner, self.progress) = (relaxation, preconditioner, progress)
  }

  func noise(of energy: Double) -> Double {
    1e-14 * (abs(energy) + Double(preconditioner.atomCount))
  }

  func last() throws -> TrustRegionState {
    guard let state else { throw StationaryPointError.noConvergedModes(iterations: 0) }
    return state
  }

  func relax(_ frame: Frame) throws -> RelaxedAtoms {
    let landscape = try Landscape(
      relaxation.potential, frame: frame, threads: relaxation.options.threads)
    let done = steps
    let progress = progress
    let (end, forces) = try relaxation.minimum(
      from: frame.positions, landscape, preconditioner,
      progress: { progress(done + $0, $1) })
    state = end
    history += forces
    steps += end.steps
    iterations += end.iterations
    let found = try landscape.prepared.evaluate(positions: end.positions)
    return RelaxedAtoms(positions: end.positions, energy: found.energy, virial: found.virial)
  }

  func response(
    of frame: Frame, _ freedom: CellFreedom, pressure: Double
  ) throws -> ElasticResponse {
    let state = try last()
    let strains = freedom.strains
    let m = strains.count
    var stiffness = Matrix(rowCount: m, columnCount: m)
    // Λ_k, shape [N, d], without a translation.
    var coupling: [[Double]] = []
    for (k, unit) in strains.enumerated() {
      let (up, down) = (
        try strained(frame, unit, Self.strain, freedom, pressure),
        try strained(frame, unit, -Self.strain, freedom, pressure)
      )
      for l in 0..<m { stiffness[k, l] = (up.slope[l] - down.slope[l]) / (2 * Self.strain) }
      coupling.append(
        preconditioner.withoutTranslation(
          zip(up.gradient, down.gradient).map { ($0 - $1) / (2 * Self.strain) }))
    }
    let displacements = coupling.map { solved(state, $0) }
    for k in 0..<m {
      for l in 0..<m { stiffness[k, l] += dot(coupling[k], displacements[l]) }
    }
    for k in 0..<m {
      for l in 0..<k {
        let mean = (stiffness[k, l] + stiffness[l, k]) / 2
        (stiffness[k, l], stiffness[l, k]) = (mean, mean)
      }
    }
    return ElasticResponse(stiffness: stiffness, displacements: displacements)
  }

  /// Slopes by strain and position at a strain.
  private func strained(
    _ frame: Frame, _ unit: [Double], _ size: Double, _ freedom: CellFreedom, _ pressure: Double
  ) throws -> (slope: [Double], gradient: [Double]) {
    var frame = frame
    frame.deform(by: Deformation(strain: unit.map { $0 * size }))
    let landscape = try Landscape(relaxation.potential, frame: frame, threads: 1)
    let found = try landscape.prepared.evaluate()
    return (
      enthalpySlope(
        virial: found.virial, volume: abs(landscape.prepared.cell.volume), freedom,
        pressure: pressure),
      found.forces.map { -$0 }
    )
  }

  /// -H⁻¹Λ; nothing where the Hessian has a negative mode, of which there is no following.
  private func solved(_ state: TrustRegionState, _ coupling: [Double]) -> [Double] {
    let step = TrustRegionStep(
      gradient: coupling, radius: 1e100, tolerance: 1e-9,
      iterationLimit: 2 * coupling.count + 10, hessian: { state.hessian.applied(to: $0) },
      precondition: { [preconditioner] in preconditioner.applied(to: $0) })
    iterations += step.iterations
    guard !step.metNegativeCurvature else {
      return [Double](repeating: 0, count: coupling.count)
    }
    return step.step
  }
}
