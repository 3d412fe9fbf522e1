import Formats
import LinearAlgebra
import Potentials
import Testing

struct DerivativeTests {
  /// Sums over images are the Hessian of the cell, however small.
  @Test(arguments: Case.all) func latticeBlocksFoldToTheHessian(_ item: Case) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 17)
    let hessian = try potential.hessian(of: frame).dense()
    var folded = Matrix(rowCount: hessian.rowCount, columnCount: hessian.columnCount)
    for block in try potential.latticeHessian(of: frame) {
      for a in 0..<3 {
        for b in 0..<3 {
          folded[3 * block.row + a, 3 * block.column + b] += block.block[3 * a + b]
        }
      }
    }
    let scale = hessian.storage.map(abs).max() ?? 0
    for (left, right) in zip(hessian.storage, folded.storage) {
      #expect(abs(left - right) < 1e-13 * scale)
    }
  }

  /// C(R) of the primitive cell is the Hessian of a supercell, block by block.
  @Test(arguments: [("Si.sw", ["Si"], 5.4), ("CdTe-Wang1989.sw", ["Cd", "Te"], 6.4)])
  func latticeBlocksAreThoseOfASupercell(file: String, species: [String], a: Double) throws {
    let potential = try shipped(file)
    let n = 6
    let large = Crystals.primitiveZincblende(species, a: a, repeats: [n, n, n])
    let hessian = try potential.hessian(of: large).dense()
    var seen = Matrix(rowCount: 6, columnCount: hessian.columnCount)
    for block in try potential.latticeHessian(
      of: Crystals.primitiveZincblende(species, a: a))
    {
      func fold(_ s: Int) -> Int { (s % n + n) % n }
      let cell = (fold(block.shift.0) * n + fold(block.shift.1)) * n + fold(block.shift.2)
      for i in 0..<3 {
        for j in 0..<3 {
          seen[3 * block.row + i, 3 * (2 * cell + block.column) + j] += block.block[3 * i + j]
        }
      }
    }
    for row in 0..<6 {
      for column in 0..<hessian.columnCount {
        #expect(abs(seen[row, column] - hessian[row, column]) < 1e-12)
      }
    }
  }

  @Test(arguments: Case.all) func thirdDerivativesAreDerivativesOfTheHessian(
    _ item: Case
  ) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 19)
    let weights = symmetricNoise(on: frame.atomCount)
    let gradient = try potential.thirdDerivative(contractedWith: weights, frame: frame)
    let h = 1e-4
    for coordinate in stride(from: 1, to: gradient.count, by: max(1, gradient.count / 9)) {
      let sums = try [-2.0, -1, 1, 2].map {
        try contraction(
          weights, with: potential.hessian(of: frame.moving(coordinate, by: $0 * h)))
      }
      let numeric = (8 * (sums[2] - sums[1]) - (sums[3] - sums[0])) / (12 * h)
      #expect(abs(gradient[coordinate] - numeric) < 1e-6 * max(1, abs(numeric)))
    }
  }

  @Test func thirdDerivativesSumToZero() throws {
    let item = Case.bulk[1]
    let frame = item.frame.rattled(0.1, seed: 23)
    let weights = symmetricNoise(on: frame.atomCount)
    let gradient = try shipped(item.file).thirdDerivative(contractedWith: weights, frame: frame)
    let scale = gradient.map(abs).max() ?? 0
    for axis in 0..<3 {
      let sum = stride(from: axis, to: gradient.count, by: 3).reduce(0) { $0 + gradient[$1] }
      #expect(abs(sum) < 1e-12 * scale)
    }
  }

  /// A symmetric matrix without zeros.
  private func symmetricNoise(on siteCount: Int) -> BlockSparseMatrix {
    var noise = Noise(seed: 29)
    let n = 3 * siteCount
    var matrix = Matrix(rowCount: n, columnCount: n)
    for i in 0..<n {
      for j in 0...i {
        matrix[i, j] = noise.next()
        matrix[j, i] = matrix[i, j]
      }
    }
    return BlockSparseMatrix(
      blockSize: 3, siteCount: siteCount, rowStarts: (0...siteCount).map { $0 * siteCount },
      indices: (0..<siteCount).flatMap { _ in 0..<Int32(siteCount) },
      values: (0..<siteCount * siteCount).flatMap { block in
        (0..<9).map {
          matrix[3 * (block / siteCount) + $0 / 3, 3 * (block % siteCount) + $0 % 3]
        }
      })
  }

  private func contraction(
    _ weights: BlockSparseMatrix, with hessian: BlockSparseMatrix
  ) -> Double {
    let (left, right) = (weights.dense().storage, hessian.dense().storage)
    return zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
