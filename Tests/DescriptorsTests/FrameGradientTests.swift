import Descriptors
import Formats
import Testing

struct FrameGradientTests {
  /// Atoms within 0.1 Å of their places on each axis, and random coefficients of two channels.
  private func displaced(
    _ reference: Frame, _ functions: FeatureBasis.Functions, seed: UInt64
  ) throws -> (FeatureCalculator, Frame, coefficients: [Double]) {
    let calculator = try FeatureCalculator(
      FeatureBasis(
        functions: functions,
        channels: Channels(reference: reference, resolution: .species, sharing: .auto)))
    var frame = reference
    var random = Sequence64(seed: seed)
    frame.positions = reference.positions.map { $0 + 0.2 * (random.next() - 0.5) }
    return (
      calculator, frame, (0..<2 * calculator.featureCount).map { _ in random.next() - 0.5 }
    )
  }

  /// ∂f/∂x by the five-point rule.
  private func slope(
    of frame: Frame, coordinate: Int, _ f: (Frame) throws -> Double
  ) throws -> Double {
    let step = 1e-3
    let values = try [-2.0, -1, 1, 2].map { factor in
      var moved = frame
      moved.positions[coordinate] += factor * step
      return try f(moved)
    }
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
  }

  @Test(arguments: [true, false]) func theGradientOfTheTotalIsItsDerivative(isACE: Bool) throws {
    let reference = cubicCrystal(species: ["Cd", "Te"])
    let functions: FeatureBasis.Functions =
      isACE
      ? .ace(
        try ACEOptions(
          order: 3, degrees: [6], cutoff: 4.9, radial: RadialOptions(bondLength: 3.5)))
      : .cartesian(try CartesianOptions(degree: 3, cutoff: 2.6, reference: reference))
    let (calculator, frame, coefficients) = try displaced(reference, functions, seed: 11)
    let count = calculator.featureCount
    func total(_ frame: Frame) throws -> Double {
      let prepared = try calculator.prepare(frame)
      let rows = try prepared.features()
      return (0..<frame.atomCount).reduce(0) { sum, atom in
        (0..<count).reduce(sum) {
          $0 + coefficients[prepared.centerChannels[atom] * count + $1] * rows[atom * count + $1]
        }
      }
    }
    let gradient = try calculator.prepare(frame).gradient(coefficients: coefficients)
    let scale = gradient.map(abs).max() ?? 1
    for coordinate in stride(from: 0, to: gradient.count, by: 5) {
      let slope = try slope(of: frame, coordinate: coordinate, total)
      #expect(abs(slope - gradient[coordinate]) < 1e-7 * scale)
    }
    for axis in 0..<3 {
      let sum = stride(from: axis, to: gradient.count, by: 3).reduce(0) { $0 + gradient[$1] }
      #expect(abs(sum) < 1e-12 * scale * Double(gradient.count))
    }
  }

  /// The derivatives of single features add up to that of a weighted total, and vanish when the
  /// whole crystal moves; one of them against central differences.
  @Test func derivativesOfFeaturesAddUpToThatOfATotal() throws {
    let reference = cubicCrystal(species: ["Cd", "Te"])
    let (calculator, frame, coefficients) = try displaced(
      reference,
      .ace(
        ACEOptions(order: 3, degrees: [5], cutoff: 4.9, radial: RadialOptions(bondLength: 3.5))),
      seed: 12)
    let k = calculator.featureCount
    let prepared = try calculator.prepare(frame)
    let gradients = try #require(try prepared.featureGradients())
    #expect(gradients.counts.count == frame.atomCount)
    #expect(try gradients.atoms.count <= prepared.pairCount() + frame.atomCount)
    var sum = [Double](repeating: 0, count: 3 * frame.atomCount)
    var place = 0
    for (site, count) in gradients.counts.enumerated() {
      var drift = 0.0
      #expect(gradients.atoms[place..<place + count].contains(site))
      for entry in place..<place + count {
        for feature in 0..<k {
          let weight = coefficients[prepared.centerChannels[site] * k + feature]
          for axis in 0..<3 {
            let value = gradients.values[(entry * k + feature) * 3 + axis]
            sum[3 * gradients.atoms[entry] + axis] += weight * value
            if feature == 7 && axis == 1 { drift += value }
          }
        }
      }
      #expect(abs(drift) < 1e-11)
      place += count
    }
    let total = try prepared.gradient(coefficients: coefficients)
    let scale = total.map(abs).max() ?? 1
    for (a, b) in zip(sum, total) { #expect(abs(a - b) < 1e-11 * scale) }
    // Feature 9 of site 0 by the first neighbour in its list that is not itself.
    let entry = gradients.atoms[0] == 0 ? 1 : 0
    let atom = gradients.atoms[entry]
    let slope = try slope(of: frame, coordinate: 3 * atom) {
      try calculator.prepare($0).features(of: 0..<1)[9]
    }
    #expect(abs(slope - gradients.values[(entry * k + 9) * 3]) < 1e-7)
  }
}
