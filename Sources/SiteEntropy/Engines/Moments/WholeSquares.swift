package import LinearAlgebra

/// tr XᵀE²X of some sites with nothing cut: the squares of the columns of E X, E = F δH̃ F.
///
///     |E x|² = wᵀ H̃0⁺ w,   w = δH̃ F x
///
/// - Parameters:
///   - sites: By number.
/// - Complexity: O(N log N) a site. Two batches of whole vectors are held.
package func wholeSquares(
  _ perturbation: BlockSparseMatrix, at sites: [Int], _ normalizer: Normalizer,
  _ operators: MomentsOperator
) -> [Double] {
  let (d, width) = (normalizer.dimension, 8)
  let columns = sites.flatMap { site in (0..<d).map { (site: site, axis: $0) } }
  let green = operators.wholeGreen(normalizer)
  let vectors = UnitVectors(normalizer, kernel: operators.start)
  var x = [Double](repeating: 0, count: perturbation.order * width)
  var w = x
  var dots = [Double](repeating: 0, count: width)
  var result = [Double](repeating: 0, count: sites.count)
  for first in stride(from: 0, to: columns.count, by: width) {
    let batch = columns[first..<min(first + width, columns.count)]
    do {
      var span = x.mutableSpan
      vectors.fill(&span, batch, width: width)
    }
    do {
      var image = w.mutableSpan
      var products = dots.mutableSpan
      perturbation.multiply(x.span, width: width, into: &image, dots: &products)
    }
    for e in x.indices { x[e] = w[e] }
    do {
      var span = x.mutableSpan
      green.apply(&span, width: width)
    }
    do {
      var products = dots.mutableSpan
      columnDots(w.span, x.span, into: &products)
    }
    for (column, index) in batch.indices.enumerated() { result[index / d] += dots[column] }
  }
  return result
}
