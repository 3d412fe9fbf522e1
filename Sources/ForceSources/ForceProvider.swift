internal import Crystal
public import Formats
public import Potentials

/// Where forces come from: a program of its own for each structure, or one for the whole stream.
public enum ForceProvider: Sendable {
  case lammps(LAMMPSForces.Setup)
  case calculator(any Calculator)

  /// The forces of a frame, or of its reference.
  ///
  /// - Throws: `InputError` for the frame's faults, and what the program throws.
  public func forces(of frame: Frame, at place: Placement) throws -> any ForceSource {
    switch self {
    case .lammps(let setup): return try LAMMPSForces(setup, frame: frame, at: place)
    case .calculator(let calculator):
      guard frame.dimension == 3 else {
        throw InputError(
          frame.source, "forces: expected a frame of 3 dimensions, found \(frame.dimension)")
      }
      guard place == .reference else { return CalculatorForces(calculator, frame: frame) }
      return CalculatorForces(
        calculator,
        frame: Frame(
          species: frame.species, positions: try frame.requiredReferencePositions(),
          cell: frame.referenceCell, periodic: frame.periodic, source: frame.source))
    }
  }
}
