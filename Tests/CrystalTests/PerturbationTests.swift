import Crystal
import Formats
import Foundation
import TestSupport
import Testing

struct PerturbationTests {
  @Test func localizedMovesTheAtomsInsideTheRadiusAndNoOther() throws {
    let frame = try silicon(3)
    let moved = try perturb(frame, .localized(amplitude: 0.05, radius: 5, center: .atom(100)))
    let distances = try moved.centerDistances()
    #expect(distances[100] == 0)
    #expect(core(moved) == distances.map { $0 <= 5 })
    // Shells of diamond within 5 Å of a = 5.431 Å: 1 + 4 + 12 + 12 sites.
    #expect(core(moved).count { $0 } == 29)
    for atom in 0..<frame.atomCount {
      for axis in 3 * atom..<3 * atom + 3 {
        #expect((moved.positions[axis] != frame.positions[axis]) == (distances[atom] <= 5))
      }
    }
    #expect(moved.referencePositions == frame.positions)
  }

  /// The variance of 3N = 5184 normal numbers has the relative standard error √(2/3N) = 0.0196.
  @Test func rattleHasTheAmplitudeAsItsStandardDeviation() throws {
    let frame = try silicon(6)
    let u = try perturb(frame, .rattle(amplitude: 0.04)).displacements()
    let variance = u.reduce(0) { $0 + $1 * $1 } / Double(u.count)
    #expect(abs(variance / (0.04 * 0.04) - 1) < 5 * 0.0196)
  }

  @Test func cosineIsTheFormula() throws {
    let frame = try silicon(2)
    let moved = try perturb(
      frame, .cosine(amplitude: 0.1, wave: [1, -2, 0], direction: [3, 0, 4]))
    let u = try moved.displacements()
    for atom in 0..<frame.atomCount {
      let (x, y) = (frame.positions[3 * atom], frame.positions[3 * atom + 1])
      let size = 0.1 * cos(2 * .pi * (x - 2 * y) / (2 * 5.431))
      for (axis, e) in [0.6, 0, 0.8].enumerated() {
        #expect(abs(u[3 * atom + axis] - size * e) < 1e-14)
      }
    }
  }

  @Test func tailFallsOffAsTheFormula() throws {
    let frame = try silicon(3)
    let moved = try perturb(
      frame, .tail(amplitude: 0.2, radius: 2, exponent: 2.5, center: .random))
    let (u, distances) = (try moved.displacements(), try moved.centerDistances())
    for atom in 0..<frame.atomCount {
      let length = (0..<3).reduce(0) { $0 + u[3 * atom + $1] * u[3 * atom + $1] }.squareRoot()
      #expect(abs(length - 0.2 * pow(1 + distances[atom] / 2, -2.5)) < 1e-14)
    }
  }

  @Test func strainIsAffineAndKeepsTheReference() throws {
    let frame = try silicon(2)
    let strained = try perturb(frame, .strain(amplitude: 0.02))
    #expect(strained.cell != frame.cell)
    #expect(strained.referenceCell == frame.cell)
    #expect(strained.referencePositions == frame.positions)
    // Fractional coordinates stay, so that no displacement remains.
    #expect(try strained.displacements().allSatisfy { abs($0) < 1e-13 })
    // Symmetric: the cell was a cube along the axes.
    for row in 0..<3 {
      for column in 0..<row {
        #expect(strained.cell[3 * row + column] == strained.cell[3 * column + row])
      }
    }
  }

  @Test(arguments: [
    Perturbation.localized(amplitude: 0, radius: 4, center: .random), .rattle(amplitude: 0),
    .cosine(amplitude: 0, wave: [1, 0, 0], direction: nil),
    .tail(amplitude: 0, radius: 3, exponent: 2, center: .random), .strain(amplitude: 0),
  ])
  func amplitudeZeroKeepsEveryBit(_ perturbation: Perturbation) throws {
    var frame = try silicon(1)
    var positions = frame.positions
    positions[1] = -0.0
    positions[2] = 0.1 + 0.2
    frame.positions = positions
    let result = try perturb(frame, perturbation)
    #expect(result.positions.map(\.bitPattern) == positions.map(\.bitPattern))
    #expect(result.cell == frame.cell)
  }

  @Test(arguments: ["chain", "square"]) func onlyActiveAxesMove(name: String) throws {
    let prototype = try #require(Prototype.named(name))
    let d = prototype.dimension
    let frame = try prototype.supercell(
      [6, d > 1 ? 6 : 1, 1], species: ["Si", "C"], latticeConstant: 4)
    for perturbation: Perturbation in [
      .rattle(amplitude: 0.02), .cosine(amplitude: 0.1, wave: [1, 0, 0], direction: nil),
      .tail(amplitude: 0.1, radius: 3, exponent: 1, center: .random), .strain(amplitude: 0.01),
    ] {
      let moved = try perturb(frame, perturbation)
      for index in moved.positions.indices {
        let hasMoved = moved.positions[index] != frame.positions[index]
        if index % 3 >= d { #expect(!hasMoved) }
      }
      #expect(moved.positions != frame.positions)
      for axis in d..<3 { #expect(moved.cell[4 * axis] == frame.cell[4 * axis]) }
    }
  }

  @Test func copiesDifferAndRepeatThemselves() throws {
    let base = try PerturbationBase(try silicon(2))
    func positions(seed: UInt64, frame: Int, copy: Int) throws -> [Double] {
      try base.perturbed(
        by: .rattle(amplitude: 0.01), seed: seed, frameIndex: frame, copy: copy
      ).positions
    }
    let keys: [(UInt64, Int, Int)] = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    let all = try keys.map { try positions(seed: $0.0, frame: $0.1, copy: $0.2) }
    #expect(Set(all).count == 4)
    #expect(try positions(seed: 0, frame: 0, copy: 1) == all[3])
  }

  @Test func displacementsAddUp() throws {
    let once = try perturb(try silicon(2), .rattle(amplitude: 0.01))
    let twice = try perturb(once, .localized(amplitude: 0.01, radius: 3, center: .atom(0)))
    #expect(twice.referencePositions == once.referencePositions)
    #expect(core(twice).allSatisfy { $0 })
    let outside = try twice.centerDistances().firstIndex { $0 > 3 }
    let atom = try #require(outside)
    #expect(twice.positions[3 * atom] == once.positions[3 * atom])
  }

  @Test func whatBelongedToOtherPositionsIsDropped() throws {
    var frame = try silicon(1)
    frame.setColumn(Column("site_entropy", .real([Double](repeating: 1, count: 8))))
    frame.setColumn(Column("mine", .real([Double](repeating: 2, count: 8))))
    frame.setKey("entropy", .real(8))
    frame.setKey("note", .text("kept"))
    let moved = try perturb(frame, .rattle(amplitude: 0.01))
    #expect(moved.column("site_entropy") == nil && moved.key("entropy") == nil)
    #expect(moved.column("mine") == frame.column("mine") && moved.text("note") == "kept")
  }

  @Test func copiesAreNumberedAndSayHowTheyWereMade() throws {
    let base = try PerturbationBase(try silicon(1))
    let frame = try base.perturbed(
      by: .rattle(amplitude: 0.01), seed: 1 << 40, frameIndex: 3, copy: 12)
    #expect(frame.text("config_id") == "diamond-Si-1x1x1-0012")
    #expect(frame.text("config_type") == "rattle_perturbation")
    // Readers of others wrap or round what does not fit 31 bits.
    #expect(frame.text("seed") == "0x10000000000")
    #expect(frame.real("perturb_amplitude") == 0.01)
  }

  /// Around a relaxed vacancy and an added atom, whose neighbours may be farther than half the way.
  @Test(arguments: ["si64_vacancy", "si64_interstitial"])
  func framesWithDefectsAreDisplaced(name: String) throws {
    let frame = try #require(frames(ofFile: "formats/vectors/defects/\(name).xyz").first)
    let moved = try perturb(frame, .rattle(amplitude: 0.02))
    let u = zip(moved.positions, frame.positions).map { $0 - $1 }
    let variance = u.reduce(0) { $0 + $1 * $1 } / Double(u.count)
    // 190 normal numbers: a relative standard error of 0.1.
    #expect(abs(variance / (0.02 * 0.02) - 1) < 0.5)
    #expect(moved.referencePositions == frame.referencePositions)
    #expect(moved.siteDefects == frame.siteDefects && moved.key("energy") == nil)
    let error = #expect(throws: InputError.self) {
      try perturb(frame, .rattle(amplitude: 1))
    }
    #expect(error.map { "\($0)".contains("below 3/4 of the nearest-neighbour") } ?? false)
  }

  @Test func whatLeavesItsSiteIsRefused() throws {
    let frame = try silicon(2)
    #expect(throws: InputError.self) { try perturb(frame, .rattle(amplitude: 2)) }
    #expect(throws: InputError.self) { try perturb(frame, .strain(amplitude: 1)) }
    #expect(throws: InputError.self) {
      try perturb(frame, .localized(amplitude: 0.01, radius: 3, center: .atom(64)))
    }
    #expect(throws: InputError.self) {
      try perturb(frame, .cosine(amplitude: 0.1, wave: [1, 0, 0], direction: [0, 0, 0]))
    }
    var unlabelled = frame
    unlabelled.removeColumn("ref_pos")
    #expect(throws: InputError.self) { try PerturbationBase(unlabelled) }
  }

  // MARK: Helpers

  private func silicon(_ cells: Int) throws -> Frame {
    let diamond = try #require(Prototype.named("diamond"))
    return try diamond.supercell([cells, cells, cells], species: ["Si"], latticeConstant: 5.431)
  }

  @discardableResult
  private func perturb(_ frame: Frame, _ perturbation: Perturbation) throws -> Frame {
    try PerturbationBase(frame).perturbed(by: perturbation, seed: 3, frameIndex: 0, copy: 0)
  }

  private func core(_ frame: Frame) -> [Bool] {
    guard case .logical(let values)? = frame.column("core")?.values else { return [] }
    return values
  }
}
