internal import Glibc

/// A step within a trust region by Steihaug's conjugate gradients.
///
///     minimise  m(s) = gᵀs + ½ sᵀHs   with  ‖s‖_M ≤ Δ,   M = P⁻¹,
///
/// (Steihaug 1983, SIAM J. Numer. Anal. 20, 626; lengths in the norm of the preconditioner by
/// recurrence, as in Conn, Gould, Toint, Trust-Region Methods, 2000, §7.5.1). A direction of negative
/// curvature is followed to the boundary.
package struct TrustRegionStep {
  /// s in Å, shape of the gradient.
  package private(set) var step: [Double]
  /// H s in eV/Å.
  package private(set) var image: [Double]
  /// -m(s), positive, in eV.
  package private(set) var predictedDecrease = 0.0
  /// ‖s‖_M in eV^(1/2).
  package private(set) var length = 0.0
  package private(set) var iterations = 0
  package private(set) var isOnBoundary = false
  /// Whether a direction with pᵀHp ≤ 0 was met.
  package private(set) var metNegativeCurvature = false

  /// - Parameters:
  ///   - gradient: g.
  ///   - radius: Δ in eV^(1/2).
  ///   - tolerance: Ends at ‖g + Hs‖_P ≤ tolerance · ‖g‖_P.
  ///   - hessian: x ↦ Hx.
  ///   - precondition: r ↦ Pr, positive definite on the vectors that it gives.
  package init(
    gradient: [Double], radius: Double, tolerance: Double, iterationLimit: Int,
    hessian: ([Double]) -> [Double], precondition: ([Double]) -> [Double]
  ) {
    step = [Double](repeating: 0, count: gradient.count)
    image = step
    var residual = gradient
    var z = precondition(residual)
    var rz = dot(residual, z)
    let goal = tolerance * tolerance * rz
    var direction = z.map { -$0 }
    // ‖s‖², sᵀMp and ‖p‖² in the norm of M.
    var (ss, sp, pp) = (0.0, 0.0, rz)
    while rz > goal, rz > 0, iterations < iterationLimit {
      iterations += 1
      let product = hessian(direction)
      let curvature = dot(direction, product)
      let alpha = rz / curvature
      let next = ss + 2 * alpha * sp + alpha * alpha * pp
      guard curvature > 1e-14 * pp, next < radius * radius else {
        metNegativeCurvature = curvature <= 1e-14 * pp
        isOnBoundary = true
        // The positive root of ‖s + τp‖ = Δ, without cancellation.
        let gap = max(0, radius * radius - ss)
        let root = (sp * sp + pp * gap).squareRoot()
        let tau = sp > 0 ? gap / (sp + root) : (root - sp) / pp
        add(tau, direction, to: &step)
        add(tau, product, to: &image)
        ss = radius * radius
        break
      }
      add(alpha, direction, to: &step)
      add(alpha, product, to: &image)
      add(alpha, product, to: &residual)
      z = precondition(residual)
      let before = rz
      rz = dot(residual, z)
      let beta = rz / before
      ss = next
      sp = beta * (sp + alpha * pp)
      pp = rz + beta * beta * pp
      for e in direction.indices { direction[e] = beta * direction[e] - z[e] }
    }
    predictedDecrease = -(dot(gradient, step) + 0.5 * dot(step, image))
    length = max(0, ss).squareRoot()
  }
}
