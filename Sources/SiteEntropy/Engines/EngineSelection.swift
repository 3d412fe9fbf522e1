internal import Base
internal import LinearAlgebra

/// The choice of the engine for a frame of kind relative: the cheapest that is exact enough and has
/// the memory.
package struct EngineSelection: Sendable {
  /// In the order of preference where costs are equal: the more direct first.
  private let engines: [any Engine]

  init(_ engines: [any Engine]) { self.engines = engines }

  /// The engines of labels with what users ask of them.
  package init(tolerance: Double, memoryLimit: Int) {
    self.init([
      DenseEngine(kind: .relative, memoryLimit: memoryLimit), CoreEngine(),
      MomentsEngine(tolerance: tolerance, memoryLimit: memoryLimit),
      LocalEngine(radius: nil, tolerance: tolerance, memoryLimit: memoryLimit),
      PolynomialEngine(tolerance: tolerance),
    ])
  }

  /// An engine for a problem, and why.
  package struct Ranked: Sendable {
    let engine: any Engine
    package let cost: EngineCost
    package var choice: EngineChoice { engine.choice }
  }

  /// The engines that can label a problem, the cheapest first.
  package func ranking(_ size: ProblemSize, memoryLimit: Int) -> [Ranked] {
    rankedByCost(
      engines.map { ($0, $0.cost(of: size)) }, tolerance: size.tolerance, memoryLimit: memoryLimit
    ).map { Ranked(engine: $0.candidate, cost: $0.cost) }
  }

  /// The labels of a problem by the cheapest engine that can, with the reason.
  ///
  /// - Throws: `InputError`, ``SiteEntropyError``.
  func labels(
    of problem: LabelProblem, tolerance: Double, memoryLimit: Int, threads: Int
  ) throws -> (labels: SiteLabels, reason: String) {
    let size = try problem.size(tolerance: tolerance, threads: threads)
    let reason = "the core has \(size.coreOrder) of \(size.order) degrees of freedom"
    let ranking = ranking(size, memoryLimit: memoryLimit)
    let isShort = engines.contains { engine in
      guard let cost = engine.cost(of: size), cost.error <= tolerance else { return false }
      return cost.bytes > memoryLimit && cost.seconds < ranking.first?.cost.seconds ?? .infinity
    }
    var last: (any Error)?
    for ranked in ranking {
      do {
        var told = reason + (isShort ? ", memory is short" : "")
        if ranked.cost.error > PolynomialEngine.rounding { told += "; the tolerance is loose" }
        Phase.begin("engine \(ranked.choice.rawValue) on \(size.siteCount) sites")
        return (try ranked.engine.labels(of: problem), told)
      } catch let error as SiteEntropyError {
        last = error
        switch error {
        case .tolerance: continue
        case .unstableFrame:
          return (
            try Self.dense(problem, memoryLimit, instead: error),
            "\(reason), but the frame is not stable"
          )
        default: throw error
        }
      }
    }
    // Nothing fits: the engine that needs least says what is missing.
    if let last { throw last }
    return (try PolynomialEngine(tolerance: tolerance).labels(of: problem), reason)
  }

  /// The dense labels of a frame that is not stable: the logarithm of a negative mode is left out,
  /// which no polynomial in A can do.
  ///
  /// - Throws: `error` where the memory does not allow them.
  static func dense(
    _ problem: LabelProblem, _ memoryLimit: Int, instead error: SiteEntropyError
  ) throws -> SiteLabels {
    let order = problem.crystal.sites.count * problem.crystal.normalizer.dimension
    guard DenseEngine.bytesNeeded(order: order) <= memoryLimit else { throw error }
    return try DenseEngine(kind: .relative, memoryLimit: memoryLimit).labels(of: problem)
  }
}
