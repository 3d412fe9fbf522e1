internal import Base
public import Formats
internal import LinearAlgebra
public import Potentials

/// A structure at rest with its modes: a minimum, or a saddle of first order.
public struct StationaryPoint: Sendable {
  public let frame: Frame
  /// In eV.
  public let energy: Double
  /// The largest length of a force in eV/Å.
  public let largestForce: Double
  /// Kind absolute; the negative mode of a saddle is left out.
  public let labels: SiteLabels
  /// The positive eigenvalues of H̃ in eV/(Å² u), ascending.
  public let positiveSpectrum: [Double]

  /// - Parameters:
  ///   - isSaddle: Whether one negative mode is expected, or none.
  ///   - forceLimit: A larger force in eV/Å means that the frame is no stationary point.
  ///   - memoryLimit: The most that dense matrices may take, in bytes.
  /// - Throws: ``InputError`` for what the potential does not know and for a frame that is not at
  ///   rest, ``FrameFailure`` for other numbers of negative or zero modes.
  public init(
    _ frame: Frame, potential: any Potential, isSaddle: Bool, forceLimit: Double,
    memoryLimit: Int = .max
  ) throws {
    self.frame = frame
    let prepared = try potential.prepared(for: frame)
    energy = try prepared.energy()
    largestForce = largestLength(try prepared.forces())
    guard largestForce <= forceLimit else {
      throw InputError(
        frame.source,
        "expected a stationary point, with forces up to \(shortDecimal(forceLimit)) eV/Å, found "
          + "\(shortDecimal(largestForce)) (xyz-relax finds one)")
    }
    let scale = try frame.atomicMasses().map { 1 / $0.squareRoot() }
    let hessian = try prepared.hessian(threads: min(concurrentBlockLimit, 64))
      .scaledSymmetrically(by: scale)
    do {
      let engine = DenseEngine(kind: .absolute, memoryLimit: memoryLimit)
      let modes = try engine.modes(of: hessian, normalizer: nil, multilattice: nil)
      labels = engine.labels(modes, siteCount: frame.atomCount, dimension: frame.dimension)
      try labels.checkSumRule()
      let ledger = labels.ledger
      let tolerance = ModeLedger.zeroTolerance * max(ledger.largest, -ledger.smallest)
      positiveSpectrum = modes.values.filter { $0 > tolerance }
      guard isSaddle ? ledger.isSaddle : ledger.isStable else {
        let wanted = isSaddle ? "a saddle, with 1 negative" : "a minimum, with 0 negative"
        throw SiteEntropyError.mismatch(
          "expected \(wanted) and \(ledger.expectedZeroModes) zero modes, found "
            + "\(ledger.negativeModes) and \(ledger.zeroModes)")
      }
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }
}
