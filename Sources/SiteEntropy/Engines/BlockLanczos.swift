internal import LinearAlgebra

/// What Lanczos' process for E = F δH̃ F is made of, over all sites or over a part that holds δH̃.
protocol LanczosOperators: Sendable {
  /// Rows of a vector.
  var order: Int { get }

  /// Y = δH̃ X, and for each column the dot product of the two; shape [order, width].
  func multiply(_ x: [Double], into y: inout [Double], dots: inout [Double])

  /// W ← H̃0⁺ W.
  ///
  /// - Parameter scratch: Kept from one call to the next; empty at the first.
  func applyGreen(_ w: inout [Double], scratch: inout [Double], width: Int)
}

/// δH̃ and the Green function of a whole cell, rows by site number.
struct CellOperators: LanczosOperators {
  let perturbation: BlockSparseMatrix
  /// What is added to the blocks of `perturbation`.
  var squares: SquareDifferences?
  let green: BlochOperator

  /// - Parameter perturbation: δH̃ by site number.
  init(perturbation: BlockSparseMatrix, green: BlochOperator) {
    (self.perturbation, self.green) = (perturbation, green)
  }

  init(_ perturbation: FactoredPerturbation, green: BlochOperator) {
    self.init(perturbation: perturbation.blocks, green: green)
    squares = perturbation.squares
  }

  var order: Int { perturbation.order }

  func multiply(_ x: [Double], into y: inout [Double], dots: inout [Double]) {
    let width = dots.count
    var image = y.mutableSpan
    var products = dots.mutableSpan
    perturbation.multiply(x.span, width: width, into: &image, dots: &products)
    squares?.multiply(x.span, width: width, addingTo: &image, dots: &products)
  }

  func applyGreen(_ w: inout [Double], scratch: inout [Double], width: Int) {
    var image = w.mutableSpan
    green.apply(&image, width: width)
  }
}

/// Lanczos' process for E = F δH̃ F, A = Π + E, from many vectors side by side.
///
/// A vector of the process is x = α e + F y. Only y and s = F x are kept, and F² = H̃0⁺ is all that
/// is ever applied, half the work of two F (mathematics.md (4.7)):
///
///     w = δH̃ s,   E x = F w,   a = xᵀE x / xᵀx = sᵀw / ρ,   b = ρ / ρ_before
///     y ← w - a y - b y_before,   s ← H̃0⁺ w - a s - b s_before,   ρ = |x|² = yᵀs
///
/// The last equation holds as x is orthogonal to e from the first step on. Rounding ends that some
/// steps after an end of the spectrum has been found; where a process shall go on then (`isLong`),
///
///     ρ = α (α |e|² + yᵀ F e) + yᵀ s,   α ← -a α - b α_before
///
/// is the length of x whatever it is orthogonal to; without it the Jacobi matrix gets eigenvalues
/// that E has not. Vectors are not scaled to unit length, which would cost a pass over memory; those
/// of a long process are by a power of two where |x|² would leave the range of numbers, |E|² being a
/// factor of every step, and are set to 0 where it has ended: two vectors share a transform, so that
/// rounding of one is in both.
struct BlockLanczos<Operators: LanczosOperators> {
  let width: Int
  private let operators: Operators
  /// F x, shape [order, width], of the vectors x of the next step, not normalised.
  private(set) var s: [Double]
  private var sBefore: [Double]
  private var y: [Double]
  private var yBefore: [Double]
  private var w: [Double]
  private var scratch: [Double] = []
  private var norms: [Double]
  private let isLong: Bool
  /// F e and |e|², and α of x and of the vector before it.
  private var start: [Double] = []
  private var startNorms: [Double] = []
  private var alpha: [Double]
  private var alphaBefore: [Double]
  private(set) var columns: [JacobiMatrix]

  /// - Parameters:
  ///   - width: Vectors, a multiple of 8.
  ///   - isLong: Whether many steps will be made: slower, and |x_j|² is no longer the product of the
  ///     squares of the Jacobi matrix.
  init(_ operators: Operators, width: Int, isLong: Bool = false) {
    (self.operators, self.width, self.isLong) = (operators, width, isLong)
    let zeros = [Double](repeating: 0, count: operators.order * width)
    (s, sBefore, y, yBefore, w) = (zeros, zeros, zeros, zeros, zeros)
    norms = [Double](repeating: 0, count: width)
    (alpha, alphaBefore) = (norms, norms)
    columns = []
  }

  /// Starts from vectors e given by F e.
  ///
  /// - Parameters:
  ///   - norms: |e|², shape [width].
  ///   - fill: Writes F e, shape [order, width].
  mutating func start(norms: [Double], _ fill: (inout MutableSpan<Double>) -> Void) {
    precondition(norms.count == width, "norms: expected [\(width)]")
    self.norms = norms
    columns = [JacobiMatrix](repeating: JacobiMatrix(), count: width)
    do {
      var span = s.mutableSpan
      fill(&span)
    }
    if isLong {
      (start, startNorms) = (s, norms)
      for c in 0..<width { (alpha[c], alphaBefore[c]) = (1, 0) }
    }
    for e in sBefore.indices {
      sBefore[e] = 0
      y[e] = 0
      yBefore[e] = 0
    }
  }

  mutating func step() {
    var a = [Double](repeating: 0, count: width)
    var b = a
    operators.multiply(s, into: &w, dots: &a)
    for c in 0..<width {
      let column = columns[c]
      a[c] = column.isComplete || norms[c] == 0 ? 0 : a[c] / norms[c]
      b[c] = column.isComplete ? 0 : column.squares.last ?? 0
    }
    Self.advance(&yBefore, image: w, current: y, a, b)
    operators.applyGreen(&w, scratch: &scratch, width: width)
    Self.advance(&sBefore, image: w, current: s, a, b)
    (y, yBefore) = (yBefore, y)
    (s, sBefore) = (sBefore, s)
    var products = [Double](repeating: 0, count: width)
    Self.dot(y, s, into: &products)
    if isLong { addStart(to: &products, a, b) }
    for c in 0..<width where !columns[c].isComplete {
      columns[c].append(a[c], square: norms[c] > 0 ? products[c] / norms[c] : 0)
      norms[c] = products[c]
    }
    if isLong { scale() }
  }

  /// Adds α (α |e|² + yᵀ F e) with the α of the next vectors.
  private mutating func addStart(to products: inout [Double], _ a: [Double], _ b: [Double]) {
    var overlaps = [Double](repeating: 0, count: width)
    Self.dot(y, start, into: &overlaps)
    for c in 0..<width {
      let next = -a[c] * alpha[c] - b[c] * alphaBefore[c]
      (alpha[c], alphaBefore[c]) = (next, alpha[c])
      products[c] += next * (next * startNorms[c] + overlaps[c])
    }
  }

  private mutating func scale() {
    guard let factors = powersOfTwo(scaling: &norms, columns) else { return }
    for c in 0..<width {
      alpha[c] *= factors[c]
      alphaBefore[c] *= factors[c]
    }
    Self.scale(&s, factors)
    Self.scale(&sBefore, factors)
    Self.scale(&y, factors)
    Self.scale(&yBefore, factors)
  }

  private static func advance(
    _ next: inout [Double], image: [Double], current: [Double], _ a: [Double], _ b: [Double]
  ) {
    var span = next.mutableSpan
    recur(&span, image: image.span, current: current.span, a: a.span, b: b.span)
  }

  private static func scale(_ vectors: inout [Double], _ factors: [Double]) {
    var span = vectors.mutableSpan
    scaleColumns(&span, by: factors.span)
  }

  private static func dot(_ x: [Double], _ y: [Double], into dots: inout [Double]) {
    var products = dots.mutableSpan
    columnDots(x.span, y.span, into: &products)
  }
}

/// What brings vectors back whose |x|² leaves the range of numbers, all at once where one needs it, as
/// of two that share a transform none may be much the larger: a power of two each, and 0 for those
/// whose process has ended. nil where none needs it.
///
/// - Parameter norms: |x|²; those of the scaled vectors afterwards.
func powersOfTwo(scaling norms: inout [Double], _ columns: [JacobiMatrix]) -> [Double]? {
  let isNeeded = norms.indices.contains { c in
    norms[c] != 0 && norms[c].isFinite
      && (columns[c].isComplete || !(-60...60).contains(Int(norms[c].exponent)))
  }
  guard isNeeded else { return nil }
  var factors = [Double](repeating: 1, count: norms.count)
  for c in norms.indices where norms[c] != 0 && norms[c].isFinite {
    if columns[c].isComplete {
      (factors[c], norms[c]) = (0, 0)
    } else {
      factors[c] = Double(sign: .plus, exponent: -Int(norms[c].exponent) / 2, significand: 1)
      norms[c] *= factors[c] * factors[c]
    }
  }
  return factors
}
