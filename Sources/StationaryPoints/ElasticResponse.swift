internal import Crystal
internal import LinearAlgebra

/// The second derivatives of the enthalpy H = E + pV of a structure by strains of its cell, the atoms
/// following (mathematics.md (11.7)):
///
///     J_kl = ∂²H/∂ε_k∂ε_l - Λ_kᵀ H⁻¹ Λ_l,   Λ_k = ∂²E/∂x∂ε_k,   x_k = -H⁻¹ Λ_k
///
/// At no pressure J/V are the elastic constants.
struct ElasticResponse {
  /// J in eV, symmetric, shape [m, m].
  var stiffness: Matrix
  /// x_k, the displacements per strain beyond those of the cell, in Å, shape [m] of [N, d]; empty
  /// where they are not known.
  var displacements: [[Double]]

  /// Of the largest eigenvalue of J, less counts as that in a step.
  private static let softest = 1e-3

  /// -J⁻¹ G with |λ| in the place of the eigenvalues λ of J: downhill where J has negative ones.
  func step(against gradient: [Double]) throws -> [Double] {
    let eigen = try stiffness.symmetricEigen()
    let m = gradient.count
    let largest = eigen.values.reduce(0) { max($0, abs($1)) }
    var step = [Double](repeating: 0, count: m)
    guard largest > 0 else { return gradient.map { -$0 } }
    for mode in 0..<m {
      let amplitude = (0..<m).reduce(0) { $0 + eigen.vectors[mode, $1] * gradient[$1] }
      let value = max(abs(eigen.values[mode]), Self.softest * largest)
      for k in 0..<m { step[k] -= amplitude / value * eigen.vectors[mode, k] }
    }
    return step
  }

  /// Eigenvalues of J below zero by more than rounding.
  func negativeCount() throws -> Int {
    let values = try stiffness.symmetricEigen().values
    let largest = values.reduce(0) { max($0, abs($1)) }
    return values.count { $0 < -1e-6 * largest }
  }

  /// The secant of a step: J' s = y, otherwise as near to J as may be (BFGS). A step against which the
  /// slope does not grow changes nothing.
  mutating func update(step s: [Double], change y: [Double]) {
    let m = s.count
    let js = (0..<m).map { k in (0..<m).reduce(0) { $0 + stiffness[k, $1] * s[$1] } }
    let (sy, sjs) = (dot(s, y), dot(s, js))
    guard sy > 1e-3 * abs(sjs), sjs > 0 else { return }
    for k in 0..<m {
      for l in 0..<m { stiffness[k, l] += y[k] * y[l] / sy - js[k] * js[l] / sjs }
    }
  }
}

/// Which shapes a cell may take.
public enum CellFreedom: String, CaseIterable, Sendable {
  /// None but its own.
  case fixed
  /// Its size changes, its shape does not.
  case volume
  /// Every length and angle.
  case full

  /// Strains per unit, shape [m] of [3, 3]: of `full` in Voigt's order xx, yy, zz, yz, xz, xy with both
  /// elements of the shears.
  var strains: [[Double]] {
    switch self {
    case .fixed: []
    case .volume: [[1, 0, 0, 0, 1, 0, 0, 0, 1]]
    case .full:
      [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)].map { i, j in
        var strain = [Double](repeating: 0, count: 9)
        (strain[3 * i + j], strain[3 * j + i]) = (i == j ? 1 : 0.5, i == j ? 1 : 0.5)
        return strain
      }
    }
  }

  /// Σ_k s_k ε_k, shape [3, 3]; what is below the rounding of the rest is nothing.
  func strain(_ step: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: 9)
    for (size, unit) in zip(step, strains) { add(size, unit, to: &result) }
    let largest = result.reduce(0) { max($0, abs($1)) }
    return result.map { abs($0) < 1e-12 * largest || abs($0) < 1e-14 ? 0 : $0 }
  }

  /// What of a stress beyond the pressure is to vanish, the largest element: of `volume` the trace.
  func residual(_ stress: [Double], pressure: Double) -> Double {
    switch self {
    case .fixed: return 0
    case .volume: return abs((stress[0] + stress[4] + stress[8]) / 3 + pressure)
    case .full:
      return stress.indices.reduce(0) {
        max($0, abs(stress[$1] + ($1.isMultiple(of: 4) ? pressure : 0)))
      }
    }
  }
}
