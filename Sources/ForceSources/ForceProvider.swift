internal import Crystal
public import Formats
public import Potentials

/// Where forces come from: a program of its own for each structure, or one for the whole stream.
public enum ForceProvider: Sendable {
  case lammps(LAMMPSForces.Setup)
  case calculator(any Calculator)

  /// The calculator that serves a frame, and what becomes of it.
  ///
  /// - Throws: `InputError` for a frame of fewer than three dimensions.
  public func calculator(of frame: Frame) throws -> any Calculator {
    guard frame.dimension == 3 else {
      throw InputError(
        frame.source, "forces: expected a frame of 3 dimensions, found \(frame.dimension)")
    }
    switch self {
    case .lammps(let setup): return LAMMPSCalculator(setup)
    case .calculator(let calculator): return calculator
    }
  }

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

/// A failure of the forces of one frame.
public struct ForceFailure: Error, CustomStringConvertible {
  let source: FrameSource
  let error: any Error

  public var description: String { "\(InputError(source, "\(error)"))" }

  /// What is wrong, without the place.
  public var reason: String { "\(error)" }
  /// Whether the forces are fine, and only no differences of them.
  public var isOfDifferences: Bool { error is FiniteDifferenceError }

  /// Work on the forces of a frame, whose name its errors get.
  ///
  /// - Throws: `InputError` for the frame's faults, ``ForceFailure`` for those of the forces.
  public static func naming<Result>(
    _ source: FrameSource, _ work: () throws -> Result
  ) throws -> Result {
    do { return try work() } catch let error as NeighborError {
      throw InputError(source, error)
    } catch let error as InputError {
      throw error
    } catch { throw ForceFailure(source: source, error: error) }
  }
}
