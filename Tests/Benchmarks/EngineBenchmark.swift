import Base
internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials
internal import SiteEntropy

// Labels of silicon by every engine, each checked against another one where there is time for it;
// the size is in atoms, for `dsyevd` the order. Best of a few runs: the dense ones take minutes.
// With the argument `large`, cells that take many minutes too.

private let isLarge = CommandLine.arguments.contains("large")

func benchmarkRattled() throws {
  for repeats in isLarge ? [8] : [3, 5] { try benchmarkRattled(repeats: repeats) }
}

func benchmarkCore() throws {
  for repeats in [5, 10] { try benchmarkCore(repeats: repeats) }
}

func benchmarkLocal() throws {
  for repeats in [5, 10, 20] { try benchmarkLocal(repeats: repeats) }
}

/// All atoms displaced: the engine polynomial against the dense one.
private func benchmarkRattled(repeats: Int) throws {
  let problem = try EngineProblem(repeats: repeats, .rattle(amplitude: 0.05))
  let n = problem.frame.atomCount
  let sparse = try SparsePerturbation(
    from: problem.crystal.foldedHessian, to: problem.hessian(),
    multilattice: problem.crystal.multilattice)
  var labels = try problem.labels(.polynomial)
  try time("polynomial", n, runs: n > 2000 ? 1 : 5) {
    labels = try problem.labels(.polynomial)
  }
  var dense = labels
  try time("dense", n, runs: n > 2000 ? 1 : 3) {
    dense = try withLinearAlgebraThreads(2) { try problem.labels(.dense) }
  }
  let matrix = DenseEngine.normalized(
    try problem.hessian(), by: problem.crystal.normalizer, problem.crystal.multilattice)
  if n <= 2000 { try timeDecomposition(matrix, threads: 2, runs: 3) }
  let error = largest(dense.siteEntropy, labels.siteEntropy)
  precondition(error <= labels.errorBound ?? 0, "polynomial: an error of \(error)")
  print("polynomial-error\t\(n)\t\(error)\t\(labels.errorBound ?? 0)\t\(sparse.coreOrder)")
}

/// 29 atoms displaced: the engine core, all sites labelled.
private func benchmarkCore(repeats: Int) throws {
  let problem = try EngineProblem(
    repeats: repeats, .localized(amplitude: 0.05, radius: 5, center: .atom(0)))
  let n = problem.frame.atomCount
  var labels = try problem.labels(.core)
  try time("core", n, runs: 20) { labels = try problem.labels(.core) }
  let sparse = try SparsePerturbation(
    from: problem.crystal.foldedHessian, to: problem.hessian(),
    multilattice: problem.crystal.multilattice)
  let core = sparse.core(basisCount: problem.crystal.normalizer.basisCount)
  try timeDecomposition(core.delta, threads: 1, runs: 20)
  guard n <= 1000 || isLarge else { return }
  let polynomial = try problem.labels(.polynomial)
  let error = largest(polynomial.siteEntropy, labels.siteEntropy)
  precondition(error <= polynomial.errorBound ?? 0, "core: an error of \(error)")
}

/// All atoms displaced, sites labelled one by one within 8 Å, on one core; the time is that of one
/// site of a sample, without what is done once a frame.
private func benchmarkLocal(repeats: Int) throws {
  let problem = try EngineProblem(repeats: repeats, .rattle(amplitude: 0.05))
  let n = problem.frame.atomCount
  setConcurrentBlockLimit(1)
  let (few, many) = (16, 144)
  var times: [Duration] = []
  for _ in 0..<3 {
    let clock = ContinuousClock()
    let once = try clock.measure { _ = try problem.localLabels(few) }
    times.append(try clock.measure { _ = try problem.localLabels(many) } - once)
  }
  setConcurrentBlockLimit(.max)
  times.sort()
  print("local-per-site\t\(n)\t\(nanoseconds(times[1]) / Int64(many - few))")
  guard isLarge, n <= 1000 else { return }
  let labels = try problem.labels(.local)
  let error = largest(labels.siteEntropy, try problem.labels(.polynomial).siteEntropy)
  print("local-error\t\(n)\t\(error)\t\(labels.errorEstimate ?? 0)")
}

/// All atoms displaced, and a core: engine moments at two tolerances, on one core, Hessian included;
/// the time is that of a site. Errors are against the engine polynomial where there is time for it.
func benchmarkMoments() throws {
  for repeats in isLarge ? [3, 5, 20] : [3, 5] {
    let kinds: [(String, Perturbation)] = [
      ("rattled", .rattle(amplitude: 0.05)),
      ("localized", .localized(amplitude: 0.05, radius: 5, center: .atom(0))),
    ]
    for (name, perturbation) in kinds where name == "rattled" || repeats == 3 {
      let problem = try EngineProblem(repeats: repeats, perturbation)
      let n = problem.frame.atomCount
      let exact = n <= 1000 ? try problem.labels(.polynomial).siteEntropy : []
      for tolerance in [1e-3, 1e-4, 1e-5] {
        let labeller = problem.moments(tolerance: tolerance)
        guard (try? labeller.labels(of: problem.frame)) != nil else {
          print("moments-\(name)-\(tolerance)\t\(n)\trefused")
          continue
        }
        setConcurrentBlockLimit(1)
        var best = Duration.seconds(1_000_000)
        var labels = try labeller.labels(of: problem.frame).labels
        for _ in 0..<(n > 2000 ? 1 : 3) {
          best = min(
            best,
            try ContinuousClock().measure {
              labels = try labeller.labels(of: problem.frame).labels
            })
        }
        setConcurrentBlockLimit(.max)
        print("moments-\(name)-\(tolerance)\t\(n)\t\(nanoseconds(best) / Int64(n))")
        guard !exact.isEmpty else { continue }
        let error = largest(labels.siteEntropy, exact)
        let square = zip(labels.siteEntropy, exact).reduce(0) {
          $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
        }
        let estimate = labels.errorEstimate ?? 0
        precondition(error <= 3 * estimate, "moments: an error of \(error) for \(estimate)")
        print(
          "moments-error\t\(n)\t\((square / Double(n)).squareRoot())\t\(error)\t\(estimate)"
            + "\t\(labels.quadrature?.steps ?? 0)\t\(labels.quadrature?.radius ?? 0)")
      }
    }
  }
}

private func timeDecomposition(_ matrix: Matrix, threads: Int, runs: Int) throws {
  var copies = [Matrix](repeating: matrix, count: runs)
  try withLinearAlgebraThreads(threads) {
    try time("dsyevd-\(threads)", matrix.rowCount, runs: runs) {
      _ = try copies.removeLast().symmetricEigen()
    }
  }
}

/// Prints the best time of a few runs.
private func time(
  _ name: String, _ size: Int, runs: Int, _ body: () throws -> Void
) rethrows {
  let clock = ContinuousClock()
  var best = Duration.seconds(1_000_000)
  for _ in 0..<runs { best = min(best, try clock.measure(body)) }
  print("\(name)\t\(size)\t\(nanoseconds(best))")
}

private func nanoseconds(_ time: Duration) -> Int64 {
  time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
}

private func largest(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// A frame, and labellers that have seen its reference.
private struct EngineProblem {
  let frame: Frame
  let crystal: ReferenceCrystal
  private let potential: StillingerWeber
  private let labellers: [EngineChoice: Labeller]

  init(repeats n: Int, _ perturbation: Perturbation) throws {
    potential = try silicon()
    guard let diamond = Prototype.named("diamond") else { preconditionFailure("diamond") }
    let perfect = try diamond.supercell([n, n, n], species: ["Si"], latticeConstant: 5.431)
    frame = try PerturbationBase(perfect).perturbed(
      by: perturbation, seed: 7, frameIndex: 0, copy: 0)
    crystal = try ReferenceCrystal(of: frame, potential: potential)
    var labellers: [EngineChoice: Labeller] = [:]
    for engine in EngineChoice.allCases {
      labellers[engine] = Labeller(
        potential: potential, kind: .relative, engine: engine, radius: 8)
    }
    self.labellers = labellers
    // The reference is prepared once a stream.
    var still = frame
    still.positions = frame.referencePositions ?? frame.positions
    for labeller in labellers.values where labeller.engine == .core {
      _ = try labeller.labels(of: still)
    }
  }

  func moments(tolerance: Double) -> Labeller {
    Labeller(potential: potential, kind: .relative, engine: .moments, tolerance: tolerance)
  }

  func hessian() throws -> BlockSparseMatrix {
    try potential.prepared(for: frame).hessian(positions: try crystal.positions(of: frame))
      .scaledSymmetrically(by: crystal.inverseRootMasses)
  }

  /// Labels of so many atoms, evenly spread, within 8 Å.
  func localLabels(_ count: Int) throws -> [Double] {
    try LocalEngine(radius: 8, tolerance: 1).labels(
      of: frame, atoms: (0..<count).map { $0 * frame.atomCount / count }, crystal: crystal,
      potential: potential)
  }

  func labels(_ engine: EngineChoice) throws -> SiteLabels {
    guard let labeller = labellers[engine] else { preconditionFailure("\(engine)") }
    return try labeller.labels(of: frame).labels
  }
}
