import Base
import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials

/// A parameter file that the repository ships, or one that ``MadeFiles`` makes.
func shipped(_ name: String) throws -> any Potential {
  if let text = MadeFiles.text(name) {
    return try loadPotential(parsing: Array(text.utf8), file: name)
  }
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try loadPotential(path: root.appending(path: "examples/potentials/\(name)").path())
}

/// Random numbers with a seed.
struct Noise {
  private var bits: SplitMix64

  init(seed: UInt64) { bits = SplitMix64(state: seed) }

  /// Uniform on [-1, 1).
  mutating func next() -> Double { Double(bits.next() >> 11) * 0x1p-52 - 1 }
}

enum Crystals {
  /// Diamond or zincblende on the cubic cell, n cells along each axis.
  static func zincblende(_ species: [String], a: Double, repeats n: Int) -> Frame {
    let first = [[0.0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    return build(
      species, basis: [first, first.map { $0.map { $0 + 0.25 } }],
      rows: [[a, 0, 0], [0, a, 0], [0, 0, a]], repeats: [n, n, n])
  }

  /// The same on the primitive cell of two atoms.
  static func primitiveZincblende(
    _ species: [String], a: Double, repeats: [Int] = [1, 1, 1]
  ) -> Frame {
    build(
      species, basis: [[[0, 0, 0]], [[0.25, 0.25, 0.25]]],
      rows: [[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]], repeats: repeats)
  }

  /// Ideal wurtzite with bonds of length r: a = √(8/3) r, c = 8/3 r, u = 3/8.
  static func wurtzite(_ species: [String], bond r: Double, repeats: [Int]) -> Frame {
    let a = (8.0 / 3).squareRoot() * r
    return build(
      species,
      basis: [
        [[1.0 / 3, 2.0 / 3, 0], [2.0 / 3, 1.0 / 3, 0.5]],
        [[1.0 / 3, 2.0 / 3, 0.375], [2.0 / 3, 1.0 / 3, 0.875]],
      ],
      rows: [[a, 0, 0], [-a / 2, a * 0.75.squareRoot(), 0], [0, 0, 8.0 / 3 * r]],
      repeats: repeats)
  }

  private static func build(
    _ species: [String], basis: [[[Double]]], rows: [[Double]], repeats n: [Int]
  ) -> Frame {
    var symbols: [String] = []
    var positions: [Double] = []
    for i in 0..<n[0] {
      for j in 0..<n[1] {
        for k in 0..<n[2] {
          for (kind, sites) in basis.enumerated() {
            for site in sites {
              symbols.append(species[kind % species.count])
              let s = [Double(i) + site[0], Double(j) + site[1], Double(k) + site[2]]
              for axis in 0..<3 {
                positions.append(s[0] * rows[0][axis] + s[1] * rows[1][axis] + s[2] * rows[2][axis])
              }
            }
          }
        }
      }
    }
    return Frame(
      species: symbols, positions: positions,
      cell: (0..<3).flatMap { row in rows[row].map { $0 * Double(n[row]) } })
  }
}

extension Frame {
  /// The same frame with every coordinate moved by at most `amplitude` Å.
  func rattled(_ amplitude: Double, seed: UInt64) -> Frame {
    var noise = Noise(seed: seed)
    var result = self
    result.positions = positions.map { $0 + amplitude * noise.next() }
    return result
  }

  func moving(_ coordinate: Int, by step: Double) -> Frame {
    var result = self
    var positions = positions
    positions[coordinate] += step
    result.positions = positions
    return result
  }
}

/// The frames of every shipped set: bulk, and cells smaller than twice the cutoff.
struct Case: CustomStringConvertible, Sendable {
  let file: String
  let frame: Frame
  var description: String { "\(file), \(frame.atomCount) atoms" }

  static let bulk = [
    Case(file: "Si.sw", frame: Crystals.zincblende(["Si"], a: 5.43095, repeats: 2)),
    Case(
      file: "CdTe-Wang1989.sw", frame: Crystals.zincblende(["Cd", "Te"], a: 6.5064, repeats: 2)),
    Case(file: "CdTe-Zhou2013.sw", frame: Crystals.zincblende(["Cd", "Te"], a: 6.478, repeats: 2)),
    Case(
      file: "GaN.sw",
      frame: Crystals.wurtzite(["Ga", "N"], bond: 1.9025732, repeats: [3, 3, 2])),
    Case(file: "made.eam", frame: Crystals.zincblende(["Cu"], a: 5.2, repeats: 2)),
    Case(file: "made.eam.alloy", frame: Crystals.zincblende(["Cu", "Al"], a: 6.2, repeats: 2)),
    Case(file: "made.eam.fs", frame: Crystals.zincblende(["Al", "Cu"], a: 6.2, repeats: 2)),
    Case(file: "made.tersoff", frame: Crystals.zincblende(["Si", "C"], a: 4.6, repeats: 2)),
    Case(file: "made-mod.tersoff", frame: Crystals.zincblende(["Si", "C"], a: 4.6, repeats: 2)),
    Case(file: "made-zbl.tersoff", frame: Crystals.zincblende(["Si", "C"], a: 4.6, repeats: 2)),
  ]
  static let small = [
    Case(file: "Si.sw", frame: Crystals.zincblende(["Si"], a: 5.43095, repeats: 1)),
    Case(file: "Si.sw", frame: Crystals.primitiveZincblende(["Si"], a: 5.43095)),
    Case(
      file: "CdTe-Wang1989.sw", frame: Crystals.zincblende(["Cd", "Te"], a: 6.5064, repeats: 1)),
    Case(file: "CdTe-Zhou2013.sw", frame: Crystals.primitiveZincblende(["Cd", "Te"], a: 6.478)),
    Case(
      file: "GaN.sw",
      frame: Crystals.wurtzite(["Ga", "N"], bond: 1.9025732, repeats: [1, 1, 1])),
    Case(file: "made.eam", frame: Crystals.primitiveZincblende(["Cu"], a: 5.2)),
    Case(file: "made.eam.fs", frame: Crystals.primitiveZincblende(["Al", "Cu"], a: 6.0)),
    Case(file: "made.tersoff", frame: Crystals.primitiveZincblende(["C", "Si"], a: 4.6)),
  ]
  static let all = bulk + small
}
