public import Formats

/// Why three vectors are no cell.
public enum CellError: Error, Equatable, Sendable, CustomStringConvertible {
  case notFinite
  /// The periodic vectors are linearly dependent, or one of them is zero.
  case singular(volume: Double)

  public var description: String {
    switch self {
    case .notFinite: "expected finite cell vectors, found a NaN or an infinity"
    case .singular(let volume): "expected independent cell vectors, found volume \(volume) Å³"
    }
  }
}

/// A parallelepiped, periodic along some of its vectors.
///
/// Where a direction is not periodic and its vector is zero, a unit vector orthogonal to the
/// periodic ones takes its place, so that every point has fractional coordinates.
public struct Cell: Equatable, Sendable {
  /// Cell vectors a, b, c as rows in Å, shape [3, 3], row-major.
  public let rows: [Double]
  public let periodic: [Bool]
  /// Reciprocal vectors without 2π as columns: `fractional = cartesian · inverse`, shape [3, 3].
  public let inverse: [Double]
  /// Signed volume in Å³: negative for a left-handed cell.
  public let volume: Double

  /// - Throws: ``CellError``.
  public init(rows: [Double], periodic: [Bool] = [true, true, true]) throws(CellError) {
    guard rows.allSatisfy(\.isFinite) else { throw .notFinite }
    var completed = rows
    for axis in 0..<3 where !periodic[axis] {
      let length = completed[3 * axis..<3 * axis + 3].reduce(0) { $0 + $1 * $1 }
      if length == 0 { Self.complete(&completed, axis: axis) }
    }
    let scale = (0..<3).map { axis in
      let row = Array(completed[3 * axis..<3 * axis + 3])
      return dot(row, row).squareRoot()
    }.reduce(1, *)
    self.init(independent: completed, periodic: periodic)
    guard volume.isFinite, abs(volume) > 1e-10 * scale, scale > 0 else {
      throw .singular(volume: volume)
    }
  }

  /// A cell whose three rows are known to be independent.
  init(independent rows: [Double], periodic: [Bool]) {
    let a = Array(rows[0..<3])
    let b = Array(rows[3..<6])
    let c = Array(rows[6..<9])
    let (bc, ca, ab) = (cross(b, c), cross(c, a), cross(a, b))
    let volume = dot(a, bc)
    (self.rows, self.periodic, self.volume) = (rows, periodic, volume)
    inverse = (0..<3).flatMap { [bc[$0] / volume, ca[$0] / volume, ab[$0] / volume] }
  }

  /// Puts a unit vector orthogonal to the other two rows (zero ones aside) in place of row `axis`.
  private static func complete(_ rows: inout [Double], axis: Int) {
    let others = (0..<3).filter { $0 != axis }.map { Array(rows[3 * $0..<3 * $0 + 3]) }
    var best: [Double] = []
    for unit in [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]] {
      var v = unit
      var basis: [[Double]] = []
      for var other in others where dot(other, other) > 0 {
        for e in basis { other = subtract(other, e, times: dot(other, e)) }
        let norm = dot(other, other).squareRoot()
        if norm > 0 { basis.append(other.map { $0 / norm }) }
      }
      for e in basis { v = subtract(v, e, times: dot(v, e)) }
      if best.isEmpty || dot(v, v) > dot(best, best) + 1e-9 { best = v }
    }
    let norm = dot(best, best).squareRoot()
    for k in 0..<3 { rows[3 * axis + k] = norm > 0 ? best[k] / norm : 0 }
  }

  /// Distance in Å between the two faces that row `axis` connects.
  public func height(_ axis: Int) -> Double {
    let g = [inverse[axis], inverse[3 + axis], inverse[6 + axis]]
    return 1 / dot(g, g).squareRoot()
  }

  /// Fractional coordinates of a Cartesian vector.
  public func fractional(_ x: Double, _ y: Double, _ z: Double) -> (Double, Double, Double) {
    (
      x * inverse[0] + y * inverse[3] + z * inverse[6],
      x * inverse[1] + y * inverse[4] + z * inverse[7],
      x * inverse[2] + y * inverse[5] + z * inverse[8]
    )
  }

  /// The Cartesian vector of fractional coordinates.
  public func cartesian(_ s: Double, _ t: Double, _ u: Double) -> (Double, Double, Double) {
    (
      s * rows[0] + t * rows[3] + u * rows[6],
      s * rows[1] + t * rows[4] + u * rows[7],
      s * rows[2] + t * rows[5] + u * rows[8]
    )
  }
}

extension Frame {
  /// The cell of the positions.
  ///
  /// - Throws: ``InputError`` for a singular cell.
  public func positionCell() throws(InputError) -> Cell {
    do { return try Cell(rows: cell, periodic: periodic) } catch {
      throw InputError(source, "Lattice: \(error)")
    }
  }
}

func dot(_ u: [Double], _ v: [Double]) -> Double { u[0] * v[0] + u[1] * v[1] + u[2] * v[2] }

func cross(_ u: [Double], _ v: [Double]) -> [Double] {
  [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

private func subtract(_ u: [Double], _ v: [Double], times factor: Double) -> [Double] {
  (0..<3).map { u[$0] - factor * v[$0] }
}
