/// A 3 x 3 block by rows, each with a zero behind it: a row is one vector of four numbers, which
/// processors add at once.
struct PaddedBlock {
  var rows: (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)

  static let zero = PaddedBlock(rows: (.zero, .zero, .zero))

  @inline(__always)
  init(rows: (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)) { self.rows = rows }

  /// x yᵀ.
  @inline(__always)
  init(outer x: SIMD4<Double>, _ y: SIMD4<Double>) { rows = (x[0] * y, x[1] * y, x[2] * y) }

  /// The nine elements from an offset on, by rows.
  @inline(__always)
  init(_ elements: [Double], at start: Int) {
    rows = (
      SIMD4(elements[start], elements[start + 1], elements[start + 2], 0),
      SIMD4(elements[start + 3], elements[start + 4], elements[start + 5], 0),
      SIMD4(elements[start + 6], elements[start + 7], elements[start + 8], 0)
    )
  }

  @inline(__always)
  var transposed: PaddedBlock {
    PaddedBlock(
      rows: (
        SIMD4(rows.0[0], rows.1[0], rows.2[0], 0), SIMD4(rows.0[1], rows.1[1], rows.2[1], 0),
        SIMD4(rows.0[2], rows.1[2], rows.2[2], 0)
      ))
  }

  /// (M + Mᵀ) / 2.
  var symmetric: PaddedBlock {
    let turned = transposed
    return PaddedBlock(
      rows: (
        0.5 * (rows.0 + turned.rows.0), 0.5 * (rows.1 + turned.rows.1),
        0.5 * (rows.2 + turned.rows.2)
      ))
  }

  /// Whether no element is an infinity or a NaN.
  var isFinite: Bool {
    (0..<3).allSatisfy { rows.0[$0].isFinite && rows.1[$0].isFinite && rows.2[$0].isFinite }
  }

  @inline(__always)
  static func += (left: inout PaddedBlock, right: PaddedBlock) {
    left.rows.0 += right.rows.0
    left.rows.1 += right.rows.1
    left.rows.2 += right.rows.2
  }

  @inline(__always)
  static func -= (left: inout PaddedBlock, right: PaddedBlock) {
    left.rows.0 -= right.rows.0
    left.rows.1 -= right.rows.1
    left.rows.2 -= right.rows.2
  }

  /// The element of row i, column j.
  @inline(__always)
  subscript(_ i: Int, _ j: Int) -> Double {
    switch i {
    case 0: rows.0[j]
    case 1: rows.1[j]
    default: rows.2[j]
    }
  }
}
