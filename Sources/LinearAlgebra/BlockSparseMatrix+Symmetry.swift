/// What a Hessian of finite differences obeys only nearly: symmetry, and that a translation of all
/// atoms costs nothing.
extension BlockSparseMatrix {
  /// (H + Hᵀ) / 2; its pattern is that of both.
  public func symmetrized() -> BlockSparseMatrix {
    let d = blockSize
    // Block (i, j) of the transpose is the transposed block (j, i): rows are filled in ascending
    // order of j, as their indices must be.
    var starts = [Int](repeating: 0, count: siteCount + 1)
    for j in indices { starts[Int(j) + 1] += 1 }
    for i in 0..<siteCount { starts[i + 1] += starts[i] }
    var next = starts
    var mirrored = [(row: Int32, block: Int)](repeating: (0, 0), count: blockCount)
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let j = Int(indices[k])
        mirrored[next[j]] = (Int32(i), k)
        next[j] += 1
      }
    }
    var rows = [0]
    var columns: [Int32] = []
    var result: [Double] = []
    for i in 0..<siteCount {
      var (own, other) = (rowStarts[i], starts[i])
      while own < rowStarts[i + 1] || other < starts[i + 1] {
        let left = own < rowStarts[i + 1] ? indices[own] : .max
        let right = other < starts[i + 1] ? mirrored[other].row : .max
        var block = [Double](repeating: 0, count: d * d)
        if left <= right {
          for e in 0..<d * d { block[e] += values[own * d * d + e] / 2 }
          own += 1
        }
        if right <= left {
          let source = mirrored[other].block
          for a in 0..<d {
            for b in 0..<d { block[a * d + b] += values[(source * d + b) * d + a] / 2 }
          }
          other += 1
        }
        columns.append(min(left, right))
        result += block
      }
      rows.append(columns.count)
    }
    return BlockSparseMatrix(
      blockSize: d, siteCount: siteCount, rowStarts: rows, indices: columns, values: result)
  }

  /// Σ_j H_ij for every i, shape [N, d, d]: zero where translations cost nothing.
  public func rowSums() -> [Double] {
    let area = blockSize * blockSize
    var sums = [Double](repeating: 0, count: siteCount * area)
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        for e in 0..<area { sums[i * area + e] += values[k * area + e] }
      }
    }
    return sums
  }

  /// The nearest matrix of the same pattern, or nearly so, that gives translations of all atoms no
  /// energy.
  ///
  /// Where every block is stored it is exact: (1 - T) H (1 - T), T the projector on uniform vectors,
  ///
  ///     H'_ij = H_ij - r_jᵀ - r_i + g,   r_i = Σ_j H_ij / N,   g = Σ_i r_i / N
  ///
  /// Elsewhere the diagonal blocks take the symmetric part of the sums of their rows, which keeps
  /// the pattern; uniform vectors then have the Rayleigh quotient 0.
  ///
  /// - Precondition: The matrix is symmetric.
  public func withoutTranslations() -> BlockSparseMatrix {
    let (d, n) = (blockSize, siteCount)
    let area = d * d
    let sums = rowSums()
    var result = self
    guard blockCount == n * n else {
      for i in 0..<n {
        guard let k = position(row: i, column: i) else { continue }
        for a in 0..<d {
          for b in 0..<d {
            result.values[k * area + a * d + b] -=
              (sums[i * area + a * d + b] + sums[i * area + b * d + a]) / 2
          }
        }
      }
      return result
    }
    let means = sums.map { $0 / Double(n) }
    var mean = [Double](repeating: 0, count: area)
    for i in 0..<n {
      for e in 0..<area { mean[e] += means[i * area + e] / Double(n) }
    }
    for i in 0..<n {
      for j in 0..<n {
        for a in 0..<d {
          for b in 0..<d {
            result.values[(i * n + j) * area + a * d + b] +=
              mean[a * d + b] - means[i * area + a * d + b] - means[j * area + b * d + a]
          }
        }
      }
    }
    return result
  }
}
