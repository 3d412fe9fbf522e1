import Base
import Foundation
import Testing

struct RandomNumbersTests {
  /// The first outputs for the state 1, 2, 3, 4: the test vector of the Rust crate rand_xoshiro.
  @Test func theGeneratorIsXoshiro256StarStar() {
    var random = RandomNumbers(state: (1, 2, 3, 4))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
      607_988_272_756_665_600, 16_172_922_978_634_559_625, 8_476_171_486_693_032_832,
      10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect(expected.map { _ in random.next() } == expected)
  }

  /// The outputs for the seed 1234567, as published with the generator on Rosetta Code.
  @Test func theSeederIsSplitMix64() {
    var mixer = SplitMix64(state: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in mixer.next() } == expected)
  }

  /// These bytes are promised to the users of --seed: a change here is a change of every data set.
  /// The numbers are those of the same algorithms written in Python.
  @Test func theStreamOfASeedStaysWhatItWas() {
    var random = RandomNumbers(keys: 1, 2, 3)
    #expect(
      [random.next(), random.next()] == [17_548_968_075_976_109_068, 1_391_377_774_211_083_746])
    var normals = RandomNumbers(keys: 0, 0, 0)
    #expect([normals.normal(), normals.normal()] == [0.8109634868454791, 2.266273086832761])
  }

  @Test func everyKeyAndItsPlaceCount() {
    let keys: [[UInt64]] = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]]
    let firsts = keys.map { key in
      var random = RandomNumbers(keys: key[0], key[1], key[2])
      return random.next()
    }
    #expect(Set(firsts).count == keys.count)
  }

  @Test func logarithmsAgreeWithTheCLibrary() {
    var random = RandomNumbers(keys: 5)
    var arguments = [1.0, 0.5, 2, 0.9999999999999999, 1.0000000000000002, 1e-300, 1e300]
    for _ in 0..<20_000 { arguments.append(random.uniform() + 1e-16) }
    for x in arguments {
      let expected = log(x)
      #expect(abs(portableLog(x) - expected) <= 2 * expected.ulp, "log \(x)")
    }
  }

  /// Means of n = 200 000 numbers lie within five standard errors of the moments 0, 1, 0, 3.
  @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    var random = RandomNumbers(keys: 7)
    let count = 200_000.0
    var sums = [0.0, 0, 0, 0]
    for _ in 0..<Int(count) {
      let x = random.normal()
      for power in 0..<4 { sums[power] += pow(x, Double(power + 1)) }
    }
    // Var of x, x², x³, x⁴ is 1, 2, 15, 96.
    for (sum, (moment, variance)) in zip(sums, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
      #expect(abs(sum / count - moment) < 5 * (variance / count).squareRoot())
    }
  }

  @Test func integersCoverTheirRangeEvenly() {
    var random = RandomNumbers(keys: 9)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[random.integer(below: 7)] += 1 }
    // Chi-squared with 6 degrees of freedom passes 35 once in 200 000.
    let chiSquared = counts.reduce(0.0) { $0 + pow(Double($1) - 10_000, 2) / 10_000 }
    #expect(chiSquared < 35)
    #expect(random.integer(below: 1) == 0)
  }

  @Test(arguments: [1, 2, 3]) func directionsAreUnitVectorsOfTheActiveAxes(dimension: Int) {
    var random = RandomNumbers(keys: 11)
    var mean = [0.0, 0, 0]
    for _ in 0..<20_000 {
      let e = random.direction(dimension: dimension)
      #expect(abs(e.0 * e.0 + e.1 * e.1 + e.2 * e.2 - 1) < 1e-14)
      #expect((dimension > 1 || e.1 == 0) && (dimension > 2 || e.2 == 0))
      for (axis, value) in [e.0, e.1, e.2].enumerated() { mean[axis] += value / 20_000 }
    }
    // Five standard errors of a component, whose variance is 1/d.
    for axis in 0..<3 { #expect(abs(mean[axis]) < 5 / (20_000.0).squareRoot()) }
  }
}
