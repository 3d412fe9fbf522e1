import Crystal
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

struct FactoredPerturbationTests {
  private struct NoSquares: Error {}

  /// B2 NiAl in a cell that embeddings couple almost wholly.
  private struct Alloy {
    let crystal: ReferenceCrystal
    let perturbation: SparsePerturbation
    let factors: FactoredPerturbation

    init(_ displacement: Perturbation) throws {
      let perfect = try #require(Prototype.named("cscl")).supercell(
        [5, 5, 5], species: ["Ni", "Al"], latticeConstant: 2.87)
      let frame = try PerturbationBase(perfect).perturbed(
        by: displacement, seed: 3, frameIndex: 0, copy: 0)
      let potential = try loadPotential(
        parsing: Array(SecondMoment.table(["Ni", "Al"]).utf8), file: "NiAl.eam.fs")
      crystal = try ReferenceCrystal(of: frame, potential: potential)
      perturbation = SparsePerturbation(
        to: try potential.prepared(for: frame).hessian(positions: crystal.positions(of: frame)),
        crystal: crystal)
      factors = try FactoredPerturbation(
        perturbation, of: frame, crystal: crystal, potential: potential)
    }
  }

  /// Blocks and squares together.
  private func whole(_ factors: FactoredPerturbation) throws -> Matrix {
    guard let squares = factors.squares else { throw NoSquares() }
    var result = factors.blocks.dense()
    for k in 0..<squares.count {
      let entries = squares.starts[k]..<squares.starts[k + 1]
      for i in entries {
        for j in entries {
          let (row, column) = (3 * Int(squares.sites[i]), 3 * Int(squares.sites[j]))
          for a in 0..<3 {
            for b in 0..<3 {
              result[row + a, column + b] +=
                squares.weights[k].x * squares.parts[i][a] * squares.parts[j][b]
                - squares.weights[k].y * squares.parts[i][4 + a] * squares.parts[j][4 + b]
            }
          }
        }
      }
    }
    return result
  }

  @Test(arguments: [Perturbation.rattle(amplitude: 0.04), .strain(amplitude: 0.01)])
  func blocksAndSquaresAreTheWhole(displacement: Perturbation) throws {
    let alloy = try Alloy(displacement)
    let (found, wanted) = (try whole(alloy.factors), alloy.perturbation.matrix)
    let largest = alloy.crystal.foldedHessian.largestElement
    for (a, b) in zip(found.storage, wanted.dense().storage) {
      #expect(abs(a - b) < 3e-12 * largest)
    }
    #expect(2 * alloy.factors.blocks.blockCount < wanted.blockCount)
  }

  @Test(arguments: [
    Perturbation.rattle(amplitude: 0.04), .localized(amplitude: 0.1, radius: 2.6, center: .atom(0)),
  ])
  func labelsAreThoseOfTheWhole(displacement: Perturbation) throws {
    let alloy = try Alloy(displacement)
    #expect(alloy.factors.squares?.count ?? 0 > 0)
    let engine = PolynomialEngine()
    let labels = try engine.labels(of: alloy.factors, normalizer: alloy.crystal.normalizer)
    let plain = try engine.labels(of: alloy.perturbation, normalizer: alloy.crystal.normalizer)
    for (a, b) in zip(labels.siteEntropy, plain.siteEntropy) { #expect(abs(a - b) < 2e-12) }
    #expect(labels.siteEntropy.contains { abs($0) > 1e-4 })
  }

  @Test func withoutEmbeddingsThereAreNoSquares() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 2], .rattle(amplitude: 0.03), potential: "Si.sw")
    let prepared = try problem.potential.prepared(for: problem.frame)
    #expect(try prepared.embeddingSquares() == nil)
  }
}
