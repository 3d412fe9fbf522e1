package import LinearAlgebra

/// A = B (H ⊕ κ) B over the union of sites and added atoms: the Hessian H of the atoms, κ on vacant
/// sites, preconditioned from both sides (mathematics.md (11.3)).
///
/// A has the zero modes of B, which are the translations, and beside them as many negative and zero
/// eigenvalues as H (Sylvester's law of inertia; the translation of the atoms of H is taken out with
/// that of the sites). Its spectrum is that of a few defects in a crystal: near 1, whatever the size.
package struct UnionOperator {
  let hessian: BlockSparseMatrix
  let preconditioner: Preconditioner

  package init(hessian: BlockSparseMatrix, preconditioner: Preconditioner) {
    (self.hessian, self.preconditioner) = (hessian, preconditioner)
  }

  /// Columns that are worked on together.
  static let width = 8

  /// Elements of a batch: unionCount · d · width.
  var batchCount: Int { preconditioner.unionCount * hessian.blockSize * Self.width }

  /// A X, shape [unionCount, d, width].
  func applied(to x: [Double]) -> [Double] {
    var data = x
    preconditioner.applyRoot(to: &data)
    data = middle(data)
    preconditioner.applyRoot(to: &data)
    return data
  }

  /// A x for one vector over the union, shape [unionCount, d].
  func appliedToOne(_ x: [Double]) -> [Double] {
    var batch = [Double](repeating: 0, count: batchCount)
    for e in x.indices { batch[e &* Self.width] = x[e] }
    let image = applied(to: batch)
    return x.indices.map { image[$0 &* Self.width] }
  }

  /// (H ⊕ κ) X.
  private func middle(_ x: [Double]) -> [Double] {
    let pitch = hessian.blockSize * Self.width
    var gathered = [Double](repeating: 0, count: hessian.order * Self.width)
    for (atom, row) in preconditioner.rowOfAtom.enumerated() {
      for e in 0..<pitch { gathered[atom &* pitch &+ e] = x[row &* pitch &+ e] }
    }
    let product = multiplied(gathered)
    var result = [Double](repeating: 0, count: x.count)
    for (atom, row) in preconditioner.rowOfAtom.enumerated() {
      for e in 0..<pitch { result[row &* pitch &+ e] = product[atom &* pitch &+ e] }
    }
    for row in preconditioner.vacantRows {
      for e in row * pitch..<(row + 1) * pitch { result[e] = preconditioner.stiffness * x[e] }
    }
    return result
  }

  private func multiplied(_ x: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: x.count)
    var dots = [Double](repeating: 0, count: Self.width)
    var y = result.mutableSpan
    var sums = dots.mutableSpan
    hessian.multiply(x.span, width: Self.width, into: &y, dots: &sums)
    return result
  }
}

/// Σ_r x_rc y_rc for the columns of a batch.
func batchDots(_ x: [Double], _ y: [Double]) -> [Double] {
  var dots = [Double](repeating: 0, count: UnionOperator.width)
  var span = dots.mutableSpan
  columnDots(x.span, y.span, into: &span)
  return dots
}
