/// A function of a table: LAMMPS' cubic pieces, or a smooth refit in their place.
struct TabulatedFunction: Sendable, Equatable {
  private let table: CubicTable
  private let smooth: QuinticSpline?

  /// The last knot.
  var last: Double { table.last }

  init(_ f: [Double], step: Double) { (table, smooth) = (CubicTable(f, step: step), nil) }

  /// The same with a quintic spline from `lowest` to `highest`.
  ///
  /// - Parameter cells: Cells of the table in a piece of the spline.
  /// - Returns: nil where not one piece lies between.
  init?(_ f: [Double], step: Double, cells: Int, from lowest: Double, to highest: Double) {
    let start = Int((lowest / step).rounded(.up))
    var end = min(f.count - 1, Int((highest / step).rounded(.up)))
    // A last piece of too few values would be hardly determined; there the functions are all but 0.
    if end > start, (end - start) % cells < max(1, cells / 4) { end -= (end - start) % cells }
    guard end - start >= cells else { return nil }
    table = CubicTable(f, step: step)
    smooth = QuinticSpline(fitting: f, range: start...end, step: step, cells: cells)
  }

  /// The function and its derivatives at x.
  @inline(__always)
  func jet(_ x: Double) -> Jet {
    if let smooth, smooth.first <= x, x <= smooth.last { return smooth.jet(x) }
    return table.jet(x)
  }

  /// How much the second derivative jumps at each knot inside, as (knot, jump); none where it is
  /// smooth.
  var jumps: [(x: Double, jump: Double)] {
    guard let smooth else { return table.jumps }
    return table.jumps.filter { $0.x < smooth.first || $0.x > smooth.last }
  }
}
