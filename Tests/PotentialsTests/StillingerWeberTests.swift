import Crystal
import Formats
import LinearAlgebra
import Potentials
import Testing

struct StillingerWeberTests {
  /// The cohesive energies and lattice constants that the papers state.
  @Test(arguments: [
    ("Si.sw", ["Si"], 5.43095, -4.33660), ("CdTe-Wang1989.sw", ["Cd", "Te"], 6.50642, -2.06006),
    ("CdTe-Zhou2013.sw", ["Cd", "Te"], 6.478, -2.178),
  ])
  func crystalsHaveTheirPublishedEnergyAndLatticeConstant(
    file: String, species: [String], a: Double, energy: Double
  ) throws {
    let potential = try shipped(file)
    func perAtom(_ a: Double) throws -> Double {
      let frame = Crystals.primitiveZincblende(species, a: a)
      return try potential.energy(of: frame) / 2
    }
    #expect(abs(try perAtom(a) - energy) < 1e-5)
    // The minimum lies where the parabola through three points has it.
    let h = 1e-3
    let (low, mid, high) = (try perAtom(a - h), try perAtom(a), try perAtom(a + h))
    let shift = h / 2 * (low - high) / (low - 2 * mid + high)
    #expect(abs(shift) < 1e-3)
  }

  /// In the ideal wurtzite each bond lies in the minimum of its φ, and every angle is tetrahedral.
  @Test func idealWurtziteIsTheEquilibriumOfGaN() throws {
    let bond = 1.695 * 1.122462048309373
    let frame = Crystals.wurtzite(["Ga", "N"], bond: bond, repeats: [2, 2, 2])
    let forces = try shipped("GaN.sw").forces(of: frame)
    #expect(forces.allSatisfy { abs($0) < 1e-3 })
  }

  /// φ and h of a triangle, with the formulas written out.
  @Test func threeAtomsHaveTheEnergyOfTheDefinition() throws {
    let (epsilon, sigma, a, lambda, gamma) = (2.1683, 2.0951, 1.80, 21.0, 1.20)
    let (bigA, bigB) = (7.049556277, 0.6022245584)
    let places: [SIMD3<Double>] = [[0, 0, 0], [2.4, 0.1, 0], [0.3, 2.2, 0.9]]
    func decay(_ r: Double, _ gamma: Double) -> Double {
      exponential(gamma * sigma / (r - a * sigma))
    }
    var expected = 0.0
    for i in 0..<3 {
      let (j, k) = ((i + 1) % 3, (i + 2) % 3)
      let (x, y) = (places[j] - places[i], places[k] - places[i])
      let (r, s) = ((x * x).sum().squareRoot(), (y * y).sum().squareRoot())
      let ratio = sigma / r
      let repulsion = bigB * ratio * ratio * ratio * ratio
      expected += bigA * epsilon * (repulsion - 1) * decay(r, 1)
      let apart = (x * y).sum() / (r * s) + 0.333333333333
      expected += lambda * epsilon * apart * apart * decay(r, gamma) * decay(s, gamma)
    }
    let frame = Frame(
      species: ["Si", "Si", "Si"], positions: places.flatMap { [$0.x, $0.y, $0.z] },
      cell: [Double](repeating: 0, count: 9), periodic: [false, false, false])
    let energy = try shipped("Si.sw").energy(of: frame)
    #expect(abs(energy - expected) < 1e-13 * abs(expected) + 1e-13)
  }

  /// e^x by its series: an own path to the numbers of the test above.
  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    let scaled = x / 64
    for n in 1..<24 {
      term *= scaled / Double(n)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }

  @Test(arguments: Case.all) func forcesAreDerivativesOfTheEnergy(_ item: Case) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 3)
    let forces = try potential.forces(of: frame)
    let h = 1e-4
    for coordinate in stride(from: 0, to: forces.count, by: max(1, forces.count / 12)) {
      let up = try potential.energy(of: frame.moving(coordinate, by: h))
      let down = try potential.energy(of: frame.moving(coordinate, by: -h))
      #expect(abs(forces[coordinate] + (up - down) / (2 * h)) < 2e-5)
    }
  }

  /// A fourth-order formula, so that 1e-6 eV/Å² tests the Hessian and not the step.
  @Test(arguments: Case.all) func hessiansAreDerivativesOfTheForces(_ item: Case) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 5)
    let hessian = try potential.hessian(of: frame).dense()
    let h = 2e-4
    for column in stride(from: 0, to: hessian.columnCount, by: max(1, hessian.columnCount / 9)) {
      let forces = try [-2.0, -1, 1, 2].map {
        try potential.forces(of: frame.moving(column, by: $0 * h))
      }
      for row in 0..<hessian.rowCount {
        let near = forces[2][row] - forces[1][row]
        let far = forces[3][row] - forces[0][row]
        let numeric = -(8 * near - far) / (12 * h)
        #expect(abs(hessian[row, column] - numeric) < 1e-6)
      }
    }
  }

  /// The blocks summed without the sum rule that fixes the diagonal: see the test above.
  @Test(arguments: Case.all) func hessiansAreSymmetricAndIgnoreTranslations(_ item: Case) throws {
    let hessian = try shipped(item.file).hessian(of: item.frame.rattled(0.1, seed: 7))
    let scale = hessian.values.map(abs).max() ?? 0
    #expect(hessian.largestAsymmetry() <= 1e-15 * scale)
    let dense = hessian.dense()
    for row in 0..<dense.rowCount {
      for axis in 0..<3 {
        let sum = stride(from: axis, to: dense.columnCount, by: 3).reduce(0) { $0 + dense[row, $1] }
        #expect(abs(sum) < 1e-13 * scale)
      }
    }
  }

  /// 17 blocks a row in zincblende: itself, 4 neighbours, 12 atoms that share a centre.
  @Test(arguments: ["Si.sw", "CdTe-Zhou2013.sw"]) func patternsHoldWhatSharesATerm(
    file: String
  ) throws {
    let isSilicon = file == "Si.sw"
    let frame = Crystals.zincblende(
      isSilicon ? ["Si"] : ["Cd", "Te"], a: isSilicon ? 5.43095 : 6.478, repeats: 3)
    let hessian = try shipped(file).hessian(of: frame)
    let counts = (0..<hessian.siteCount).map { hessian.rowStarts[$0 + 1] - hessian.rowStarts[$0] }
    // The second neighbours of CdTe at 4.58 Å lie beyond Cd-Cd and within Te-Te.
    #expect(isSilicon ? counts.allSatisfy { $0 == 17 } : counts.allSatisfy { $0 > 17 })
  }

  /// R x, R H Rᵀ, for a rotation and reflection of positions and cell.
  @Test(arguments: Case.small) func hessiansTurnWithTheFrame(_ item: Case) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 11)
    let turn = Matrix(
      rowCount: 3, columnCount: 3, storage: [-2, 1, -2, -2, -2, 1, 1, -2, -2].map { $0 / 3 })
    func turned(_ vectors: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: vectors.count)
      for index in vectors.indices {
        let (i, a) = (index / 3, index % 3)
        for b in 0..<3 { result[index] += turn[a, b] * vectors[3 * i + b] }
      }
      return result
    }
    var other = frame
    other.positions = turned(frame.positions)
    other.cell = turned(frame.cell)
    let (h, g) = (
      try potential.hessian(of: frame).dense(), try potential.hessian(of: other).dense()
    )
    let scale = h.storage.map(abs).max() ?? 0
    for row in 0..<h.rowCount {
      for column in 0..<h.columnCount {
        var expected = 0.0
        for a in 0..<3 {
          for b in 0..<3 {
            let element = h[row / 3 * 3 + a, column / 3 * 3 + b]
            expected += turn[row % 3, a] * turn[column % 3, b] * element
          }
        }
        #expect(abs(g[row, column] - expected) < 1e-12 * scale)
      }
    }
  }

  @Test(arguments: Case.bulk) func theOrderOfAtomsAndTheirImagesDoNotMatter(_ item: Case) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.1, seed: 13)
    let n = frame.atomCount
    let order = (0..<n).map { ($0 * 37 + 11) % n }
    #expect(Set(order).count == n)
    let old = frame.positions
    let other = Frame(
      species: order.map { frame.species[$0] },
      positions: order.enumerated().flatMap { place, atom in
        // Every third atom a cell away.
        (0..<3).map { old[3 * atom + $0] + (place % 3 == 0 ? frame.cell[3 + $0] : 0) }
      }, cell: frame.cell)
    let (h, g) = (
      try potential.hessian(of: frame).dense(), try potential.hessian(of: other).dense()
    )
    let scale = h.storage.map(abs).max() ?? 0
    for row in 0..<g.rowCount {
      for column in 0..<g.columnCount {
        let expected = h[3 * order[row / 3] + row % 3, 3 * order[column / 3] + column % 3]
        #expect(abs(g[row, column] - expected) < 1e-12 * scale)
      }
    }
  }

  /// Towards aσ everything vanishes with all derivatives: no NaN, no infinity, no step.
  @Test func theCutoffIsSmooth() throws {
    let potential = try shipped("Si.sw")
    for gap in [1e-300, 1e-15, 1e-9, 1e-3, 3e-3, 1e-2] {
      let end = 2.0951 * 1.80
      let frame = Frame(
        species: ["Si", "Si"], positions: [0, 0, 0, end - gap, 0, 0],
        cell: [Double](repeating: 0, count: 9), periodic: [false, false, false])
      #expect(abs(try potential.energy(of: frame)) < 1e-80)
      let hessian = try potential.hessian(of: frame)
      #expect(hessian.values.allSatisfy { abs($0) < 1e-60 })
    }
  }

  @Test func anUnknownSpeciesIsNamedWithItsLine() throws {
    var frame = Crystals.primitiveZincblende(["Si", "Ge"], a: 5.5)
    frame.source = FrameSource(file: "x.xyz", frame: 2, line: 11)
    let error = #expect(throws: InputError.self) {
      try shipped("Si.sw").energy(of: frame)
    }
    #expect(error?.file == "x.xyz" && error?.frame == 2 && error?.line == 14)
    #expect(error?.message.contains("'Ge'") == true && error?.message.contains("Si.sw") == true)
  }

  @Test(arguments: [0.0, 1e-12, 1e-160]) func atomsInOnePlaceAreNamed(apart: Double) throws {
    let frame = Frame(
      species: ["Si", "Si", "Si"], positions: [0, 0, 0, 2.3, 0, 0, 2.3 + apart, 0, 0],
      cell: [20, 0, 0, 0, 20, 0, 0, 0, 20])
    for evaluate in [
      { _ = try shipped("Si.sw").energy(of: $0) }, { _ = try shipped("Si.sw").hessian(of: $0) },
    ] as [(Frame) throws -> Void] {
      let error = #expect(throws: InputError.self) { try evaluate(frame) }
      #expect(error?.message.contains("atoms 2 and 3") == true)
    }
  }
}
