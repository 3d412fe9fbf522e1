package import LinearAlgebra

/// The lowest mode of a Hessian H in the metric M = P⁻¹ of a preconditioner, followed from one
/// geometry to the next.
///
///     minimise  λ = pᵀHp / pᵀMp
///
/// in the space of p, the preconditioned residual P(Hp - λMp), and the last change of p (Knyazev 2001,
/// SIAM J. Sci. Comput. 23, 517). Every vector is kept together with its product with M, which is never
/// formed: that of P r is r.
package struct FollowedMode {
  /// p with pᵀMp = 1, in the unit of a displacement over the root of an energy.
  package private(set) var vector: [Double]
  /// Mp.
  package private(set) var dual: [Double]
  /// Hp.
  package private(set) var image: [Double]
  /// λ; negative where the energy has a maximum along p.
  package private(set) var value = 0.0
  package private(set) var products = 0
  /// The last change of p, with its product with M.
  private var change: (vector: [Double], dual: [Double])?

  /// The mode P r, to be refined.
  ///
  /// - Parameter start: r; it must not be a translation.
  package init(
    start: [Double], hessian: BlockSparseMatrix, preconditioner: Preconditioner
  ) {
    dual = preconditioner.withoutTranslation(start)
    vector = preconditioner.applied(to: dual)
    image = vector
    normalize()
    update(hessian)
  }

  /// The mode at another geometry.
  package mutating func update(_ hessian: BlockSparseMatrix) {
    image = hessian.applied(to: vector)
    products += 1
    value = dot(vector, image)
  }

  /// Refines the mode until its residual is small, or for `limit` products.
  ///
  /// - Parameter tolerance: Ends at ‖Hp - λMp‖_P ≤ tolerance · max(|λ|, 0.01).
  package mutating func refine(
    hessian: BlockSparseMatrix, preconditioner: Preconditioner, tolerance: Double, limit: Int
  ) throws(LAPACKError) {
    for _ in 0..<limit {
      var residual = image
      add(-value, dual, to: &residual)
      residual = preconditioner.withoutTranslation(residual)
      let correction = preconditioner.applied(to: residual)
      let error = max(0, dot(residual, correction)).squareRoot()
      guard error > tolerance * max(abs(value), 0.01) else { return }
      var vectors = [vector, correction]
      var duals = [dual, residual]
      if let change {
        vectors.append(change.vector)
        duals.append(change.dual)
      }
      let images = [image] + vectors.dropFirst().map { hessian.applied(to: $0) }
      products += images.count - 1
      guard let weights = try Self.lowest(vectors, duals, images) else { return }
      var (next, nextDual, nextImage) = (
        [Double](repeating: 0, count: vector.count), [Double](repeating: 0, count: vector.count),
        [Double](repeating: 0, count: vector.count)
      )
      var step = (vector: next, dual: next)
      for (index, weight) in weights.enumerated() {
        add(weight, vectors[index], to: &next)
        add(weight, duals[index], to: &nextDual)
        add(weight, images[index], to: &nextImage)
        guard index > 0 else { continue }
        add(weight, vectors[index], to: &step.vector)
        add(weight, duals[index], to: &step.dual)
      }
      (vector, dual, image) = (next, nextDual, nextImage)
      let size = dot(step.vector, step.dual)
      if size > 1e-24 {
        let factor = 1 / size.squareRoot()
        change = (step.vector.map { $0 * factor }, step.dual.map { $0 * factor })
      } else {
        change = nil
      }
      normalize()
      value = dot(vector, image)
    }
  }

  private mutating func normalize() {
    let factor = 1 / max(dot(vector, dual), .leastNormalMagnitude).squareRoot()
    vector = vector.map { $0 * factor }
    dual = dual.map { $0 * factor }
    image = image.map { $0 * factor }
  }

  /// Weights of the vectors in the Ritz vector of the lowest Ritz value; nil where the vectors depend
  /// on the first.
  private static func lowest(
    _ vectors: [[Double]], _ duals: [[Double]], _ images: [[Double]]
  ) throws(LAPACKError) -> [Double]? {
    let n = vectors.count
    var mass = Matrix(rowCount: n, columnCount: n)
    var stiffness = mass
    for i in 0..<n {
      for j in 0...i {
        let (m, h) = (dot(vectors[i], duals[j]), dot(vectors[i], images[j]))
        (mass[i, j], mass[j, i]) = (m, m)
        (stiffness[i, j], stiffness[j, i]) = (h, h)
      }
    }
    // Gram and Schmidt in the metric M: rows of `basis` are weights of orthonormal vectors.
    var basis: [[Double]] = []
    for i in 0..<n {
      var row = [Double](repeating: 0, count: n)
      row[i] = 1
      let before = mass[i, i]
      for _ in 0..<2 {
        for known in basis { add(-form(known, mass, row), known, to: &row) }
      }
      let size = form(row, mass, row)
      guard size > 1e-12 * before, size > 0 else { continue }
      basis.append(row.map { $0 / size.squareRoot() })
    }
    guard basis.count > 1 else { return nil }
    var small = Matrix(rowCount: basis.count, columnCount: basis.count)
    for i in basis.indices {
      for j in basis.indices { small[i, j] = form(basis[i], stiffness, basis[j]) }
    }
    let eigen = try small.symmetricEigen()
    var weights = [Double](repeating: 0, count: n)
    for i in basis.indices { add(eigen.vectors[0, i], basis[i], to: &weights) }
    return weights[0] < 0 ? weights.map { -$0 } : weights
  }

  private static func form(_ x: [Double], _ a: Matrix, _ y: [Double]) -> Double {
    var sum = 0.0
    for i in x.indices {
      for j in y.indices { sum += x[i] * a[i, j] * y[j] }
    }
    return sum
  }
}
