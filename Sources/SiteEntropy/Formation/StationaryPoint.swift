internal import Base
internal import Crystal
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
  /// The positive eigenvalues of H̃ in eV/(Å² u), ascending; nil where nothing was decomposed.
  public let positiveSpectrum: [Double]?

  /// - Parameters:
  ///   - isSaddle: Whether one negative mode is expected, or none.
  ///   - forceLimit: A larger force in eV/Å means that the frame is no stationary point.
  ///   - wantsSpectrum: Whether the spectrum is needed, in cells too that are cheaper without.
  ///   - memoryLimit: The most that dense matrices may take, in bytes.
  /// - Throws: ``InputError`` for what the potential does not know and for a frame that is not at
  ///   rest, ``FrameFailure`` for other numbers of negative or zero modes.
  public init(
    _ frame: Frame, potential: any Potential, isSaddle: Bool, forceLimit: Double,
    wantsSpectrum: Bool = false, engine: FormationEngine = .auto, memoryLimit: Int = .max
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
    let masses = try frame.atomicMasses()
    let hessian = try prepared.hessian(threads: min(concurrentBlockLimit, 64))
      .scaledSymmetrically(by: masses.map { 1 / $0.squareRoot() })
    do {
      let modes = try AbsoluteLabels(
        frame: frame, hessian: hessian, masses: masses, crystal: Self.crystal(of: frame)
      ).result(engine: engine, memoryLimit: memoryLimit, wantsSpectrum: wantsSpectrum)
      labels = modes.labels
      let ledger = labels.ledger
      let tolerance = ModeLedger.zeroTolerance * max(ledger.largest, -ledger.smallest)
      positiveSpectrum = modes.spectrum.map { $0.filter { $0 > tolerance } }
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

  /// The crystal of a labelled frame, whose defects tell where its symmetry may be; that saves time,
  /// and frames without labels have none.
  private static func crystal(of frame: Frame) -> PerfectCrystal? {
    do { return try PerfectCrystal(of: frame) } catch { return nil }
  }
}
