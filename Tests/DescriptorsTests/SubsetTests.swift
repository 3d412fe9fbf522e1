import Crystal
import Descriptors
import Formats
import Testing

/// Some functions of a basis are the same functions.
struct SubsetTests {
  private func frame() throws -> Frame {
    let prototype = try #require(Prototype.named("zincblende"))
    let crystal = try prototype.supercell(
      [2, 2, 2], species: ["Cd", "Te"], latticeConstant: 6.482)
    return try PerturbationBase(crystal).perturbed(
      by: .rattle(amplitude: 0.1), seed: 5, frameIndex: 0, copy: 0)
  }

  private func basis(_ frame: Frame) throws -> FeatureBasis {
    FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: 4, degrees: [8, 8, 6, 5], weightL: 0.75, cutoff: 5,
          radial: RadialOptions(bondLength: 4.2))),
      channels: try Channels(reference: frame, resolution: .species, sharing: .auto))
  }

  @Test(arguments: [1, 3, 7]) func theyHaveTheValuesOfTheWholeBasis(step: Int) throws {
    let frame = try frame()
    let whole = try FeatureCalculator(basis(frame))
    let functions = Array(stride(from: step - 1, to: whole.featureCount, by: step))
    let some = try FeatureCalculator(basis(frame), functions: functions)
    #expect(some.featureCount == functions.count)
    let (all, few) = (
      try whole.prepare(frame).features(), try some.prepare(frame).features()
    )
    let expected = (0..<frame.atomCount).flatMap { atom in
      functions.map { all[atom * whole.featureCount + $0] }
    }
    #expect(few == expected)
    // The weights of the others are 0.
    let c = (0..<2 * functions.count).map { Double($0 % 5) - 1.5 }
    var padded = [Double](repeating: 0, count: 2 * whole.featureCount)
    for (index, function) in functions.enumerated() {
      padded[function] = c[index]
      padded[whole.featureCount + function] = c[functions.count + index]
    }
    let (a, b) = (
      try some.prepare(frame).gradient(coefficients: c),
      try whole.prepare(frame).gradient(coefficients: padded)
    )
    let largest = b.reduce(0) { max($0, abs($1)) }
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 * largest })
  }

  @Test(arguments: [[], [3, 3], [5, 2], [-1, 2], [0, 1_000_000]])
  func indicesThatAreNoSubsetAreRefused(functions: [Int]) throws {
    let frame = try frame()
    #expect(throws: DescriptorError.self) {
      try FeatureCalculator(basis(frame), functions: functions)
    }
  }
}
