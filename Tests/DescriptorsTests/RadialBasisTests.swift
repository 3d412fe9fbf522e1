import Descriptors
import Testing

struct RadialBasisTests {
  /// 1/2 ∫ R_m R_n dy = δ_mn in the transformed distance: Gauss points are not needed, as the
  /// integrand is smooth and y(r) monotonic; Simpson's rule in r with dy = y'(r) dr.
  @Test(arguments: RadialOptions.Transform.allCases)
  func functionsAreOrthonormal(transform: RadialOptions.Transform) throws {
    let count = 6
    let (cutoff, intervals) = (5.5, 4000)
    let radial = try RadialBasis(
      options: RadialOptions(transform: transform, bondLength: 2.35), cutoff: cutoff, count: count)
    // R_2 / R_1 is linear in y, and y runs from -1 to 1: that gives y without naming it.
    func values(_ r: Double) -> [Double] {
      var result = [SIMD8<Double>](repeating: .zero, count: count)
      var span = result.mutableSpan
      radial.values(SIMD8(repeating: r), into: &span)
      return result.map { $0[0] }
    }
    let near = values(0)
    let end = values(cutoff - 1e-3)
    let ratio = (near[1] / near[0], end[1] / end[0])
    func argument(_ r: Double) -> Double {
      let v = values(min(r, cutoff - 1e-3))
      return -1 + 2 * (v[1] / v[0] - ratio.0) / (ratio.1 - ratio.0)
    }
    var gram = [Double](repeating: 0, count: count * count)
    for i in 0..<intervals {
      let (r0, r1) = (
        cutoff * Double(i) / Double(intervals), cutoff * Double(i + 1) / Double(intervals)
      )
      let middle = values((r0 + r1) / 2)
      let width = argument(r1) - argument(r0)
      for m in 0..<count {
        for n in 0..<count { gram[m * count + n] += 0.5 * middle[m] * middle[n] * width }
      }
    }
    for m in 0..<count {
      for n in 0..<count {
        #expect(abs(gram[m * count + n] - (m == n ? 1 : 0)) < 2e-3)
      }
    }
  }

  /// The coefficient of the Agnesi transform puts its steepest point at the bond length.
  @Test(arguments: [(2, 4), (1, 3), (2, 2), (3, 5)])
  func theTransformIsSteepestAtTheBondLength(p: Int, q: Int) throws {
    let radial = try RadialBasis(
      options: RadialOptions(p: p, q: q, bondLength: 2.35), cutoff: 9, count: 2)
    func ratio(_ r: Double) -> Double {
      var result = [SIMD8<Double>](repeating: .zero, count: 2)
      var span = result.mutableSpan
      radial.values(SIMD8(repeating: r), into: &span)
      return result[1][0] / result[0][0]
    }
    func slope(_ r: Double) -> Double { abs(ratio(r + 1e-4) - ratio(r - 1e-4)) }
    #expect(slope(2.35) > slope(2.25))
    #expect(slope(2.35) > slope(2.45))
  }

  @Test(arguments: RadialOptions.Transform.allCases)
  func derivativesAgreeWithDifferences(transform: RadialOptions.Transform) throws {
    let radial = try RadialBasis(
      options: RadialOptions(transform: transform, bondLength: 2.35), cutoff: 5.5, count: 8)
    func values(_ r: Double) -> ([Double], [Double]) {
      var result = [SIMD8<Double>](repeating: .zero, count: 8)
      var slopes = result
      var span = result.mutableSpan
      var slopeSpan = slopes.mutableSpan
      radial.valuesAndDerivatives(
        SIMD8(repeating: r), into: &span, derivatives: &slopeSpan)
      return (result.map { $0[0] }, slopes.map { $0[0] })
    }
    for r in [0.3, 1.7, 2.35, 3.9, 5.4, 5.5, 6.0] {
      let step = 1e-5
      let (above, below) = (values(r + step).0, values(r - step).0)
      let slopes = values(r).1
      for n in 0..<8 {
        #expect(abs((above[n] - below[n]) / (2 * step) - slopes[n]) < 1e-5)
      }
    }
  }
}
