internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra

extension PreparedFrame {
  /// Derivatives of the sums of the features over the frame, channel by channel: what a fit to
  /// gradients of the total needs.
  ///
  ///     J_(n a, c k) = ∂/∂x_na Σ_(i in c) B_k(i)
  ///
  /// - Returns: Shape [3N, channels · K], row-major, per Å; nil for Cartesian features.
  /// - Throws: ``InputError`` for atoms in one place, or too many neighbours.
  /// - Complexity: K/8 backward passes a site; 3N · channels · K numbers of memory.
  public func jacobianOfSums() throws(InputError) -> [Double]? {
    guard case .ace(let evaluator) = calculator.kernel else { return nil }
    let k = calculator.featureCount
    let width = calculator.channelNames.count * k
    var jacobian = [Double](repeating: 0, count: 3 * atomCount * width)
    let blocks = blocks(of: 0..<atomCount)
    // As many blocks at a time as keep the threads busy: a Jacobian is large.
    for first in stride(from: 0, to: blocks.count, by: 16) {
      let chosen = Array(blocks[first..<min(first + 16, blocks.count)])
      let parts = mapConcurrently(chosen.count) { block in
        Result { () throws(InputError) in try self.jacobians(chosen[block], evaluator) }
      }
      // Added in the order of the sites, so that the number of threads does not show.
      for part in parts {
        for site in try part.get() {
          let column = centerChannels[site.center] * k
          let pairs = site.neighbors.count
          for feature in 0..<k {
            for pair in 0..<pairs {
              for axis in 0..<3 {
                let value = site.values[(feature * pairs + pair) * 3 + axis]
                let neighbor = Int(site.neighbors[pair])
                jacobian[(3 * neighbor + axis) * width + column + feature] += value
                jacobian[(3 * site.center + axis) * width + column + feature] -= value
              }
            }
          }
        }
      }
    }
    return jacobian
  }

  private struct SiteJacobian: Sendable {
    var center: Int
    var neighbors: [Int32]
    /// Shape [K, pairs, 3].
    var values: [Double]
  }

  private func jacobians(
    _ centers: Range<Int>, _ evaluator: ACEEvaluator
  ) throws(InputError) -> [SiteJacobian] {
    let list = try neighbors(of: centers)
    let environments = environments(list)
    var scratch = evaluator.makeScratch()
    return centers.map { center in
      let pairs = list.pairs(of: center)
      var values = [Double](repeating: 0, count: evaluator.featureCount * pairs.count * 3)
      var span = values.mutableSpan
      evaluator.jacobian(
        environments, center: center - centers.lowerBound, into: &span, scratch: &scratch)
      return SiteJacobian(
        center: center, neighbors: Array(list.neighbors[pairs]), values: values)
    }
  }
}
