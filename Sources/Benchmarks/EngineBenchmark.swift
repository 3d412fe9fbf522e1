internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials
internal import SiteEntropy

/// Labels of silicon by every engine, each checked against the dense one where there is memory
/// and time for it; the size is in atoms. Best of a few runs: the dense ones take minutes.
func benchmarkEngines() throws {
  setLinearAlgebraThreads(1)
  for (repeats, isChecked) in [(3, true), (5, true), (8, CommandLine.arguments.contains("large"))] {
    let rattled = try EngineProblem(repeats: repeats, .rattle(amplitude: 0.05))
    let n = rattled.frame.atomCount
    let sparse = SparsePerturbation(
      from: rattled.crystal.foldedHessian, to: rattled.hessian,
      multilattice: rattled.crystal.multilattice)
    var labels = try PolynomialEngine().labels(of: sparse, normalizer: rattled.crystal.normalizer)
    try time("polynomial", n, runs: n > 2000 ? 1 : 3) {
      labels = try PolynomialEngine().labels(
        of: sparse, normalizer: rattled.crystal.normalizer)
    }
    guard isChecked else { continue }
    var dense = labels
    try time("dense", n, runs: 1) {
      setLinearAlgebraThreads(2)
      defer { setLinearAlgebraThreads(1) }
      dense = try DenseEngine(kind: .relative).labels(
        of: rattled.hessian, normalizer: rattled.crystal.normalizer,
        multilattice: rattled.crystal.multilattice)
    }
    let error = rattled.difference(dense, bySite: labels)
    print("polynomial-error\t\(n)\t\(error)\t\(labels.errorBound ?? 0)")
  }
}

/// Prints the best time of a few runs.
private func time(_ name: String, _ size: Int, runs: Int, _ body: () throws -> Void) rethrows {
  let clock = ContinuousClock()
  var best = Duration.seconds(1_000_000)
  for _ in 0..<runs { best = min(best, try clock.measure(body)) }
  let nanoseconds = best.components.attoseconds / 1_000_000_000
  print("\(name)\t\(size)\t\(best.components.seconds * 1_000_000_000 + nanoseconds)")
}

private struct EngineProblem {
  let frame: Frame
  let crystal: ReferenceCrystal
  let hessian: BlockSparseMatrix

  init(repeats n: Int, _ perturbation: Perturbation) throws {
    let silicon = """
      # UNITS: metal
      Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0
      """
    let potential = try StillingerWeber(parsing: Array(silicon.utf8), file: "Si.sw")
    guard let diamond = Prototype.named("diamond") else { preconditionFailure("diamond") }
    let perfect = try diamond.supercell([n, n, n], species: ["Si"], latticeConstant: 5.431)
    frame = try PerturbationBase(perfect).perturbed(
      by: perturbation, seed: 7, frameIndex: 0, copy: 0)
    crystal = try ReferenceCrystal(of: frame, potential: potential)
    hessian = try potential.prepared(for: frame).hessian(
      positions: try crystal.positions(of: frame)
    ).scaledSymmetrically(by: crystal.inverseRootMasses)
  }

  /// The largest difference of labels by atom from labels by site number.
  func difference(_ byAtom: SiteLabels, bySite: SiteLabels) -> Double {
    let s = crystal.multilattice.basis.count
    return crystal.sites.enumerated().reduce(0) { worst, entry in
      let label = bySite.siteEntropy[entry.element.translation * s + entry.element.basis]
      return max(worst, abs(label - byAtom.siteEntropy[entry.offset]))
    }
  }
}
