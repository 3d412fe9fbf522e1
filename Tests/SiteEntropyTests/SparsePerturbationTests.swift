import Crystal
import Formats
import Foundation
import LinearAlgebra
import SiteEntropy
import Testing

struct SparsePerturbationTests {
  /// Made in parts in the order of the sites it is what the whole Hessians differ by.
  @Test(arguments: [1, 3]) func partsInTheOrderOfTheSitesAreTheDifferenceOfTheWhole(
    threads: Int
  ) throws {
    let problems =
      try Problem.all() + [
        try Problem(
          "diamond", ["Si"], 5.431, [3, 2, 2],
          .localized(amplitude: 0.08, radius: 4, center: .atom(3)),
          potential: "Si.sw")
      ]
    for problem in problems {
      let (whole, crystal) = (try problem.perturbation, problem.crystal)
      let parts = try SparsePerturbation(
        bySite: problem.frame, positions: crystal.positions(of: problem.frame),
        potential: problem.potential, crystal: crystal, threads: threads)
      #expect(parts.sites == whole.sites)
      #expect(parts.matrix.rowStarts == whole.matrix.rowStarts)
      #expect(parts.matrix.indices == whole.matrix.indices)
      let largest = crystal.foldedHessian.largestElement
      #expect(largestDifference(parts.matrix.values, whole.matrix.values) < 1e-14 * largest)
    }
  }

  /// Columns of E = F δH̃ F, dense.
  @Test func theSquaresOfWholeColumnsAreThoseOfTheDenseMatrix() throws {
    for problem in try Problem.all() {
      let (crystal, d) = (problem.crystal, problem.frame.dimension)
      let a = DenseEngine.normalized(
        try problem.hessian(), by: crystal.normalizer, crystal.multilattice)
      let rest = DenseEngine.normalized(
        crystal.foldedHessian, by: crystal.normalizer, crystal.multilattice)
      let number = crystal.multilattice.siteNumbers
      let atoms = [0, 1, number.count / 2, number.count - 1]
      let squares = wholeSquares(
        try problem.perturbation.matrix, at: atoms.map { number[$0] }, crystal.normalizer,
        MomentsOperator(relative: crystal.normalizer))
      for (square, atom) in zip(squares, atoms) {
        var expected = 0.0
        for column in d * atom..<d * (atom + 1) {
          for row in 0..<a.rowCount {
            let e = a[row, column] - rest[row, column]
            expected += e * e
          }
        }
        #expect(abs(square - expected) < 1e-12 * max(1, expected), "\(problem.potentialFile)")
      }
    }
  }

  /// The label of a site in the perfect crystal, from modes that are known and from new ones.
  @Test func theModesOfTheNormalizerGiveTheLabelsOfThePerfectCrystal() throws {
    for problem in try Problem.all() {
      let normalizer = problem.crystal.normalizer
      let shares = try LatticeEntropy(
        of: problem.crystal.kernel, cell: normalizer.group, kind: .absolute
      ).shares
      let means = normalizer.modes.means { -0.5 * log($0) }
      #expect(largestDifference(means, shares) < 1e-12)
    }
  }
}
