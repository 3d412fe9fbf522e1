import Base
import Crystal
import Formats
import Foundation
import LinearAlgebra
import SiteEntropy
import TestSupport
import Testing

/// Labels by a few steps of Lanczos' process at each atom (mathematics.md (10.17)).
struct LocalQuadratureTests {
  /// A positive definite matrix of blocks: of a chain where only neighbours couple, or full.
  private static func matrix(sites: Int, blockSize d: Int, reach: Int) -> BlockSparseMatrix {
    var random = RandomNumbers(keys: UInt64(sites), UInt64(d), UInt64(reach))
    var starts = [0]
    var (indices, values): ([Int32], [Double]) = ([], [])
    var blocks: [[Int]: [Double]] = [:]
    for i in 0..<sites {
      for j in i..<min(sites, i + reach + 1) {
        var block = (0..<d * d).map { _ in random.normal() }
        if i == j {
          for a in 0..<d {
            for b in 0..<a { block[a * d + b] = block[b * d + a] }
            block[a * d + a] += 6 * Double(d * (reach + 1))
          }
        }
        blocks[[i, j]] = block
        blocks[[j, i]] = (0..<d * d).map { block[$0 % d * d + $0 / d] }
      }
    }
    for i in 0..<sites {
      for j in 0..<sites {
        guard let block = blocks[[i, j]] else { continue }
        indices.append(Int32(j))
        values += block
      }
      starts.append(indices.count)
    }
    return BlockSparseMatrix(
      blockSize: d, siteCount: sites, rowStarts: starts, indices: indices, values: values)
  }

  /// -½ Σ_a [log H]_(ia,ia).
  private static func exact(_ matrix: BlockSparseMatrix) throws -> [Double] {
    let (d, eigen) = (matrix.blockSize, try matrix.dense().symmetricEigen())
    return (0..<matrix.siteCount).map { site in
      (site * d..<site * d + d).reduce(0) { sum, row in
        sum
          + eigen.values.indices.reduce(0) {
            $0 - 0.5 * log(eigen.values[$1]) * eigen.vectors[$1, row] * eigen.vectors[$1, row]
          }
      }
    }
  }

  @Test(arguments: [1, 2, 3]) func oneStepIsTheBlockOfTheSite(blockSize d: Int) throws {
    let matrix = Self.matrix(sites: 3, blockSize: d, reach: 2)
    let found = try LocalQuadrature(steps: 1).labels(of: matrix, atoms: [0, 1, 2])
    for site in 0..<3 {
      let own = try #require(matrix.position(row: site, column: site))
      let block = Matrix(
        rowCount: d, columnCount: d,
        storage: Array(matrix.values[own * d * d..<(own + 1) * d * d]))
      let expected = try -0.5 * block.symmetricEigen().values.reduce(0) { $0 + log($1) }
      #expect(abs(found[site] - expected) < 1e-13)
    }
  }

  /// As many steps as there are sites leave nothing of the space.
  @Test(arguments: [1, 2, 3]) func allStepsAreExact(blockSize d: Int) throws {
    for (sites, reach) in [(1, 0), (4, 3), (6, 1)] {
      let matrix = Self.matrix(sites: sites, blockSize: d, reach: reach)
      let found = try LocalQuadrature(steps: 12).labels(of: matrix, atoms: Array(0..<sites))
      #expect(largestDifference(found, try Self.exact(matrix)) < 1e-12)
    }
  }

  /// What takes more than k - 1 blocks to reach does not count, to the last bit but that of the scale.
  @Test func stepsAreTheReach() throws {
    let matrix = Self.matrix(sites: 9, blockSize: 3, reach: 1)
    var far = matrix
    let end = try #require(matrix.position(row: 8, column: 8))
    for a in 0..<3 { far.values[end * 9 + 4 * a] *= 1.01 }
    for (steps, isEqual) in [(8, true), (9, false)] {
      let labels = try [matrix, far].map {
        try LocalQuadrature(steps: steps).labels(of: $0, atoms: [0])[0]
      }
      let difference = abs(labels[0] - labels[1])
      #expect(isEqual ? difference < 1e-15 : difference > 1e-15, "\(steps): \(difference)")
    }
  }

  @Test func whatIsNotPositiveIsSaid() throws {
    var matrix = Self.matrix(sites: 4, blockSize: 3, reach: 3)
    let block = try #require(matrix.position(row: 2, column: 2))
    matrix.values[block * 9] = -40
    let error = #expect(throws: SiteEntropyError.self) {
      try LocalQuadrature(steps: 4).labels(of: matrix, atoms: [0])
    }
    #expect(
      error.map { "\($0)".hasPrefix("expected a stable frame, found an eigenvalue") } ?? false)
  }

  /// Against the decomposition: vacancy, added atom, antisite.
  @Test(arguments: KnownDefect.cases)
  func fewStepsTellMostOfALabel(name: String, potential: String) throws {
    let defect = try KnownDefect(name, potential)
    let exact = try FormationLabeller(potential: defect.potential, engine: .dense)
      .labels(of: defect.frame).labels.siteEntropy
    let spread = exact.reduce(0) { $0 + $1 * $1 }
    // In so small a cell the translations keep what is left from vanishing with more steps.
    for (steps, share) in [(2, 0.35), (4, 0.1)] {
      let found = try FormationQuadrature(potential: defect.potential, steps: steps)
        .labels(of: defect.frame)
      let left = zip(found, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect((left / spread).squareRoot() < share, "\(steps): \((left / spread).squareRoot())")
    }
  }

  @Test func crystalsAtRestHaveNone() throws {
    let defect = try KnownDefect("cdte64_antisite", "CdTe-Wang1989")
    let labels = try FormationQuadrature(potential: defect.potential, steps: 3)
      .labels(of: PerfectCrystal(of: defect.frame).frame)
    #expect(labels.allSatisfy { abs($0) < 1e-13 })
  }

  @Test func threadsChangeNoBit() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let quadrature = FormationQuadrature(potential: defect.potential, steps: 3)
    let labels = try [1, 2].map { threads in
      try withConcurrentBlockLimit(threads) { Result { try quadrature.labels(of: defect.frame) } }
        .get()
    }
    #expect(labels[0] == labels[1])
  }
}
