internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The symmetric matrix M of a gradient, ∂S/∂u_n = -½ ∂/∂u_n ⟨M, H̃⟩ (mathematics.md (5.2)), as outer
/// products:
///
///     M = [H̃0⁺ +] Σ_c σ_c q_c q_cᵀ,   Q = Σ_p K_p S_p
///
/// with K_p columns of F or of H̃0⁺ and S_p small. Only blocks that a sparsity pattern asks for are
/// ever computed, so M of a cell of any size costs O(N).
struct GradientWeights: Sendable {
  enum Kernel: Sendable { case root, green }

  /// Columns of a translation-invariant kernel and what they are multiplied with.
  struct Piece: Sendable {
    let kernel: Kernel
    let columns: [LatticeSite]
    /// S, shape [d · columns, w].
    let coefficients: Matrix
  }

  let pieces: [Piece]
  /// σ_c = ±1, shape [w].
  let signs: [Double]
  let includesGreen: Bool
  /// Q itself where it is known, shape [n, w], rows by atom.
  private let outer: [Double]?

  /// M = Q Qᵀ.
  init(outer: [Double], count: Int) {
    (pieces, includesGreen, self.outer) = ([], false, outer)
    signs = [Double](repeating: 1, count: count)
  }

  private init(_ pieces: [Piece], signs: [Double]? = nil, includesGreen: Bool = false) {
    self.pieces = pieces
    self.signs =
      signs ?? [Double](repeating: 1, count: pieces.first?.coefficients.columnCount ?? 0)
    self.includesGreen = includesGreen
    outer = nil
  }

  // MARK: From the whole spectrum

  /// M = F B F of one site, B = V (Γ ∘ VᵀP_iV) Vᵀ, for A = V diag(λ) Vᵀ.
  ///
  /// - Parameter atom: Number of the site in `sites`, which are all sites of the cell.
  init(ofSite atom: Int, spectrum: SymmetricEigen, sites: [LatticeSite], dimension d: Int) {
    let kept = Self.positive(spectrum)
    let n = spectrum.vectors.columnCount
    let gamma = LogarithmDifferences(kept.map { log(spectrum.values[$0]) })
    var weights = Matrix(rowCount: n, columnCount: d * gamma.rank)
    for (row, k) in kept.enumerated() {
      for a in 0..<d {
        let share = spectrum.vectors[k, d * atom + a]
        for s in 0..<gamma.rank {
          weights[k, a * gamma.rank + s] = share * gamma.factor[row, s]
        }
      }
    }
    let coefficients = spectrum.vectors.multiplied(by: weights, transposingSelf: true)
    self.init([Piece(kernel: .root, columns: sites, coefficients: coefficients)])
  }

  /// M = F A⁺ F of the total.
  init(ofTotal spectrum: SymmetricEigen, sites: [LatticeSite]) {
    let kept = Self.positive(spectrum)
    let n = spectrum.vectors.columnCount
    var coefficients = Matrix(rowCount: n, columnCount: kept.count)
    for (column, k) in kept.enumerated() {
      let scale = 1 / spectrum.values[k].squareRoot()
      for j in 0..<n { coefficients[j, column] = scale * spectrum.vectors[k, j] }
    }
    self.init([Piece(kernel: .root, columns: sites, coefficients: coefficients)])
  }

  private static func positive(_ spectrum: SymmetricEigen) -> [Int] {
    let tolerance = ModeLedger.zeroTolerance * spectrum.values.reduce(0) { max($0, abs($1)) }
    return spectrum.values.indices.filter { spectrum.values[$0] > tolerance }
  }

  // MARK: From the modes of a core

  /// M of one site where A = Π + V diag(μ) Vᵀ.
  ///
  /// The rest of the space, C = Π - VVᵀ, is one more eigenvalue, 1, with the vectors C e_ia. By
  /// F V = H̃0⁺ U T all of Q comes from columns of F at the site and of H̃0⁺ on the core; without a
  /// core M = F P_i F.
  init(ofSite site: LatticeSite, modes: CoreModes, core: [LatticeSite], normalizer: Normalizer) {
    let (d, rank) = (normalizer.dimension, modes.shifts.count)
    let gamma = LogarithmDifferences([0] + modes.logarithms)
    let (r, m) = (gamma.rank, d * core.count)
    var own = Matrix(rowCount: d, columnCount: d * r)
    for a in 0..<d {
      for s in 0..<r { own[a, a * r + s] = gamma.factor[0, s] }
    }
    var pieces = [Piece(kernel: .root, columns: [site], coefficients: own)]
    if rank > 0 {
      var row = Matrix(rowCount: d, columnCount: m)
      var span = row.storage.mutableSpan
      CoreTable(core, normalizer).fill(
        rows: &span, offset: 0, of: site, kernel: normalizer.root.span)
      let shares = row.multiplied(by: modes.amplitudes, transposingOther: true)
      var weights = Matrix(rowCount: rank, columnCount: d * r)
      for k in 0..<rank {
        for a in 0..<d {
          for s in 0..<r {
            weights[k, a * r + s] = shares[a, k] * (gamma.factor[k + 1, s] - gamma.factor[0, s])
          }
        }
      }
      pieces.append(
        Piece(
          kernel: .green, columns: core,
          coefficients: modes.amplitudes.multiplied(by: weights, transposingSelf: true)))
    }
    self.init(pieces)
  }

  /// M = F A⁺ F = H̃0⁺ - F V diag(μ/(1+μ)) Vᵀ F of the total.
  init(ofTotal modes: CoreModes, core: [LatticeSite]) {
    let (rank, m) = (modes.shifts.count, modes.amplitudes.columnCount)
    var coefficients = Matrix(rowCount: m, columnCount: rank)
    for (k, shift) in modes.shifts.enumerated() {
      let scale = (abs(shift) / (1 + shift)).squareRoot()
      for i in 0..<m { coefficients[i, k] = modes.amplitudes[k, i] * scale }
    }
    self.init(
      rank > 0 ? [Piece(kernel: .green, columns: core, coefficients: coefficients)] : [],
      signs: modes.shifts.map { $0 > 0 ? -1 : 1 }, includesGreen: true)
  }
}

extension GradientWeights {
  /// Columns of Q that are in memory at a time.
  private static let panel = 256
  /// Sites that one thread images at a time.
  private static let chunk = 32

  /// The blocks of M that a matrix has.
  ///
  /// - Parameters:
  ///   - pattern: Its values do not matter.
  ///   - sites: Those of its rows.
  func blocks(
    in pattern: BlockSparseMatrix, sites: [LatticeSite], normalizer: Normalizer
  ) -> BlockSparseMatrix {
    var result = pattern
    if includesGreen {
      Self.setGreen(&result, sites, normalizer)
    } else {
      for element in result.values.indices { result.values[element] = 0 }
    }
    if let outer {
      add(outer, signs, to: &result)
      return result
    }
    for first in stride(from: 0, to: signs.count, by: Self.panel) {
      let columns = first..<min(first + Self.panel, signs.count)
      add(images(columns, sites, normalizer), Array(signs[columns]), to: &result)
    }
    return result
  }

  /// Some columns of Q, shape [n, w].
  private func images(
    _ columns: Range<Int>, _ sites: [LatticeSite], _ normalizer: Normalizer
  ) -> [Double] {
    let (d, w) = (normalizer.dimension, columns.count)
    let chunks = (sites.count + Self.chunk - 1) / Self.chunk
    let tables = pieces.map { CoreTable($0.columns, normalizer) }
    var padded = [Double](repeating: 0, count: chunks * Self.chunk * d * w)
    fillBlocksConcurrently(&padded, blockSize: Self.chunk * d * w) { block, output in
      let first = block * Self.chunk
      let count = min(Self.chunk, sites.count - first)
      for (piece, table) in zip(pieces, tables) {
        let m = d * piece.columns.count
        let kernel = piece.kernel == .root ? normalizer.root : normalizer.green
        var rows = [Double](repeating: 0, count: count * d * m)
        var span = rows.mutableSpan
        for site in 0..<count {
          table.fill(
            rows: &span, offset: site * d * m, of: sites[first + site], kernel: kernel.span)
        }
        multiplyAdd(
          shape: (count * d, w, m), rows.span, MatrixWindow(stride: m),
          piece.coefficients.storage.span,
          MatrixWindow(offset: columns.lowerBound, stride: piece.coefficients.columnCount),
          beta: 1, into: &output, MatrixWindow(stride: w))
      }
    }
    return padded
  }

  /// Adds Σ_c σ_c q_ic q_jc to every block (i, j).
  private func add(_ images: [Double], _ signs: [Double], to matrix: inout BlockSparseMatrix) {
    let (d, w) = (matrix.blockSize, signs.count)
    Self.addRows(to: &matrix) { pattern, i, output in
      let neighbors = pattern.indices[pattern.rowStarts[i]..<pattern.rowStarts[i + 1]]
      let columns = d * neighbors.count
      // The rows of all neighbours side by side make one product of the whole block row.
      var left = [Double](repeating: 0, count: d * w)
      for element in left.indices {
        left[element] = signs[element % w] * images[i * d * w + element]
      }
      var right: [Double] = []
      right.reserveCapacity(columns * w)
      for j in neighbors { right += images[Int(j) * d * w..<(Int(j) + 1) * d * w] }
      var product = [Double](repeating: 0, count: d * columns)
      var span = product.mutableSpan
      multiplyAdd(
        shape: (d, columns, w), left.span, MatrixWindow(stride: w), right.span,
        MatrixWindow(stride: w, isTransposed: true), into: &span, MatrixWindow(stride: columns))
      for slot in neighbors.indices {
        let k = slot - neighbors.startIndex
        for a in 0..<d {
          for b in 0..<d { output[(k * d + a) * d + b] = product[a * columns + k * d + b] }
        }
      }
    }
  }

  /// Adds rows of blocks, each computed by itself.
  private static func addRows(
    to matrix: inout BlockSparseMatrix,
    _ row: @Sendable (BlockSparseMatrix, Int, inout MutableSpan<Double>) -> Void
  ) {
    let area = matrix.blockSize * matrix.blockSize
    let widest =
      (0..<matrix.siteCount).map { matrix.rowStarts[$0 + 1] - matrix.rowStarts[$0] }
      .max() ?? 0
    guard widest > 0 else { return }
    let pattern = matrix
    var padded = [Double](repeating: 0, count: matrix.siteCount * widest * area)
    fillBlocksConcurrently(&padded, blockSize: widest * area) { i, output in
      row(pattern, i, &output)
    }
    for i in 0..<matrix.siteCount {
      let (start, end) = (matrix.rowStarts[i] * area, matrix.rowStarts[i + 1] * area)
      for element in start..<end {
        matrix.values[element] += padded[i * widest * area + element - start]
      }
    }
  }

  /// Sets every block to that of H̃0⁺.
  private static func setGreen(
    _ matrix: inout BlockSparseMatrix, _ sites: [LatticeSite], _ normalizer: Normalizer
  ) {
    for element in matrix.values.indices { matrix.values[element] = 0 }
    let (d, order, group) = (normalizer.dimension, normalizer.cellOrder, normalizer.group)
    addRows(to: &matrix) { pattern, i, output in
      let green = normalizer.green.span
      for (slot, k) in (pattern.rowStarts[i]..<pattern.rowStarts[i + 1]).enumerated() {
        let (from, to) = (sites[i], sites[Int(pattern.indices[k])])
        let step = group.difference(to.translation, from.translation)
        let base = (step * order + from.basis * d) * order + to.basis * d
        for a in 0..<d {
          for b in 0..<d { output[(slot * d + a) * d + b] = green[base + a * order + b] }
        }
      }
    }
  }
}
