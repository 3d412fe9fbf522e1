internal import Crystal
internal import Glibc
internal import LinearAlgebra

extension GradientWeights {
  /// Elements of D log(1+T)[e_0 e_0ᵀ] left out are below this, where the first is about 1.
  private static let krylovTolerance = 1e-13
  private static let mostSteps = 400
  /// What is accepted where the vectors end before that.
  private static let exhaustedTolerance = 1e-11

  /// M of one site of any frame without a matrix of the cell's order.
  ///
  /// Lanczos' process for E = A - Π from x_0 = e_ia gives orthonormal x_j and the Jacobi matrix T.
  /// On them D log(1+E)[e eᵀ] is D log(1+T)[e_0 e_0ᵀ], and F x_j is what ``BlockLanczos`` keeps:
  ///
  ///     q_as = Σ_j C_js F x_j,   C_js = Σ_m v_mj v_m0 L_ms,   T = Σ_m θ_m v_m v_mᵀ
  ///
  /// with L the ``LogarithmDifferences`` of log(1+θ). Steps are made until what they add vanishes.
  ///
  /// - Parameters:
  ///   - number: ℓ·S + α of the site.
  ///   - sites: Those of the atoms, in whose order M is wanted.
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)``,
  ///   ``SiteEntropyError/tolerance(wanted:reached:advice:)``.
  /// - Complexity: O(N log N) a step, O(N) memory a step.
  static func krylov(
    ofSite number: Int, perturbation: BlockSparseMatrix, sites: [LatticeSite],
    normalizer: Normalizer
  ) throws(SiteEntropyError) -> (weights: GradientWeights, ledger: ModeLedger) {
    let (d, n, width) = (perturbation.blockSize, perturbation.order, 8)
    let operators = CellOperators(perturbation: perturbation, green: .green(normalizer))
    let interval = try SpectralInterval(operators, root: .root(normalizer), tolerance: 1e-10)
    let ledger = ModeLedger(
      zeroModes: d, negativeModes: 0, smallest: 1 + interval.smallest,
      largest: 1 + interval.largest, expectedZeroModes: d)
    var lanczos = BlockLanczos(operators, width: width)
    lanczos.start(norms: [Double](repeating: 1, count: width)) { span in
      UnitVectors(normalizer).fill(&span, number..<number + 1, width: width)
    }
    // F x_j of each component, shape [steps, n].
    var images = [[Double]](repeating: [], count: d)
    var coefficients: [Matrix] = []
    var reached = 1.0
    while true {
      for a in 0..<d {
        for e in 0..<n { images[a].append(lanczos.s[e * width + a]) }
      }
      lanczos.step()
      let steps = images[0].count / n
      let columns = lanczos.columns[0..<d]
      var next: [Matrix] = []
      for column in columns {
        if let c = try Self.coefficients(column, in: interval) { next.append(c) }
      }
      guard next.count == d else {
        // A space that is spanned whole has no next vector but rounding.
        if reached <= exhaustedTolerance { break }
        throw .tolerance(
          wanted: krylovTolerance, reached: reached,
          advice: "rounding spoils the vector of step \(steps); the engine dense has none")
      }
      coefficients = next
      reached = zip(columns, next).reduce(0) { max($0, Self.lastElement($1.0, $1.1)) }
      if reached <= krylovTolerance { break }
      guard steps < mostSteps else {
        throw .tolerance(
          wanted: krylovTolerance, reached: reached,
          advice: "the smallest eigenvalue is \(shortDecimal(ledger.smallest))")
      }
    }
    return (assemble(images, coefficients, sites, normalizer), ledger)
  }

  /// Q with its rows by atom.
  ///
  /// - Parameters:
  ///   - images: F x_j of each component, shape [d][steps or more, n].
  ///   - coefficients: C, shape [d][steps, rank].
  private static func assemble(
    _ images: [[Double]], _ coefficients: [Matrix], _ sites: [LatticeSite],
    _ normalizer: Normalizer
  ) -> GradientWeights {
    let d = images.count
    let n = d * sites.count
    let w = coefficients.reduce(0) { $0 + $1.columnCount }
    var outer = [Double](repeating: 0, count: n * w)
    var first = 0
    for (a, c) in coefficients.enumerated() {
      let (k, r) = (c.rowCount, c.columnCount)
      let image = images[a]
      var rows = [Double](repeating: 0, count: r * n)
      var span = rows.mutableSpan
      multiplyAdd(
        shape: (r, n, k), c.storage.span, MatrixWindow(stride: r, isTransposed: true),
        image.span, MatrixWindow(stride: n), into: &span, MatrixWindow(stride: n))
      for (atom, site) in sites.enumerated() {
        let from = d * (site.translation * normalizer.basisCount + site.basis)
        for b in 0..<d {
          for s in 0..<r { outer[(d * atom + b) * w + first + s] = rows[s * n + from + b] }
        }
      }
      first += r
    }
    return GradientWeights(outer: outer, count: w)
  }

  /// The larger of the last two elements (j, 0) of D log(1+T)[e_0 e_0ᵀ] = C Cᵀ; single columns of C
  /// end in the rounding of their small pivots.
  private static func lastElement(_ column: JacobiMatrix, _ c: Matrix) -> Double {
    guard !column.isComplete else { return 0 }
    return (max(0, c.rowCount - 2)..<c.rowCount).reduce(0) { largest, row in
      let element = (0..<c.columnCount).reduce(0) { $0 + c[row, $1] * c[0, $1] }
      return max(largest, abs(element) * norm(column, row))
    }
  }

  /// √ρ_j, the length of the vector of step j, which ``BlockLanczos`` does not scale.
  private static func norm(_ column: JacobiMatrix, _ step: Int) -> Double {
    column.squares[0..<step].reduce(1) { $0 * $1.squareRoot() }
  }

  /// C_js/√ρ_j, shape [steps, rank]; nil where an eigenvalue of T lies outside the spectrum of E, as
  /// it can only by rounding.
  private static func coefficients(
    _ column: JacobiMatrix, in interval: SpectralInterval
  ) throws(SiteEntropyError) -> Matrix? {
    let k = column.stepCount
    let jacobi = Matrix(
      diagonal: column.diagonal, offDiagonal: column.squares.map { $0.squareRoot() })
    guard jacobi.storage.allSatisfy(\.isFinite) else { return nil }
    let eigen: SymmetricEigen
    do { eigen = try jacobi.symmetricEigen() } catch { throw .decomposition(order: k, error) }
    guard let least = eigen.values.first, let most = eigen.values.last,
      least > max(interval.lower - 1e-9, -1), most < interval.upper + 1e-9
    else { return nil }
    let gamma = LogarithmDifferences(eigen.values.map { log1p($0) })
    var weighted = gamma.factor
    for m in 0..<k {
      for s in 0..<gamma.rank { weighted[m, s] *= eigen.vectors[m, 0] }
    }
    var result = eigen.vectors.multiplied(by: weighted, transposingSelf: true)
    var scale = 1.0
    for j in 0..<k {
      for s in 0..<gamma.rank { result[j, s] /= scale }
      scale *= column.squares[j].squareRoot()
    }
    return result
  }
}
