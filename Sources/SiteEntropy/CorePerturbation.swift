public import Crystal
public import LinearAlgebra

/// A site of the periodic reference: a translation of the normaliser's group and a basis site.
public struct LatticeSite: Hashable, Comparable, Sendable {
  public let translation: Int
  public let basis: Int

  public init(translation: Int, basis: Int) {
    (self.translation, self.basis) = (translation, basis)
  }

  public static func < (a: LatticeSite, b: LatticeSite) -> Bool {
    a.translation == b.translation ? a.basis < b.basis : a.translation < b.translation
  }
}

/// δH̃ = H̃(u) - H̃0 where it is not zero: on a core (math.md §4).
public struct CorePerturbation: Sendable {
  /// The sites of the core.
  public let sites: [LatticeSite]
  /// δH̃ on the core, shape [m, m], m = d · sites, in eV/(Å² u); symmetric.
  public let delta: Matrix

  public init(sites: [LatticeSite], delta: Matrix) {
    precondition(delta.rowCount == delta.columnCount, "δH: not square")
    precondition(sites.isEmpty || delta.rowCount.isMultiple(of: sites.count), "δH: wrong order")
    (self.sites, self.delta) = (sites, delta)
  }

  /// What differs between two Hessians of one cell.
  ///
  /// Blocks that differ by less than 1e-12 of the largest element are rounding, and no perturbation.
  ///
  /// - Parameters:
  ///   - hessian, reference: Mass-weighted, of the atoms of `multilattice`.
  public init(
    from reference: BlockSparseMatrix, to hessian: BlockSparseMatrix, multilattice: Multilattice
  ) {
    precondition(
      hessian.siteCount == multilattice.atomCount && reference.siteCount == hessian.siteCount
        && reference.blockSize == hessian.blockSize, "Hessians of other shapes")
    let d = hessian.blockSize
    let scale = reference.values.reduce(0) { max($0, abs($1)) }
    var blocks: [SparseBlock] = []
    for i in 0..<hessian.siteCount {
      var (p, q) = (hessian.rowStarts[i], reference.rowStarts[i])
      let (pEnd, qEnd) = (hessian.rowStarts[i + 1], reference.rowStarts[i + 1])
      while p < pEnd || q < qEnd {
        let left = p < pEnd ? hessian.indices[p] : .max
        let right = q < qEnd ? reference.indices[q] : .max
        var block = [Double](repeating: 0, count: d * d)
        if left <= right {
          for e in 0..<d * d { block[e] += hessian.values[p * d * d + e] }
          p += 1
        }
        if right <= left {
          for e in 0..<d * d { block[e] -= reference.values[q * d * d + e] }
          q += 1
        }
        if block.contains(where: { abs($0) > 1e-12 * scale }) {
          blocks.append(SparseBlock(row: i, column: Int(min(left, right)), values: block))
        }
      }
    }
    self.init(blocks: blocks, dimension: d) { atom in
      LatticeSite(
        translation: multilattice.translationOfAtom[atom], basis: multilattice.basisOfAtom[atom])
    }
  }

  /// A d × d block of δH̃ between two numbered sites.
  public struct SparseBlock: Sendable {
    public let row: Int
    public let column: Int
    public let values: [Double]

    public init(row: Int, column: Int, values: [Double]) {
      (self.row, self.column, self.values) = (row, column, values)
    }
  }

  /// δH̃ from its blocks; blocks that fall on the same pair of sites add up.
  ///
  /// - Parameter site: The site of a number used by the blocks.
  public init(blocks: [SparseBlock], dimension d: Int, site: (Int) -> LatticeSite) {
    var siteOfNumber: [Int: LatticeSite] = [:]
    for block in blocks {
      for number in [block.row, block.column] where siteOfNumber[number] == nil {
        siteOfNumber[number] = site(number)
      }
    }
    let sites = Set(siteOfNumber.values).sorted()
    var place: [LatticeSite: Int] = [:]
    for (index, site) in sites.enumerated() { place[site] = index }
    let positions = siteOfNumber.mapValues { place[$0] ?? 0 }
    var delta = Matrix(rowCount: d * sites.count, columnCount: d * sites.count)
    for block in blocks {
      guard let i = positions[block.row], let j = positions[block.column] else { continue }
      for a in 0..<d {
        for b in 0..<d { delta[d * i + a, d * j + b] += block.values[a * d + b] }
      }
    }
    self.init(sites: sites, delta: delta)
  }
}
