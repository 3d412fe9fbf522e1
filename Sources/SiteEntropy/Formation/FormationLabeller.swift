internal import Base
public import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// How the modes of a frame with defects are summed.
public enum FormationEngine: String, Sendable {
  /// The cheaper one.
  case auto
  /// One eigendecomposition of the cell.
  case dense
  /// One of each irreducible representation of the symmetry that is left.
  case symmetric
  /// Gauss quadrature from Lanczos' process: minima and saddles of first order.
  case polynomial
}

/// Labels frames with point defects by kind formation.
public struct FormationLabeller: Sendable {
  public let memoryLimit: Int
  public let engine: FormationEngine
  let potential: any Potential
  let isMassWeighted: Bool
  private let references: FormationReferences

  /// - Parameter memoryLimit: The most that dense matrices may take, in bytes.
  public init(
    potential: any Potential, engine: FormationEngine = .auto, isMassWeighted: Bool = true,
    memoryLimit: Int = .max
  ) {
    (self.potential, self.isMassWeighted) = (potential, isMassWeighted)
    (self.memoryLimit, self.engine) = (memoryLimit, engine)
    references = FormationReferences(potential: potential, isMassWeighted: isMassWeighted)
  }

  /// What is known of one frame.
  public struct Result: Sendable {
    /// Kind formation.
    public let labels: SiteLabels
    public let entropy: FormationEntropy
    public let energetics: FormationEnergetics
    public let crystal: PerfectCrystal
  }

  /// What the defects of a perfect crystal are measured against.
  func reference(of perfect: Frame) throws -> FormationReference {
    try references.reference(of: perfect)
  }

  /// The masses in u, or 1 each without mass weights, and the Hessian that they weigh.
  func weightedHessian(
    of frame: Frame
  ) throws -> (masses: [Double], hessian: BlockSparseMatrix) {
    let masses =
      isMassWeighted
      ? try frame.atomicMasses() : [Double](repeating: 1, count: frame.atomCount)
    let hessian = try potential.prepared(for: frame).hessian(threads: min(concurrentBlockLimit, 64))
    return (masses, hessian.scaledSymmetrically(by: masses.map { 1 / $0.squareRoot() }))
  }

  /// Labels a frame.
  ///
  /// A mode that is negative is left out and counted, as everywhere (mathematics.md (10.6)).
  ///
  /// - Throws: ``InputError`` for the frame's own faults, ``FrameFailure`` where the computation
  ///   failed.
  public func labels(of frame: Frame) throws -> Result {
    let crystal = try PerfectCrystal(of: frame)
    do {
      let reference = try references.reference(of: crystal.frame)
      try crystal.checkDisplacements(
        of: frame, nearestNeighborDistance: reference.multilattice.nearestNeighborDistance)
      let (masses, hessian) = try weightedHessian(of: frame)
      let absolute = try AbsoluteLabels(
        frame: frame, hessian: hessian, masses: masses, crystal: crystal
      ).result(engine: engine, memoryLimit: memoryLimit).labels
      let (labels, sum, entropy) = try FormationEntropy.split(
        absolute: absolute.siteEntropy, total: absolute.entropy, crystal: crystal,
        reference: reference, frame: frame)
      let result = SiteLabels(
        kind: .formation, engine: absolute.engine, siteEntropy: labels, entropy: sum,
        ledger: absolute.ledger, errorBound: absolute.errorBound,
        errorEstimate: absolute.errorEstimate)
      try entropy.checkSumRule(labels: labels, tolerance: absolute.errorBound ?? 0)
      return Result(
        labels: result, entropy: entropy,
        energetics: try FormationEnergetics(
          of: frame, reference: reference, potential: potential),
        crystal: crystal)
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }
}
