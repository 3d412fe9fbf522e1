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

/// δH̃ = H̃(u) - H̃0 where it is not zero: on a core (mathematics.md (4.4)).
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
