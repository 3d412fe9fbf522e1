import Crystal
import Formats
import Foundation
import Potentials
import StationaryPoints
import Testing

/// Constants of crystals under a potential: published, and against relaxed cells.
struct PrototypeRelaxationTests {
  private func constants(
    _ name: String, _ species: [String], _ file: String,
    _ shape: Prototype.Shape = Prototype.Shape(), values: [Double]? = nil
  ) throws -> PrototypeRelaxation {
    try PrototypeRelaxation(
      try #require(Prototype.named(name)), species: species, shape: shape,
      internalParameters: values, potential: Structures.potential(file))
  }

  /// 5.43095 Å and -4.3366 eV of Stillinger-Weber silicon.
  @Test func siliconHasItsPublishedConstant() throws {
    let found = try constants("diamond", ["Si"], "Si.sw")
    #expect(abs(found.latticeConstant - 5.43095) < 1e-5)
    #expect(abs(found.energy + 4.3366) < 1e-5)
    // The second neighbours lie beyond the cutoff: it is the pair's distance of least energy.
    let sigma = 2.0951
    #expect(abs(found.latticeConstant * 3.0.squareRoot() / 4 / sigma - pow(2, 1.0 / 6)) < 1e-5)
  }

  /// c/a and u of a hexagonal crystal are those of a cell that is free to relax, and ours has its symmetry
  /// to the last digit.
  @Test func hexagonalConstantsAreThoseOfTheRelaxedCell() throws {
    let found = try constants("wurtzite", ["Ga", "N"], "GaN.sw")
    let frame = try #require(Prototype.named("wurtzite")).supercell(
      [1, 1, 1], species: ["Ga", "N"], latticeConstant: 3.2,
      shape: Prototype.Shape(axisRatio: 1.6), internalParameters: [0.38])
    let cell = try Relaxation(potential: Structures.potential("GaN.sw")).relaxedCell(
      of: frame, crystal: OccupiedLattice(of: frame), freedom: .full, pressure: 0,
      maximumStress: 1e-11)
    let rows = cell.deformation.applied(to: frame.cell)
    let a = (rows[0] * rows[0] + rows[1] * rows[1] + rows[2] * rows[2]).squareRoot()
    let ratio = try #require(found.shape.axisRatio)
    #expect(abs(found.latticeConstant - a) < 1e-8)
    #expect(abs(ratio - rows[8] / a) < 1e-8)
    #expect(abs(found.energy - cell.point.energy / 4) < 1e-11)
    #expect(found.internalParameters.count == 1)
  }

  /// What is given stays.
  @Test func givenNumbersStay() throws {
    let found = try constants(
      "wurtzite", ["Ga", "N"], "GaN.sw", Prototype.Shape(axisRatio: 1.7), values: [0.38])
    #expect(found.shape.axisRatio == 1.7 && found.internalParameters == [0.38])
    let free = try constants("wurtzite", ["Ga", "N"], "GaN.sw")
    #expect(found.energy > free.energy)
  }

  @Test func whatHasNoConstantIsRefused() throws {
    #expect(throws: InputError.self) { try constants("fcc", ["Cu"], "Si.sw") }
    #expect(throws: PrototypeError.self) {
      try constants("diamond", ["Si"], "Si.sw", Prototype.Shape(axisRatio: 2))
    }
  }
}
