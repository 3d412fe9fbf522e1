/// Distances between a point and bins of equal thickness along the axes of a cell.
///
/// A bin of one axis is a slab between two planes; places are counted in bins along each axis.
struct BinGeometry: Sendable {
  private let low: [Double]
  /// Bins per unit of the fractional coordinate, shape [3].
  private let scale: [Double]
  /// Thickness of a bin in Å, shape [3].
  private let thickness: [Double]
  /// Cosine between the normals of the slabs of axes 0 and 1.
  private let cosine: Double
  /// Whether the normal of axis 2 is orthogonal to both others: what they use up of a distance is
  /// then missing along it.
  let isUpright: Bool
  /// In bins; larger than the rounding of a place.
  private static let margin = 1e-6

  /// - Parameters:
  ///   - low: Where the first bin begins in fractional coordinates, shape [3].
  ///   - span: What all bins cover of the fractional coordinate, shape [3].
  ///   - counts: Bins of each axis, shape [3].
  init(cell: Cell, low: [Double], span: [Double], counts: [Int]) {
    self.low = low
    scale = (0..<3).map { Double(counts[$0]) / span[$0] }
    thickness = (0..<3).map { cell.height($0) * span[$0] / Double(counts[$0]) }
    let normals = (0..<3).map { axis in
      (0..<3).map { cell.inverse[3 * $0 + axis] * cell.height(axis) }
    }
    cosine = dot(normals[0], normals[1])
    isUpright = abs(dot(normals[0], normals[2])) < 1e-12 && abs(dot(normals[1], normals[2])) < 1e-12
  }

  /// A point in fractional coordinates, in bins.
  @inline(__always)
  func place(_ s: (Double, Double, Double)) -> (Double, Double, Double) {
    ((s.0 - low[0]) * scale[0], (s.1 - low[1]) * scale[1], (s.2 - low[2]) * scale[2])
  }

  /// From a point to the nearer plane of a slab along the normal, in Å, with its sign; 0 within.
  @inline(__always)
  func gap(_ slot: Int, from place: Double, axis: Int) -> Double {
    let above = Double(slot) - place - Self.margin
    let below = Double(slot + 1) - place + Self.margin
    return (above > 0 ? above : below < 0 ? below : 0) * thickness[axis]
  }

  /// The squared distance of a point from where a slab of axis 0 meets one of axis 1, in Å².
  ///
  ///     (g₀² + g₁² - 2 c g₀ g₁) / (1 - c²)   with the gaps g and the cosine c of the normals,
  ///
  /// where the nearest point lies on both planes, else the larger gap squared.
  @inline(__always)
  func squaredDistance(_ g: Double, _ h: Double) -> Double {
    let larger = max(g * g, h * h)
    // The nearest point of one plane lies beyond the other: that plane alone counts.
    guard g * (g - cosine * h) > 0 && h * (h - cosine * g) > 0 else { return larger }
    return max(larger, (g * g + h * h - 2 * cosine * g * h) / (1 - cosine * cosine) * (1 - 1e-9))
  }
}
