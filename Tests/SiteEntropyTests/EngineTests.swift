import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import Testing

struct EngineTests {
  @Test func thePerfectCrystalHasNoEntropy() throws {
    for problem in try Problem.all() {
      var frame = problem.frame
      frame.positions = try frame.requiredReferencePositions()
      let perfect = try Problem(frame, potential: problem.potentialFile)
      let (dense, core) = (try perfect.dense().siteEntropy, try perfect.core().siteEntropy)
      #expect(dense.allSatisfy { abs($0) < 1e-12 })
      #expect(core.allSatisfy { abs($0) < 1e-12 })
    }
  }

  /// S from the log-determinants of H̃ and H̃0, without A (math.md (21)).
  @Test func theTotalIsTheDifferenceOfLogDeterminants() throws {
    for problem in try Problem.all() {
      let labels = try problem.dense()
      try labels.checkSumRule()
      let values = try problem.hessian().dense().symmetricEigen().values
      let sum = values.dropFirst(problem.frame.dimension).reduce(0) { $0 + log($1) }
      let expected = -0.5 * (sum - problem.crystal.normalizer.logDeterminant)
      #expect(abs(labels.entropy - expected) < 1e-9)
    }
  }

  @Test func theCoreEngineAgreesWhereTheCoreIsTheCell() throws {
    for problem in try Problem.all() {
      let (dense, core) = (try problem.dense(), try problem.core())
      #expect(largestDifference(dense.siteEntropy, core.siteEntropy) < 1e-10)
      #expect(abs(dense.ledger.smallest - core.ledger.smallest) < 1e-10)
    }
  }

  /// Rotating the crystal, mirroring it, moving it by a lattice vector and renumbering the atoms
  /// change no label.
  @Test func labelsDoNotDependOnTheDescription() throws {
    let problem = try Problem(
      "zincblende", ["Cd", "Te"], 6.478, [1, 1, 2], .rattle(amplitude: 0.03),
      potential: "CdTe-Zhou2013.sw")
    let labels = try problem.dense().siteEntropy
    let (c, s) = (cos(0.7), sin(0.7))
    for matrix in [
      [c, -s, 0, s, c, 0, 0, 0, 1], [1, 0, 0, 0, c, s, 0, -s, c], [-1, 0, 0, 0, 1, 0, 0, 0, 1],
    ] {
      let turned = try Problem(problem.frame.turned(by: matrix), potential: "CdTe-Zhou2013.sw")
      let others = try turned.dense().siteEntropy
      #expect(largestDifference(others, labels) < 1e-9)
    }
    let count = problem.frame.atomCount
    let order = (0..<count).map { ($0 * 5 + 3) % count }
    let renumbered = try Problem(
      problem.frame.renumbered(order), potential: "CdTe-Zhou2013.sw")
    let expected = order.map { labels[$0] }
    let others = try renumbered.dense().siteEntropy
    #expect(largestDifference(others, expected) < 1e-9)
  }

  /// A frame far from the reference has negative modes, and both engines count the same ones.
  @Test func unstableFramesAreCounted() throws {
    var frame = try Problem(
      "diamond", ["Si"], 5.431, [2, 1, 1], .rattle(amplitude: 0), potential: "Si.sw"
    ).frame
    var positions = frame.positions
    for k in 0..<3 { positions[3 + k] += 0.67 }
    frame.positions = positions
    let problem = try Problem(frame, potential: "Si.sw")
    let (dense, core) = (try problem.dense(), try problem.core())
    #expect(dense.ledger.negativeModes > 0)
    #expect(!dense.ledger.isStable && !core.ledger.isStable)
    #expect(dense.ledger.negativeModes == core.ledger.negativeModes)
    #expect(abs(dense.ledger.smallest - core.ledger.smallest) < 1e-9)
    #expect(dense.siteEntropy.allSatisfy { $0.isFinite })
  }

  /// At high temperature s → 1 - ln x: the difference to the crystal is the classical one.
  @Test func theQuantumEntropyBecomesClassical() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 2, 1], .rattle(amplitude: 0.04), potential: "Si.sw")
    let engine = DenseEngine(kind: .quantum(temperature: 1e5))
    let hot = try engine.labels(of: problem.hessian())
    let perfect = try engine.labels(of: problem.crystal.foldedHessian)
    let classical = try problem.dense().entropy
    #expect(abs(hot.entropy - perfect.entropy - classical) < 1e-4)
    let cold = try DenseEngine(kind: .quantum(temperature: 1)).labels(of: problem.hessian())
    #expect(cold.entropy >= 0 && cold.entropy < 1e-6)
  }

  @Test func aMatrixThatDoesNotFitIsRefusedBefore() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 1], .rattle(amplitude: 0.04), potential: "Si.sw")
    let hessian = try problem.hessian()
    #expect(throws: SiteEntropyError.self) {
      try DenseEngine(kind: .absolute, memoryLimit: 1000).labels(of: hessian)
    }
  }

  /// (x, S/k_B) from 400-digit arithmetic.
  @Test(arguments: [
    (1e-08, 19.420680743952367), (0.1, 3.3030016555215957),
    (0.6931471805599453, 1.3862943611198906), (1.0, 1.0406518522564083),
    (30.0, 2.900863120340721e-12), (700.0, 6.911633257175599e-302),
  ])
  func theModeEntropyMatchesHighPrecision(x: Double, expected: Double) {
    #expect(abs(quantumModeEntropy(x) - expected) <= 4 * expected.ulp)
  }
}

struct EmbeddingTests {
  static let potential = "Si.sw"

  /// The same displacements in a cell built at full size, and embedded from the small one.
  @Test func anEmbeddedCoreIsTheCoreOfTheLargeCell() throws {
    let large = try Problem(
      "diamond", ["Si"], 5.431, [4, 3, 3], .localized(amplitude: 0.05, radius: 3, center: .atom(0)),
      potential: Self.potential)
    let small = try Self.cut(large.frame, to: [3, 3, 3])
    let labeller = Labeller(
      source: .embedded(large.potential, in: .cell([4, 3, 3])), kind: .relative)
    let embedded = try labeller.labels(of: small).labels
    let exact = try large.core()
    #expect(abs(embedded.entropy - exact.entropy) < 1e-11)
    let moved = try large.frame.displacements()
    let movedLabels = (0..<large.frame.atomCount).filter { moved[3 * $0] != 0 }
      .map { exact.siteEntropy[$0] }.sorted()
    let smallMoved = try small.displacements()
    let embeddedLabels = (0..<small.atomCount).filter { smallMoved[3 * $0] != 0 }
      .map { embedded.siteEntropy[$0] }.sorted()
    #expect(largestDifference(movedLabels, embeddedLabels) < 1e-11)
  }

  @Test func theInfiniteCrystalIsTheLimitOfLargeCells() throws {
    let problem = try Problem(
      "square", ["Na", "Cl"], 4, [6, 6, 1],
      .localized(amplitude: 0.03, radius: 3, center: .atom(0)), potential: "square.json")
    func entropy(_ target: EmbeddingTarget) throws -> SiteLabels {
      try Labeller(source: .embedded(problem.potential, in: target), kind: .relative)
        .labels(of: problem.frame).labels
    }
    let infinite = try entropy(.infinite)
    let large = try entropy(.cell([150, 150, 1]))
    let estimate = try #require(infinite.errorEstimate)
    #expect(estimate < 1e-6)
    // The finite cell itself is L^-2 away, about 1e-6 here.
    #expect(abs(infinite.entropy - large.entropy) < 1e-5)
    #expect(largestDifference(infinite.siteEntropy, large.siteEntropy) < 1e-5)
  }

  @Test func aPerturbationOfTheWholeCellCannotBeEmbedded() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.02), potential: Self.potential)
    let labeller = Labeller(
      source: .embedded(problem.potential, in: .infinite), kind: .relative)
    #expect(throws: InputError.self) { try labeller.labels(of: problem.frame) }
  }

  /// The frame with the same displacements in a smaller cell of the same crystal.
  static func cut(_ frame: Frame, to counts: [Int]) throws -> Frame {
    let displacements = try frame.displacements()
    let reference = try frame.requiredReferencePositions()
    var small = try #require(Prototype.named("diamond")).supercell(
      counts, species: ["Si"], latticeConstant: 5.431)
    let lattice = try Multilattice(referenceOf: small)
    let reduced = ReducedCell(try frame.positionCell())
    var positions = small.positions
    let places = try small.requiredReferencePositions()
    let smallCell = ReducedCell(lattice.cell)
    for atom in 0..<frame.atomCount where displacements[3 * atom] != 0 {
      let near = reduced.minimumImage(
        reference[3 * atom], reference[3 * atom + 1], reference[3 * atom + 2])
      let target = try #require(
        (0..<small.atomCount).first {
          let u = smallCell.minimumImage(
            places[3 * $0] - near.0, places[3 * $0 + 1] - near.1, places[3 * $0 + 2] - near.2)
          return abs(u.0) + abs(u.1) + abs(u.2) < 1e-6
        })
      for k in 0..<3 { positions[3 * target + k] += displacements[3 * atom + k] }
    }
    small.positions = positions
    small.setKey("perturb_center", .reals([0, 0, 0]))
    return small
  }
}
