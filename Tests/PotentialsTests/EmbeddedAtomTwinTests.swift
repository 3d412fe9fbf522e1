import Formats
import LinearAlgebra
import Potentials
import Testing

/// The Hessian of embedded atoms against a twin: the formula with plain sums over all images, and
/// functions that are differentiated by hand.
struct EmbeddedAtomTwinTests {
  /// a (R - r)³ with two derivatives.
  private static func cubic(_ scale: Double, _ r: Double) -> (Double, Double, Double) {
    let x = MadeFiles.cutoff - r
    return (scale * x * x * x, -3 * scale * x * x, 6 * scale * x)
  }

  private static func density(
    _ element: String, at other: String, _ r: Double
  ) -> (Double, Double, Double) {
    cubic((element == "Cu" ? 0.4 : 0.25) * (other == "Cu" ? 1 : 1.3), r)
  }

  /// φ = z/r with z of the table.
  private static func pair(
    _ one: String, _ other: String, _ r: Double
  ) -> (first: Double, second: Double) {
    let z = cubic(one == other ? (one == "Cu" ? 0.9 : 0.7) : 0.85, r)
    return (z.1 / r - z.0 / (r * r), z.2 / r - 2 * z.1 / (r * r) + 2 * z.0 / (r * r * r))
  }

  /// F' and F''.
  private static func embedding(_ element: String, _ rho: Double) -> (Double, Double) {
    let scale = element == "Cu" ? 1.0 : 0.8
    return (scale * (-0.3 + rho * (4e-3 - 9e-6 * rho)), scale * (4e-3 - 18e-6 * rho))
  }

  @Test func theHessianIsThatOfTheTwin() throws {
    // Smaller than the cutoff: every atom meets images of itself.
    let frame = Crystals.zincblende(["Cu", "Al"], a: 6.2, repeats: 1).rattled(0.15, seed: 3)
    let n = frame.atomCount
    var vectors: [(i: Int, j: Int, x: SIMD3<Double>)] = []
    for i in 0..<n {
      for j in 0..<n {
        for a in -2...2 {
          for b in -2...2 {
            for c in -2...2 {
              let shift = SIMD3(Double(a), Double(b), Double(c)) * frame.cell[0]
              let own = SIMD3(
                frame.positions[3 * i], frame.positions[3 * i + 1], frame.positions[3 * i + 2])
              let other = SIMD3(
                frame.positions[3 * j], frame.positions[3 * j + 1], frame.positions[3 * j + 2])
              let x = other + shift - own
              let r = (x * x).sum().squareRoot()
              if r > 0, r < MadeFiles.cutoff { vectors.append((i, j, x)) }
            }
          }
        }
      }
    }
    let species = frame.species
    var rho = [Double](repeating: 0, count: n)
    /// ∂ρ_i/∂x_n.
    var slopes = Matrix(rowCount: n, columnCount: 3 * n)
    for (i, j, x) in vectors {
      let r = (x * x).sum().squareRoot()
      let f = Self.density(species[j], at: species[i], r)
      rho[i] += f.0
      for a in 0..<3 {
        slopes[i, 3 * j + a] += f.1 * x[a] / r
        slopes[i, 3 * i + a] -= f.1 * x[a] / r
      }
    }
    let outer = (0..<n).map { Self.embedding(species[$0], rho[$0]) }
    var expected = Matrix(rowCount: 3 * n, columnCount: 3 * n)
    for (i, j, x) in vectors {
      let r = (x * x).sum().squareRoot()
      let (own, theirs) = (
        Self.density(species[j], at: species[i], r), Self.density(species[i], at: species[j], r)
      )
      let phi = Self.pair(species[i], species[j], r)
      let first = phi.first + outer[i].0 * own.1 + outer[j].0 * theirs.1
      let second = phi.second + outer[i].0 * own.2 + outer[j].0 * theirs.2
      for a in 0..<3 {
        for b in 0..<3 {
          let n = x[a] * x[b] / (r * r)
          let value = second * n + first / r * ((a == b ? 1 : 0) - n)
          // Of the pair seen from i and from j: half each.
          expected[3 * i + a, 3 * j + b] -= value
          expected[3 * i + a, 3 * i + b] += value
        }
      }
    }
    for i in 0..<n {
      for row in 0..<3 * n {
        for column in 0..<3 * n {
          expected[row, column] += outer[i].1 * slopes[i, row] * slopes[i, column]
        }
      }
    }
    let found = try shipped("made.eam.fs").hessian(of: frame).dense()
    let scale = expected.storage.map(abs).max() ?? 0
    for (left, right) in zip(found.storage, expected.storage) {
      #expect(abs(left - right) < 1e-10 * scale)
    }
  }
}
