internal import Base
internal import Glibc
internal import LinearAlgebra

/// Where the spectrum of H̃ lies off the directions that are left out, from random vectors: as in
/// ``SpectralInterval``, with a probability of 1e-15 to miss.
struct DeflatedSpectrum {
  /// Bounds of the eigenvalues of E = H̃/c - 1.
  let interval: (lower: Double, upper: Double)
  /// The extreme eigenvalues of H̃ that were found, in eV/(Å² u).
  let smallest: Double
  let largest: Double
  /// Modes below zero; the interval then says nothing.
  let negativeModes: Int
  /// Steps after which the bounds of a label were within the tolerance for all of the vectors.
  let expectedSteps: Int

  private static let vectorCount = 24
  static let mostSteps = 600

  /// - Parameters:
  ///   - matrix: 4H̃/c.
  ///   - c: In eV/(Å² u).
  ///   - tolerance: Of a label, in k_B.
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where the smallest mode cannot be told from zero.
  init(
    _ matrix: BlockSparseMatrix, space: DeflatedSpace, c: Double, tolerance: Double
  ) throws(SiteEntropyError) {
    let (n, width, d) = (matrix.order, Self.vectorCount, matrix.blockSize)
    var random = RandomNumbers(keys: 0x5bec, UInt64(n))
    let vectors = (0..<n * width).map { _ in random.normal() }
    var lanczos = DeflatedLanczos(matrix, space: space, vectors: vectors, width: width)
    let allowed = log(1e-15) / Double(width)
    var steps = 0
    var found: (least: Double, most: Double, margin: Double)
    repeat {
      for _ in 0..<4 { lanczos.step() }
      steps += 4
      let ends = lanczos.columns.map { $0.extremes() }
      let least = ends.map(\.least).min() ?? 0
      let most = ends.map(\.largest).max() ?? 0
      let isComplete = lanczos.columns.allSatisfy(\.isComplete)
      let root = (log(1.648 * Double(n).squareRoot()) - allowed) / Double(2 * steps - 1)
      let share = isComplete ? 0 : min(root * root, 0.49)
      found = (least, most, share / (1 - 2 * share) * (most - least) + 1e-13)
      if 1 + least <= -ModeLedger.zeroTolerance * (1 + most) {
        let negative = lanczos.columns.map {
          $0.count(atMost: -1 - ModeLedger.zeroTolerance * (1 + most))
        }
        negativeModes = negative.max() ?? 1
        (interval, expectedSteps) = ((least, most), steps)
        (smallest, largest) = (c * (1 + least), c * (1 + most))
        return
      }
      guard steps < Self.mostSteps else {
        throw .unstableFrame(
          ModeLedger(
            zeroModes: d, negativeModes: 0, smallest: c * (1 + least), largest: c * (1 + most),
            expectedZeroModes: d))
      }
    } while 1 + found.least - found.margin <= 0.7 * (1 + found.least)
    let interval = (lower: found.least - found.margin, upper: found.most + found.margin)
    (self.interval, negativeModes) = (interval, 0)
    (smallest, largest) = (c * (1 + found.least), c * (1 + found.most))
    // Bounds close like a power: halving finds the number.
    func suffices(_ count: Int) -> Bool {
      lanczos.columns.allSatisfy { column in
        guard let bounds = column.bounds(in: interval, steps: count) else { return false }
        return Double(d) * (bounds.upper - bounds.lower) / 4 <= tolerance
      }
    }
    var (low, high) = (1, steps)
    while low < high {
      let middle = (low + high) / 2
      if suffices(middle) { high = middle } else { low = middle + 1 }
    }
    expectedSteps = high
  }
}

/// The lowest mode of H̃, where it lies below the others.
struct LowestMode {
  /// In eV/(Å² u).
  let value: Double
  /// Of unit length, shape [n].
  let vector: [Double]

  private static let mostSteps = 600

  /// Lanczos' process twice: for the Jacobi matrix, and for the vector.
  ///
  /// - Parameters:
  ///   - hessian: H̃ in eV/(Å² u).
  ///   - c: No less than its largest eigenvalue.
  /// - Throws: ``SiteEntropyError/tolerance(wanted:reached:advice:)`` where it does not converge.
  init(
    of hessian: BlockSparseMatrix, space: DeflatedSpace, c: Double
  ) throws(SiteEntropyError) {
    let n = hessian.order
    var random = RandomNumbers(keys: 0x10e5, UInt64(n))
    var start = (0..<n).map { _ in random.normal() }
    space.remove(from: &start, width: 1)
    let length = start.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for i in 0..<n { start[i] /= length }
    var process = Process(hessian, space, start)
    var residual = Double.infinity
    var weights: [Double] = []
    while residual > 1e-12 * c, process.diagonal.count < Self.mostSteps {
      for _ in 0..<8 { process.step { _ in } }
      (residual, weights) = process.lowest()
    }
    var sum = [Double](repeating: 0, count: n)
    var again = Process(hessian, space, start)
    for weight in weights {
      again.step { x in for i in 0..<n { sum[i] += weight * x[i] } }
    }
    space.remove(from: &sum, width: 1)
    let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for i in 0..<n { sum[i] /= norm }
    let image = hessian.times(sum)
    let quotient = zip(sum, image).reduce(0) { $0 + $1.0 * $1.1 }
    let rest = zip(sum, image).reduce(0) {
      $0 + ($1.1 - quotient * $1.0) * ($1.1 - quotient * $1.0)
    }
    guard rest.squareRoot() <= 1e-9 * c else {
      throw .tolerance(
        wanted: 1e-9 * c, reached: rest.squareRoot(),
        advice: "the negative mode did not converge; --engine dense")
    }
    (value, vector) = (quotient, sum)
  }

  private struct Process {
    let hessian: BlockSparseMatrix
    let space: DeflatedSpace
    var x: [Double]
    var before: [Double]
    var diagonal: [Double] = []
    var offDiagonal: [Double] = []

    init(_ hessian: BlockSparseMatrix, _ space: DeflatedSpace, _ start: [Double]) {
      (self.hessian, self.space, x) = (hessian, space, start)
      before = [Double](repeating: 0, count: start.count)
    }

    mutating func step(_ use: ([Double]) -> Void) {
      use(x)
      var w = hessian.times(x)
      let a = zip(x, w).reduce(0) { $0 + $1.0 * $1.1 }
      let b = offDiagonal.last ?? 0
      for i in w.indices { w[i] -= a * x[i] + b * before[i] }
      space.remove(from: &w, width: 1)
      let norm = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
      diagonal.append(a)
      offDiagonal.append(norm)
      before = x
      if norm > 0 { x = w.map { $0 / norm } } else { x = w }
    }

    /// The residual of the lowest Ritz pair and its components.
    func lowest() -> (residual: Double, components: [Double]) {
      let k = diagonal.count
      var (d, e) = (diagonal, offDiagonal)
      e[k - 1] = 0
      let scale = d.reduce(0) { max($0, abs($1)) } + e.reduce(0, max)
      var rows = Matrix.identity(k).storage
      diagonalizeTridiagonal(&d, &e, scale: scale, rows: &rows, rowCount: k)
      let lowest = d.indices.min { d[$0] < d[$1] } ?? 0
      let components = (0..<k).map { rows[$0 * k + lowest] }
      return (offDiagonal[k - 1] * abs(components[k - 1]), components)
    }
  }
}

extension BlockSparseMatrix {
  /// H x of one vector, shape [n].
  func times(_ x: [Double]) -> [Double] {
    var y = [Double](repeating: 0, count: x.count)
    let (d, area) = (blockSize, blockSize * blockSize)
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let j = Int(indices[k]) * d
        for a in 0..<d {
          for b in 0..<d { y[i * d + a] += values[k * area + a * d + b] * x[j + b] }
        }
      }
    }
    return y
  }

  /// max_i Σ_j |H_ij|, no less than the largest eigenvalue.
  var largestRowSum: Double {
    let (d, area) = (blockSize, blockSize * blockSize)
    var largest = 0.0
    for i in 0..<siteCount {
      for a in 0..<d {
        var sum = 0.0
        for k in rowStarts[i]..<rowStarts[i + 1] {
          for b in 0..<d { sum += abs(values[k * area + a * d + b]) }
        }
        largest = max(largest, sum)
      }
    }
    return largest
  }
}
