import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

/// Relaxed defects and a saddle of formats/vectors/defects, with answers of LAMMPS and NumPy.
struct KnownDefect {
  struct Truth: Decodable {
    let energy: Double
    let labels: [Double]
    let perfect: [Double]
    let infinite: [Double]
    let formationEntropy: Double

    enum CodingKeys: String, CodingKey {
      case energy
      case labels = "site_entropy_absolute"
      case perfect = "perfect_labels"
      case infinite = "s_infinite"
      case formationEntropy = "formation_entropy"
    }
  }

  struct Hop: Decodable {
    let barrier: Double
    let negativeFrequency: Double
    let attemptFrequency: Double
    let siteDifferences: [Double]

    enum CodingKeys: String, CodingKey {
      case barrier
      case negativeFrequency = "negative_frequency"
      case attemptFrequency = "attempt_frequency"
      case siteDifferences = "site_differences"
    }
  }

  let frame: Frame
  let potential: any Potential

  static let cases = [
    ("si64_vacancy", "Si"), ("si64_interstitial", "Si"), ("cdte64_antisite", "CdTe-Wang1989"),
  ]

  init(_ name: String, _ potential: String) throws {
    frame = try #require(frames(ofFile: "formats/vectors/defects/\(name).xyz").first)
    let path = repositoryFile("examples/potentials/\(potential).sw").path(percentEncoded: false)
    self.potential = try loadPotential(path: path)
  }

  static func truth<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
    let data = try Data(contentsOf: repositoryFile("formats/vectors/defects/truth.json"))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let part = try JSONSerialization.data(withJSONObject: try #require(object[name]))
    return try JSONDecoder().decode(type, from: part)
  }

  func transition(over saddle: Frame) throws -> TransitionState {
    try TransitionState(
      from: StationaryPoint(frame, potential: potential, isSaddle: false, forceLimit: 1e-6),
      over: StationaryPoint(saddle, potential: potential, isSaddle: true, forceLimit: 1e-6))
  }

  func labelled() throws -> FormationLabeller.Result {
    try FormationLabeller(potential: potential).labels(of: frame)
  }
}

struct FormationTests {
  // MARK: Against other software

  @Test(arguments: KnownDefect.cases)
  func formationEntropiesAreThoseOfOtherSoftware(name: String, potential: String) throws {
    let truth = try KnownDefect.truth(name, as: KnownDefect.Truth.self)
    let defect = try KnownDefect(name, potential)
    let result = try defect.labelled()
    #expect(result.labels.ledger.isStable)
    #expect(abs(result.entropy.atVolume - truth.formationEntropy) < 2e-6)
    #expect(abs(result.energetics.energy - truth.energy) < 1e-8)
    #expect(result.energetics.largestForce < 1e-8)
    // Labels: an atom's less that of its site, or of an added atom less s_∞.
    let reference = try FormationReference(
      of: result.crystal.frame, potential: defect.potential)
    for atom in 0..<defect.frame.atomCount {
      let species = defect.frame.species[atom]
      let site = result.crystal.siteOfAtom[atom]
      let sublattice = site.map { result.crystal.frame.sublattice?[$0] ?? 0 }
      let baseline =
        sublattice.map { truth.perfect[$0] } ?? reference.infiniteEntropy(of: species) ?? 0
      #expect(abs(result.labels.siteEntropy[atom] - (truth.labels[atom] - baseline)) < 1e-6)
    }
    for (own, theirs) in zip(reference.infinite.shares, truth.infinite) {
      #expect(abs(own - theirs) < 1e-7)
    }
    for (own, theirs) in zip(reference.cell.shares, truth.perfect) {
      #expect(abs(own - theirs) < 1e-7)
    }
  }

  @Test func theHopOfAVacancyIsThatOfOtherSoftware() throws {
    let truth = try KnownDefect.truth("si64_hop", as: KnownDefect.Hop.self)
    let minimum = try KnownDefect("si64_vacancy", "Si")
    let saddle = try KnownDefect("si64_hop_saddle", "Si").frame
    let state = try minimum.transition(over: saddle)
    #expect(abs(state.barrier - truth.barrier) < 1e-8)
    #expect(abs(state.attemptFrequency / truth.attemptFrequency - 1) < 1e-6)
    #expect(abs(state.negativeFrequency / truth.negativeFrequency - 1) < 1e-6)
    #expect(largestDifference(state.siteDifferences, truth.siteDifferences) < 1e-6)
    #expect(abs(state.siteDifferences.reduce(0, +) - state.entropyDifference) < 1e-9)
    // At high temperature quantum modes are classical.
    let ratio = state.quantumRate(temperature: 2e4) / state.rate(temperature: 2e4)
    #expect(abs(ratio - 1) < 1e-3)
    #expect(state.quantumRate(temperature: 100) > 1.01 * state.rate(temperature: 100))
  }

  // MARK: The crystal

  /// Bulk modulus and slope of an independent prototype with automatic derivatives.
  @Test func siliconAnswersAChangeOfVolumeAsKnown() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let result = try defect.labelled()
    let response = try #require(result.energetics.response)
    #expect(abs(response.bulkModulus - 0.632990) < 2e-5)
    #expect(abs(response.entropyDerivative - 1.741668) < 2e-5)
    let dipole = result.energetics.dipole
    for axis in [0, 4, 8] { #expect(abs(dipole[axis] + 21.40818567) < 1e-5) }
    for element in [1, 2, 3, 5, 6, 7] { #expect(abs(dipole[element]) < 1e-6) }
    let pressure = try #require(result.energetics.entropyOfRelaxation)
    #expect(abs(result.entropy.atVolume + pressure - 2.9202) < 1e-3)
  }

  @Test func theEntropyOfTheCellIsThatOfItsDenseHessian() throws {
    for problem in try Problem.all() {
      let hessian = problem.crystal.foldedHessian
      let dense = try DenseEngine(kind: .absolute).labels(of: hessian)
      let bloch = try LatticeEntropy(
        of: problem.crystal.kernel, cell: problem.crystal.normalizer.group, kind: .absolute)
      let shares = problem.crystal.multilattice.basisOfAtom.map { bloch.shares[$0] }
      #expect(largestDifference(shares, dense.siteEntropy) < 1e-11)
      let quantum = LabelKind.quantum(temperature: 200)
      let warm = try DenseEngine(kind: quantum).labels(of: hessian)
      let other = try LatticeEntropy(
        of: problem.crystal.kernel, cell: problem.crystal.normalizer.group, kind: quantum)
      let values = problem.crystal.multilattice.basisOfAtom.map { other.shares[$0] }
      #expect(largestDifference(values, warm.siteEntropy) < 1e-11)
    }
  }

  /// In each dimension the integral is the limit of ever larger meshes.
  @Test func meshesConvergeToTheInfiniteCrystal() throws {
    for problem in try Problem.all() {
      let lattice = problem.crystal.multilattice
      let infinite = try LatticeEntropy(
        infinite: problem.crystal.kernel, primitiveCell: lattice.primitiveCell, kind: .absolute)
      #expect(try #require(infinite.errorEstimate) < 1e-6)
      // Determinants know the mean of the sites.
      let mean = try LatticeEntropy(
        equivalentSites: problem.crystal.kernel, primitiveCell: lattice.primitiveCell)
      let sum = infinite.shares.reduce(0, +)
      #expect(abs(mean.shares.reduce(0, +) - sum) < 1e-11 * Double(infinite.shares.count))
      // Cells miss d modes of N d: the entropy of the mesh lacks a term of order log M/M.
      let sizes = [[512, 1024, 2048], [24, 32, 48], [8, 10, 12]][lattice.dimension - 1]
      let errors = try sizes.map { size in
        let multiples = (0..<3).map { lattice.cell.periodic[$0] ? size : 1 }
        let mesh = try LatticeEntropy(
          of: problem.crystal.kernel, cell: lattice.group(multiples: multiples), kind: .absolute)
        return abs(mesh.shares.reduce(0, +) - infinite.shares.reduce(0, +))
      }
      #expect(errors[0] > errors[1] && errors[1] > errors[2])
      #expect(errors[2] < 0.02)
    }
  }

  /// Of a chain with one spring between neighbours det D(k) = 4 K² sin²(k/2)/(m M), whose logarithm
  /// averages to log(K²/(m M)).
  @Test func theEntropyOfAChainIsExact() throws {
    let (k, masses) = (7.5, [22.99, 35.45])
    func entry(_ row: Int, _ column: Int, _ cell: Int, _ value: Double) -> ReferenceKernel.Entry {
      ReferenceKernel.Entry(
        row: row, column: column, translation: (cell, 0, 0),
        block: [value / (masses[row] * masses[column]).squareRoot()])
    }
    let kernel = ReferenceKernel(
      dimension: 1, basisCount: 2,
      entries: [
        entry(0, 0, 0, 2 * k), entry(1, 1, 0, 2 * k), entry(0, 1, 0, -k), entry(1, 0, 0, -k),
        entry(0, 1, -1, -k), entry(1, 0, 1, -k),
      ])
    let cell = try Cell(rows: [5, 0, 0, 0, 0, 0, 0, 0, 0], periodic: [true, false, false])
    let infinite = try LatticeEntropy(infinite: kernel, primitiveCell: cell, kind: .absolute)
    let exact = -0.5 * log(k * k / (masses[0] * masses[1]))
    #expect(abs(infinite.shares.reduce(0, +) - exact) < 1e-9)
    let mean = try LatticeEntropy(equivalentSites: kernel, primitiveCell: cell)
    #expect(abs(mean.shares[0] - exact / 2) < 1e-9)
  }

  /// --embed of a perfect crystal: the mesh of a cell is that cell, and its limit s_∞ of silicon and
  /// cadmium telluride, of an independent prototype.
  @Test(arguments: [LabelKind.absolute, .quantum(temperature: 300)])
  func meshesLabelPerfectCrystals(kind: LabelKind) throws {
    let perfect = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 1], .rattle(amplitude: 1e-9), potential: "Si.sw")
    var frame = perfect.frame
    frame.positions = frame.referencePositions ?? []
    let large = try #require(Prototype.named("diamond")).supercell(
      [2, 1, 2], species: ["Si"], latticeConstant: 5.431)
    let whole = try Labeller(potential: perfect.potential, kind: kind).labels(of: large).labels
    let mesh = try Labeller(
      source: .embedded(perfect.potential, in: .cell([2, 1, 2])), kind: kind
    ).labels(of: frame).labels
    #expect(mesh.siteEntropy.allSatisfy { abs($0 - whole.siteEntropy[0]) < 1e-11 })
    #expect(mesh.embedding == "2x1x2")
    let displaced = Labeller(
      source: .embedded(perfect.potential, in: .infinite), kind: kind)
    frame.positions[0] += 0.01
    #expect(throws: InputError.self) { try displaced.labels(of: frame) }
  }

  @Test func entropiesOfInfiniteCrystalsAreKnown() throws {
    let cases: [(String, [String], Double, String, [Double])] = [
      ("diamond", ["Si"], 5.431, "Si.sw", [1.31114291, 1.31114291]),
      (
        "zincblende", ["Cd", "Te"], 6.506420069, "CdTe-Wang1989.sw",
        [4.907646455, 5.150653444]
      ),
    ]
    for (prototype, species, constant, potential, truth) in cases {
      let frame = try #require(Prototype.named(prototype)).supercell(
        [1, 1, 1], species: species, latticeConstant: constant)
      let file = repositoryFile("examples/potentials/\(potential)").path(percentEncoded: false)
      let labels = try Labeller(
        source: .embedded(loadPotential(path: file), in: .infinite), kind: .absolute
      ).labels(of: frame).labels
      let sublattice = try frame.requiredSublattice()
      for atom in 0..<frame.atomCount {
        #expect(abs(labels.siteEntropy[atom] - truth[sublattice[atom]]) < 2e-8)
      }
      #expect(try #require(labels.errorEstimate) < 1e-6)
    }
  }

  // MARK: Invariants

  @Test func labelsAndReservoirsAddUp() throws {
    for (name, potential) in KnownDefect.cases {
      let result = try KnownDefect(name, potential).labelled()
      let sum =
        result.labels.siteEntropy.reduce(0, +) + result.entropy.vacancyReservoir
        + result.entropy.antisiteReservoir
      #expect(abs(sum - result.entropy.atVolume) < 1e-10)
      #expect(abs(result.labels.siteEntropy.reduce(0, +) - result.labels.entropy) < 1e-10)
    }
  }

  /// Another unit of mass changes the entropy of every mode by the same; (10.3) has as many modes on
  /// either side.
  @Test func formationEntropiesDoNotDependOnTheUnitOfMass() throws {
    var defect = try KnownDefect("si64_vacancy", "Si")
    let plain = try defect.labelled()
    var frame = defect.frame
    frame.setColumn(
      Column("masses", .real([Double](repeating: 3.7, count: frame.atomCount))))
    defect = KnownDefect(frame: frame, potential: defect.potential)
    let heavy = try defect.labelled()
    #expect(abs(heavy.entropy.atVolume - plain.entropy.atVolume) < 1e-9)
  }

  @Test func aDisplacedCrystalHasTheEntropyOfKindRelative() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [2, 1, 1], .rattle(amplitude: 0.03), potential: "Si.sw")
    let result = try FormationLabeller(potential: problem.potential).labels(of: problem.frame)
    #expect(abs(result.entropy.atVolume - (try problem.dense().entropy)) < 1e-10)
    #expect(result.labels.entropy == result.entropy.atVolume)
  }

  /// Cells of one shape, each with its vacancy: the limit of pairs, and how far pairs agree.
  @Test func limitsAreExtrapolatedInOneOverN() throws {
    let straight: [(sites: Int, value: Double)] = [64, 216, 512].map { sites in
      (sites, 5 + 3 / Double(sites))
    }
    let exact = try #require(SizeExtrapolation(straight))
    #expect(abs(exact.limit - 5) < 1e-12)
    #expect(exact.error < 1e-12)
    let computed: [(sites: Int, value: Double)] = [
      (1728, 5.978114), (64, 5.861881), (216, 5.946036), (512, 5.967590), (1000, 5.974944),
    ]
    let silicon = try #require(SizeExtrapolation(computed))
    #expect(abs(silicon.limit - 5.9825) < 1e-4)
    #expect(silicon.error < 5e-4)
    #expect(SizeExtrapolation([(64, 1)]) == nil)
    #expect(SizeExtrapolation([(64, 1), (64, 2)]) == nil)
  }

  // MARK: Exchange

  @Test func defectsAreNamedAndChargedToReservoirs() throws {
    let vacancy = try KnownDefect("si64_vacancy", "Si")
    let crystal = try PerfectCrystal(of: vacancy.frame)
    let one = DefectExchange(crystal, frame: vacancy.frame)
    #expect(one.name == "V_Si" && one.removed == ["Si": 1] && one.siteCount == 64)
    #expect(one.energy(potentials: [:], perfectEnergy: -4.3) == -4.3)
    #expect(one.energy(potentials: ["Si": -5], perfectEnergy: -4.3) == -5)
    let antisite = try KnownDefect("cdte64_antisite", "CdTe-Wang1989")
    let other = DefectExchange(try PerfectCrystal(of: antisite.frame), frame: antisite.frame)
    #expect(other.name == "Cd_Te" && other.removed == ["Cd": -1, "Te": 1])
    #expect(other.energy(potentials: [:], perfectEnergy: -2) == nil)
    // μ_Te = 2 e - μ_Cd.
    let given = try #require(other.energy(potentials: ["Cd": -1.2], perfectEnergy: -2))
    #expect(abs(given - (-2.8 + 1.2)) < 1e-12)
    #expect(
      abs((other.energy(potentials: ["Cd": -1.2, "Te": -3], perfectEnergy: -2) ?? 0) + 1.8) < 1e-12)
  }

  @Test func aVacancyInDiamondHopsToFourNeighbours() throws {
    let minimum = try KnownDefect("si64_vacancy", "Si")
    let saddle = try KnownDefect("si64_hop_saddle", "Si").frame
    let state = try minimum.transition(over: saddle)
    let hop = try #require(
      try VacancyDiffusion(minimum: minimum.frame, displacements: state.displacements))
    #expect(hop.coordination == 4 && hop.correlation?.lattice == "diamond")
    #expect(abs(hop.factor - 5.431 * 5.431 / 8) < 1e-6)
    // Where another atom than a neighbour moves, it is no diffusion by this vacancy.
    let hopping = try state.displacements.indices.filter { atom in
      var moved = [Double](repeating: 0, count: state.displacements.count)
      moved[atom] = 1
      return try VacancyDiffusion(minimum: minimum.frame, displacements: moved) != nil
    }
    #expect(hopping.count == 4)
  }

  // MARK: Bad input

  @Test func whatIsNoStationaryPointIsRefused() throws {
    let minimum = try KnownDefect("si64_vacancy", "Si")
    let saddle = try KnownDefect("si64_hop_saddle", "Si").frame
    func message(_ minimum: Frame, _ saddle: Frame, _ potential: any Potential) -> String {
      do {
        _ = try KnownDefect(frame: minimum, potential: potential).transition(over: saddle)
        return ""
      } catch { return "\(error)" }
    }
    let potential = minimum.potential
    var moved = saddle
    moved.positions[0] += 0.01
    #expect(message(minimum.frame, moved, potential).contains("expected a stationary point"))
    #expect(message(saddle, minimum.frame, potential).contains("expected a minimum"))
    #expect(message(minimum.frame, minimum.frame, potential).contains("expected a saddle"))
    var heavy = saddle
    heavy.setColumn(Column("masses", .real([Double](repeating: 30, count: heavy.atomCount))))
    #expect(message(minimum.frame, heavy, potential).contains("expected the masses"))
    let other = try KnownDefect("si64_interstitial", "Si").frame
    #expect(message(other, saddle, potential).contains("expected the atoms"))
  }
}

extension KnownDefect {
  init(frame: Frame, potential: any Potential) {
    (self.frame, self.potential) = (frame, potential)
  }
}
