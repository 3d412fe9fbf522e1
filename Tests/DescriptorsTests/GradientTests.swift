import Descriptors
import Testing

struct GradientTests {
  @Test(arguments: [(2, 12, 1), (3, 10, 1), (4, 8, 1), (5, 8, 1), (3, 6, 2)])
  func theJacobianIsTheDerivativeOfTheFeatures(order: Int, degree: Int, channelCount: Int) throws {
    let evaluator = try makeEvaluator(order, degree, channelCount)
    let cloud = Cloud(count: 11, channelCount: channelCount, seed: 6)
    let jacobian = jacobian(evaluator, cloud)
    let step = 1e-3
    var worst = 0.0
    for coordinate in cloud.vectors.indices {
      // Central differences of fourth order.
      let values = [-2.0, -1, 1, 2].map { factor in
        var moved = cloud
        moved.vectors[coordinate] += factor * step
        return features(evaluator, [moved])
      }
      for k in 0..<evaluator.featureCount {
        let slope =
          (values[0][k] - 8 * values[1][k] + 8 * values[2][k] - values[3][k]) / (12 * step)
        let analytic = jacobian[k * cloud.vectors.count + coordinate]
        worst = max(worst, abs(slope - analytic))
      }
    }
    #expect(worst < 1e-7 * (jacobian.map(abs).max() ?? 1))
  }

  @Test func weightedGradientsAreSumsOfTheJacobian() throws {
    let evaluator = try makeEvaluator(3, 9, 2)
    let clouds = (0..<10).map { Cloud(count: 4 + $0, channelCount: 2, seed: UInt64($0 + 20)) }
    var random = Sequence64(seed: 9)
    let weights = (0..<2 * evaluator.featureCount).map { _ in random.next() - 0.5 }
    let rows = clouds.indices.map { $0 % 2 }
    let environment = environments(clouds)
    var gradients = [Double](repeating: 0, count: environment.vectors.count)
    var scratch = evaluator.makeScratch()
    var span = gradients.mutableSpan
    evaluator.gradients(
      environment, weights: weights.span, weightRow: rows.span, into: &span, scratch: &scratch)
    let expected = clouds.indices.flatMap { index in
      let jacobian = jacobian(evaluator, clouds[index])
      let width = clouds[index].vectors.count
      return (0..<width).map { coordinate in
        (0..<evaluator.featureCount).reduce(0.0) {
          $0 + weights[rows[index] * evaluator.featureCount + $1]
            * jacobian[$1 * width + coordinate]
        }
      }
    }
    #expect(relativeDistance(gradients, expected) < 1e-12)
  }

  /// Rotating all neighbours changes no feature: Σ_j x_j × ∂B/∂x_j = 0.
  @Test func gradientsExertNoTorque() throws {
    let evaluator = try makeEvaluator(4, 8, 1)
    let cloud = Cloud(count: 9, channelCount: 1, seed: 12)
    let jacobian = jacobian(evaluator, cloud)
    let width = cloud.vectors.count
    for k in 0..<evaluator.featureCount {
      var torque = 0.0
      for pair in cloud.channels.indices {
        let x = cloud.vectors[3 * pair]
        let y = cloud.vectors[3 * pair + 1]
        torque += x * jacobian[k * width + 3 * pair + 1] - y * jacobian[k * width + 3 * pair]
      }
      #expect(abs(torque) < 1e-11 * (jacobian.map(abs).max() ?? 1))
    }
  }

  private func jacobian(_ evaluator: ACEEvaluator, _ cloud: Cloud) -> [Double] {
    var result = [Double](repeating: 0, count: evaluator.featureCount * cloud.vectors.count)
    var scratch = evaluator.makeScratch()
    var span = result.mutableSpan
    evaluator.jacobian(environments([cloud]), center: 0, into: &span, scratch: &scratch)
    return result
  }
}
