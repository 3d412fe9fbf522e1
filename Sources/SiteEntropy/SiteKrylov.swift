internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The label of one site of a frame whose δH̃ is known, by Lanczos' method: no matrix of the core is
/// decomposed (mathematics.md (4.8)).
///
/// With e = Π e_{ia}, E = G δh Gᵀ (so that A = Π + E) and b = Gᵀ e, every vector that occurs is
/// v = c e + G z for a number c and a vector z on the core, and
///
///     ⟨v, v'⟩ = c c' |e|² + c b·z' + c' b·z + z·P z',      E v = G δh (c b + P z).
///
/// The eigenpairs (θ, s) of the tridiagonal matrix of k steps from e give Gauss' quadrature
/// eᵀ log(1 + E) e ≈ |e|² Σ s₁² log(1 + θ), which converges like ((√κ-1)/(√κ+1))^(2k). A step costs
/// one product with the sparse δh and one with P: by the block of the Green function on the core
/// where that is small, by Bloch transforms where it is not.
struct SiteKrylov: Sendable {
  /// Above this order the Bloch transforms take over.
  static let largestBlock = 2000
  private static let stepLimit = 300

  private let normalizer: Normalizer
  /// Not needed where every core fits a block.
  private let green: BlochOperator?
  private let largestBlock: Int

  /// What a label is, and what it took.
  struct Label: Sendable {
    /// S_i in k_B.
    let entropy: Double
    let steps: Int
    /// The least eigenvalue of A that was met: not positive where the frame is unstable.
    let smallest: Double
  }

  init(_ normalizer: Normalizer, largestBlock: Int = SiteKrylov.largestBlock) {
    (self.normalizer, self.largestBlock) = (normalizer, largestBlock)
    let order = normalizer.group.count * normalizer.cellOrder
    green = order > largestBlock ? BlochOperator.green(normalizer) : nil
  }

  /// - Parameters:
  ///   - delta: δh, mass-weighted, block row k that of site `core[k]`.
  ///   - squaredNorm: |Π e_{ia}|², the same for each a.
  /// - Throws: ``SiteEntropyError``; ``SiteEntropyError/unstableFrame(_:)`` for an eigenvalue that
  ///   is not positive.
  func label(
    of delta: BlockSparseMatrix, core: [LatticeSite], at site: LatticeSite, squaredNorm: Double
  ) throws(SiteEntropyError) -> Label {
    let (d, m) = (normalizer.dimension, delta.order)
    guard m > 0 else { return Label(entropy: 0, steps: 0, smallest: 1) }
    let table = CoreTable(core, normalizer)
    var rows = [Double](repeating: 0, count: d * m)
    var span = rows.mutableSpan
    table.fill(rows: &span, offset: 0, of: site, kernel: normalizer.root.span)
    var block: Matrix?
    if green == nil || m <= largestBlock {
      var matrix = Matrix(rowCount: m, columnCount: m)
      var elements = matrix.storage.mutableSpan
      for (index, place) in core.enumerated() {
        table.fill(rows: &elements, offset: index * d * m, of: place, kernel: normalizer.green.span)
      }
      block = matrix
    }
    // [m, d]: column a belongs to the axis a of the site.
    var b = [Double](repeating: 0, count: m * d)
    for a in 0..<d { for i in 0..<m { b[i * d + a] = rows[a * m + i] } }
    var columns = (0..<d).map { KrylovColumn(axis: $0, b: b, width: d, squaredNorm: squaredNorm) }
    var steps = 0
    while columns.contains(where: { !$0.isDone }) {
      guard steps < Self.stepLimit else {
        throw .mismatch("site label: expected convergence in \(Self.stepLimit) Lanczos steps")
      }
      var x = [Double](repeating: 0, count: m * d)
      for column in columns where !column.isDone { column.addDirection(to: &x) }
      var w = x
      var wSpan = w.mutableSpan
      delta.multiply(x.span, width: d, rows: 0..<delta.siteCount, into: &wSpan)
      var p: [Double] = []
      if let block {
        p = Self.product(block, w, width: d)
      } else if let green {
        p = product(green, w, width: d, core: core)
      }
      for a in 0..<d where !columns[a].isDone {
        do { try columns[a].advance(image: w, greenImage: p) } catch {
          throw .decomposition(order: steps, error)
        }
      }
      steps += 1
    }
    let smallest = columns.reduce(1) { min($0, 1 + $1.smallest) }
    guard smallest > ModeLedger.zeroTolerance else {
      throw .unstableFrame(
        ModeLedger(
          zeroModes: d, negativeModes: columns.count { 1 + $0.smallest <= 0 }, smallest: smallest,
          largest: 1, expectedZeroModes: d))
    }
    return Label(
      entropy: -0.5 * columns.reduce(0) { $0 + $1.value }, steps: steps, smallest: smallest)
  }

  private static func product(_ matrix: Matrix, _ x: [Double], width: Int) -> [Double] {
    let m = matrix.rowCount
    var result = [Double](repeating: 0, count: m * width)
    var span = result.mutableSpan
    multiplyAdd(
      shape: (m, width, m), matrix.storage.span, MatrixWindow(stride: m), x.span,
      MatrixWindow(stride: width), into: &span, MatrixWindow(stride: width))
    return result
  }

  /// P x by way of the whole cell, shape [m, width].
  private func product(
    _ green: BlochOperator, _ x: [Double], width: Int, core: [LatticeSite]
  ) -> [Double] {
    let (n, d) = (normalizer.cellOrder, normalizer.dimension)
    // The operator takes its vectors by eights.
    let batch = (width + 7) / 8 * 8
    let rows = core.map { $0.translation * n + $0.basis * d }
    var cell = [Double](repeating: 0, count: normalizer.group.count * n * batch)
    for (index, row) in rows.enumerated() {
      for a in 0..<d {
        let (to, from) = ((row + a) * batch, (index * d + a) * width)
        for column in 0..<width { cell[to + column] = x[from + column] }
      }
    }
    var span = cell.mutableSpan
    green.apply(&span, width: batch)
    var result = [Double](repeating: 0, count: x.count)
    for (index, row) in rows.enumerated() {
      for a in 0..<d {
        let (from, to) = ((row + a) * batch, (index * d + a) * width)
        for column in 0..<width { result[to + column] = cell[from + column] }
      }
    }
    return result
  }
}

/// Lanczos' recurrence for one axis of a site.
private struct KrylovColumn {
  private let axis: Int
  private let width: Int
  private let squaredNorm: Double
  private let b: [Double]
  /// The basis v_j = c_j e + G z_j, with P z_j and b·z_j.
  private var basis: [(c: Double, z: [Double], pz: [Double], bz: Double)]
  private var diagonal: [Double] = []
  private var offDiagonal: [Double] = []
  private var calmSteps = 0
  private(set) var isDone = false
  /// eᵀ log(1 + E) e.
  private(set) var value = 0.0
  /// The least Ritz value of E.
  private(set) var smallest = 0.0

  init(axis: Int, b: [Double], width: Int, squaredNorm: Double) {
    (self.axis, self.width, self.squaredNorm) = (axis, width, squaredNorm)
    self.b = stride(from: axis, to: b.count, by: width).map { b[$0] }
    let zero = [Double](repeating: 0, count: self.b.count)
    basis = [(1 / squaredNorm.squareRoot(), zero, zero, 0)]
  }

  /// Writes c b + P z of the last basis vector into its column.
  func addDirection(to x: inout [Double]) {
    guard let last = basis.last else { return }
    for i in b.indices { x[i * width + axis] = last.c * b[i] + last.pz[i] }
  }

  /// One step, with w = δh (c b + P z) and P w of the last basis vector, shape [m, width].
  mutating func advance(image: [Double], greenImage: [Double]) throws(LAPACKError) {
    var (w, pw) = (b, b)
    for i in b.indices {
      w[i] = image[i * width + axis]
      pw[i] = greenImage[i * width + axis]
    }
    var c = 0.0
    var bw = dot(b, w)
    var alpha = 0.0
    // Gram-Schmidt against all, twice: orthogonal to rounding however many steps there are.
    for _ in 0..<2 {
      for (j, v) in basis.enumerated() {
        let h = c * v.c * squaredNorm + v.c * bw + c * v.bz + dot(v.pz, w)
        c -= h * v.c
        bw -= h * v.bz
        for i in w.indices {
          w[i] -= h * v.z[i]
          pw[i] -= h * v.pz[i]
        }
        if j == basis.count - 1 { alpha += h }
      }
    }
    diagonal.append(alpha)
    let squared = c * c * squaredNorm + 2 * c * bw + dot(w, pw)
    try evaluate()
    // What is left adds about its square.
    guard squared > 1e-28, calmSteps < 2 else {
      isDone = true
      return
    }
    let beta = squared.squareRoot()
    offDiagonal.append(beta)
    basis.append((c / beta, w.map { $0 / beta }, pw.map { $0 / beta }, bw / beta))
  }

  private mutating func evaluate() throws(LAPACKError) {
    let k = diagonal.count
    let eigen = try Matrix(diagonal: diagonal, offDiagonal: offDiagonal).symmetricEigen()
    smallest = min(smallest, eigen.values[0])
    guard smallest > -1 else {
      isDone = true
      return
    }
    var sum = 0.0
    for m in 0..<k { sum += eigen.vectors[m, 0] * eigen.vectors[m, 0] * log1p(eigen.values[m]) }
    let next = squaredNorm * sum
    calmSteps = k > 1 && abs(next - value) <= 1e-15 + 1e-13 * abs(next) ? calmSteps + 1 : 0
    value = next
  }
}

private func dot(_ x: [Double], _ y: [Double]) -> Double {
  var partial = SIMD8<Double>()
  let whole = x.count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    var (u, v) = (SIMD8<Double>(), SIMD8<Double>())
    for lane in 0..<8 { (u[lane], v[lane]) = (x[start + lane], y[start + lane]) }
    partial += u * v
  }
  var sum = partial.sum()
  for i in whole..<x.count { sum += x[i] * y[i] }
  return sum
}
