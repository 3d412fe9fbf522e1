/// Reproducible random numbers: the stream is a function of its keys alone, on every platform.
///
/// xoshiro256** 1.0 (D. Blackman, S. Vigna, ACM Trans. Math. Softw. 47, 36 (2021)), its state filled
/// by SplitMix64. Swift's own `random(in:using:)` may change between versions and is not used.
public struct RandomNumbers: Sendable {
  package private(set) var state: (UInt64, UInt64, UInt64, UInt64)
  private var spareNormal: Double?

  /// A stream of its own for every list of keys, such as (seed, frame, copy).
  public init(keys: UInt64...) {
    var mixer = SplitMix64(state: 0)
    // Each key is mixed before the next is added: (1, 0) and (0, 1) are different streams.
    for key in keys { mixer = SplitMix64(state: mixer.next() ^ key) }
    state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  package init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// Uniform in [0, 1): the upper 53 bits of one number.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in 0 ..< bound, without bias: the upper half of a 128-bit product, and the few lower
  /// halves that would favour some results drawn again (D. Lemire, ACM TOMACS 29, 3 (2019)).
  ///
  /// - Precondition: `bound` is positive.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "expected a positive bound")
    let bound = UInt64(bound)
    let rejected = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= rejected { return Int(product.high) }
    }
  }

  /// Normal with mean 0 and variance 1: the polar method of Marsaglia; one pair of uniforms in the
  /// unit disc gives two numbers, the second being kept for the next call.
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let squared = x * x + y * y
      guard squared < 1, squared > 0 else { continue }
      let factor = (-2 * portableLog(squared) / squared).squareRoot()
      spareNormal = y * factor
      return x * factor
    }
  }

  /// A direction uniform on the unit sphere of the first `dimension` axes; the others are 0.
  ///
  /// - Precondition: `dimension` is 1, 2 or 3.
  public mutating func direction(dimension: Int) -> (Double, Double, Double) {
    precondition(1...3 ~= dimension, "expected 1, 2 or 3 dimensions")
    while true {
      let x = 2 * uniform() - 1
      let y = dimension > 1 ? 2 * uniform() - 1 : 0
      let z = dimension > 2 ? 2 * uniform() - 1 : 0
      let squared = x * x + y * y + z * z
      // Inside the ball, and not so near its centre that digits are lost.
      guard squared <= 1, squared > 1e-4 else { continue }
      let length = squared.squareRoot()
      return (x / length, y / length, z / length)
    }
  }
}

/// The generator that fills the state of another, deals folds and mutates the inputs of the fuzz
/// (G. Steele, D. Lea, C. Flood, OOPSLA 2014); the same on every platform.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }
}

/// log x to about one unit in the last place, from operations that IEEE 754 rounds in one way only:
/// the logarithm of a C library differs between platforms in its last bit.
///
///     x = 2^k m, √½ ≤ m < √2, s = (m - 1)/(m + 1), log m = 2 Σ_j s^(2j+1) / (2j + 1)
///
/// |s| ≤ 0.172, so that the term after the last is below 2e-19 of the sum.
///
/// - Precondition: `x` is positive, finite and normal.
package func portableLog(_ x: Double) -> Double {
  precondition(x.isNormal && x > 0, "expected a positive normal number")
  var exponent = Double(x.exponent)
  var significand = x.significand
  if significand > 1.4142135623730951 {
    significand /= 2
    exponent += 1
  }
  let s = (significand - 1) / (significand + 1)
  let square = s * s
  var series = 0.0
  for j in stride(from: 11, through: 1, by: -1) {
    series = (series + 1 / Double(2 * j + 1)) * square
  }
  // log 2 in two parts, the first with so few bits that its product with the exponent is exact.
  let high = 0.6931471803691238
  let low = 1.9082149292705877e-10
  return exponent * high + (2 * s + (2 * s * series + exponent * low))
}
