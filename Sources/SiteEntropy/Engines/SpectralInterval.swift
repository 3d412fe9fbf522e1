internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Where the spectrum of A on the complement of the translations lies.
///
/// From Lanczos' process with vectors drawn at random from a fixed seed: if a process of k steps in
/// dimension n finds θ for the end λ of a spectrum of the width δ, then |θ - λ| > ε δ has a
/// probability of at most 1.648 √n e^{-√ε (2k-1)} (Kuczyński, Woźniakowski 1992, SIAM J. Matrix
/// Anal. Appl. 13, 1094, theorem 4.1). ε is chosen such that all of the independent vectors miss with
/// a probability of 1e-15.
struct SpectralInterval: Sendable {
  static let vectorCount = 24
  private static let mostSteps = 240

  /// Bounds of the eigenvalues of E = A - Π, in which 0 lies.
  let lower: Double
  let upper: Double
  /// The extreme eigenvalues of E that were found; 0 where E = 0.
  let smallest: Double
  let largest: Double
  /// Steps after which bounds of a label were within the tolerance for all of the vectors.
  let expectedSteps: Int

  /// - Parameters:
  ///   - operators: δH̃ and the Green function.
  ///   - root: F.
  ///   - tolerance: Of a label, in k_B.
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where a mode is not positive, or where that
  ///   cannot be told from a positive one.
  init(
    _ operators: CellOperators, root: BlochOperator, tolerance: Double
  ) throws(SiteEntropyError) {
    let (n, width, d) = (operators.order, Self.vectorCount, operators.perturbation.blockSize)
    var lanczos = BlockLanczos(operators, width: width, isLong: true)
    var random = RandomNumbers(keys: 0x51e7, UInt64(n))
    let vectors = (0..<n * width).map { _ in random.normal() }
    var norms = [Double](repeating: 0, count: width)
    for e in vectors.indices { norms[e % width] += vectors[e] * vectors[e] }
    lanczos.start(norms: norms) { span in
      for e in vectors.indices { span[e] = vectors[e] }
      root.apply(&span, width: width)
    }
    // ln of the probability that one vector misses: 24 of them at once then 1e-15.
    let allowed = log(1e-15) / Double(width)
    var steps = 0
    while true {
      lanczos.step()
      steps += 1
      guard steps.isMultiple(of: 4), steps >= 12 else { continue }
      let ends = lanczos.columns.map { $0.extremes() }
      let least = min(0, ends.map(\.least).min() ?? 0)
      let most = max(0, ends.map(\.largest).max() ?? 0)
      let isComplete = lanczos.columns.allSatisfy(\.isComplete)
      let negative = -1 + ModeLedger.zeroTolerance * (1 + most)
      guard least > negative else {
        // Eigenvalues of a compression interlace: E has at least as many.
        throw .unstableFrame(
          Self.ledger(lanczos.columns, dimension: d, limit: negative, least: least, most: most))
      }
      let root = (log(1.648 * Double(n).squareRoot()) - allowed) / Double(2 * steps - 1)
      let share = isComplete ? 0 : root * root
      if share < 0.25 {
        let margin = share / (1 - 2 * share) * (most - least) + 1e-13
        // The bounds of labels feel the margin only where it comes near the zero of λ.
        if 1 + least - margin > 0.7 * (1 + least) || isComplete {
          (lower, upper) = (least - margin, most + margin)
          (smallest, largest) = (least, most)
          break
        }
      }
      guard steps < Self.mostSteps else {
        throw .unstableFrame(
          Self.ledger(lanczos.columns, dimension: d, limit: least, least: least, most: most))
      }
    }
    let interval = (lower, upper)
    expectedSteps =
      (2..<max(steps, 3)).first { count in
        lanczos.columns.allSatisfy { column in
          guard let bounds = column.bounds(in: interval, steps: count) else { return false }
          return Double(d) * (bounds.upper - bounds.lower) / 4 <= tolerance
        }
      } ?? steps
  }

  private static func ledger(
    _ columns: [JacobiMatrix], dimension: Int, limit: Double, least: Double, most: Double
  ) -> ModeLedger {
    ModeLedger(
      zeroModes: dimension, negativeModes: columns.map { $0.count(atMost: limit) }.max() ?? 1,
      smallest: 1 + least, largest: 1 + most, expectedZeroModes: dimension)
  }
}
