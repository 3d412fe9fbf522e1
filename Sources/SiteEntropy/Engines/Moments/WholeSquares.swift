internal import LinearAlgebra

/// tr XᵀE²X of some sites with nothing cut: the squares of the columns of E X, E = F δH̃ F.
///
/// One step of Lanczos' process over the whole cell from each vector x of a site gives
/// |E x|² = |x|² (a_1² + b_1²).
///
/// - Parameters:
///   - sites: By number.
/// - Complexity: O(N log N) a site.
func wholeSquares(
  _ perturbation: BlockSparseMatrix, at sites: [Int], _ normalizer: Normalizer,
  _ operators: MomentsOperator
) -> [Double] {
  let (d, width) = (normalizer.dimension, 8)
  let each = width / d
  var lanczos = BlockLanczos(perturbation, green: operators.wholeGreen, width: width)
  let vectors = UnitVectors(normalizer, kernel: operators.start)
  var result: [Double] = []
  for first in stride(from: 0, to: sites.count, by: each) {
    let group = Array(sites[first..<min(first + each, sites.count)])
    let norms = (0..<width).map { column in
      column < d * group.count
        ? operators.norms[group[column / d] % normalizer.basisCount][column % d * (d + 1)] : 0
    }
    lanczos.start(norms: norms) { vectors.fill(&$0, group, width: width) }
    lanczos.step()
    for index in group.indices {
      result.append(
        (d * index..<d * (index + 1)).reduce(0) { sum, c in
          let column = lanczos.columns[c]
          return sum + norms[c] * (column.diagonal[0] * column.diagonal[0] + column.squares[0])
        })
    }
  }
  return result
}
