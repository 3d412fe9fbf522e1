internal import Crystal
public import Formats
public import Potentials
public import SiteEntropy

/// How far a formation entropy depends on how the tables of its potential are interpolated.
///
/// The frame is relaxed and labelled once more, in its own cell, with other functions through the same
/// tables: those refitted with pieces twice as long, or, where the tables are taken as they are, a
/// refit with pieces of 20 cells (mathematics.md (2.13)).
public struct RefitComparison: Sendable {
  private let potential: any Potential
  private let labeller: FormationLabeller

  /// Cells of a piece where the potential itself is not refitted.
  private static let usualCells = 20

  /// - Returns: nil for a potential without tables.
  /// - Throws: `InputError` for tables too short for another refit.
  public init?(
    of potential: any Potential, engine: FormationEngine = .auto, isMassWeighted: Bool = true,
    memoryLimit: Int = .max
  ) throws {
    let cells = potential.origin.refit.map { 2 * $0 } ?? Self.usualCells
    guard let other = try potential.refitted(every: cells) else { return nil }
    self.potential = other
    labeller = FormationLabeller(
      potential: other, engine: engine, isMassWeighted: isMassWeighted, memoryLimit: memoryLimit)
  }

  /// |S_f^V of the other functions - S_f^V| in k_B.
  ///
  /// - Parameters:
  ///   - entropy: S_f^V of the frame.
  ///   - isSaddle: Whether the frame is a saddle, and not a minimum.
  /// - Throws: As ``FormationLabeller/labels(of:)``; ``FrameFailure`` where the frame does not come to
  ///   rest.
  public func change(
    from entropy: Double, of frame: Frame, isSaddle: Bool = false, threads: Int = 1
  ) throws -> Double {
    var options = RelaxationOptions()
    (options.maximumForce, options.threads) = (1e-7, threads)
    var relaxed = frame
    do {
      let crystal = try OccupiedLattice(of: frame)
      let point =
        try isSaddle
        ? SaddleSearch(potential: potential, options: options).saddle(of: frame, crystal: crystal)
        : Relaxation(potential: potential, options: options)
          .stationaryPoint(of: frame, crystal: crystal)
      relaxed.positions = point.positions
    } catch let error as StationaryPointError {
      throw FrameFailure(frame.source, error)
    }
    return abs(try labeller.labels(of: relaxed).entropy.atVolume - entropy)
  }
}
