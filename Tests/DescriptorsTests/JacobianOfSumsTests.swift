import Descriptors
import Formats
import Testing

struct JacobianOfSumsTests {
  /// J c is the gradient of the weighted sum, which goes another way through the products.
  @Test func theJacobianTimesCoefficientsIsTheGradient() throws {
    let reference = cubicCrystal(species: ["Cd", "Te"])
    let calculator = try FeatureCalculator(
      FeatureBasis(
        functions: .ace(
          ACEOptions(
            order: 3, degrees: [6], cutoff: 4.9, radial: RadialOptions(bondLength: 3.5))),
        channels: Channels(reference: reference, resolution: .species, sharing: .auto)))
    var frame = reference
    var random = Sequence64(seed: 5)
    frame.positions = reference.positions.map { $0 + 0.2 * (random.next() - 0.5) }
    let width = calculator.channelNames.count * calculator.featureCount
    let coefficients = (0..<width).map { _ in random.next() - 0.5 }
    let prepared = try calculator.prepare(frame)
    let jacobian = try #require(try prepared.jacobianOfSums())
    let gradient = try prepared.gradient(coefficients: coefficients)
    #expect(jacobian.count == gradient.count * width)
    let scale = gradient.map(abs).max() ?? 1
    for row in gradient.indices {
      let product = (0..<width).reduce(0) { $0 + jacobian[row * width + $1] * coefficients[$1] }
      #expect(abs(product - gradient[row]) <= 1e-11 * scale)
    }
  }

  @Test func displacementMonomialsHaveNone() throws {
    let reference = cubicCrystal(species: ["Cd", "Te"])
    let calculator = try FeatureCalculator(
      FeatureBasis(
        functions: .cartesian(CartesianOptions(degree: 2, cutoff: 2.6, reference: reference)),
        channels: Channels(reference: reference, resolution: .species, sharing: .auto)))
    #expect(try calculator.prepare(reference).jacobianOfSums() == nil)
  }
}
