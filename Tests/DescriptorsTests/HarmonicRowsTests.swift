import Base
import Descriptors
import Testing

struct HarmonicRowsTests {
  /// Times their scales, rows are the harmonics as they are evaluated one by one; poles included.
  @Test(arguments: [0, 1, 2, 9, 20]) func rowsAreMultiplesOfTheHarmonics(degree: Int) {
    let (rows, harmonics) = (
      HarmonicRows(maximumDegree: degree), SphericalHarmonics(maximumDegree: degree)
    )
    var generator = SplitMix64(state: 5)
    var directions: [SIMD8<Double>] = []
    var plain: [[SIMD8<Double>]] = []
    for batch in 0..<3 {
      var (x, y, z) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
      for lane in 0..<8 {
        let v = (0..<3).map { _ in Double.random(in: -1...1, using: &generator) }
        let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).squareRoot()
        (x[lane], y[lane], z[lane]) = (v[0] / length, v[1] / length, v[2] / length)
      }
      if batch == 1 { (x[0], y[0], z[0]) = (0, 0, -1) }
      directions += [x, y, z, SIMD8(repeating: 1), SIMD8(repeating: 0)]
      var values = [SIMD8<Double>](repeating: .zero, count: SphericalHarmonics.count(degree))
      var scratch = [SIMD8<Double>](repeating: .zero, count: harmonics.scratchCount)
      var span = values.mutableSpan
      var scratchSpan = scratch.mutableSpan
      harmonics.values(x: x, y: y, z: z, into: &span, scratch: &scratchSpan)
      plain.append(values)
    }
    var span = directions.mutableSpan
    for m in 0...degree {
      let count = (m == 0 ? 1 : 2) * (degree - m + 1)
      var values = [SIMD8<Double>](repeating: .zero, count: 3 * count)
      var valueSpan = values.mutableSpan
      rows.fill(m: m, degree: degree, directions: &span, batches: 3, into: &valueSpan)
      for row in 0..<count {
        let l = m + (m == 0 ? row : row / 2)
        let lm = l * l + l + (row % 2 == 0 || m == 0 ? m : -m)
        for batch in 0..<3 {
          let difference = rows.scale(l: l, m: m) * values[3 * row + batch] - plain[batch][lm]
          // Of rounding, where Σ_m Y_lm² = 2l + 1.
          #expect((0..<8).allSatisfy { abs(difference[$0]) < 1e-13 * Double(2 * l + 1) })
        }
      }
    }
  }
}
