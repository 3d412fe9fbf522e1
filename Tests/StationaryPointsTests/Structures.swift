import Base
import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import TestSupport

/// Ideal defects in small cells, with the labels that xyz-label gives.
enum Structures {
  static func potential(_ name: String = "Si.sw") throws -> any Potential {
    try loadPotential(
      path: repositoryFile("examples/potentials/\(name)").path(percentEncoded: false))
  }

  static func silicon(_ cells: Int) throws -> Frame {
    guard let diamond = Prototype.named("diamond") else { throw CocoaError(.fileNoSuchFile) }
    return try diamond.supercell(
      [cells, cells, cells], species: ["Si"], latticeConstant: 5.431)
  }

  static func cadmiumTelluride(_ cells: Int) throws -> Frame {
    guard let blende = Prototype.named("zincblende") else { throw CocoaError(.fileNoSuchFile) }
    return try blende.supercell(
      [cells, cells, cells], species: ["Cd", "Te"], latticeConstant: 6.506420069)
  }

  /// The frame without some of its atoms.
  static func removing(_ sites: [Int], from frame: Frame) -> Frame {
    let kept = (0..<frame.atomCount).filter { !sites.contains($0) }
    var defects = SiteDefects()
    defects.vacancies = sites
    return picking(kept, of: frame, defects)
  }

  /// The frame with another species on one site.
  static func replacing(_ site: Int, by species: String, in frame: Frame) -> Frame {
    var symbols = frame.species
    symbols[site] = species
    var result = frame
    result.setColumn(Column("species", .text(symbols)))
    var defects = SiteDefects()
    defects.antisites = [site]
    defects.setKeys(of: &result)
    return result
  }

  /// The atom of a site moved by v, and another one at -v, which has no site.
  static func splitting(_ site: Int, by v: [Double], in frame: Frame) -> Frame {
    let all = Array(0..<frame.atomCount)
    var defects = SiteDefects()
    defects.interstitials = [frame.atomCount]
    var result = picking(all + [site], of: frame, defects)
    var (positions, sublattice) = (result.positions, result.sublattice ?? [])
    var reference = result.referencePositions ?? []
    for axis in 0..<3 {
      positions[3 * site + axis] += v[axis]
      positions[3 * frame.atomCount + axis] -= v[axis]
      reference[3 * frame.atomCount + axis] = positions[3 * frame.atomCount + axis]
    }
    sublattice[frame.atomCount] = SiteDefects.noSublattice
    result.positions = positions
    result.setColumn(Column("ref_pos", width: 3, .real(reference)))
    result.setColumn(Column("sublattice", .integer(sublattice)))
    return result
  }

  private static func picking(_ atoms: [Int], of frame: Frame, _ defects: SiteDefects) -> Frame {
    let columns = frame.columns.map { column in
      func rows<T>(_ values: [T]) -> [T] {
        atoms.flatMap { values[$0 * column.width..<($0 + 1) * column.width] }
      }
      let values: Column.Values =
        switch column.values {
        case .real(let values): .real(rows(values))
        case .integer(let values): .integer(rows(values))
        case .logical(let values): .logical(rows(values))
        case .text(let values): .text(rows(values))
        }
      return Column(column.name, width: column.width, values)
    }
    var result = Frame(
      columns: columns, keys: frame.keys, cell: frame.cell, periodic: frame.periodic,
      source: frame.source)
    defects.setKeys(of: &result)
    return result
  }

  /// The atom nearest to the middle of the cell, of some species.
  static func central(_ frame: Frame, _ species: String) -> Int {
    let middle = (0..<3).map { a in (0..<3).reduce(0) { $0 + frame.cell[3 * $1 + a] } / 2 }
    func distance(_ atom: Int) -> Double {
      (0..<3).reduce(0) { $0 + pow(frame.positions[3 * atom + $1] - middle[$1], 2) }
    }
    let all = (0..<frame.atomCount).filter { frame.species[$0] == species }
    return all.min { distance($0) < distance($1) } ?? 0
  }

  static func rattled(_ frame: Frame, by size: Double, seed: UInt64) -> Frame {
    var random = RandomNumbers(keys: seed)
    var result = frame
    result.positions = frame.positions.map { $0 + size * random.normal() }
    return result
  }
}
