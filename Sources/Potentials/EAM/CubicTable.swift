/// A function given at 0, δ, 2δ, ... by cubic Hermite pieces, exactly as LAMMPS interpolates it
/// (mathematics.md (2.10)).
///
/// The slopes are those of differences of the table, so that the function has one continuous
/// derivative; its second derivative jumps at the knots, by what the printed digits leave of it.
struct CubicTable: Sendable, Equatable {
  private let step: Double
  private let inverse: Double
  /// The last knot.
  let last: Double
  /// Of p³, p², p and 1 in each cell, p from 0 to 1 across it; shape [cells].
  private let cells: [SIMD4<Double>]

  /// - Precondition: At least 5 values.
  init(_ f: [Double], step: Double) {
    let n = f.count
    precondition(n >= 5, "table: expected at least 5 values")
    var slopes = [Double](repeating: 0, count: n)
    slopes[0] = f[1] - f[0]
    slopes[1] = 0.5 * (f[2] - f[0])
    slopes[n - 2] = 0.5 * (f[n - 1] - f[n - 3])
    slopes[n - 1] = f[n - 1] - f[n - 2]
    for k in 2..<n - 2 {
      slopes[k] = ((f[k - 2] - f[k + 2]) + 8 * (f[k + 1] - f[k - 1])) / 12
    }
    cells = (0..<n - 1).map { k in
      let rise = f[k + 1] - f[k]
      return SIMD4(
        slopes[k] + slopes[k + 1] - 2 * rise, 3 * rise - 2 * slopes[k] - slopes[k + 1], slopes[k],
        f[k])
    }
    (self.step, inverse) = (step, 1 / step)
    last = Double(n - 1) * step
  }

  /// The function and its derivatives at x; below 0 the first cell goes on,
  /// beyond the last knot a straight line.
  @inline(__always)
  func jet(_ x: Double) -> Jet {
    // As LAMMPS rounds it: with 1 added.
    let place = x * inverse + 1
    let cell = place < Double(cells.count) ? max(1, Int(max(place, 1))) : cells.count
    let p = place - Double(cell)
    guard p <= 1 else { return beyond(x) }
    return jet(cell: cell - 1, p)
  }

  @inline(__always)
  private func jet(cell: Int, _ p: Double) -> Jet {
    let c = cells[cell]
    return Jet(
      ((c[0] * p + c[1]) * p + c[2]) * p + c[3], ((3 * c[0] * p + 2 * c[1]) * p + c[2]) * inverse,
      (6 * c[0] * p + 2 * c[1]) * (inverse * inverse), 6 * c[0] * (inverse * inverse * inverse))
  }

  private func beyond(_ x: Double) -> Jet {
    let edge = jet(cell: cells.count - 1, 1)
    return Jet(edge[0] + edge[1] * (x - last), edge[1], 0, 0)
  }

  /// How much the second derivative jumps at each knot inside, as (knot, jump).
  var jumps: [(x: Double, jump: Double)] {
    (1..<cells.count).map { k in
      (Double(k) * step, jet(cell: k, 0)[2] - jet(cell: k - 1, 1)[2])
    }
  }
}
