internal import Crystal
public import Formats
internal import Glibc
package import LinearAlgebra
public import Potentials

extension ReferenceCrystal {
  /// The spectrum of A = F H̃ F of a frame as far as its stability is concerned: the extreme
  /// eigenvalues and the number of those that are not positive.
  ///
  /// Cores up to order 1500 are decomposed. Of larger ones Lanczos' method finds the ends, to 1e-10
  /// or better, from eight vectors drawn at random from a fixed seed; the count of negative modes is
  /// then that of one process, a lower bound.
  ///
  /// - Throws: `InputError` for the frame's own faults, ``SiteEntropyError``.
  public func ledger(of frame: Frame, potential: any Potential) throws -> ModeLedger {
    let perturbation =
      try localPerturbation(of: frame, potential: potential)
      ?? SparsePerturbation(
        from: foldedHessian,
        to: potential.prepared(for: frame).hessian(positions: positions(of: frame))
          .scaledSymmetrically(by: inverseRootMasses), multilattice: multilattice)
    if perturbation.coreOrder <= 1500 {
      let core = perturbation.core(basisCount: normalizer.basisCount)
      return try CoreEngine().labels(of: core, at: [], normalizer: normalizer).ledger
    }
    return try SpectrumEnds(perturbation.matrix, normalizer).ledger
  }
}

/// The extreme eigenvalues of E = F δH̃ F by Lanczos' method, eight processes side by side.
package struct SpectrumEnds {
  private static let width = 8
  private static let stepLimit = 400

  package let ledger: ModeLedger

  /// - Parameter perturbation: δH̃ by site number.
  /// - Throws: ``SiteEntropyError``.
  package init(
    _ perturbation: BlockSparseMatrix, _ normalizer: Normalizer
  ) throws(SiteEntropyError) {
    let (n, width, d) = (perturbation.order, Self.width, normalizer.dimension)
    let root = BlochOperator.root(normalizer)
    var random = RandomNumbers(keys: 0x51e8, UInt64(n))
    // F of a random vector is orthogonal to the translations, as E's range is.
    var current = (0..<n * width).map { _ in random.normal() }
    var span = current.mutableSpan
    root.apply(&span, width: width)
    Self.scale(&current, by: Self.norms(current))
    var before = [Double](repeating: 0, count: current.count)
    var beta = [Double](repeating: 0, count: width)
    var processes = [Tridiagonal](repeating: Tridiagonal(), count: width)
    while true {
      var input = current
      var inputSpan = input.mutableSpan
      root.apply(&inputSpan, width: width)
      var image = input
      var imageSpan = image.mutableSpan
      perturbation.multiply(
        input.span, width: width, rows: 0..<perturbation.siteCount, into: &imageSpan)
      root.apply(&imageSpan, width: width)
      let alpha = Self.dots(current, image)
      for e in image.indices {
        image[e] -= alpha[e % width] * current[e] + beta[e % width] * before[e]
      }
      before = current
      beta = Self.norms(image)
      for column in 0..<width { processes[column].append(alpha[column], beta[column]) }
      current = image
      Self.scale(&current, by: beta)
      let steps = processes.map(\.diagonal.count).max() ?? 0
      let isOver = beta.allSatisfy { $0 < 1e-13 }
      guard steps.isMultiple(of: 5) || isOver else { continue }
      do {
        if let ledger = try Self.ledger(processes, dimension: d) {
          self.ledger = ledger
          return
        }
      } catch { throw .decomposition(order: steps, error) }
      guard steps < Self.stepLimit else {
        throw .mismatch("spectrum: expected convergence in \(Self.stepLimit) Lanczos steps")
      }
    }
  }

  /// The ledger where both ends have converged; nil where they have not.
  private static func ledger(
    _ processes: [Tridiagonal], dimension: Int
  ) throws(LAPACKError) -> ModeLedger? {
    var least = (value: 0.0, residual: 0.0)
    var most = least
    var negative = 0
    for process in processes {
      let (values, residuals) = try process.eigen()
      guard let first = values.first, let last = values.last else { continue }
      if first < least.value { least = (first, residuals[0]) }
      if last > most.value { most = (last, residuals[residuals.count - 1]) }
      negative = max(negative, values.count { $0 <= -1 + ModeLedger.zeroTolerance })
    }
    // The error of an end is about the square of its residual.
    guard least.residual <= 1e-6, most.residual <= 1e-6 else { return nil }
    return ModeLedger(
      zeroModes: dimension, negativeModes: negative, smallest: 1 + least.value,
      largest: 1 + most.value, expectedZeroModes: dimension)
  }

  private static func dots(_ x: [Double], _ y: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    for e in x.indices { sums[e % width] += x[e] * y[e] }
    return sums
  }

  private static func norms(_ x: [Double]) -> [Double] { dots(x, x).map { $0.squareRoot() } }

  /// Divides every column by its norm; a column that has ended becomes zero.
  private static func scale(_ x: inout [Double], by norms: [Double]) {
    let factors = norms.map { $0 < 1e-13 ? 0 : 1 / $0 }
    for e in x.indices { x[e] *= factors[e % width] }
  }
}

/// The matrix of one Lanczos process.
private struct Tridiagonal {
  private(set) var diagonal: [Double] = []
  private var offDiagonal: [Double] = []
  private var isComplete = false

  mutating func append(_ alpha: Double, _ beta: Double) {
    guard !isComplete else { return }
    diagonal.append(alpha)
    offDiagonal.append(beta)
    isComplete = beta < 1e-13
  }

  /// Ascending Ritz values and the norms of their residuals.
  func eigen() throws(LAPACKError) -> (values: [Double], residuals: [Double]) {
    let k = diagonal.count
    let eigen = try Matrix(diagonal: diagonal, offDiagonal: offDiagonal).symmetricEigen()
    let last = offDiagonal.last ?? 0
    return (eigen.values, (0..<k).map { last * abs(eigen.vectors[$0, k - 1]) })
  }
}
