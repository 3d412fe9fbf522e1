import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct GradientTests {
  /// Crystals in 1, 2 and 3 dimensions, cells smaller than the range of the potential among them.
  struct Crystal: CustomStringConvertible, Sendable {
    let prototype: String
    let species: [String]
    let latticeConstant: Double
    let counts: [Int]
    let potentialFile: String
    var isPrimitive = false

    var description: String { "\(prototype) \(counts) \(potentialFile)" }

    func frame() throws -> Frame {
      try #require(Prototype.named(prototype)).supercell(
        counts, species: species, latticeConstant: latticeConstant, isPrimitive: isPrimitive)
    }

    func frame(_ perturbation: Perturbation, seed: UInt64 = 1) throws -> Frame {
      try PerturbationBase(frame()).perturbed(
        by: perturbation, seed: seed, frameIndex: 0, copy: 0)
    }

    func potential() throws -> any Potential {
      if potentialFile == "NiAl.eam.fs" {
        // Splines through tables have no third derivative at their knots; their refit has.
        let tables = try loadPotential(
          parsing: Array(SecondMoment.table(["Ni", "Al"]).utf8), file: potentialFile)
        let smooth = try tables.refitted(every: 20)
        return try #require(smooth)
      }
      return try loadPotential(
        path: repositoryFile("examples/potentials/\(potentialFile)").path(percentEncoded: false))
    }

    func gradient(
      _ target: GradientTarget, of frame: Frame, engine: GradientEngine = .auto
    ) throws -> SiteGradient {
      try Differentiator(potential: potential(), engine: engine)
        .gradient(of: frame, target: target).gradient
    }
  }

  static let chain = Crystal(
    prototype: "chain", species: ["Na", "Cl"], latticeConstant: 5, counts: [9, 1, 1],
    potentialFile: "chain-soft.json")
  static let square = Crystal(
    prototype: "square", species: ["Na", "Cl"], latticeConstant: 4, counts: [3, 4, 1],
    potentialFile: "square.json")
  static let cscl = Crystal(
    prototype: "cscl", species: ["Cs", "Cl"], latticeConstant: 4, counts: [3, 2, 2],
    potentialFile: "cscl.json")
  static let silicon = Crystal(
    prototype: "diamond", species: ["Si"], latticeConstant: 5.431, counts: [1, 1, 2],
    potentialFile: "Si.sw")
  static let galliumNitride = Crystal(
    prototype: "wurtzite", species: ["Ga", "N"], latticeConstant: 3.19, counts: [2, 2, 1],
    potentialFile: "GaN.sw")
  static let siliconCarbide = Crystal(
    prototype: "zincblende", species: ["Si", "C"], latticeConstant: 4.32, counts: [1, 1, 2],
    potentialFile: "SiC-Tersoff1989.tersoff")
  static let nickelAluminide = Crystal(
    prototype: "cscl", species: ["Ni", "Al"], latticeConstant: 2.87, counts: [3, 2, 2],
    potentialFile: "NiAl.eam.fs")
  static let small = [
    chain, square, cscl, silicon, galliumNitride, siliconCarbide, nickelAluminide,
  ]

  /// Localized perturbations of cells large enough for a core.
  static let roomy = [
    Crystal(
      prototype: "chain", species: ["Na", "Cl"], latticeConstant: 5, counts: [60, 1, 1],
      potentialFile: "chain.json"),
    Crystal(
      prototype: "square", species: ["Na", "Cl"], latticeConstant: 4, counts: [8, 8, 1],
      potentialFile: "square-soft.json"),
    Crystal(
      prototype: "cscl", species: ["Cs", "Cl"], latticeConstant: 4, counts: [4, 4, 4],
      potentialFile: "cscl-soft.json"),
    Crystal(
      prototype: "zincblende", species: ["Cd", "Te"], latticeConstant: 6.5064, counts: [2, 2, 2],
      potentialFile: "CdTe-Wang1989.sw"),
  ]

  /// A displacement around atom 2 that leaves a core smaller than the cell, where that is roomy.
  static func localized(_ crystal: Crystal) throws -> Frame {
    // The Hessian of a potential with angles changes two shells beyond what moves.
    let shells = crystal.potentialFile.hasSuffix(".sw") ? 0.1 : 0.71
    return try crystal.frame(
      .localized(amplitude: 0.05, radius: shells * crystal.latticeConstant, center: .atom(2)))
  }

  /// ∂f/∂x by the five-point rule, whose error is of fourth order in the step.
  static func slope(
    of frame: Frame, coordinate: Int, _ f: (Frame) throws -> [Double]
  ) throws -> [Double] {
    let step = 5e-5
    func value(_ steps: Double) throws -> [Double] {
      var moved = frame
      var positions = frame.positions
      positions[coordinate] += steps * step
      moved.positions = positions
      return try f(moved)
    }
    let (a, b) = (try value(-2), try value(-1))
    let (c, d) = (try value(1), try value(2))
    return a.indices.map { (a[$0] - d[$0] + 8 * (c[$0] - b[$0])) / (12 * step) }
  }

  static func checkSlopes(_ crystal: Crystal, of frame: Frame) throws {
    let labeller = Labeller(potential: try crystal.potential(), kind: .relative, engine: .dense)
    let site = 3
    let gradient = try crystal.gradient(.site(site), of: frame)
    let total = try crystal.gradient(.total, of: frame)
    #expect(gradient.engine == "dense" && total.ledger.isStable)
    for atom in [0, site, 7] {
      for axis in 0..<frame.dimension {
        let coordinate = 3 * atom + axis
        let slopes = try slope(of: frame, coordinate: coordinate) {
          try labeller.labels(of: $0).labels.siteEntropy
        }
        #expect(abs(slopes[site] - gradient.values[coordinate]) < 5e-9)
        #expect(abs(slopes.reduce(0, +) - total.values[coordinate]) < 5e-9)
      }
    }
  }

  @Test(arguments: ["dense", "core"])
  func theGradientIsThatOfIndependentSoftware(engine: String) throws {
    let path = "formats/vectors/site-entropy/cdte64_gradient_site5.xyz"
    let frame = try #require(try frames(ofFile: path).first)
    let engine = try #require(GradientEngine(rawValue: engine))
    let gradient = try Self.roomy[3].gradient(.site(5), of: frame, engine: engine)
    let known = try #require(frame.reals("entropy_gradient", width: 3))
    #expect(gradient.engine == engine.rawValue)
    #expect(gradientDistance(gradient.values, known) < 1e-8)
  }

  @Test(arguments: small)
  func theGradientIsTheSlopeOfTheLabels(crystal: Crystal) throws {
    try Self.checkSlopes(crystal, of: try crystal.frame(.rattle(amplitude: 0.04)))
  }

  @Test(arguments: small)
  func strainedFramesHaveGradientsToo(crystal: Crystal) throws {
    let strained = try crystal.frame(.strain(amplitude: 0.005))
    #expect(strained.cell != strained.referenceCell)
    try Self.checkSlopes(crystal, of: strained)
  }

  @Test(arguments: small)
  func atTheReferenceTheWholeCellGivesTheSame(crystal: Crystal) throws {
    let frame = try crystal.frame()
    for target in [GradientTarget.site(1), .total] {
      let fast = try crystal.gradient(target, of: frame)
      let dense = try crystal.gradient(target, of: frame, engine: .dense)
      #expect(fast.engine == "core" && dense.engine == "dense")
      #expect(gradientDistance(fast.values, dense.values) < 1e-12)
    }
  }

  @Test(arguments: roomy)
  func coresGiveTheSameAsTheWholeCell(crystal: Crystal) throws {
    let frame = try Self.localized(crystal)
    let last = frame.atomCount - 1
    for target in [GradientTarget.site(2), .site(last), .total] {
      let core = try crystal.gradient(target, of: frame, engine: .core)
      let dense = try crystal.gradient(target, of: frame, engine: .dense)
      #expect(gradientDistance(core.values, dense.values) < 1e-11)
      #expect(abs(core.ledger.smallest - dense.ledger.smallest) < 1e-10)
    }
    #expect(try crystal.gradient(.total, of: frame).engine == "core")
  }

  @Test(arguments: small)
  func aCoreMayBeTheWholeCell(crystal: Crystal) throws {
    let frame = try crystal.frame(.rattle(amplitude: 0.03))
    for target in [GradientTarget.site(4), .total] {
      let core = try crystal.gradient(target, of: frame, engine: .core)
      let dense = try crystal.gradient(target, of: frame, engine: .dense)
      #expect(gradientDistance(core.values, dense.values) < 1e-10)
    }
  }

  @Test(arguments: small + roomy)
  func lanczosVectorsGiveTheSameAsTheWholeCell(crystal: Crystal) throws {
    for frame in [
      try crystal.frame(.rattle(amplitude: 0.04)), try crystal.frame(.strain(amplitude: 0.005)),
      try Self.localized(crystal),
    ] {
      let lanczos = try crystal.gradient(.site(1), of: frame, engine: .polynomial)
      let dense = try crystal.gradient(.site(1), of: frame, engine: .dense)
      #expect((lanczos.engine == "polynomial") == (frame.atomCount * frame.dimension >= 100))
      #expect(gradientDistance(lanczos.values, dense.values) < 1e-11)
    }
  }

  @Test func largeFramesTakeLanczosVectors() throws {
    let crystal = Crystal(
      prototype: "diamond", species: ["Si"], latticeConstant: 5.431, counts: [3, 3, 3],
      potentialFile: "Si.sw")
    let frame = try crystal.frame(.rattle(amplitude: 0.05))
    let gradient = try crystal.gradient(.site(100), of: frame)
    let dense = try crystal.gradient(.site(100), of: frame, engine: .dense)
    #expect(gradient.engine == "polynomial")
    #expect(gradientDistance(gradient.values, dense.values) < 1e-11)
    #expect(throws: FrameFailure.self) {
      _ = try crystal.gradient(.total, of: frame, engine: .polynomial)
    }
  }

  @Test(arguments: ["dense", "core"])
  func theTotalIsTheSumOverTheSites(engine: String) throws {
    for crystal in [Self.roomy[0], Self.square, Self.silicon] {
      let frame = try Self.localized(crystal)
      let engine = try #require(GradientEngine(rawValue: engine))
      var sum = [Double](repeating: 0, count: 3 * frame.atomCount)
      for atom in 0..<frame.atomCount {
        let gradient = try crystal.gradient(.site(atom), of: frame, engine: engine)
        for (coordinate, value) in gradient.values.enumerated() { sum[coordinate] += value }
      }
      let total = try crystal.gradient(.total, of: frame, engine: engine)
      #expect(gradientDistance(sum, total.values) < 1e-11)
    }
  }

  @Test(arguments: small + roomy)
  func aTranslationChangesNoLabel(crystal: Crystal) throws {
    let frame = try Self.localized(crystal)
    for target in [GradientTarget.site(0), .total] {
      let values = try crystal.gradient(target, of: frame).values
      #expect(values.contains { abs($0) > 1e-3 })
      for axis in 0..<3 {
        let sum = stride(from: axis, to: values.count, by: 3).reduce(0) { $0 + values[$1] }
        #expect(abs(sum) < 1e-13)
        if axis >= frame.dimension {
          #expect(stride(from: axis, to: values.count, by: 3).allSatisfy { values[$0] == 0 })
        }
      }
    }
  }

  /// Of 65,536 atoms, 32 primitive cells along each vector: NumPy and LAPACK on the same Bloch sums.
  @Test(arguments: [
    ("diamond", "Si.sw", 5.431, 0.400960),
    ("zincblende", "CdTe-Wang1989.sw", 6.5064, 0.373352),
  ])
  func largePerfectCrystalsAreEasy(
    prototype: String, file: String, latticeConstant: Double, known: Double
  ) throws {
    let crystal = Crystal(
      prototype: prototype, species: prototype == "diamond" ? ["Si"] : ["Cd", "Te"],
      latticeConstant: latticeConstant, counts: [32, 32, 32], potentialFile: file,
      isPrimitive: true)
    let frame = try crystal.frame()
    let site = try frame.centralAtom()
    let values = try crystal.gradient(.site(site), of: frame).values
    let norms = stride(from: 0, to: values.count, by: 3).map { start in
      values[start..<start + 3].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    // By symmetry nothing at the site itself; the four nearest neighbours feel the same.
    let order = norms.indices.sorted { norms[$0] > norms[$1] }
    for neighbor in order[..<4] { #expect(abs(norms[neighbor] - known) < 1e-6) }
    #expect(norms[order[4]] < 0.1 * known && norms[site] < 1e-12)
  }

  @Test func anUnstableFrameHasNone() throws {
    var frame = try Self.silicon.frame()
    var positions = frame.positions
    for axis in 0..<3 { positions[axis] -= 0.65 }
    frame.positions = positions
    for engine in GradientEngine.allCases {
      let target: GradientTarget = engine == .polynomial ? .site(0) : .total
      let failure = #expect(throws: FrameFailure.self) {
        _ = try Self.silicon.gradient(target, of: frame, engine: engine)
      }
      guard case .unstableFrame(let ledger)? = failure?.error as? SiteEntropyError else {
        Issue.record("expected an unstable frame, found \(String(describing: failure))")
        continue
      }
      #expect(ledger.negativeModes > 0 && ledger.smallest < 0)
    }
  }

  @Test func anAtomThatIsNotThereIsNamed() throws {
    let frame = try Self.chain.frame()
    let error = #expect(throws: InputError.self) {
      _ = try Self.chain.gradient(.site(18), of: frame)
    }
    #expect(error?.message == "site: expected an atom from 0 to 17, found 18")
  }

  @Test func theCentreIsThatOfTheKeysOrOfTheCell() throws {
    var frame = try Self.cscl.frame()
    let reference = try #require(frame.referencePositions)
    let middle = try frame.centralAtom()
    let place = Array(reference[3 * middle..<3 * middle + 3])
    // Of 3 x 2 x 2 cells of 4 Å the middle is (6, 4, 4), the nearest site 2 Å √3 or 2 Å away.
    #expect(abs(place[0] - 6) <= 2 && abs(place[1] - 4) <= 2 && abs(place[2] - 4) <= 2)
    frame.setKey("center", .integer(5))
    #expect(try frame.centralAtom() == 5)
    frame.setKey("center", .reals(Array(reference[21..<24])))
    #expect(try frame.centralAtom() == 7)
    frame.setKey("perturb_center", .reals([12, 8, 8.5]))
    #expect(try frame.centralAtom() == 0)
    frame.setKey("perturb_center", .text("here"))
    #expect(throws: InputError.self) { _ = try frame.centralAtom() }
    frame.removeKey("perturb_center")
    frame.setKey("center", .integer(frame.atomCount))
    #expect(throws: InputError.self) { _ = try frame.centralAtom() }
  }
}

struct LogarithmDifferencesTests {
  @Test func theProductIsTheMatrixOfDifferences() {
    // From 1e-3 to 1e3, with neighbours 1e-15 … 1e-1 apart (relatively).
    var values: [Double] = []
    for power in -3...3 {
      let base = [0.001, 0.01, 0.1, 1, 10, 100, 1000][power + 3]
      values +=
        [base] + (1...15).map { base * (1 + [1e-15, 1e-12, 1e-9, 1e-6, 0.1][$0 % 5] * Double($0)) }
    }
    let factor = LogarithmDifferences(values.map { logarithm($0) })
    #expect(factor.rank < 40)
    for (k, x) in values.enumerated() {
      for (l, y) in values.enumerated() {
        let product = (0..<factor.rank).reduce(0.0) {
          $0 + factor.factor[k, $1] * factor.factor[l, $1]
        }
        #expect(abs(product - difference(x, y)) < 3e-14 / (x * y).squareRoot())
      }
    }
  }

  @Test func oneEigenvalueHasTheSlopeAlone() {
    let factor = LogarithmDifferences([logarithm(4), logarithm(4)])
    #expect(factor.rank == 1)
    #expect(abs(factor.factor[0, 0] - 0.5) < 1e-16 && abs(factor.factor[1, 0] - 0.5) < 1e-16)
    #expect(LogarithmDifferences([]).rank == 0)
  }

  private func logarithm(_ x: Double) -> Double { log(x) }

  /// (log x - log y)/(x - y), by the series where they are near.
  private func difference(_ x: Double, _ y: Double) -> Double {
    let r = (max(x, y) - min(x, y)) / min(x, y)
    return r == 0 ? 1 / x : log1p(r) / (r * min(x, y))
  }
}

func gradientDistance(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
