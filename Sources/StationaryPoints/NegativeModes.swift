internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The negative modes of a Hessian, counted.
///
/// Modes are found one by one: each is a direction y with yᵀAy < 0, conjugate to those before
/// (yᵢᵀAyⱼ = 0). The negative eigenvalues of A are as many as these directions and the negative
/// eigenvalues of A on the complement of all Ayᵢ (Haynsworth 1968, Linear Algebra Appl. 1, 73), whether
/// or not the directions are eigenvectors. The count ends where Lanczos' process on that complement, from
/// 8 independent random vectors, finds no negative Ritz value. If the process of k steps in dimension n
/// finds θ for the end λ of a spectrum of width δ, then λ < θ - εδ has a probability of at most
/// 1.648 √n e^(-√ε (2k-1)) for each vector (Kuczyński, Woźniakowski 1992, SIAM J. Matrix Anal. Appl. 13,
/// 1094, theorem 4.1); ε is such that all of them miss with a probability of 1e-15, and θ - εδ must be
/// positive.
package struct NegativeModes {
  /// yᵀAy and y of each mode, of unit length and near an eigenvector, the lowest first.
  package private(set) var modes: [(value: Double, vector: [Double])] = []
  /// θ, the smallest eigenvalue of A on their complement; nil where there was nothing left.
  package private(set) var next = 0.0
  /// Whether θ - εδ > 0, which makes the count final.
  package private(set) var isCertain = false
  /// Products of A with a batch of eight vectors.
  package private(set) var products = 0

  /// An orthonormal basis of the images Ay.
  private var images: [[Double]] = []
  private var isCut = false

  private static let stepLimit = 600
  /// An eigenvalue of A within this of zero is zero.
  private static let zero = 1e-7

  package var count: Int { modes.count }

  package var kind: StationaryKind {
    isCertain ? StationaryKind(negativeModes: count) : .degenerate
  }

  /// - Parameter limit: Modes that are counted at most; there may then be more.
  /// - Throws: `StationaryPointError`, `LAPACKError`.
  package init(of a: UnionOperator, limit: Int = 64) throws {
    while modes.count < limit {
      let end = certificate(a)
      guard !end.isPositive else {
        isCertain = true
        return
      }
      guard end.isNegative else { return }
      let (value, vector, image) = try lowest(a)
      modes.append((value, vector))
      var rest = image
      for _ in 0..<2 {
        for known in images { add(-dot(known, rest), known, to: &rest) }
      }
      let norm = dot(rest, rest).squareRoot()
      images.append(rest.map { $0 / norm })
    }
    isCut = true
  }

  /// Whether A is positive on the complement of the images, from random vectors.
  private mutating func certificate(
    _ a: UnionOperator
  ) -> (isPositive: Bool, isNegative: Bool) {
    let width = UnionOperator.width
    let n = Double(a.batchCount / width)
    var random = RandomNumbers(keys: 0x57a7, UInt64(a.batchCount), UInt64(modes.count))
    var current = (0..<a.batchCount).map { _ in random.normal() }
    a.preconditioner.removeKernel(&current, width: width)
    deflate(&current)
    let norms = batchDots(current, current).map { $0.squareRoot() }
    // Nothing is left beside the translations and the modes.
    guard norms.contains(where: { $0 > 1e-9 }) else { return (true, false) }
    Self.scale(&current, by: norms)
    var before = [Double](repeating: 0, count: current.count)
    var beta = [Double](repeating: 0, count: width)
    var processes = [JacobiMatrix](repeating: JacobiMatrix(), count: width)
    let allowed = log(1e-15) / Double(width)
    for steps in 1...Self.stepLimit {
      var image = a.applied(to: current)
      products += 1
      let alpha = batchDots(current, image)
      for row in stride(from: 0, to: image.count, by: width) {
        for c in 0..<width {
          image[row &+ c] -= alpha[c] * current[row &+ c] + beta[c] * before[row &+ c]
        }
      }
      // What is left where a process ends is rounding, which need not be free of the kernel.
      a.preconditioner.removeKernel(&image, width: width)
      deflate(&image)
      before = current
      beta = batchDots(image, image).map { $0.squareRoot() }
      for c in 0..<width {
        // What is scaled to nothing has ended.
        processes[c].append(alpha[c], square: beta[c] > Self.ended ? beta[c] * beta[c] : 0)
      }
      current = image
      Self.scale(&current, by: beta)
      let isOver = processes.allSatisfy(\.isComplete)
      guard isOver || (steps >= 8 && steps.isMultiple(of: 4)) else { continue }
      let ends = processes.map { $0.extremes() }
      let least = ends.map(\.least).min() ?? 0
      let most = ends.map(\.largest).max() ?? 0
      next = least
      if least < -Self.zero * max(1, most) { return (false, true) }
      let root = (log(1.648 * n.squareRoot()) - allowed) / Double(2 * steps - 1)
      let share = isOver ? 0 : root * root
      if share < 0.5, least - share / (1 - share) * (most - least) > Self.zero * max(1, most) {
        return (true, false)
      }
      if isOver { break }
    }
    return (false, false)
  }

  /// A direction of negative curvature on the complement of the images, near the lowest eigenvector
  /// there, by Lanczos' process with all its vectors kept orthogonal, restarted from its best vector.
  private mutating func lowest(
    _ a: UnionOperator
  ) throws -> (value: Double, vector: [Double], image: [Double]) {
    let n = a.batchCount / UnionOperator.width
    var random = RandomNumbers(keys: 0x57a8, UInt64(n), UInt64(modes.count))
    var start = (0..<n).map { _ in random.normal() }
    for attempt in 1...20 {
      var basis: [[Double]] = []
      var (diagonal, offDiagonal) = ([Double](), [Double]())
      var vector = start
      for _ in 0..<40 {
        a.preconditioner.removeKernel(&vector, width: 1)
        for _ in 0..<2 {
          for image in images { add(-dot(image, vector), image, to: &vector) }
          for known in basis { add(-dot(known, vector), known, to: &vector) }
        }
        let norm = dot(vector, vector).squareRoot()
        if !basis.isEmpty { offDiagonal.append(norm) }
        guard norm > 1e-10 else { break }
        let unit = vector.map { $0 / norm }
        basis.append(unit)
        vector = a.appliedToOne(unit)
        products += 1
        diagonal.append(dot(unit, vector))
      }
      let k = basis.count
      var matrix = Matrix(rowCount: k, columnCount: k)
      for i in 0..<k {
        matrix[i, i] = diagonal[i]
        if i + 1 < k { (matrix[i, i + 1], matrix[i + 1, i]) = (offDiagonal[i], offDiagonal[i]) }
      }
      let eigen = try matrix.symmetricEigen()
      var best = [Double](repeating: 0, count: n)
      for i in 0..<k { add(eigen.vectors[0, i], basis[i], to: &best) }
      let image = a.appliedToOne(best)
      products += 1
      let value = dot(best, image)
      var residual = image
      for known in images { add(-dot(known, residual), known, to: &residual) }
      add(-value, best, to: &residual)
      a.preconditioner.removeKernel(&residual, width: 1)
      let isClose = dot(residual, residual).squareRoot() < 0.03 * abs(value)
      if value < 0, isClose || attempt == 20 {
        return (value, best, image)
      }
      start = best
    }
    throw StationaryPointError.noConvergedModes(iterations: products)
  }

  private func deflate(_ batch: inout [Double]) {
    let width = UnionOperator.width
    for image in images {
      var sums = [Double](repeating: 0, count: width)
      for row in image.indices {
        for c in 0..<width { sums[c] += image[row] * batch[row &* width &+ c] }
      }
      for row in image.indices {
        for c in 0..<width { batch[row &* width &+ c] -= sums[c] * image[row] }
      }
    }
  }

  /// The norm of rounding.
  private static let ended = 1e-12

  /// Divides each column by its norm; a column that has ended becomes zero.
  private static func scale(_ batch: inout [Double], by norms: [Double]) {
    let factors = norms.map { $0 > ended ? 1 / $0 : 0 }
    for row in stride(from: 0, to: batch.count, by: UnionOperator.width) {
      for c in 0..<UnionOperator.width { batch[row &+ c] *= factors[c] }
    }
  }
}
