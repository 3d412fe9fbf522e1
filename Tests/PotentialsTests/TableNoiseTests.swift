import Formats
import LinearAlgebra
import Potentials
import Testing

struct TableNoiseTests {
  private static let crystal = Crystals.zincblende(["Cu", "Al"], a: 6.2, repeats: 1)

  /// The made file with one value of its last table, r φ of Al and Al, changed.
  private func rough(by change: Double, at r: Double) throws -> any Potential {
    var lines = try #require(MadeFiles.text("made.eam.alloy")).split(separator: "\n")
      .map(String.init)
    let index = lines.count - 962 + Int((r / MadeFiles.step).rounded())
    lines[index] = "\(try #require(Double(lines[index])) + change)"
    return try loadPotential(
      parsing: Array(lines.joined(separator: "\n").utf8), file: "rough.eam.alloy")
  }

  /// Cubic polynomials jump where they end and no more, and the force constant is that of the Hessian.
  @Test func tablesOfPolynomialsAreQuiet() throws {
    let potential = try shipped("made.eam.alloy")
    // Larger than twice the cutoff: no atom meets a neighbour twice.
    let frame = Crystals.zincblende(["Cu", "Al"], a: 6.2, repeats: 2).rattled(0.1, seed: 5)
    let noise = try #require(try potential.noise(of: frame, at: .positions))
    #expect(noise.ratio < 1e-4)
    let hessian = try potential.hessian(of: frame).dense()
    var largest = 0.0
    for atom in 0..<frame.atomCount {
      for a in 0..<3 {
        for b in 0..<3 { largest = max(largest, abs(hessian[3 * atom + a, 3 * atom + b])) }
      }
    }
    #expect(abs(noise.forceConstant - largest) < 1e-12 * largest)
    #expect(try shipped("Si.sw").noise(of: frame, at: .positions) == nil)
    #expect(try shipped("Si.sw").refitted(every: 20) == nil)
  }

  /// A value that is wrong by δf makes the slopes of its neighbours wrong by 2/3 of it, and those of
  /// theirs by 1/12: the second derivative jumps by 5/6 δf/δ² at the former, over r as the table is r φ.
  @Test func aWrongDigitIsAJump() throws {
    let (change, r) = (1e-6, 2.5)
    let noise = try #require(
      try rough(by: change, at: r).noise(of: Self.crystal, at: .positions))
    let expected = 5 / 6.0 * change / (MadeFiles.step * MadeFiles.step) / (r - MadeFiles.step)
    #expect(abs(noise.jump - expected) < 1e-3 * expected, "\(noise.jump), \(expected)")
    // Nearer than atoms come, nobody minds.
    let near = try #require(
      try rough(by: change, at: 1.2).noise(of: Self.crystal, at: .positions))
    #expect(near.ratio < 1e-4)
  }

  /// Polynomials up to the fifth degree are splines: a refit gives all their derivatives again.
  @Test(arguments: [5, 20, 60]) func aRefitOfAPolynomialIsThePolynomial(cells: Int) throws {
    let potential = try shipped("made.eam.fs")
    let smooth = try #require(try potential.refitted(every: cells))
    #expect(smooth.name == "eam/fs:made.eam.fs:refit\(cells)")
    #expect(smooth.contentHash == potential.contentHash)
    let frame = Self.crystal.rattled(0.1, seed: 6)
    let (energy, other) = (try potential.energy(of: frame), try smooth.energy(of: frame))
    #expect(abs(energy - other) < 1e-10 * abs(energy))
    let (hessian, fitted) = (try potential.hessian(of: frame), try smooth.hessian(of: frame))
    let scale = hessian.values.map(abs).max() ?? 0
    for (left, right) in zip(hessian.values, fitted.values) {
      #expect(abs(left - right) < 1e-7 * scale)
    }
    #expect(try smooth.noise(of: frame, at: .positions)?.jump ?? 1 < 1e-9)
  }

  /// Energies, forces and Hessians of a refit are derivatives of each other.
  @Test func aRefitIsDifferentiated() throws {
    let smooth = try #require(try rough(by: 1e-4, at: 2.7).refitted(every: 20))
    let frame = Self.crystal.rattled(0.1, seed: 7)
    let forces = try smooth.forces(of: frame)
    let hessian = try smooth.hessian(of: frame).dense()
    let h = 1e-4
    for coordinate in stride(from: 0, to: forces.count, by: 5) {
      let moved = try [-2.0, -1, 1, 2].map {
        try smooth.energy(of: frame.moving(coordinate, by: $0 * h))
      }
      let slope = (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * h)
      #expect(abs(slope + forces[coordinate]) < 1e-7)
      let ahead = try smooth.forces(of: frame.moving(coordinate, by: h))
      let behind = try smooth.forces(of: frame.moving(coordinate, by: -h))
      for row in 0..<forces.count {
        #expect(abs((behind[row] - ahead[row]) / (2 * h) - hessian[coordinate, row]) < 1e-5)
      }
    }
  }

  /// Printed digits that are wrong at random hide in forces and show in second derivatives: the refit
  /// brings them back.
  @Test func aRefitUndoesRounding() throws {
    let exact = try shipped("made.eam.alloy")
    let lines = try #require(MadeFiles.text("made.eam.alloy")).split(separator: "\n").map {
      line -> String in
      guard !line.contains(" "), let value = Double(line) else { return String(line) }
      return "\((value * 1e6).rounded() / 1e6)"
    }
    let rounded = try loadPotential(
      parsing: Array(lines.joined(separator: "\n").utf8), file: "rounded.eam.alloy")
    let smooth = try #require(try rounded.refitted(every: 40))
    let frame = Self.crystal.rattled(0.1, seed: 8)
    let noise = try #require(try rounded.noise(of: frame, at: .positions))
    #expect(noise.ratio > TableNoise.warned)
    func error(_ potential: any Potential) throws -> Double {
      let (found, expected) = (try potential.hessian(of: frame), try exact.hessian(of: frame))
      return zip(found.values, expected.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    #expect(try error(smooth) < 0.05 * error(rounded))
  }

  @Test func aTableShorterThanAPieceIsRefused() throws {
    let error = #expect(throws: InputError.self) {
      try shipped("made.eam").refitted(every: 1000)
    }
    #expect(error?.message.contains("1000 cells") == true)
  }
}
