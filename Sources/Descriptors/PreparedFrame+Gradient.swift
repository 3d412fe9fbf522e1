internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra

extension PreparedFrame {
  /// The gradient of a weighted sum of all features of the frame: for predictions, that of the
  /// total.
  ///
  ///     g_n = ∂/∂x_n Σ_i Σ_k c_(channel(i) k) B_k(i)
  ///
  /// - Parameter coefficients: Shape [centre channels, K], row-major.
  /// - Returns: Shape [N, 3], per Å; its sum over the atoms vanishes.
  /// - Throws: ``InputError`` for atoms in one place, or too many neighbours.
  public func gradient(coefficients: [Double]) throws(InputError) -> [Double] {
    precondition(
      coefficients.count == calculator.channelNames.count * calculator.featureCount,
      "coefficients: expected [channels, K]")
    let blocks = blocks(of: 0..<atomCount)
    let parts = mapConcurrently(blocks.count) { block in
      Result { () throws(InputError) in try self.pairGradients(blocks[block], coefficients) }
    }
    // Added in the order of the pairs, so that the number of threads does not show.
    var gradient = [Double](repeating: 0, count: 3 * atomCount)
    for part in parts {
      let pairs = try part.get()
      for pair in pairs.centers.indices {
        let (center, neighbor) = (Int(pairs.centers[pair]), Int(pairs.neighbors[pair]))
        for k in 0..<3 {
          gradient[3 * neighbor + k] += pairs.gradients[3 * pair + k]
          gradient[3 * center + k] -= pairs.gradients[3 * pair + k]
        }
      }
    }
    return gradient
  }

  /// Derivatives with respect to the vector of each pair, shape [pairs, 3].
  private struct PairGradients: Sendable {
    var centers: [Int32] = []
    var neighbors: [Int32] = []
    var gradients: [Double] = []
  }

  private func pairGradients(
    _ centers: Range<Int>, _ coefficients: [Double]
  ) throws(InputError) -> PairGradients {
    switch calculator.kernel {
    case .ace(let evaluator):
      let list = try neighbors(of: centers)
      var result = PairGradients(
        neighbors: list.neighbors, gradients: [Double](repeating: 0, count: list.vectors.count))
      for center in centers {
        result.centers += [Int32](repeating: Int32(center), count: list.pairs(of: center).count)
      }
      let rows = centers.map { centerChannels[$0] }
      var scratch = evaluator.makeScratch()
      var span = result.gradients.mutableSpan
      evaluator.gradients(
        environments(list), weights: coefficients.span, weightRow: rows.span, into: &span,
        scratch: &scratch)
      return result
    case .cartesian(let polynomial):
      var result = PairGradients()
      let (width, dimension) = (polynomial.options.variableCount, polynomial.options.dimension)
      let count = calculator.featureCount
      for center in centers {
        let row = centerChannels[center] * count
        let derivatives = polynomial.derivatives(
          of: Array(relative.values[center * width..<(center + 1) * width]),
          weights: Array(coefficients[row..<row + count]))
        for place in 0..<width / dimension {
          let neighbor = relative.neighbors[center * (width / dimension) + place]
          guard neighbor >= 0 else { continue }
          result.centers.append(Int32(center))
          result.neighbors.append(neighbor)
          for axis in 0..<3 {
            result.gradients.append(
              axis < dimension ? derivatives[place * dimension + axis] : 0)
          }
        }
      }
      return result
    }
  }
}
