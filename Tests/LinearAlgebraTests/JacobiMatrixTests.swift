import Foundation
import LinearAlgebra
import Testing

struct JacobiMatrixTests {
  /// Diagonal 2, couplings 1: eigenvalues 2 - 2 cos(mπ/(n+1)).
  private static func chain(_ n: Int) -> JacobiMatrix {
    var chain = JacobiMatrix()
    for _ in 0..<n { chain.append(2, square: 1) }
    return chain
  }

  private static func eigenvalues(_ n: Int) -> [Double] {
    (1...n).map { 2 - 2 * cos(Double($0) * .pi / Double(n + 1)) }
  }

  @Test(arguments: [1, 2, 9, 50]) func theEndsOfAChainAreKnown(n: Int) throws {
    let (chain, known) = (Self.chain(n), Self.eigenvalues(n))
    let (least, largest) = chain.extremes()
    #expect(abs(least - known[0]) < 1e-12 && abs(largest - known[n - 1]) < 1e-12)
    #expect(chain.count(atMost: 2 + 1e-9) == (n + 1) / 2)
    let ends = chain.ends()
    #expect(abs(ends.least.value - least) < 1e-12 && abs(ends.largest.value - largest) < 1e-12)
    // The last component of the vector of an end is √(2/(n+1)) sin(nπ/(n+1)).
    let last = (2 / Double(n + 1)).squareRoot() * sin(Double.pi / Double(n + 1))
    #expect(abs(ends.least.residual - last) < 1e-12)
  }

  /// Gauss' rule from e_0 is e_0ᵀ log(1+T) e_0, and Radau's rules lie about the rule of more steps.
  @Test func boundsHoldWhatMoreStepsFind() throws {
    let n = 60
    let whole = Self.chain(n)
    let exact = (1...n).reduce(0.0) { sum, m in
      let angle = Double(m) * .pi / Double(n + 1)
      return sum + 2 / Double(n + 1) * sin(angle) * sin(angle) * log1p(2 - 2 * cos(angle))
    }
    #expect(try abs(#require(whole.gauss()) - exact) < 1e-13)
    for steps in [2, 4, 8] {
      let bounds = try #require(whole.bounds(in: (0, 4), steps: steps))
      #expect(bounds.lower <= exact && exact <= bounds.upper, "\(steps): \(bounds), \(exact)")
      #expect(bounds.upper - bounds.lower < pow(0.5, Double(steps)))
    }
  }

  @Test func aCouplingOfRoundingEndsTheProcess() {
    var matrix = JacobiMatrix()
    matrix.append(3, square: 1)
    matrix.append(1, square: 1e-28)
    matrix.append(7, square: 1)
    #expect(matrix.isComplete && matrix.stepCount == 2 && matrix.squares == [1, 0])
  }
}
