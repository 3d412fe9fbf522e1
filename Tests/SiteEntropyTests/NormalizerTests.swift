import Crystal
import Formats
import Foundation
import LinearAlgebra
import SiteEntropy
import Testing

/// F and the Green function of mathematics.md (4.1), against their definitions.
struct NormalizerTests {
  /// F H̃0 F is the projector on the complement of the translations; F² is the Green function.
  @Test func theRootInvertsTheReference() throws {
    for problem in try Problem.all() {
      let (crystal, d) = (problem.crystal, problem.frame.dimension)
      let root = crystal.normalizer.dense(\.root, crystal.multilattice)
      let reference = crystal.foldedHessian.dense()
      let n = root.rowCount
      let product = root.multiplied(by: reference).multiplied(by: root)
      let masses = try problem.frame.atomicMasses()
      let total = masses.reduce(0, +)
      for i in 0..<n {
        for j in 0..<n {
          let translation =
            i % d == j % d ? (masses[i / d] * masses[j / d]).squareRoot() / total : 0
          #expect(abs(product[i, j] - ((i == j ? 1 : 0) - translation)) < 1e-11)
        }
      }
      let square = root.multiplied(by: root)
      let green = crystal.normalizer.dense(\.green, crystal.multilattice)
      let scale = green.storage.map(abs).max() ?? 1
      #expect(largestDifference(square.storage, green.storage) < 1e-12 * scale)
    }
  }

  @Test func theLogDeterminantIsThatOfTheSpectrum() throws {
    for problem in try Problem.all() {
      let values = try problem.crystal.foldedHessian.dense().symmetricEigen().values
      let sum = values.dropFirst(problem.frame.dimension).reduce(0) { $0 + log($1) }
      #expect(abs(sum - problem.crystal.normalizer.logDeterminant) < 1e-9 * abs(sum))
    }
  }

  /// Blocks averaged from a whole Hessian give the same F as the resolved ones.
  @Test func aGivenHessianGivesTheSameNormalizer() throws {
    for problem in try Problem.all() {
      let roots = problem.crystal.inverseRootMasses.map { 1 / $0 }
      let given = try ReferenceCrystal(
        of: problem.frame,
        hessian: problem.crystal.foldedHessian.scaledSymmetrically(by: roots))
      let scale = given.normalizer.root.map(abs).max() ?? 1
      #expect(
        largestDifference(given.normalizer.root, problem.crystal.normalizer.root) < 1e-11 * scale)
    }
  }

  /// Without translations the reference is one cell, and the labels are the same.
  @Test func aReferenceOfOneCellGivesTheSameLabels() throws {
    let problem = try Problem(
      "diamond", ["Si"], 5.431, [1, 1, 1], .rattle(amplitude: 0.04), potential: "Si.sw")
    var frame = problem.frame
    frame.setColumn(Column("sublattice", .integer(Array(0..<frame.atomCount))))
    let alone = try Problem(frame, potential: "Si.sw")
    #expect(alone.crystal.multilattice.group.count == 1)
    let difference = largestDifference(
      try alone.dense().siteEntropy, try problem.dense().siteEntropy)
    #expect(difference < 1e-11)
  }

  @Test func anUnstableReferenceIsRefused() throws {
    let perfect = try #require(Prototype.named("diamond")).supercell(
      [1, 1, 1], species: ["Si"], latticeConstant: 6.9)
    #expect(throws: SiteEntropyError.self) { try Problem(perfect, potential: "Si.sw") }
  }
}

extension Normalizer {
  /// A kernel of the whole cell, atoms as in the multilattice, shape [n, n].
  fileprivate func dense(
    _ kernel: KeyPath<Normalizer, [Double]>, _ multilattice: Multilattice
  ) -> Matrix {
    let (d, order, n) = (dimension, cellOrder, multilattice.atomCount * dimension)
    let (cells, sites) = (multilattice.translationOfAtom, multilattice.basisOfAtom)
    let values = self[keyPath: kernel]
    var result = Matrix(rowCount: n, columnCount: n)
    for row in 0..<n {
      for column in 0..<n {
        let (i, j) = (row / d, column / d)
        let block = group.difference(cells[j], cells[i]) * order + sites[i] * d + row % d
        result[row, column] = values[block * order + sites[j] * d + column % d]
      }
    }
    return result
  }
}
