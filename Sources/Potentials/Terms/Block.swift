/// A 3 x 3 block by rows.
struct Block {
  var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

  init(rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)) { self.rows = rows }

  /// x yᵀ.
  init(outer x: SIMD3<Double>, _ y: SIMD3<Double>) { rows = (x[0] * y, x[1] * y, x[2] * y) }

  /// a I.
  init(unit a: Double) { rows = (SIMD3(a, 0, 0), SIMD3(0, a, 0), SIMD3(0, 0, a)) }

  var trace: Double { rows.0[0] + rows.1[1] + rows.2[2] }

  static func + (left: Block, right: Block) -> Block {
    Block(
      rows: (left.rows.0 + right.rows.0, left.rows.1 + right.rows.1, left.rows.2 + right.rows.2))
  }

  static func * (scale: Double, block: Block) -> Block {
    Block(rows: (scale * block.rows.0, scale * block.rows.1, scale * block.rows.2))
  }

  /// M v.
  static func * (block: Block, v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3((block.rows.0 * v).sum(), (block.rows.1 * v).sum(), (block.rows.2 * v).sum())
  }

  /// vᵀ M as a vector.
  static func * (v: SIMD3<Double>, block: Block) -> SIMD3<Double> {
    v[0] * block.rows.0 + v[1] * block.rows.1 + v[2] * block.rows.2
  }

  /// Σ_ij M_ij T_ij.
  func contracted(with t: Block) -> Double {
    (rows.0 * t.rows.0).sum() + (rows.1 * t.rows.1).sum() + (rows.2 * t.rows.2).sum()
  }

  /// The element of row i, column j.
  subscript(_ i: Int, _ j: Int) -> Double {
    switch i {
    case 0: rows.0[j]
    case 1: rows.1[j]
    default: rows.2[j]
    }
  }
}
