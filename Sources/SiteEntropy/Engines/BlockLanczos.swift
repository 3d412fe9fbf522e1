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
  let green: BlochOperator

  var order: Int { perturbation.order }

  func multiply(_ x: [Double], into y: inout [Double], dots: inout [Double]) {
    let width = dots.count
    var image = y.mutableSpan
    var products = dots.mutableSpan
    perturbation.multiply(x.span, width: width, into: &image, dots: &products)
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
/// The last equation holds as x is orthogonal to e from the first step on. Vectors are not scaled to
/// unit length, which would cost a pass over memory.
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
  private(set) var columns: [JacobiMatrix]

  /// - Parameter width: Vectors, a multiple of 8.
  init(_ operators: Operators, width: Int) {
    (self.operators, self.width) = (operators, width)
    let zeros = [Double](repeating: 0, count: operators.order * width)
    (s, sBefore, y, yBefore, w) = (zeros, zeros, zeros, zeros, zeros)
    norms = [Double](repeating: 0, count: width)
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
    var span = s.mutableSpan
    fill(&span)
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
    for c in 0..<width where !columns[c].isComplete {
      columns[c].append(a[c], square: norms[c] > 0 ? products[c] / norms[c] : 0)
      norms[c] = products[c]
    }
  }

  private static func advance(
    _ next: inout [Double], image: [Double], current: [Double], _ a: [Double], _ b: [Double]
  ) {
    var span = next.mutableSpan
    recur(&span, image: image.span, current: current.span, a: a.span, b: b.span)
  }

  private static func dot(_ x: [Double], _ y: [Double], into dots: inout [Double]) {
    var products = dots.mutableSpan
    columnDots(x.span, y.span, into: &products)
  }
}

extension BlockLanczos where Operators == CellOperators {
  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - width: Vectors, a multiple of 8.
  init(_ perturbation: BlockSparseMatrix, green: BlochOperator, width: Int) {
    self.init(CellOperators(perturbation: perturbation, green: green), width: width)
  }
}
