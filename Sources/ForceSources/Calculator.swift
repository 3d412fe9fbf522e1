public import Formats
public import Potentials

/// What a calculator says about one structure.
public struct Evaluation: Equatable, Sendable {
  /// In eV; nil where the calculator tells none.
  public var energy: Double?
  /// -∂E/∂x in eV/Å, shape [N, 3].
  public var forces: [Double]
  /// σ = (1/V) ∂E/∂ε in eV/Å³ (mathematics.md (2.9)), shape [3, 3]; nil where it tells none.
  public var stress: [Double]?

  public init(energy: Double?, forces: [Double], stress: [Double]? = nil) {
    (self.energy, self.forces, self.stress) = (energy, forces, stress)
  }
}

/// Another program that gives energies and forces of structures, one after another.
///
/// Frames of a stream may ask from several threads; they are served one at a time.
public protocol Calculator: AnyObject, Sendable {
  /// Structures worth asking for at once, at least 1.
  var inFlight: Int { get }

  /// The atoms of a frame at some positions each.
  ///
  /// - Parameters:
  ///   - frame: Species, cell and periodicity.
  ///   - positions: In Å, each of shape [N, 3].
  /// - Returns: In the order of `positions`.
  /// - Throws: ``CalculatorError``, `ChildProcessError`.
  func evaluate(_ frame: Frame, at positions: [[Double]]) throws -> [Evaluation]
}

/// Why the answers of a calculator are none.
public enum CalculatorError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the program is called, and what is wrong with its answer.
  case answer(program: String, problem: String)

  public var description: String {
    switch self {
    case .answer(let program, let problem): "\(program): \(problem)"
    }
  }
}

/// The forces of a calculator on one structure with groups of its atoms displaced.
public final class CalculatorForces: ForceSource {
  private let calculator: any Calculator
  private let frame: Frame

  /// - Parameter frame: At the positions from which atoms are displaced.
  public init(_ calculator: any Calculator, frame: Frame) {
    (self.calculator, self.frame) = (calculator, frame)
  }

  public var atomCount: Int { frame.atomCount }
  public var inFlight: Int { calculator.inFlight }

  public func forces(at displacements: [GroupDisplacement]) throws -> [[Double]] {
    let base = frame.positions
    let structures = displacements.map { displacement in
      var positions = base
      for atom in displacement.atoms {
        for axis in 0..<3 { positions[3 * atom + axis] += displacement.vector[axis] }
      }
      return positions
    }
    return try calculator.evaluate(frame, at: structures).map(\.forces)
  }
}
