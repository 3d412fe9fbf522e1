import Descriptors
import Formats
import Testing

struct CartesianTests {
  /// Four neighbours, three components: 12 linear and 78 quadratic monomials.
  @Test func thereIsEveryMonomialOnce() throws {
    let calculator = try makeCalculator(degree: 2, cutoff: 2.6)
    #expect(calculator.featureCount == 12 + 78)
    #expect(Set(calculator.manifest.map(\.l)).count == 90)
    #expect(calculator.manifest.allSatisfy { $0.l == $0.l.sorted() })
  }

  @Test func aPerfectCrystalHasZeroFeatures() throws {
    let rows = try makeCalculator(degree: 3, cutoff: 2.6).prepare(
      cubicCrystal(species: ["Si", "Si"])
    ).features()
    #expect(rows.allSatisfy { abs($0) < 1e-12 })
  }

  /// One atom moved by u: its own variables are all -u, and a neighbour sees u once.
  @Test func theLinearFeaturesAreDisplacementsRelativeToTheCentre() throws {
    var frame = cubicCrystal(species: ["Si", "Si"])
    let u = [0.03, -0.02, 0.05]
    var moved = frame.positions
    for k in 0..<3 { moved[k] += u[k] }
    // Written in another cell, as a program that wraps positions would.
    moved[0] += 5.431
    frame.positions = moved
    let calculator = try makeCalculator(degree: 2, cutoff: 2.6)
    let rows = try calculator.prepare(frame).features()
    let count = calculator.featureCount
    for j in 0..<4 {
      for k in 0..<3 { #expect(abs(rows[3 * j + k] + u[k]) < 1e-12) }
    }
    for atom in 1..<8 {
      let linear = rows[atom * count..<atom * count + 12].filter { abs($0) > 1e-12 }
      let isNeighbor = frame.sublattice?[atom] == 1
      #expect(linear.isEmpty == !isNeighbor)
      if isNeighbor {
        for k in 0..<3 { #expect(abs(linear[k] - u[k]) < 1e-12) }
      }
    }
    for (index, feature) in calculator.manifest.enumerated() where feature.order == 2 {
      #expect(abs(rows[index] - rows[feature.l[0]] * rows[feature.l[1]]) < 1e-15)
    }
  }

  @Test func anotherReferenceIsRefused() throws {
    let calculator = try makeCalculator(degree: 1, cutoff: 2.6)
    #expect(throws: InputError.self) {
      try calculator.prepare(cubicCrystal(species: ["Si", "Si"], a: 7))
    }
  }

  private func makeCalculator(degree: Int, cutoff: Double) throws -> FeatureCalculator {
    let frame = cubicCrystal(species: ["Si", "Si"])
    return try FeatureCalculator(
      FeatureBasis(
        functions: .cartesian(
          CartesianOptions(degree: degree, cutoff: cutoff, reference: frame)),
        channels: Channels(reference: frame, resolution: .none, sharing: .never)))
  }
}
