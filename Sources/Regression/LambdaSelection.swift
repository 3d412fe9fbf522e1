internal import Glibc
internal import LinearAlgebra

/// How λ is chosen.
public enum LambdaChoice: Equatable, Sendable {
  /// By the error on folds left out (whole frames), or by generalised cross-validation where all
  /// rows lie in one fold.
  case automatic
  /// λ ≥ 0 in the units of Σ w.
  case fixed(Double)
}

/// What λ was, and what spoke for it.
public struct LambdaReport: Equatable, Sendable {
  public enum Method: String, Sendable {
    case fixed
    /// Folds left out in turn, in closed form.
    case folds
    /// N·RSS / (N - degrees)².
    case generalized
  }
  public let value: Double
  public let method: Method
  /// Root mean square of the residuals on rows left out, in the unit of the targets; nil where no
  /// fold could be left out.
  public let heldOutError: Double?
  /// Folds with rows.
  public let foldCount: Int
}

/// The residuals of one fold under a model that has not seen it, for any λ.
///
/// With the triangle R_g of the fold and the decomposition of all others, the residual is affine
/// in the filtered solution d: R_g [b; c; -1] = t + P d. So λ costs one product.
struct HeldOutFold {
  private let offset: [Double]
  private let map: Matrix
  private let decomposition: RidgeDecomposition

  init(_ decomposition: RidgeDecomposition, fold: RidgeTriangle) {
    let (m, k) = (fold.interceptCount, fold.featureCount)
    let n = m + k + 1
    let others = decomposition.triangle
    // Column j of `means`: the intercepts that one unit of feature j takes away; last: the target.
    var means = Matrix(rowCount: m, columnCount: k + 1)
    for j in 0...k {
      let solved = others.solveIntercepts((0..<m).map { others.matrix[$0, m + j] })
      for i in 0..<m { means[i, j] = solved[i] }
    }
    var centred = Matrix(rowCount: n, columnCount: k)
    var offset = [Double](repeating: 0, count: n)
    for i in 0..<n {
      for j in 0...k {
        var value = fold.matrix[i, m + j]
        for c in 0..<m { value -= fold.matrix[i, c] * means[c, j] }
        if j < k {
          centred[i, j] = value * decomposition.inversePenalty[j]
        } else {
          offset[i] = -value
        }
      }
    }
    self.offset = offset
    map = centred.multiplied(by: decomposition.right, transposingOther: true)
    self.decomposition = decomposition
  }

  /// Σ w (φc + b - y)² over the fold.
  func residualSquares(_ lambda: Double) -> Double {
    let d = decomposition.filtered(lambda)
    let product = map.multiplied(by: Matrix(rowCount: d.count, columnCount: 1, storage: d))
    return zip(offset, product.storage).reduce(0) { $0 + ($1.0 + $1.1) * ($1.0 + $1.1) }
  }
}

/// The λ of least `error` on [lowest, highest].
///
/// A grid of two values a decade finds the valley, golden sections its floor.
///
/// - Parameter error: Root mean square on rows left out, as a function of λ.
func minimizeOverLambda(
  lowest: Double, highest: Double, error: (Double) -> Double
) -> (lambda: Double, error: Double) {
  func at(_ x: Double) -> Double { error(pow(10, x)) }
  let low = log10(lowest)
  let count = max(2, Int(((log10(highest) - low) * 2).rounded(.up)) + 1)
  let step = (log10(highest) - low) / Double(count - 1)
  let grid = (0..<count).map { low + Double($0) * step }
  let errors = grid.map(at)
  guard let best = (0..<count).min(by: { errors[$0] < errors[$1] }) else { return (highest, 0) }
  var (left, right) = (grid[max(0, best - 1)], grid[min(count - 1, best + 1)])
  let ratio = (5.0.squareRoot() - 1) / 2
  var (x, floor) = (grid[best], errors[best])
  while right - left > 0.02 {
    let (a, b) = (right - ratio * (right - left), left + ratio * (right - left))
    let (fa, fb) = (at(a), at(b))
    if fa < floor { (x, floor) = (a, fa) }
    if fb < floor { (x, floor) = (b, fb) }
    if fa < fb { right = b } else { left = a }
  }
  return (pow(10, x), floor)
}

/// The end of the stretch from `first` on where a property of λ holds, or `last`; half decades find
/// it, bisections its end.
///
/// - Parameter holds: Taken to be true at `first`.
func largestLambda(
  from first: Double, to last: Double, where holds: (Double) -> Bool
) -> Double {
  var inside = log10(first)
  let end = log10(last)
  var outside = inside
  repeat {
    inside = outside
    guard inside < end else { return last }
    outside = min(end, inside + 0.5)
  } while holds(pow(10, outside))
  while outside - inside > 0.02 {
    let middle = (inside + outside) / 2
    if holds(pow(10, middle)) { inside = middle } else { outside = middle }
  }
  return pow(10, inside)
}

/// Whether squared errors on folds left out tell one λ from the best: they do where they are larger
/// by more than the standard error of the differences, fold by fold, or by more than 4 % in all.
///
/// An equal error on frames left out, smaller coefficients beyond them: so the larger λ wins. The
/// second limit is for folds of which one has nearly all of the error.
///
/// - Parameters:
///   - squares: Σ of squared errors, by fold, and those of the best λ.
///   - rounding: Sums below this one are equal.
func isAsGood(_ squares: [Double], as best: [Double], rounding: Double) -> Bool {
  let (sum, least) = (squares.reduce(0, +), best.reduce(0, +))
  if sum <= max(1.01 * least, rounding) { return true }
  let count = Double(squares.count)
  guard sum <= 1.04 * least, count > 1 else { return false }
  let differences = zip(squares, best).map { $0 - $1 }
  let mean = differences.reduce(0, +) / count
  let variance =
    differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
  return mean <= (variance / count).squareRoot()
}
