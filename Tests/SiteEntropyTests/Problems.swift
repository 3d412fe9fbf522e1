import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import SiteEntropy
import TestSupport
import Testing

/// A crystal under a potential of examples/potentials, for tests.
struct Problem {
  let frame: Frame
  let potential: any Potential
  let crystal: ReferenceCrystal
  /// The name of its file in examples/potentials.
  let potentialFile: String

  init(_ frame: Frame, potential: String) throws {
    let path = repositoryFile("examples/potentials/\(potential)").path(percentEncoded: false)
    (self.frame, self.potential) = (frame, try loadPotential(path: path))
    potentialFile = potential
    crystal = try ReferenceCrystal(of: frame, potential: self.potential)
  }

  /// A displaced supercell of a prototype.
  init(
    _ prototype: String, _ species: [String], _ latticeConstant: Double, _ counts: [Int],
    _ perturbation: Perturbation, potential: String, seed: UInt64 = 1
  ) throws {
    let perfect = try #require(Prototype.named(prototype)).supercell(
      counts, species: species, latticeConstant: latticeConstant)
    let frame = try PerturbationBase(perfect).perturbed(
      by: perturbation, seed: seed, frameIndex: 0, copy: 0)
    try self.init(frame, potential: potential)
  }

  /// Mass-weighted, in eV/(Å² u).
  func hessian() throws -> BlockSparseMatrix {
    try potential.prepared(for: frame).hessian(positions: crystal.positions(of: frame))
      .scaledSymmetrically(by: crystal.inverseRootMasses)
  }

  func dense() throws -> SiteLabels {
    try DenseEngine(kind: .relative).labels(
      of: hessian(), normalizer: crystal.normalizer, multilattice: crystal.multilattice)
  }

  func core() throws -> SiteLabels {
    let core = try perturbation.core(basisCount: crystal.multilattice.basis.count)
    return try CoreEngine().labels(
      of: core, at: crystal.sites, normalizer: crystal.normalizer)
  }

  /// One of each kind of crystal, in 1, 2 and 3 dimensions, small and displaced everywhere.
  static func all() throws -> [Problem] {
    [
      try Problem(
        "chain", ["Na", "Cl"], 5, [12, 1, 1], .rattle(amplitude: 0.03), potential: "chain.json"),
      try Problem(
        "square", ["Na", "Cl"], 4, [4, 3, 1], .rattle(amplitude: 0.03),
        potential: "square.json"),
      try Problem(
        "cscl", ["Cs", "Cl"], 4, [3, 2, 2], .rattle(amplitude: 0.03), potential: "cscl.json"),
      try Problem(
        "diamond", ["Si"], 5.431, [1, 2, 1], .rattle(amplitude: 0.04), potential: "Si.sw"),
      try Problem(
        "zincblende", ["Cd", "Te"], 6.478, [1, 1, 2], .rattle(amplitude: 0.03),
        potential: "CdTe-Zhou2013.sw"),
    ]
  }
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}

extension Frame {
  /// The frame after x → M x, shape [3, 3], orthogonal.
  func turned(by m: [Double]) -> Frame {
    func turn(_ vectors: [Double]) -> [Double] {
      vectors.indices.map { e in
        (0..<3).reduce(0.0) { $0 + m[3 * (e % 3) + $1] * vectors[e / 3 * 3 + $1] }
      }
    }
    var result = self
    result.cell = turn(cell)
    result.positions = turn(positions)
    result.setColumn(Column("ref_pos", width: 3, .real(turn(referencePositions ?? []))))
    return result
  }

  /// Atom k of the result is atom `order[k]`.
  func renumbered(_ order: [Int]) -> Frame {
    func pick<T>(_ values: [T], _ width: Int) -> [T] {
      order.flatMap { values[$0 * width..<($0 + 1) * width] }
    }
    var result = Frame(
      species: pick(species, 1), positions: pick(positions, 3), cell: cell, periodic: periodic)
    result.setColumn(
      Column("ref_pos", width: 3, .real(pick(referencePositions ?? [], 3))))
    result.setColumn(Column("sublattice", .integer(pick(sublattice ?? [], 1))))
    return result
  }
}
