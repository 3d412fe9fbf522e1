internal import Formats
internal import LinearAlgebra

extension DenseEngine: Engine {
  var choice: EngineChoice { .dense }

  func cost(of size: ProblemSize) -> EngineCost? {
    guard size.order <= Self.largestOrder else { return nil }
    return EngineCost(
      seconds: CostModel.decomposition(order: size.order),
      bytes: Self.bytesNeeded(order: size.order))
  }

  func labels(of problem: LabelProblem) throws -> SiteLabels {
    let crystal = problem.crystal
    return try labels(
      of: problem.hessian().scaledSymmetrically(by: crystal.inverseRootMasses),
      normalizer: crystal.normalizer, multilattice: crystal.multilattice)
  }
}

extension CoreEngine: Engine {
  var choice: EngineChoice { .core }

  /// - Parameter m: Of the core.
  static func bytesNeeded(order m: Int) -> Int { 8 * 6 * m * m }

  func cost(of size: ProblemSize) -> EngineCost? {
    EngineCost(
      seconds: CostModel.decomposition(order: size.coreOrder)
        + CostModel.coreForms(order: size.order, core: size.coreOrder),
      bytes: Self.bytesNeeded(order: size.coreOrder))
  }

  func labels(of problem: LabelProblem) throws -> SiteLabels {
    let normalizer = problem.crystal.normalizer
    return try labels(
      of: problem.perturbation().core(basisCount: normalizer.basisCount),
      at: problem.crystal.sites, normalizer: normalizer)
  }
}

extension PolynomialEngine: Engine {
  var choice: EngineChoice { .polynomial }

  func cost(of size: ProblemSize) -> EngineCost? {
    EngineCost(
      seconds: CostModel.polynomials(order: size.order, operations: size.operations),
      bytes: Self.bytesNeeded(
        order: size.order, cellOrder: size.cellOrder, threads: size.threads),
      error: Self.rounding)
  }

  func labels(of problem: LabelProblem) throws -> SiteLabels {
    try labels(of: problem.factoredPerturbation(), normalizer: problem.crystal.normalizer)
      .ordered(by: problem.siteNumbers)
  }
}

extension MomentsEngine: Engine {
  var choice: EngineChoice { .moments }

  func cost(of size: ProblemSize) -> EngineCost? {
    // Radii grow slowly as errors fall: like error^(-1/4) for displacements without order.
    let patch = min(
      Double(size.order),
      5 * Double(size.dimension) * size.blocks
        * (1e-4 / max(size.tolerance, 1e-12)).squareRoot().squareRoot())
    let steps = 2 + Int((1e-3 / max(size.tolerance, 1e-12)).exponent / 4)
    return EngineCost(
      seconds: 0.02 + Double(size.siteCount)
        * (CostModel.moments(
          order: patch, steps: max(2, steps), blocks: size.blocks, dimension: size.dimension,
          isSingle: size.tolerance >= Self.singleTolerance) + 1e-5),
      bytes: 8 * size.order * (5 * size.cellOrder + Int(3.2 * size.blocks) + 50),
      error: Self.leastTolerance)
  }

  func labels(of problem: LabelProblem) throws -> SiteLabels {
    try labels(of: problem.perturbation(), crystal: problem.crystal)
      .ordered(by: problem.siteNumbers)
  }
}

extension LocalEngine: Engine {
  var choice: EngineChoice { .local }

  func cost(of size: ProblemSize) -> EngineCost? {
    guard size.hasPotential, !size.isStrained else { return nil }
    let patch = min(
      Double(size.order),
      18 * Double(size.dimension) * size.blocks * (1e-3 / max(size.tolerance, 1e-12)).squareRoot())
    return EngineCost(
      seconds: CostModel.patches(order: patch, siteCount: size.siteCount),
      bytes: Int(min(8 * patch * patch * 3, 1e18)), error: 1e-9)
  }

  func labels(of problem: LabelProblem) throws -> SiteLabels {
    guard let potential = problem.potential else {
      throw InputError(
        problem.frame.source,
        "engine local: expected a potential, which cut displacements need, found none")
    }
    return try labels(of: problem.frame, crystal: problem.crystal, potential: potential)
  }
}
