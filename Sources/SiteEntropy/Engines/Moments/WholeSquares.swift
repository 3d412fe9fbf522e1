internal import LinearAlgebra

/// tr [E²]_ii of some sites with nothing cut: the squares of the columns of E = F δH̃ F.
///
/// One step of Lanczos' process over the whole cell from each unit vector e of a site gives
/// |E e|² = a_1² + b_1².
///
/// - Parameters:
///   - sites: By number.
/// - Complexity: O(N log N) a site.
func wholeSquares(
  _ perturbation: BlockSparseMatrix, at sites: [Int], _ normalizer: Normalizer
) -> [Double] {
  let (d, width) = (normalizer.dimension, 8)
  let each = width / d
  var lanczos = BlockLanczos(perturbation, green: .green(normalizer), width: width)
  let vectors = UnitVectors(normalizer)
  var result: [Double] = []
  for first in stride(from: 0, to: sites.count, by: each) {
    let group = sites[first..<min(first + each, sites.count)]
    let norms = (0..<width).map { $0 < d * group.count ? 1.0 : 0 }
    lanczos.start(norms: norms) { vectors.fill(&$0, group, width: width) }
    lanczos.step()
    for index in 0..<group.count {
      result.append(
        lanczos.columns[d * index..<d * (index + 1)].reduce(0) {
          $0 + $1.diagonal[0] * $1.diagonal[0] + $1.squares[0]
        })
    }
  }
  return result
}
