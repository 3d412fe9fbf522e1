import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

/// Labels of formats/vectors/site-entropy, from independent software.
struct KnownLabelsTests {
  struct Truth: Decodable {
    let entropy: Double
    let siteEntropy: [Double]
    let siteEntropyAbsolute: [Double]?

    enum CodingKeys: String, CodingKey {
      case entropy
      case siteEntropy = "site_entropy"
      case siteEntropyAbsolute = "site_entropy_absolute"
    }
  }

  static let cases = [
    ("si216", 0, "Si"), ("si216", 1, "Si"), ("si216", 2, "Si"), ("cdte64", 0, "CdTe-Wang1989"),
    ("cdte64", 1, "CdTe-Wang1989"), ("gan192", 0, "GaN"), ("gan192", 1, "GaN"),
  ]

  static func truth(_ name: String, _ frame: Int) throws -> Truth {
    let data = try Data(contentsOf: repositoryFile("formats/vectors/site-entropy/truth.json"))
    let all = try JSONDecoder().decode([String: [Truth]].self, from: data)
    return try #require(all[name])[frame]
  }

  static func problem(
    _ name: String, _ index: Int, _ potential: String
  ) throws -> (Frame, any Potential, ReferenceCrystal, BlockSparseMatrix) {
    let frame = try frames(ofFile: "formats/vectors/site-entropy/\(name).xyz")[index]
    let path = repositoryFile("examples/potentials/\(potential).sw").path(percentEncoded: false)
    let potential = try loadPotential(path: path)
    let crystal = try ReferenceCrystal(of: frame, potential: potential)
    let hessian = try potential.prepared(for: frame).hessian(
      positions: try crystal.positions(of: frame))
    return (frame, potential, crystal, hessian.scaledSymmetrically(by: crystal.inverseRootMasses))
  }

  @Test(arguments: cases)
  func theDenseEngineGivesThem(name: String, index: Int, potential: String) throws {
    let truth = try Self.truth(name, index)
    let (_, _, crystal, hessian) = try Self.problem(name, index, potential)
    let labels = try DenseEngine(kind: .relative).labels(
      of: hessian, normalizer: crystal.normalizer, multilattice: crystal.multilattice)
    try labels.checkSumRule()
    #expect(labels.ledger.isStable)
    #expect(abs(labels.entropy - truth.entropy) < 3e-8)
    #expect(largestDifference(labels.siteEntropy, truth.siteEntropy) < 3e-8)
  }

  @Test(arguments: cases)
  func theCoreEngineGivesThem(name: String, index: Int, potential: String) throws {
    let (_, _, crystal, hessian) = try Self.problem(name, index, potential)
    let lattice = crystal.multilattice
    let dense = try DenseEngine(kind: .relative).labels(
      of: hessian, normalizer: crystal.normalizer, multilattice: lattice)
    let core = SparsePerturbation(
      from: crystal.foldedHessian, to: hessian, multilattice: lattice
    ).core(basisCount: lattice.basis.count)
    let labels = try CoreEngine().labels(
      of: core, at: crystal.sites, normalizer: crystal.normalizer)
    try labels.checkSumRule()
    #expect(largestDifference(labels.siteEntropy, dense.siteEntropy) < 1e-10)
    #expect(abs(labels.entropy - dense.entropy) < 1e-9)
    #expect(labels.ledger.isStable)
  }

  @Test(arguments: [("cdte64", 0, "CdTe-Wang1989"), ("cdte64", 1, "CdTe-Wang1989")])
  func absoluteLabelsLessThoseOfTheCrystalToo(
    name: String, index: Int, potential: String
  ) throws {
    let truth = try #require(try Self.truth(name, index).siteEntropyAbsolute)
    let (_, _, crystal, hessian) = try Self.problem(name, index, potential)
    let engine = DenseEngine(kind: .absolute)
    let labels = try engine.labels(of: hessian)
    let perfect = try engine.labels(of: crystal.foldedHessian)
    let difference = zip(labels.siteEntropy, perfect.siteEntropy).map { $0 - $1 }
    #expect(largestDifference(difference, truth) < 3e-8)
  }
}
