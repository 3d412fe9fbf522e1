internal import LinearAlgebra

/// A long process of Lanczos for E = F δH̃ F from vectors off the translations, many side by side, for
/// the ends of the spectrum of large cells: three batches of whole vectors are held.
///
/// A vector of the process is x = F y; with s = F x = H̃0⁺ y
///
///     E x = F w,  w = δH̃ s,   a = xᵀ(E x - b x_before)/ρ = sᵀ(w - b y_before)/ρ,   b = ρ/ρ_before,
///     y_next = w - b y_before - a y,   ρ = |x|² = yᵀ s
///
/// so that it is Lanczos' process of δH̃ H̃0⁺ in the inner product of H̃0⁺ (mathematics.md (4.7)). As
/// s is made anew from y in each step, rounding cannot part the two. |E|² is a factor of every step:
/// vectors are scaled by a power of two where |x|² would leave the range of numbers, and set to 0
/// where their process has ended, as two vectors share a transform.
struct GreenLanczos {
  private let perturbation: BlockSparseMatrix
  private let green: BlochOperator
  private let width: Int
  private var y: [Double]
  private var yBefore: [Double]
  private var s: [Double]
  /// ρ of the vectors of the next step.
  private var norms: [Double]
  private(set) var columns: [JacobiMatrix]

  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - vectors: y of the first vectors, shape [order, width], `width` a multiple of 8.
  init(
    _ perturbation: BlockSparseMatrix, green: BlochOperator, vectors: consuming [Double],
    width: Int
  ) {
    (self.perturbation, self.green, self.width) = (perturbation, green, width)
    yBefore = [Double](repeating: 0, count: vectors.count)
    s = yBefore
    y = vectors
    norms = [Double](repeating: 0, count: width)
    columns = [JacobiMatrix](repeating: JacobiMatrix(), count: width)
    norms = image()
  }

  mutating func step() {
    let b = columns.map { $0.isComplete ? 0 : $0.squares.last ?? 0 }
    var a = [Double](repeating: 0, count: width)
    Self.multiply(perturbation, s, subtracting: b, times: &yBefore, dots: &a)
    for c in 0..<width { a[c] = columns[c].isComplete || norms[c] == 0 ? 0 : a[c] / norms[c] }
    Self.subtract(y, times: a, from: &yBefore)
    (y, yBefore) = (yBefore, y)
    let products = image()
    for c in 0..<width where !columns[c].isComplete {
      columns[c].append(a[c], square: norms[c] > 0 ? products[c] / norms[c] : 0)
      norms[c] = products[c]
    }
    scale()
  }

  /// s ← H̃0⁺ y; yᵀ s.
  private mutating func image() -> [Double] {
    Self.apply(green, to: y, width, into: &s)
    return Self.dots(y, s, width)
  }

  private mutating func scale() {
    guard let factors = powersOfTwo(scaling: &norms, columns) else { return }
    Self.scale(&y, factors)
    Self.scale(&yBefore, factors)
    Self.scale(&s, factors)
  }

  private static func multiply(
    _ matrix: BlockSparseMatrix, _ x: [Double], subtracting b: [Double], times y: inout [Double],
    dots: inout [Double]
  ) {
    var image = y.mutableSpan
    var products = dots.mutableSpan
    matrix.multiply(x.span, width: b.count, subtracting: b.span, times: &image, dots: &products)
  }

  private static func subtract(_ x: [Double], times a: [Double], from y: inout [Double]) {
    let ones = [Double](repeating: 1, count: a.count)
    var squares = ones
    var image = y.mutableSpan
    var sums = squares.mutableSpan
    LinearAlgebra.subtract(
      x.span, times: a.span, scaling: ones.span, from: &image, squares: &sums)
  }

  private static func apply(
    _ green: BlochOperator, to x: [Double], _ width: Int, into y: inout [Double]
  ) {
    for e in x.indices { y[e] = x[e] }
    var span = y.mutableSpan
    green.apply(&span, width: width)
  }

  private static func dots(_ x: [Double], _ y: [Double], _ width: Int) -> [Double] {
    var dots = [Double](repeating: 0, count: width)
    do {
      var products = dots.mutableSpan
      columnDots(x.span, y.span, into: &products)
    }
    return dots
  }

  private static func scale(_ vectors: inout [Double], _ factors: [Double]) {
    var span = vectors.mutableSpan
    scaleColumns(&span, by: factors.span)
  }
}
