internal import Base
public import LinearAlgebra

extension PreparedPotential {
  /// The largest |H_ij - h_ij| in eV/Å², where h are central differences of the forces:
  ///
  ///     h_{ia,jb} = -[f_ia(x_jb + s) - f_ia(x_jb - s)] / 2s
  ///
  /// - Parameters:
  ///   - hessian: Of the positions this was prepared at.
  ///   - step: s in Å.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: 2·d·N evaluations of all forces.
  public func largestDifferenceFromForces(
    _ hessian: BlockSparseMatrix, step: Double = 2e-5
  ) throws -> Double {
    let d = dimension
    let matrix = hessian
    let columns = try mapConcurrently(atomCount) { j in
      Result { () throws -> Double in
        var largest = 0.0
        var positions = self.positions
        for b in 0..<d {
          let here = positions[3 * j + b]
          positions[3 * j + b] = here + step
          let ahead = try forces(positions: positions)
          positions[3 * j + b] = here - step
          let behind = try forces(positions: positions)
          positions[3 * j + b] = here
          for i in 0..<atomCount {
            let block = matrix.position(row: i, column: j)
            for a in 0..<d {
              let numeric = -(ahead[3 * i + a] - behind[3 * i + a]) / (2 * step)
              let exact = block.map { matrix.values[($0 * d + a) * d + b] } ?? 0
              largest = max(largest, abs(exact - numeric))
            }
          }
        }
        return largest
      }
    }.map { try $0.get() }
    return columns.max() ?? 0
  }
}
