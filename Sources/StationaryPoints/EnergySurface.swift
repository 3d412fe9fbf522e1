public import Formats
public import LinearAlgebra

/// Energy, forces and, where it is known, the stress of a structure.
public struct SurfacePoint: Sendable {
  /// In eV.
  public var energy: Double
  /// In eV/Å, shape [N, 3].
  public var forces: [Double]
  /// σ = (1/V) ∂E/∂ε in eV/Å³, shape [3, 3].
  public var stress: [Double]?

  public init(energy: Double, forces: [Double], stress: [Double]?) {
    (self.energy, self.forces, self.stress) = (energy, forces, stress)
  }
}

/// A program that evaluates structures, as far as relaxation needs it.
public protocol EnergySurface: Sendable {
  /// A frame in its cell, with other positions.
  ///
  /// - Parameter positions: In Å, shape [N, 3].
  func evaluate(_ frame: Frame, at positions: [Double]) throws -> SurfacePoint

  /// The Hessian of a frame in eV/Å², by differences of forces; nil where it is not to be made.
  func hessian(of frame: Frame) throws -> BlockSparseMatrix?
}
