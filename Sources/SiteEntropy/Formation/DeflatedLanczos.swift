internal import LinearAlgebra

/// Directions that a quadrature leaves out: the translations, and modes that were found.
struct DeflatedSpace: Sendable {
  let dimension: Int
  /// (m_i/M)^(1/2) of each atom: the translations.
  let translation: [Double]
  /// Of unit length, orthogonal to each other and to the translations, shape [n] each.
  let modes: [[Double]]

  init(masses: [Double], dimension: Int, modes: [[Double]] = []) {
    let total = masses.reduce(0, +)
    (self.dimension, self.modes) = (dimension, modes)
    translation = masses.map { ($0 / total).squareRoot() }
  }

  /// Takes the directions out of vectors, in place.
  ///
  /// - Parameter x: Shape [n, width].
  func remove(from x: inout [Double], width: Int) {
    let d = dimension
    var sums = [Double](repeating: 0, count: d * width)
    var vectors = x.mutableSpan
    var shares = sums.mutableSpan
    for (atom, weight) in translation.enumerated() {
      for a in 0..<d {
        let (from, to) = ((atom &* d &+ a) &* width, a &* width)
        for c in 0..<width { shares[to &+ c] += weight * vectors[from &+ c] }
      }
    }
    for (atom, weight) in translation.enumerated() {
      for a in 0..<d {
        let (from, to) = ((atom &* d &+ a) &* width, a &* width)
        for c in 0..<width { vectors[from &+ c] -= weight * shares[to &+ c] }
      }
    }
    for mode in modes {
      for c in 0..<width { shares[c] = 0 }
      for (row, weight) in mode.enumerated() {
        for c in 0..<width { shares[c] += weight * vectors[row &* width &+ c] }
      }
      for (row, weight) in mode.enumerated() {
        for c in 0..<width { vectors[row &* width &+ c] -= weight * shares[c] }
      }
    }
  }
}

/// Lanczos' process for H̃/c from many vectors side by side, off a space that is left out.
///
///     w = Hx - b x_before,   a = xᵀw/xᵀx,   x_next = w - a x,   b = x_nextᵀx_next/xᵀx
///
/// for H = 4H̃/c, c no less than the largest eigenvalue: lengths of vectors, which are not scaled to 1,
/// then change slowly. ``columns`` are the Jacobi matrices of E = H̃/c - 1.
struct DeflatedLanczos {
  let width: Int
  private let matrix: BlockSparseMatrix
  private let space: DeflatedSpace
  private var x: [Double]
  private var before: [Double]
  private var norms: [Double]
  private(set) var columns: [JacobiMatrix]
  private var stepCount = 0
  /// |e|² of the vectors at the start, without what is left out.
  private(set) var startNorms: [Double]

  /// Steps after which the left-out directions, which rounding brings back, go again.
  private static let cleaningSteps = 4

  /// - Parameters:
  ///   - matrix: 4H̃/c.
  ///   - vectors: Shape [n, width], `width` a multiple of 4.
  init(_ matrix: BlockSparseMatrix, space: DeflatedSpace, vectors: [Double], width: Int) {
    precondition(vectors.count == matrix.order * width, "vectors: shape")
    (self.matrix, self.space, self.width) = (matrix, space, width)
    var start = vectors
    space.remove(from: &start, width: width)
    var squares = [Double](repeating: 0, count: width)
    Self.square(start, into: &squares)
    before = [Double](repeating: 0, count: start.count)
    (x, norms, startNorms) = (start, squares, squares)
    columns = [JacobiMatrix](repeating: JacobiMatrix(), count: width)
  }

  mutating func step() {
    var a = [Double](repeating: 0, count: width)
    var (b, scale, products) = (a, a, a)
    for c in 0..<width where !columns[c].isComplete {
      b[c] = 16 * (columns[c].squares.last ?? 0)
    }
    Self.multiply(matrix, x, subtracting: b, times: &before, dots: &a)
    for c in 0..<width {
      let isAlive = !columns[c].isComplete && norms[c] > 0
      (a[c], scale[c]) = isAlive ? (a[c] / norms[c], 1) : (0, 0)
    }
    Self.subtract(x, times: a, scaling: scale, from: &before, squares: &products)
    swap(&x, &before)
    for c in 0..<width where scale[c] > 0 {
      columns[c].append(a[c] / 4 - 1, square: products[c] / norms[c] / 16)
      norms[c] = products[c]
    }
    stepCount += 1
    if stepCount.isMultiple(of: Self.cleaningSteps) {
      space.remove(from: &x, width: width)
      space.remove(from: &before, width: width)
    }
  }

  private static func square(_ x: [Double], into squares: inout [Double]) {
    var span = squares.mutableSpan
    columnDots(x.span, x.span, into: &span)
  }

  private static func multiply(
    _ matrix: BlockSparseMatrix, _ x: [Double], subtracting b: [Double], times y: inout [Double],
    dots: inout [Double]
  ) {
    let width = dots.count
    var image = y.mutableSpan
    var products = dots.mutableSpan
    matrix.multiply(
      x.span, width: width, subtracting: b.span, times: &image, dots: &products)
  }

  private static func subtract(
    _ x: [Double], times a: [Double], scaling s: [Double], from y: inout [Double],
    squares: inout [Double]
  ) {
    var image = y.mutableSpan
    var products = squares.mutableSpan
    LinearAlgebra.subtract(
      x.span, times: a.span, scaling: s.span, from: &image, squares: &products)
  }
}
