internal import Glibc

/// The engines a user can ask for.
public enum EngineChoice: String, CaseIterable, Sendable {
  case auto, dense, core, polynomial, local, moments
}

/// A way to label frames: what it can do, what a problem would cost it, the labels.
///
/// A new engine is one new type with this contract, its place in ``EngineSelection`` and its page.
protocol Engine: Sendable {
  var choice: EngineChoice { get }

  /// What a problem of this size would take; nil where the engine has no labels for it.
  func cost(of size: ProblemSize) -> EngineCost?

  /// The labels of all atoms of the frame, in its order.
  ///
  /// - Throws: `InputError` for the frame's own faults, ``SiteEntropyError``:
  ///   ``SiteEntropyError/tolerance(wanted:reached:advice:)`` where the engine cannot be that exact,
  ///   ``SiteEntropyError/unstableFrame(_:)`` where it has no labels for a frame that is no minimum.
  func labels(of problem: LabelProblem) throws -> SiteLabels
}

/// What an engine would take for a problem, on one core.
package struct EngineCost: Equatable, Sendable {
  package let seconds: Double
  package let bytes: Int
  /// The least error of a label in k_B that it can be asked for; 0 for an exact engine.
  package let error: Double

  package init(seconds: Double, bytes: Int, error: Double = 0) {
    (self.seconds, self.bytes, self.error) = (seconds, bytes, error)
  }
}

/// Of those that can do a problem, those that are exact enough and have the memory, the cheapest
/// first; of equal cost, in their order. Labels, gradients and formation choose by it.
///
/// - Parameter candidates: With no cost where they cannot do the problem at all.
package func rankedByCost<Candidate>(
  _ candidates: [(candidate: Candidate, cost: EngineCost?)], tolerance: Double, memoryLimit: Int
) -> [(candidate: Candidate, cost: EngineCost)] {
  let fitting = candidates.enumerated().compactMap { index, entry in
    entry.cost.map { (index: index, candidate: entry.candidate, cost: $0) }
  }.filter { $0.cost.bytes <= memoryLimit && $0.cost.error <= tolerance }
  let ranked = fitting.sorted { ($0.cost.seconds, $0.index) < ($1.cost.seconds, $1.index) }
  return ranked.map { ($0.candidate, $0.cost) }
}

/// What the cost of labels depends on.
package struct ProblemSize: Equatable, Sendable {
  /// n, degrees of freedom of the cell.
  package var order: Int
  /// m, those on which δH̃ is not zero.
  package var coreOrder: Int
  /// Those of a primitive cell.
  package var cellOrder: Int
  package var dimension: Int
  /// Blocks of δH̃ in a row that has any.
  package var blocks: Double
  /// What a product by δH̃ costs, in blocks a row of the cell.
  package var operations: Double
  /// Whether Hessians can be had for other displacements than the frame's.
  package var hasPotential: Bool
  package var isStrained: Bool
  /// The largest error of a label that is allowed, in k_B.
  package var tolerance: Double
  package var threads: Int

  package init(
    order: Int, coreOrder: Int, cellOrder: Int, dimension: Int = 3, blocks: Double = 17,
    operations: Double = 17, hasPotential: Bool = true, isStrained: Bool = false,
    tolerance: Double = 1e-10, threads: Int = 1
  ) {
    (self.order, self.coreOrder, self.cellOrder) = (order, coreOrder, cellOrder)
    (self.blocks, self.operations) = (blocks, operations)
    (self.dimension, self.hasPotential, self.isStrained) = (dimension, hasPotential, isStrained)
    (self.tolerance, self.threads) = (tolerance, threads)
  }

  package var siteCount: Int { order / max(dimension, 1) }
}

/// Seconds of one core, fitted to silicon of 200 to 64,000 atoms on one machine; they need be right
/// within a factor only where two engines cost about the same.
package enum CostModel {
  /// A symmetric eigendecomposition with vectors.
  package static func decomposition(order n: Int) -> Double { 3e-10 * cube(n) }

  /// The quadratic forms of all sites with a core of order m.
  package static func coreForms(order n: Int, core m: Int) -> Double {
    4e-11 * Double(n) * Double(m) * Double(m)
  }

  /// Lanczos' process over the whole cell from every degree of freedom.
  ///
  /// - Parameter operations: Of a product by a row of δH̃, in blocks.
  package static func polynomials(order n: Int, operations: Double) -> Double {
    (1.6e-7 + 3.4e-9 * operations) * Double(n) * Double(n)
  }

  /// Lanczos' process over the whole cell from one site, with what its gradient takes.
  package static func gradientByLanczos(order n: Int) -> Double { 2e-3 + 1.2e-5 * Double(n) }

  /// Quadratures of log H̃ of a whole cell, from so many of its unit vectors and 24 random ones.
  package static func quadratures(order n: Int, columns: Int) -> Double {
    // The steps grow with the length of the cell: 48 in 512 sites of silicon.
    let steps = 4.2 * pow(Double(n), 1 / 3)
    return steps * 2e-8 * Double(n) * Double(columns + 24)
  }

  /// The operations that a frame keeps, and the blocks that they leave.
  package static func symmetrySearch(order n: Int) -> Double { 1e-4 * Double(n) }

  /// Labels of all sites from patches of order m on which the displacements do not count elsewhere.
  package static func patches(order m: Double, siteCount: Int) -> Double {
    4e-8 * Double(siteCount) * m * m
  }

  /// Labels of all sites from their own patches of order m.
  ///
  /// - Parameters:
  ///   - blocks: Of a row of δH̃.
  ///   - isSingle: Whether the Green function is in single precision.
  package static func moments(
    order m: Double, steps k: Int, blocks: Double, dimension d: Int, isSingle: Bool
  ) -> Double {
    let product = m / Double(d) * blocks * 7e-9 * Double(d * d) / 9 + 15e-9 * m
    return 5e-6 + Double(k) * product + Double(k - 1) * m * m * (isSingle ? 2e-10 : 4e-10)
  }

  private static func cube(_ n: Int) -> Double { Double(n) * Double(n) * Double(n) }
}
