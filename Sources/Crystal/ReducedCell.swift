/// A cell with short vectors spanning the same lattice, in which minimum images are found safely.
///
/// In a sheared cell the nearest image need not be the one of rounded fractional coordinates; after
/// reduction it is that one or one of its neighbours.
public struct ReducedCell: Sendable {
  private let cell: Cell
  private let vectors: [Double]
  /// The vectors to the 26 cells around (fewer where the lattice is open).
  package let offsets: [(Double, Double, Double)]
  /// A vector shorter than this is its own minimum image: half the shortest lattice vector, or
  /// less.
  private let safe: Double
  /// Half the shortest lattice vector in Å: a place nearer than this to another has its only
  /// image there. Infinite where nothing repeats.
  public let inradius: Double

  public init(_ original: Cell) {
    let rows = (0..<3).map { Array(original.rows[3 * $0..<3 * $0 + 3]) }
    let axes = (0..<3).filter { original.periodic[$0] }
    let reduction = PairwiseReduction(rows, axes: axes, gain: 1e-12)
    // A unimodular change of vectors keeps the volume: the rows stay independent.
    cell = Cell(independent: reduction.vectors.flatMap { $0 }, periodic: original.periodic)
    vectors = cell.rows
    var offsets: [(Double, Double, Double)] = []
    let ranges = (0..<3).map { original.periodic[$0] ? -1...1 : 0...0 }
    for i in ranges[0] {
      for j in ranges[1] {
        for k in ranges[2] where !(i == 0 && j == 0 && k == 0) {
          offsets.append(cell.cartesian(Double(i), Double(j), Double(k)))
        }
      }
    }
    self.offsets = offsets
    let shortest = offsets.map { ($0.0 * $0.0 + $0.1 * $0.1 + $0.2 * $0.2).squareRoot() }.min()
    safe = 0.25 * (shortest ?? .infinity)
    inradius = 0.5 * (shortest ?? .infinity)
  }

  /// The shortest vector that differs from (x, y, z) by a lattice vector, in Å.
  ///
  /// A vector that is short already comes back bit for bit.
  public func minimumImage(_ x: Double, _ y: Double, _ z: Double) -> (Double, Double, Double) {
    if x * x + y * y + z * z < safe * safe { return (x, y, z) }
    let s = cell.fractional(x, y, z)
    let whole = (
      cell.periodic[0] ? s.0.rounded() : 0, cell.periodic[1] ? s.1.rounded() : 0,
      cell.periodic[2] ? s.2.rounded() : 0
    )
    let shift = cell.cartesian(whole.0, whole.1, whole.2)
    let (p, q, r) = (x - shift.0, y - shift.1, z - shift.2)
    var best = (p, q, r)
    var least = p * p + q * q + r * r
    for offset in offsets {
      let (i, j, k) = (p + offset.0, q + offset.1, r + offset.2)
      let squared = i * i + j * j + k * k
      if squared < least * (1 - 1e-14) { (best, least) = ((i, j, k), squared) }
    }
    return best
  }
}
