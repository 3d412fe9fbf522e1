import Crystal
import Formats
import LinearAlgebra
import Testing

/// Hessians of files that belong to the atoms of a frame, or do not.
struct HessianOrderTests {
  /// A crystal of two species on a simple cubic lattice of 3 x 3 x 3 cells, an atom at (1/4, 1/4, 1/4)
  /// of each.
  private func crystal() -> Frame {
    var (species, positions) = ([String](), [Double]())
    for i in 0..<27 {
      let corner = [Double(i % 3), Double(i / 3 % 3), Double(i / 9)].map { 4 * $0 }
      species += ["Ga", "N"]
      positions += corner + corner.map { $0 + 1 }
    }
    var frame = Frame(
      species: species, positions: positions, cell: [12, 0, 0, 0, 12, 0, 0, 0, 12])
    frame.setColumn(Column("sublattice", .integer(species.map { $0 == "Ga" ? 0 : 1 })))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    return frame
  }

  /// A Hessian with the translations of the crystal, from its shortest vectors between sites.
  private func hessian(of frame: Frame) throws -> StoredHessian {
    let (n, x) = (frame.atomCount, frame.positions)
    let lengths = [12.0, 12, 12]
    let weight: [Double] = frame.species.map { $0 == "Ga" ? 1.5 : 1 }
    var values = [Double](repeating: 0, count: 9 * n * n)
    for i in 0..<n {
      for j in 0..<n where i != j {
        let u = (0..<3).map { k -> Double in
          let difference = x[3 * j + k] - x[3 * i + k]
          return difference - lengths[k] * (difference / lengths[k]).rounded()
        }
        let square = u.reduce(0) { $0 + $1 * $1 }
        let strength = 1 / (square * square * square)
        for a in 0..<3 {
          for b in 0..<3 {
            let value: Double = strength * u[a] * u[b] * weight[i] * weight[j]
            values[(3 * i + a) * 3 * n + 3 * j + b] = -value
            values[(3 * i + a) * 3 * n + 3 * i + b] += value
          }
        }
      }
    }
    return try StoredHessian(dense: values, siteCount: n, file: "h")
  }

  @Test func theRightOrderHasTheTranslationsAndAnotherHasNot() throws {
    let frame = crystal()
    let lattice = try Multilattice(referenceOf: frame)
    #expect(lattice.group.count == 27)
    let right = try hessian(of: frame).matrix
    #expect(right.translationViolation(in: lattice, limit: 1e-3).largest < 1e-14)
    // Two gallium atoms change places.
    var order = Array(0..<54)
    order.swapAt(0, 10)
    let wrong = try hessian(of: frame).ordered(by: order).matrix
    let violation = wrong.translationViolation(in: lattice, limit: 0.05)
    #expect(violation.largest > 0.05 && violation.firstPair?.pair.count == 2)
    // All species first.
    let sorted = (0..<27).map { 2 * $0 } + (0..<27).map { 2 * $0 + 1 }
    let bySpecies = try hessian(of: frame).ordered(by: sorted).matrix
    #expect(bySpecies.translationViolation(in: lattice, limit: 0.05).firstPair != nil)
    let cell = try frame.cellOfReference()
    func share(_ matrix: BlockSparseMatrix) -> Double {
      matrix.shareOfFarCouplings(positions: frame.positions, cell: cell, factor: 1.5)
    }
    #expect(share(right) == 0)
    #expect(share(bySpecies) > 0.5)
  }

  /// phonopy's compact form, rows of any atom of each sublattice, gives the full one back.
  @Test(arguments: [[0, 1], [6, 17], [23, 2]])
  func compactForceConstantsAreExpanded(rows: [Int]) throws {
    let frame = crystal()
    let full = try hessian(of: frame)
    var text = "\(rows.count) 54\n"
    for row in rows {
      for j in 0..<54 {
        let block = full.matrix.values[9 * (54 * row + j)..<9 * (54 * row + j + 1)]
        text += "\(row + 1) \(j + 1)\n" + block.map { "\($0)" }.joined(separator: " ") + "\n"
      }
    }
    let file = try HessianFile(recognising: Array(text.utf8), name: "FORCE_CONSTANTS")
    for isReference in [false, true] {
      let found = try file.hessian(of: frame, isReference: isReference).hessian
      #expect(zip(found.matrix.values, full.matrix.values).allSatisfy { abs($0 - $1) < 1e-15 })
    }
    // A displaced frame has no translations.
    var moved = frame
    moved.positions[0] += 0.05
    #expect(throws: InputError.self) { try file.hessian(of: moved, isReference: false) }
    #expect(try file.hessian(of: moved, isReference: true).hessian.siteCount == 54)
  }

  @Test func rowsOfOneSublatticeAreNotEnough() throws {
    let file = try HessianFile(
      recognising: Array(
        ("1 54\n" + (1...54).map { "1 \($0)\n0 0 0\n0 0 0\n0 0 0\n" }.joined()).utf8), name: "fc")
    let error = #expect(throws: InputError.self) {
      try file.hessian(of: crystal(), isReference: true)
    }
    #expect(error?.message.contains("found none for atom 2") == true)
  }

  // MARK: Atoms of the file

  private func json(_ frame: Frame, _ hessian: StoredHessian) throws -> HessianFile {
    try HessianFile(recognising: hessian.vibrationsDataJSON(frame: frame), name: "v.json")
  }

  /// The frame with its atoms in another order, and one moved by a cell vector.
  private func shuffled(_ frame: Frame, by order: [Int]) -> Frame {
    var positions = order.flatMap { Array(frame.positions[3 * $0..<3 * $0 + 3]) }
    positions[4] -= 12
    return Frame(
      species: order.map { frame.species[$0] }, positions: positions, cell: frame.cell)
  }

  @Test func anotherOrderOfTheAtomsIsUndone() throws {
    let frame = crystal()
    let order = (0..<54).map { 7 * $0 % 54 }
    let full = try hessian(of: frame)
    let file = try json(shuffled(frame, by: order), full.ordered(by: order))
    let found = try file.hessian(of: frame, isReference: false)
    #expect(found.isReordered && found.hessian == full)
    let same = try json(frame, full).hessian(of: frame, isReference: true)
    #expect(!same.isReordered && same.hessian == full)
  }

  @Test func anotherCrystalIsRefused() throws {
    let frame = crystal()
    let full = try hessian(of: frame)
    var shifted = frame
    for k in stride(from: 0, to: 162, by: 3) { shifted.positions[k] += 0.1 }
    let silicon = Frame(
      species: [String](repeating: "Si", count: 54), positions: frame.positions, cell: frame.cell)
    var longer = frame
    longer.cell[8] = 12.1
    for (other, words) in [
      (shifted, "no Ga within 0.001"), (silicon, "no Ga within"), (longer, "vector 3"),
    ] {
      let error = #expect(throws: InputError.self) {
        try json(other, full).hessian(of: frame, isReference: false)
      }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }
}
