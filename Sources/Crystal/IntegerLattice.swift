/// Integer 3 × 3 matrices as flat arrays, row-major: bases of sublattices of Z³.
///
/// The numbers are counts of cells along an axis; products of three stay far below 2⁶³.
enum IntegerLattice {
  static let identity = [1, 0, 0, 0, 1, 0, 0, 0, 1]

  static func determinant(_ m: [Int]) -> Int {
    m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6])
      + m[2] * (m[3] * m[7] - m[4] * m[6])
  }

  /// The transposed matrix of cofactors: m · adjugate(m) = det(m) · 1.
  static func adjugate(_ m: [Int]) -> [Int] {
    [
      m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
      m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
      m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
    ]
  }

  static func product(_ a: [Int], _ b: [Int]) -> [Int] {
    (0..<9).map { e in (0..<3).reduce(0) { $0 + a[e / 3 * 3 + $1] * b[$1 * 3 + e % 3] } }
  }

  /// The upper triangular (Hermite) basis of the lattice that `rows` generate; it has rank 3.
  static func hermiteBasis(ofRows rows: [[Int]]) -> [Int] {
    var rows = rows
    for column in 0..<3 {
      // Euclid's algorithm on the column, over all rows not yet used as a pivot.
      while true {
        let pending = rows.indices.filter { $0 >= column && rows[$0][column] != 0 }
        guard
          let pivot = pending.min(by: { abs(rows[$0][column]) < abs(rows[$1][column]) })
        else { break }
        rows.swapAt(column, pivot)
        var isDone = true
        for i in column + 1..<rows.count where rows[i][column] != 0 {
          let factor = rows[i][column] / rows[column][column]
          for k in 0..<3 { rows[i][k] -= factor * rows[column][k] }
          if rows[i][column] != 0 { isDone = false }
        }
        if isDone { break }
      }
      if rows[column][column] < 0 { rows[column] = rows[column].map { -$0 } }
    }
    // Small entries above the diagonal keep the numbers small.
    for column in 1..<3 {
      for i in 0..<column {
        let factor = floorDivide(rows[i][column], rows[column][column])
        for k in 0..<3 { rows[i][k] -= factor * rows[column][k] }
      }
    }
    return Array(rows[0..<3].joined())
  }

  /// Whether an integer vector belongs to the lattice of an upper triangular basis.
  static func contains(_ vector: [Int], basis: [Int]) -> Bool {
    var v = vector
    for column in 0..<3 {
      let pivot = basis[4 * column]
      guard v[column].isMultiple(of: pivot) else { return false }
      let factor = v[column] / pivot
      for k in 0..<3 { v[k] -= factor * basis[3 * column + k] }
    }
    return true
  }

  /// Smith's normal form U·m·V = diag(d₁, d₂, d₃) with d₁ | d₂ | d₃, all positive.
  ///
  /// - Precondition: `m` is not singular.
  static func smithForm(_ matrix: [Int]) -> (diagonal: [Int], columnTransform: [Int]) {
    var m = matrix
    var v = identity
    func addColumn(_ from: Int, times factor: Int, to: Int) {
      for i in 0..<3 {
        m[3 * i + to] += factor * m[3 * i + from]
        v[3 * i + to] += factor * v[3 * i + from]
      }
    }
    func swapColumns(_ i: Int, _ j: Int) {
      for k in 0..<3 {
        m.swapAt(3 * k + i, 3 * k + j)
        v.swapAt(3 * k + i, 3 * k + j)
      }
    }
    for step in 0..<3 {
      while true {
        let rest = (step..<3).flatMap { i in (step..<3).map { (i, $0) } }
          .filter { m[3 * $0.0 + $0.1] != 0 }
        guard
          let (row, column) = rest.min(by: { abs(m[3 * $0.0 + $0.1]) < abs(m[3 * $1.0 + $1.1]) })
        else { preconditionFailure("singular matrix") }
        if row != step { for k in 0..<3 { m.swapAt(3 * row + k, 3 * step + k) } }
        if column != step { swapColumns(column, step) }
        let pivot = m[4 * step]
        for i in step + 1..<max(3, step + 1) {
          let factor = m[3 * i + step] / pivot
          for k in 0..<3 { m[3 * i + k] -= factor * m[3 * step + k] }
        }
        for j in step + 1..<max(3, step + 1) {
          addColumn(step, times: -(m[3 * step + j] / pivot), to: j)
        }
        let isClear = (step + 1..<max(3, step + 1)).allSatisfy {
          m[3 * $0 + step] == 0 && m[3 * step + $0] == 0
        }
        guard isClear else { continue }
        // Each diagonal element divides all that follow: else fold the offender in and repeat.
        let later = (step + 1..<max(3, step + 1)).flatMap { i in
          (step + 1..<3).map { (i, $0) }
        }
        let offender = later.first { !m[3 * $0.0 + $0.1].isMultiple(of: pivot) }
        guard let offender else { break }
        for k in 0..<3 { m[3 * step + k] += m[3 * offender.0 + k] }
      }
    }
    for axis in 0..<3 where m[4 * axis] < 0 {
      for i in 0..<3 {
        m[3 * i + axis] = -m[3 * i + axis]
        v[3 * i + axis] = -v[3 * i + axis]
      }
    }
    return ([m[0], m[4], m[8]], v)
  }

  static func floorDivide(_ a: Int, _ b: Int) -> Int {
    a >= 0 ? a / b : -((b - 1 - a) / b)
  }

  static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (abs(a), abs(b))
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
