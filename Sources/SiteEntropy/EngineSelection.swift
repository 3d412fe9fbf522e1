/// The choice of the engine for a frame of kind relative, by cost and memory.
///
/// The costs are those of one core, fitted to silicon of 200 to 4000 atoms; they need be right
/// within a factor only where two engines cost about the same.
package struct EngineSelection: Equatable, Sendable {
  package let engine: EngineChoice
  package let reason: String
  /// What it may take, of one core.
  package var seconds = 0.0

  /// - Parameters:
  ///   - m: Degrees of freedom on which δH̃ is not zero.
  ///   - n: Degrees of freedom of the cell.
  ///   - cellOrder: Those of a primitive cell.
  package static func exact(
    m: Int, n: Int, cellOrder: Int, tolerance: Double, memoryLimit: Int, threads: Int
  ) -> EngineSelection {
    let (cores, all) = (Double(m), Double(n))
    var candidates: [(engine: EngineChoice, seconds: Double, bytes: Int)] = [
      // The order of preference where costs are equal: the more direct first.
      (.dense, 3e-10 * all * all * all, DenseEngine.bytesNeeded(order: n)),
      (.core, 3e-10 * cores * cores * cores + 4e-11 * all * cores * cores, 8 * 6 * m * m),
      (
        .polynomial, 2.5e-7 * all * all,
        PolynomialEngine.bytesNeeded(order: n, cellOrder: cellOrder, threads: threads)
      ),
    ]
    if n > DenseEngine.largestOrder { candidates.removeFirst() }
    if tolerance < PolynomialEngine.rounding { candidates.removeLast() }
    let fitting = candidates.filter { $0.bytes <= memoryLimit }
    let best = fitting.min { $0.seconds < $1.seconds }
    let short =
      candidates.min { $0.seconds < $1.seconds }.map { $0.engine != best?.engine } ?? false
    return EngineSelection(
      engine: best?.engine ?? .polynomial,
      reason: "the core has \(m) of \(n) degrees of freedom" + (short ? ", memory is short" : ""),
      seconds: best?.seconds ?? .infinity)
  }

  /// Whether labels within a radius are worth a try, and the largest order of the Green function
  /// that is faster: where the tolerance is loose and what is exact takes long.
  ///
  /// - Parameter sites: Of the cell.
  package func largestLocalOrder(sites: Int, tolerance: Double) -> Int? {
    guard engine != .core, tolerance >= 1e-6, seconds > 30 else { return nil }
    // A site takes about 2e-8 s for each element of the Green function.
    let order = (seconds / (2 * 2e-8 * Double(sites))).squareRoot()
    return Int(min(order, 6000))
  }
}
