internal import Crystal
internal import LinearAlgebra

/// The label of one site of a frame whose δH̃ is known, by Lanczos' method: no matrix of the core is
/// decomposed (mathematics.md (4.8)).
///
/// The process of ``BlockLanczos`` for E = G δh Gᵀ, with all that it keeps on the core: Gᵀ x in the place
/// of F x, b = Gᵀ e at its start. A step costs one product with the sparse δh and one with P = Gᵀ G: by
/// the block of the Green function on the core where that is small, by Bloch transforms where it is not.
struct SiteKrylov: Sendable {
  /// Above this order the Bloch transforms take over.
  static let largestBlock = 2000
  private static let stepLimit = 300
  /// Vectors side by side, those of the axes first: as many as transforms take.
  private static let width = 8

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
    let (d, width) = (normalizer.dimension, Self.width)
    guard delta.order > 0 else { return Label(entropy: 0, steps: 0, smallest: 1) }
    let starts = starts(of: site, on: core)
    var lanczos = BlockLanczos(operators(delta, core), width: width, isLong: true)
    lanczos.start(norms: (0..<width).map { $0 < d ? squaredNorm : 0 }) { span in
      for e in starts.indices { span[e] = starts[e] }
    }
    var (value, calmSteps) = (0.0, 0)
    for steps in 1...Self.stepLimit {
      lanczos.step()
      let columns = lanczos.columns[0..<d]
      var next = 0.0
      for column in columns {
        // A node at -1 or below.
        guard let logarithm = column.gauss() else { throw unstable(columns) }
        next += squaredNorm * logarithm
      }
      calmSteps = steps > 1 && abs(next - value) <= 1e-15 + 1e-13 * abs(next) ? calmSteps + 1 : 0
      value = next
      // What is left adds about its square.
      guard calmSteps < 2, !columns.allSatisfy(\.isComplete) else {
        let smallest = columns.reduce(1) { min($0, 1 + $1.extremes().least) }
        guard smallest > ModeLedger.zeroTolerance else { throw unstable(columns) }
        return Label(entropy: -0.5 * value, steps: steps, smallest: smallest)
      }
    }
    throw .mismatch("site label: expected convergence in \(Self.stepLimit) Lanczos steps")
  }

  /// b = Gᵀ e of each axis, shape [m, width].
  private func starts(of site: LatticeSite, on core: [LatticeSite]) -> [Double] {
    let (d, width) = (normalizer.dimension, Self.width)
    let m = d * core.count
    var rows = [Double](repeating: 0, count: d * m)
    var span = rows.mutableSpan
    CoreTable(core, normalizer).fill(
      rows: &span, offset: 0, of: site, kernel: normalizer.root.span)
    var starts = [Double](repeating: 0, count: m * width)
    for a in 0..<d { for i in 0..<m { starts[i * width + a] = rows[a * m + i] } }
    return starts
  }

  private func operators(_ delta: BlockSparseMatrix, _ core: [LatticeSite]) -> CoreOperators {
    if let green, delta.order > largestBlock {
      let (n, d) = (normalizer.cellOrder, normalizer.dimension)
      let rows = core.map { $0.translation * n + $0.basis * d }
      return CoreOperators(
        delta: delta, green: .bloch(green, order: normalizer.group.count * n, rows: rows))
    }
    return CoreOperators(
      delta: delta, green: .block(CoreEngine.coreBlock(normalizer.green, core, normalizer)))
  }

  private func unstable(_ columns: ArraySlice<JacobiMatrix>) -> SiteEntropyError {
    let smallest = columns.map { 1 + $0.extremes().least }
    return .unstableFrame(
      ModeLedger(
        zeroModes: normalizer.dimension, negativeModes: smallest.count { $0 <= 0 },
        smallest: smallest.reduce(1, min), largest: 1, expectedZeroModes: normalizer.dimension))
  }
}

/// δh and P on a core.
private struct CoreOperators: LanczosOperators {
  /// How P is applied.
  enum Green: Sendable {
    /// P itself, shape [m, m].
    case block(Matrix)
    /// The transforms of a whole cell of so many rows; `rows` are those of the sites of the core.
    case bloch(BlochOperator, order: Int, rows: [Int])
  }

  let delta: BlockSparseMatrix
  let green: Green

  var order: Int { delta.order }

  func multiply(_ x: [Double], into y: inout [Double], dots: inout [Double]) {
    let width = dots.count
    var image = y.mutableSpan
    var products = dots.mutableSpan
    delta.multiply(x.span, width: width, into: &image, dots: &products)
  }

  func applyGreen(_ w: inout [Double], scratch: inout [Double], width: Int) {
    switch green {
    case .block(let matrix):
      let m = order
      scratch = [Double](repeating: 0, count: w.count)
      var image = scratch.mutableSpan
      multiplyAdd(
        shape: (m, width, m), matrix.storage.span, MatrixWindow(stride: m), w.span,
        MatrixWindow(stride: width), into: &image, MatrixWindow(stride: width))
      swap(&w, &scratch)
    case .bloch(let transforms, let cellOrder, let rows):
      let size = delta.blockSize * width
      if scratch.isEmpty { scratch = [Double](repeating: 0, count: cellOrder * width) }
      for e in scratch.indices { scratch[e] = 0 }
      for (index, row) in rows.enumerated() {
        for e in 0..<size { scratch[row * width + e] = w[index * size + e] }
      }
      var span = scratch.mutableSpan
      transforms.apply(&span, width: width)
      for (index, row) in rows.enumerated() {
        for e in 0..<size { w[index * size + e] = scratch[row * width + e] }
      }
    }
  }
}
