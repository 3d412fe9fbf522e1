internal import Crystal
public import Formats
internal import Synchronization

/// Energy, forces and stress by LAMMPS, one process as long as species, charges and cell stay.
///
/// Made for one frame and what becomes of it, so that its answers do not depend on other frames.
public final class LAMMPSCalculator: Calculator {
  public let inFlight = 1
  private let setup: LAMMPSForces.Setup
  private let running = Mutex<Running?>(nil)

  private struct Running {
    let process: LAMMPSProcess
    let cell: [Double]
    let species: [String]
    /// Where the atoms are.
    var positions: [Double]
  }

  public init(_ setup: LAMMPSForces.Setup) { self.setup = setup }

  public func evaluate(_ frame: Frame, at positions: [[Double]]) throws -> [Evaluation] {
    let setup = setup
    return try running.withLock { running in
      try positions.map { places in
        var current: Running
        if let known = running, known.cell == frame.cell, known.species == frame.species {
          current = known
        } else {
          running = nil
          current = Running(
            process: try LAMMPSProcess(
              setup, frame: frame, positions: places, cell: try frame.positionCell()),
            cell: frame.cell, species: frame.species, positions: places)
        }
        running = nil
        let found = try current.process.evaluate(at: current.positions == places ? nil : places)
        current.positions = places
        running = current
        return found
      }
    }
  }
}
