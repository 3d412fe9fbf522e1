import Descriptors
import Testing

struct HarmonicsTests {
  /// Y_00 = 1, Y_1 = √3 (y, z, x), Y_20 = √5 (3 z² - 1)/2, Y_2(-2) = √15 xy.
  @Test func lowDegreesAreTheTextbookPolynomials() {
    let (x, y, z) = (0.48, -0.6, 0.64)
    let values = harmonics(4, x, y, z)
    let expected = [
      1, 3.0.squareRoot() * y, 3.0.squareRoot() * z, 3.0.squareRoot() * x,
      15.0.squareRoot() * x * y, 15.0.squareRoot() * y * z, 5.0.squareRoot() * (1.5 * z * z - 0.5),
      15.0.squareRoot() * x * z, 15.0.squareRoot() * (x * x - y * y) / 2,
    ]
    for (value, target) in zip(values, expected) { #expect(abs(value - target) < 1e-15 * 16) }
  }

  /// Unsöld: Σ_m Y_lm² = 2l + 1 in every direction, poles included.
  @Test(arguments: [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.48, -0.6, 0.64)])
  func squaresOfADegreeAddUp(x: Double, y: Double, z: Double) {
    let values = harmonics(12, x, y, z)
    for l in 0...12 {
      let sum = values[l * l..<(l + 1) * (l + 1)].reduce(0) { $0 + $1 * $1 }
      #expect(abs(sum - Double(2 * l + 1)) < 1e-12 * Double(2 * l + 1))
    }
  }

  /// ⟨1 0 1 0|2 0⟩ = √(2/3), ⟨1 1 1 -1|0 0⟩ = 1/√3, ⟨2 1 1 -1|1 0⟩ = √(3/10).
  @Test func couplingCoefficientsAreTheTabulatedOnes() {
    #expect(abs(clebschGordan(1, 0, 1, 0, 2, 0) - (2.0 / 3).squareRoot()) < 1e-15)
    #expect(abs(clebschGordan(1, 1, 1, -1, 0, 0) - (1.0 / 3).squareRoot()) < 1e-15)
    #expect(abs(clebschGordan(2, 1, 1, -1, 1, 0) - 0.3.squareRoot()) < 1e-15)
    #expect(clebschGordan(1, 0, 1, 0, 1, 0) == 0)
  }

  @Test(arguments: [(1, 1, 1), (2, 3, 4), (3, 3, 2), (4, 2, 3), (6, 6, 5)])
  func realCouplingsHaveOrthonormalRows(l1: Int, l2: Int, l3: Int) {
    let coupling = RealCoupling(l1, l2, l3)
    for (i, first) in coupling.components.enumerated() {
      for (j, second) in coupling.components.enumerated() {
        var sum = 0.0
        for a in first {
          for b in second where b.left == a.left && b.right == a.right {
            sum += a.coefficient * b.coefficient
          }
        }
        #expect(abs(sum - (i == j ? 1 : 0)) < 1e-13)
      }
    }
  }

  @Test func invariantsAreCountedAsRecoupledByHand() {
    // l = 1 three times: the triple product vanishes for equal factors, and has odd parity anyway.
    #expect(invariantCount([(1, 3)]) == 0)
    // l = 1 four times: (a·a)² for equal ones, three pairings for different ones.
    #expect(invariantCount([(1, 4)]) == 1)
    #expect(invariantCount([(1, 1), (1, 1), (1, 1), (1, 1)]) == 3)
    // l = 2 three times: the determinant of a traceless symmetric matrix.
    #expect(invariantCount([(2, 3)]) == 1)
  }

  private func harmonics(_ degree: Int, _ x: Double, _ y: Double, _ z: Double) -> [Double] {
    let harmonics = SphericalHarmonics(maximumDegree: degree)
    var values = [SIMD8<Double>](repeating: .zero, count: SphericalHarmonics.count(degree))
    var scratch = [SIMD8<Double>](repeating: .zero, count: harmonics.scratchCount)
    var span = values.mutableSpan
    var scratchSpan = scratch.mutableSpan
    harmonics.values(
      x: SIMD8(repeating: x), y: SIMD8(repeating: y), z: SIMD8(repeating: z), into: &span,
      scratch: &scratchSpan)
    return values.map { $0[0] }
  }
}
