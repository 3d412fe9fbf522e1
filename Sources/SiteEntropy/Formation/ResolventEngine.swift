internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// Absolute labels of a large cell with defects, less those of its perfect crystal, without a
/// decomposition of the cell.
///
///     S_i - s_i = -½ ∫_0^∞ tr [(H̃0 + t)⁻¹ - (H̃ + t)⁻¹]_ii dt                (mathematics.md (10.2))
///
/// off the translations, for which the trace of their projectors is left: P_i = d m_i/M, and
/// log⁺ H = (1 - P) log c + ∫ [(1 - P)/(c + t) - (H + t)⁻¹] dt for any c. Nodes are Gauss-Legendre's in
/// y, t = (ab)^(1/2) s², s = (1+y)/(1-y), for a spectrum from a to b: the singularities at s = ±i (λ²/ab)^(1/4)
/// are then as far away as they can be, and 32 nodes are good to 4e-12 for b/a = 10⁴, 24 to 3e-11 for 10³.
///
/// The diagonal of (H̃ + t)⁻¹ comes from conjugate gradients for each unit vector, preconditioned with
/// (H̃0 + t)⁻¹ of the perfect crystal by Bloch transforms: what the iteration gains,
/// e·x = Σ_j ρ_j²/(p_j·Hp_j), converges with the square of the error of x.
struct ResolventEngine: Sendable {
  /// The largest error of a label in k_B.
  let tolerance: Double
  /// The smallest λ of the frame and of the crystal.
  let smallest: Double

  private static let stepLimit = 300
  /// Sites whose unit vectors go side by side.
  private static let batchSites = 8

  /// S_i - s_i of some atoms; S_i itself of added ones.
  ///
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)``, ``SiteEntropyError/tolerance(wanted:reached:advice:)``.
  func labels(
    of atoms: [Int], in problem: UnionProblem, resolvents: Resolvents, perfectMasses: [Double]
  ) throws(SiteEntropyError) -> [Double] {
    let d = problem.dimension
    let c = resolvents.largest
    let scale = (smallest * c).squareRoot()
    let nodeCount = c < 1000 * smallest ? 24 : 32
    let perfectMass = perfectMasses.reduce(0, +)
    // P of each site before and after.
    let after = atoms.map {
      Double(d) * problem.translation[problem.rowOfAtom[$0]]
        * problem.translation[problem.rowOfAtom[$0]]
    }
    let basisCount = resolvents.order / d
    let before = atoms.map { atom -> Double? in
      let row = problem.rowOfAtom[atom]
      return row < problem.siteCount ? Double(d) * perfectMasses[row] / perfectMass : nil
    }
    var sums = atoms.indices.map { index -> Double in
      let own = before[index] ?? 0
      // An added atom has no term of the crystal: all of (1 - P) log c.
      return ((before[index] == nil ? Double(d) : own) - after[index]) * log(c)
    }
    let batches = stride(from: 0, to: atoms.count, by: Self.batchSites).map {
      Array(atoms[$0..<min($0 + Self.batchSites, atoms.count)])
    }
    for (y, weight) in gaussLegendre(nodeCount) {
      let s = (1 + y) / (1 - y)
      let t = scale * s * s
      let w = weight * 4 * scale * (1 + y) / ((1 - y) * (1 - y) * (1 - y))
      let node = Node(
        problem: problem, matrix: problem.shifted(by: t),
        preconditioner: resolvents.preconditioner(shift: t), shift: t,
        tolerance: tolerance / (Double(nodeCount * d) * max(w, 1e-300)),
        stepLimit: Self.stepLimit)
      let perfect = resolvents.diagonal(shift: t)
      let parts = mapConcurrently(batches.count) { batch in
        Result { () throws(SiteEntropyError) in try node.diagonals(of: batches[batch]) }
      }
      var index = 0
      for part in parts {
        for value in try part.get() {
          let row = problem.rowOfAtom[atoms[index]]
          if let own = before[index] {
            sums[index] += w * ((own - after[index]) / (c + t) + perfect[row % basisCount] - value)
          } else {
            sums[index] += w * ((Double(d) - after[index]) / (c + t) - value)
          }
          index += 1
        }
      }
    }
    return sums.map { -0.5 * $0 }
  }

  /// One t.
  private struct Node: Sendable {
    let problem: UnionProblem
    let matrix: BlockSparseMatrix
    let preconditioner: BlochOperator
    let shift: Double
    /// Of a diagonal element of the inverse.
    let tolerance: Double
    let stepLimit: Int
    /// (H̃_ii + t)⁻¹ of the added atoms, shape [added, d, d].
    let inverses: [Double]

    init(
      problem: UnionProblem, matrix: BlockSparseMatrix, preconditioner: BlochOperator,
      shift: Double, tolerance: Double, stepLimit: Int
    ) {
      (self.problem, self.matrix, self.preconditioner) = (problem, matrix, preconditioner)
      (self.shift, self.tolerance, self.stepLimit) = (shift, tolerance, stepLimit)
      let d = problem.dimension
      inverses = (problem.siteCount..<matrix.siteCount).flatMap { row -> [Double] in
        guard let block = matrix.position(row: row, column: row) else {
          return Matrix.identity(d).storage
        }
        let elements = Array(matrix.values[block * d * d..<(block + 1) * d * d])
        let factor = Matrix(rowCount: d, columnCount: d, storage: elements)
          .inverseCholeskyFactor(tolerance: 1e-12)
        // R⁻¹ R⁻ᵀ; a block that is not definite preconditions as its size does.
        return factor.map { $0.multiplied(by: $0, transposingOther: true).storage }
          ?? Matrix.identity(d).storage
      }
    }

    /// tr [(H̃ + t)⁻¹]_ii off the translations, by atom.
    func diagonals(of atoms: [Int]) throws(SiteEntropyError) -> [Double] {
      let d = problem.dimension
      let columns = atoms.count * d
      let width = (columns + 7) / 8 * 8
      let size = matrix.order * width
      var r = [Double](repeating: 0, count: size)
      for (index, atom) in atoms.enumerated() {
        for a in 0..<d { r[(problem.rowOfAtom[atom] * d + a) * width + index * d + a] = 1 }
      }
      do {
        var span = r.mutableSpan
        problem.removeTranslations(&span, width: width)
      }
      var p = [Double](repeating: 0, count: size)
      var (z, q) = (p, p)
      var values = [Double](repeating: 0, count: width)
      var (rho, before, dots) = (values, values, values)
      var (a, b) = (values, values)
      var last = [Double](repeating: .infinity, count: width)
      for step in 0..<stepLimit {
        z = r
        var zSpan = z.mutableSpan
        precondition(&zSpan, width: width)
        before = rho
        var rhoSpan = rho.mutableSpan
        columnDots(r.span, z.span, into: &rhoSpan)
        for c in 0..<width {
          a[c] = 0
          b[c] = step > 0 && before[c] > 0 ? -rho[c] / before[c] : 0
        }
        var pSpan = p.mutableSpan
        recur(&pSpan, image: z.span, current: z.span, a: a.span, b: b.span)
        var qSpan = q.mutableSpan
        var dotSpan = dots.mutableSpan
        matrix.multiply(p.span, width: width, into: &qSpan, dots: &dotSpan)
        var isDone = true
        for c in 0..<width {
          (a[c], b[c]) = (1, -1)
          guard c < columns, rho[c] > 0 else { continue }
          guard dots[c] > 0 else { throw unstable() }
          let gain = rho[c] * rho[c] / dots[c]
          values[c] += gain
          a[c] = 1 + rho[c] / dots[c]
          // The gains fall like a power: what is still to come.
          let ratio = min(gain / last[c], 0.9)
          // Gains may pause and come back: two small ones in a row, and a hundredth to be safe.
          if step < 2 || 100 * max(gain, last[c]) * ratio / (1 - ratio) > tolerance {
            isDone = false
          }
          last[c] = gain
        }
        if isDone {
          return atoms.indices.map { values[$0 * d..<($0 + 1) * d].reduce(0, +) }
        }
        // r ← r - α q, as q - (1 + α) q + r.
        var rSpan = r.mutableSpan
        recur(&rSpan, image: q.span, current: q.span, a: a.span, b: b.span)
      }
      throw .tolerance(
        wanted: tolerance, reached: last.max() ?? .infinity,
        advice: "conjugate gradients did not converge; --engine dense")
    }

    private func unstable() -> SiteEntropyError {
      .unstableFrame(
        ModeLedger(
          zeroModes: problem.dimension, negativeModes: 1, smallest: -shift,
          largest: 0, expectedZeroModes: problem.dimension))
    }

    /// z ← (H̃0 + t)⁻¹ z on the atoms, off the translations.
    private func precondition(_ z: inout MutableSpan<Double>, width: Int) {
      let d = problem.dimension
      if matrix.siteCount == problem.siteCount {
        preconditioner.apply(&z, width: width)
      } else {
        // The operator knows the sites of the crystal alone.
        let count = problem.siteCount * d * width
        var sites = [Double](repeating: 0, count: count)
        for e in 0..<count { sites[e] = z[e] }
        var span = sites.mutableSpan
        preconditioner.apply(&span, width: width)
        for e in 0..<count { z[e] = span[e] }
      }
      for (index, row) in (problem.siteCount..<matrix.siteCount).enumerated() {
        for c in 0..<width {
          let own = (0..<d).map { z[(row * d + $0) * width + c] }
          for a in 0..<d {
            z[(row * d + a) * width + c] = (0..<d).reduce(0) {
              $0 + inverses[(index * d + a) * d + $1] * own[$1]
            }
          }
        }
      }
      for row in problem.emptyRows {
        for e in row * d * width..<(row + 1) * d * width { z[e] = 0 }
      }
      problem.removeTranslations(&z, width: width)
    }
  }
}

/// Nodes and weights of Gauss and Legendre on (-1, 1): Newton's method on P_n.
package func gaussLegendre(_ n: Int) -> [(node: Double, weight: Double)] {
  (0..<n).map { i in
    var x = cos(.pi * (Double(n - 1 - i) + 0.75) / (Double(n) + 0.5))
    var slope = 1.0
    for _ in 0..<100 {
      var (p, before) = (1.0, 0.0)
      for k in 1...n {
        (p, before) = (((2 * Double(k) - 1) * x * p - (Double(k) - 1) * before) / Double(k), p)
      }
      slope = Double(n) * (x * p - before) / (x * x - 1)
      let step = p / slope
      x -= step
      if abs(step) < 1e-15 { break }
    }
    return (x, 2 / ((1 - x * x) * slope * slope))
  }
}
