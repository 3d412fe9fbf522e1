public import Crystal
public import Formats
internal import LinearAlgebra

/// A structure and its cell at rest under a pressure.
public struct RelaxedCell: Sendable {
  /// Its negative modes are those of atoms and cell together.
  public var point: StationaryPoint
  /// What became of the cell: F, with `cell` F the cell at the end.
  public var deformation: Deformation
  /// σ in eV/Å³, shape [3, 3].
  public var stress: [Double]
  /// ∂²(E + pV)/∂ε∂ε of the whole cell over its volume in eV/Å³, the atoms following, shape [m, m] with
  /// the strains of ``CellFreedom``; at no pressure the elastic constants in Voigt's order. nil where
  /// they are known as a guess only.
  public var elasticConstants: [Double]?
}

extension RelaxedCell {
  /// GPa in an eV/Å³ (CODATA 2018).
  public static let gigapascal = 160.217_663_4
}

/// What brings frames to rest: a potential of ours by Newton's method, or a program by L-BFGS.
public protocol FrameRelaxation: Sendable {
  /// The stationary point downhill of a frame.
  func stationaryPoint(
    of frame: Frame, crystal: OccupiedLattice?,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void
  ) throws -> StationaryPoint

  /// The structure and the cell at rest under a pressure, downhill of a frame (mathematics.md (11.6)).
  ///
  /// - Parameters:
  ///   - freedom: Which cells are allowed.
  ///   - pressure: p in eV/Å³.
  ///   - maximumStress: How far the stress may be off -p, in eV/Å³.
  ///   - progress: Called before each step with its number and the largest force in eV/Å.
  ///   - cellProgress: Called before each change of the cell with its number and the stress beyond the
  ///     pressure in eV/Å³.
  /// - Throws: `InputError`, also for a frame that does not repeat along three axes and for springs,
  ///   which belong to the cell of their reference; ``StationaryPointError``; what a program throws.
  func relaxedCell(
    of frame: Frame, crystal: OccupiedLattice?, freedom: CellFreedom, pressure: Double,
    maximumStress: Double,
    progress: @escaping @Sendable (_ step: Int, _ maximumForce: Double) -> Void,
    cellProgress: @escaping @Sendable (_ round: Int, _ stress: Double) -> Void
  ) throws -> RelaxedCell
}

/// Atoms at rest in a cell, and their energy in eV and virial ∂E/∂ε in eV, shape [3, 3].
struct RelaxedAtoms {
  var positions: [Double]
  var energy: Double
  var virial: [Double]
}

/// Brings atoms to rest in one cell after another.
protocol AtomRelaxer: AnyObject {
  /// The largest distance of an energy from the next that is its rounding, in eV.
  func noise(of energy: Double) -> Double
  /// The atoms of a frame at rest in its cell.
  func relax(_ frame: Frame) throws -> RelaxedAtoms
  /// The response to strains of the last structure that ``relax(_:)`` gave; `frame` is that structure.
  func response(
    of frame: Frame, _ freedom: CellFreedom, pressure: Double
  ) throws -> ElasticResponse
  /// Whether ``response(of:_:pressure:)`` is exact, and worth asking for after each step.
  var isExact: Bool { get }
}

/// Brings atoms and cell to where the forces vanish and the stress is -p.
///
/// Newton's method in the strain: the enthalpy of the atoms at rest, E + pV, is a function of at most six
/// strains, whose gradient is the stress and whose second derivatives are the elastic constants
/// (``ElasticResponse``). A step is shortened until the enthalpy falls; strains are symmetric, so that
/// the cell does not turn.
struct CellDescent {
  let relaxer: any AtomRelaxer
  let freedom: CellFreedom
  /// In eV/Å³.
  let pressure: Double
  /// In eV/Å³.
  let maximumStress: Double
  let progress: @Sendable (_ round: Int, _ stress: Double) -> Void

  private static let roundLimit = 60
  /// No element of the strain of a step is larger.
  private static let largestStrain = 0.03

  /// Where a descent is.
  private struct State {
    var frame: Frame
    var energy: Double
    var virial: [Double]
    var volume: Double

    var stress: [Double] { virial.map { $0 / volume } }
  }

  /// - Returns: The frame at rest, the reference as it was; its deformation; stress and response.
  func descend(
    _ start: Frame
  ) throws -> (
    frame: Frame, deformation: Deformation, stress: [Double], response: ElasticResponse
  ) {
    var state = try relaxed(start)
    var total = Deformation.none
    var response = try relaxer.response(of: state.frame, freedom, pressure: pressure)
    for round in 0..<Self.roundLimit {
      let residual = freedom.residual(state.stress, pressure: pressure)
      progress(round, residual)
      guard residual > maximumStress else {
        return (state.frame, total, state.stress, response)
      }
      let gradient = slope(state)
      var step = try response.step(against: gradient)
      let largest = freedom.strain(step).reduce(0) { max($0, abs($1)) }
      if largest > Self.largestStrain { step = step.map { $0 * Self.largestStrain / largest } }
      let (next, taken) = try accepted(state, step, gradient, response, rounds: round)
      total = total.followed(by: Deformation(strain: freedom.strain(taken)))
      if relaxer.isExact {
        response = try relaxer.response(of: next.frame, freedom, pressure: pressure)
      } else {
        response.update(step: taken, change: zip(slope(next), gradient).map { $0 - $1 })
      }
      state = next
    }
    throw failure(state, rounds: Self.roundLimit)
  }

  /// The state after a step, or after the first shorter one that lowers the enthalpy.
  private func accepted(
    _ state: State, _ wanted: [Double], _ gradient: [Double], _ response: ElasticResponse,
    rounds: Int
  ) throws -> (State, step: [Double]) {
    let noise = 100 * relaxer.noise(of: state.energy)
    let residual = freedom.residual(state.stress, pressure: pressure)
    var step = wanted
    while step.contains(where: { abs($0) > 1e-13 }) {
      let expected = -0.5 * dot(gradient, step)
      if let next = try trial(state, step, response) {
        let decrease =
          state.energy - next.energy + pressure * (state.volume - next.volume)
        let isLower =
          expected > noise
          ? decrease > 1e-4 * expected
          : decrease > -noise && freedom.residual(next.stress, pressure: pressure) < residual
        if isLower { return (next, step) }
      }
      step = step.map { $0 / 4 }
    }
    throw failure(state, rounds: rounds)
  }

  /// The state at the end of a step; nil where atoms meet, or do not come to rest.
  private func trial(
    _ state: State, _ step: [Double], _ response: ElasticResponse
  ) throws -> State? {
    var frame = state.frame
    frame.deform(by: Deformation(strain: freedom.strain(step)))
    if !response.displacements.isEmpty {
      var positions = frame.positions
      for (size, displacement) in zip(step, response.displacements) {
        add(size, displacement, to: &positions)
      }
      frame.positions = positions
    }
    do { return try relaxed(frame) } catch is InputError { return nil } catch let error
      as StationaryPointError
    {
      if case .notConverged = error { return nil }
      if case .stalled = error { return nil }
      throw error
    }
  }

  private func relaxed(_ frame: Frame) throws -> State {
    let atoms = try relaxer.relax(frame)
    var frame = frame
    frame.positions = atoms.positions
    return State(
      frame: frame, energy: atoms.energy, virial: atoms.virial,
      volume: abs(try frame.positionCell().volume))
  }

  /// ∂(E + pV)/∂ε_k in eV.
  private func slope(_ state: State) -> [Double] {
    enthalpySlope(virial: state.virial, volume: state.volume, freedom, pressure: pressure)
  }

  private func failure(_ state: State, rounds: Int) -> StationaryPointError {
    .cellNotConverged(
      relaxations: rounds, stress: freedom.residual(state.stress, pressure: pressure),
      goal: maximumStress)
  }
}

/// ∂(E + pV)/∂ε_k in eV, shape [m].
func enthalpySlope(
  virial: [Double], volume: Double, _ freedom: CellFreedom, pressure: Double
) -> [Double] {
  freedom.strains.map { unit in
    dot(unit, virial) + pressure * volume * (unit[0] + unit[4] + unit[8])
  }
}
