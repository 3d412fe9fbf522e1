import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct StabilityTests {
  static func constants(
    _ frame: Frame, _ potential: any Potential, _ multiples: [Int]
  ) throws -> StabilityConstants {
    let lattice = try Multilattice(referenceOf: frame)
    let kernel = try ReferenceKernel(of: lattice, potential: potential, source: frame.source)
    return try StabilityConstants(
      of: kernel, multilattice: lattice, group: lattice.group(multiples: multiples))
  }

  /// k1 and k2 of the springs between the sublattices, s0 and s1 of those within them.
  struct Chain: Sendable {
    let file: String
    let (k1, k2, s0, s1): (Double, Double, Double, Double)
  }

  static let chains = [
    Chain(file: "chain.json", k1: 10, k2: 8, s0: 2, s1: 1),
    Chain(file: "chain-soft.json", k1: 4, k2: 2, s0: 0.5, s1: 0.25),
  ]

  // With t = ka/2, K = k1 + k2 and s = s0 + s1, by hand:
  //   D_aa = K(1 - cos t) + 2 s sin²t,  D_oo = K(1 + cos t) + 2 s sin²t,
  //   |D_ao|² = 4(s0 - s1)² sin⁴t + (k1 - k2)² sin²t.
  @Test(arguments: chains, [7, 12, 64]) func theDiatomicChainHasItsClosedForm(
    chain: Chain, cells: Int
  ) throws {
    let frame = try #require(Prototype.named("chain")).supercell(
      [6, 1, 1], species: ["Na", "Cl"], latticeConstant: 5)
    let path = repositoryFile("examples/potentials/\(chain.file)").path(percentEncoded: false)
    let found = try Self.constants(frame, loadPotential(path: path), [cells, 1, 1])
    let (sum, within) = (chain.k1 + chain.k2, chain.s0 + chain.s1)
    var (optical, acoustic, coercivity) = (2 * sum, Double.infinity, Double.infinity)
    var coupling = 0.0
    for j in 1...cells / 2 {
      let t = Double.pi * Double(j) / Double(cells)
      let k = 2 * t / 5
      let (c, s) = (cos(t), sin(t))
      let aa = sum * (1 - c) + 2 * within * s * s
      let oo = sum * (1 + c) + 2 * within * s * s
      let ao = hypot(2 * (chain.s0 - chain.s1) * s * s, (chain.k1 - chain.k2) * s)
      optical = min(optical, oo)
      acoustic = min(acoustic, (aa - ao * ao / oo) / (k * k))
      coupling = max(coupling, ao / k)
      let (p, q, r) = (aa / (k * k), oo, ao / k)
      coercivity = min(coercivity, (p + q) / 2 - hypot((p - q) / 2, r))
    }
    #expect(abs(try #require(found.optical).value - optical) < 1e-12 * optical)
    #expect(abs(try #require(found.acoustic).value - acoustic) < 1e-11 * acoustic)
    #expect(abs(try #require(found.coercivity).value - coercivity) < 1e-11 * coercivity)
    #expect(abs(try #require(found.coupling).value - coupling) < 1e-12 * coupling)
    #expect(found.waveVectorCount == cells)
    #expect(found.ledger.zeroModes == 1)
  }

  // From a sum over all pairs of atoms of the 216-atom cell in NumPy, for every wave vector of the
  // first Brillouin zone, its faces included.
  @Test func siliconAgreesWithASumOverAtoms() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 1], .rattle(amplitude: 0), potential: "Si.sw")
    let found = try Self.constants(problem.frame, problem.potential, [3, 3, 3])
    #expect(abs(try #require(found.optical).value - 11.792829878020568) < 1e-10)
    #expect(abs(try #require(found.acoustic).value - 3.205421869462293) < 1e-10)
    #expect(abs(try #require(found.coercivity).value - 3.205421869462274) < 1e-10)
    #expect(abs(try #require(found.coupling).value - 14.899067379003945) < 1e-10)
  }

  @Test func theyDoNotDependOnTheOrderOfTheAtomsOrTheAxes() throws {
    let problem = try KnownLabelsTests.problem("gan192", 0, "GaN")
    let frame = problem.0
    let first = try Self.constants(frame, problem.1, [2, 2, 2])
    let (c, s) = (0.6, 0.8)
    let others = [
      frame.renumbered((0..<frame.atomCount).map { ($0 * 77 + 5) % frame.atomCount }),
      frame.renumbered((0..<frame.atomCount).reversed()),
      frame.turned(by: [c, -s, 0, s, c, 0, 0, 0, 1]),
    ]
    for other in others {
      let found = try Self.constants(other, problem.1, [2, 2, 2])
      let pairs = [
        (first.optical, found.optical), (first.acoustic, found.acoustic),
        (first.coercivity, found.coercivity), (first.coupling, found.coupling),
      ]
      for (a, b) in pairs {
        let (x, y) = (try #require(a).value, try #require(b).value)
        #expect(abs(x - y) < 1e-8 * abs(x))
      }
    }
  }

  static func springs(_ second: Double) throws -> (Frame, any Potential) {
    let text = """
      {"format": "sitevib-springs", "version": 1, "name": "one", "description": "one sublattice",
       "dimension": 1, "cell": [[2.0]], "sublattices": [{"position": [0.0]}],
       "springs": [{"from": 0, "to": 0, "offset": [1], "k": 3.0, "g": 0, "h": 0},
                   {"from": 0, "to": 0, "offset": [2], "k": \(second), "g": 0, "h": 0}]}
      """
    let count = 8
    let positions = (0..<count).flatMap { cell -> [Double] in [2 * Double(cell), 0, 0] }
    var frame = Frame(
      species: [String](repeating: "Ar", count: count), positions: positions,
      cell: [2 * Double(count), 0, 0, 0, 1, 0, 0, 0, 1], periodic: [true, false, false])
    frame.setColumn(Column("sublattice", .integer([Int](repeating: 0, count: count))))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    frame.setKey("dimension", .integer(1))
    return (frame, try loadPotential(parsing: Array(text.utf8), file: "one.json"))
  }

  @Test func oneSublatticeHasNoOpticalConstant() throws {
    let (frame, potential) = try Self.springs(0.5)
    let found = try Self.constants(frame, potential, [10, 1, 1])
    let values = (1...5).map { j -> Double in
      let angle = 2 * Double.pi * Double(j) / 10
      return (6 * (1 - cos(angle)) + (1 - cos(2 * angle))) / (angle / 2 * angle / 2)
    }
    #expect(found.optical == nil && found.coupling == nil)
    let least = try #require(values.min())
    #expect(abs(try #require(found.acoustic).value - least) < 1e-12 * least)
    #expect(found.acoustic == found.coercivity)
  }

  @Test func anUnstableCrystalIsRefusedWithItsCount() throws {
    let (frame, potential) = try Self.springs(-1)
    // 6(1 - cos t) - 2(1 - cos 2t) = (1 - cos t)(2 - 4 cos t) < 0 for t < π/3: two of ten pairs.
    #expect {
      try Self.constants(frame, potential, [10, 1, 1])
    } throws: { error in
      guard case SiteEntropyError.unstableReference(let ledger) = error else { return false }
      return ledger.negativeModes == 2 && ledger.smallest < 0
    }
  }

  @Test func theDefaultGridIsARefinementOfTheFramesOwn() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [5, 2, 1], .rattle(amplitude: 0), potential: "Si.sw")
    #expect(problem.crystal.multilattice.defaultGrid == [15, 12, 12])
  }

  @Test func theEndsOfTheSpectrumAreThoseOfTheDenseEngine() throws {
    for problem in try Problem.all() {
      let dense = try problem.dense().ledger
      let whole = SparsePerturbation(
        from: problem.crystal.foldedHessian, to: try problem.hessian(),
        multilattice: problem.crystal.multilattice)
      let ledgers = [
        try SpectrumEnds(whole.matrix, problem.crystal.normalizer).ledger,
        try problem.crystal.ledger(of: problem.frame, potential: problem.potential),
      ]
      for ledger in ledgers {
        #expect(ledger.isStable)
        #expect(abs(ledger.smallest - dense.smallest) < 1e-10)
        #expect(abs(ledger.largest - dense.largest) < 1e-10)
      }
    }
  }

  @Test func negativeModesAreSeenByBothWays() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 1], .rattle(amplitude: 0.22), potential: "Si.sw")
    let dense = try problem.dense().ledger
    let whole = SparsePerturbation(
      from: problem.crystal.foldedHessian, to: try problem.hessian(),
      multilattice: problem.crystal.multilattice)
    let ends = try SpectrumEnds(whole.matrix, problem.crystal.normalizer).ledger
    let core = try problem.crystal.ledger(of: problem.frame, potential: problem.potential)
    #expect(dense.negativeModes > 0 && core.negativeModes == dense.negativeModes)
    #expect(ends.negativeModes > 0)
    #expect(abs(ends.smallest - dense.smallest) < 1e-9)
    #expect(abs(core.smallest - dense.smallest) < 1e-9)
  }

  /// Rounding makes new vectors parallel to the first one again, and |E|² is a factor of every step:
  /// neither may show, however many steps are made.
  @Test(arguments: [1e-3, 1, 1e5], [1, 250])
  func theEndsAreThoseOfTheSpectrumAfterAnyNumberOfSteps(factor: Double, steps: Int) throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 2, 2], .rattle(amplitude: 0.05), potential: "Si.sw")
    let crystal = problem.crystal
    let reference = crystal.foldedHessian
    let difference = SparsePerturbation(
      from: reference, to: try problem.hessian(), multilattice: crystal.multilattice)
    let matrix = difference.matrix
    let scaled = BlockSparseMatrix(
      blockSize: matrix.blockSize, siteCount: matrix.siteCount, rowStarts: matrix.rowStarts,
      indices: matrix.indices, values: matrix.values.map { factor * $0 })
    let one = try problem.dense().ledger
    let ends = try SpectrumEnds(scaled, crystal.normalizer, leastSteps: steps).ledger
    let tolerance = 1e-10 * max(1, factor)
    #expect(abs(ends.smallest - 1 - factor * (one.smallest - 1)) < tolerance)
    #expect(abs(ends.largest - 1 - factor * (one.largest - 1)) < tolerance)
    #expect((ends.negativeModes > 0) == (factor > 1))
  }

  @Test func theNormOfTheDifferenceComesFromTheSpectrum() {
    let ledger = ModeLedger(
      zeroModes: 3, negativeModes: 0, smallest: 0.25, largest: 1.5, expectedZeroModes: 3)
    #expect(ledger.perturbationNorm == 0.75)
    let extra = ModeLedger(
      zeroModes: 4, negativeModes: 0, smallest: 0.5, largest: 1.25, expectedZeroModes: 3)
    #expect(extra.perturbationNorm == 1)
  }
}
