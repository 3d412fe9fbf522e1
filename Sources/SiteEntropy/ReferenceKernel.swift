public import Crystal
public import LinearAlgebra

/// The mass-weighted Hessian of the reference crystal as blocks between basis sites of a home cell
/// and of the cells around it.
///
/// Blocks have order S·d's d × d pieces: `block` couples basis site `row` of cell 0 to basis site
/// `column` of cell `translation` (whole primitive vectors).
public struct ReferenceKernel: Sendable {
  public struct Entry: Sendable {
    public let row: Int
    public let column: Int
    public let translation: (Int, Int, Int)
    /// Shape [d, d], in eV/(Å² u).
    public let block: [Double]

    public init(row: Int, column: Int, translation: (Int, Int, Int), block: [Double]) {
      (self.row, self.column, self.translation) = (row, column, translation)
      self.block = block
    }
  }

  public let dimension: Int
  public let basisCount: Int
  public let entries: [Entry]

  public init(dimension: Int, basisCount: Int, entries: [Entry]) {
    (self.dimension, self.basisCount, self.entries) = (dimension, basisCount, entries)
  }

  /// The kernel of a Hessian of the whole supercell, averaged over its cells.
  ///
  /// Ranges are then known modulo the supercell only, which is all that its own Bloch sums need.
  ///
  /// - Parameter hessian: Mass-weighted, of the reference, atoms as in the frame.
  /// - Precondition: `hessian` has as many sites as the multilattice.
  public init(averaging hessian: BlockSparseMatrix, over multilattice: Multilattice) {
    let (s, d) = (multilattice.basis.count, hessian.blockSize)
    precondition(hessian.siteCount == multilattice.atomCount, "sites")
    let group = multilattice.group
    var blocks: [Int: [Double]] = [:]
    for i in 0..<hessian.siteCount {
      for k in hessian.rowStarts[i]..<hessian.rowStarts[i + 1] {
        let j = Int(hessian.indices[k])
        let step = group.difference(
          multilattice.translationOfAtom[j], multilattice.translationOfAtom[i])
        let key = (step * s + multilattice.basisOfAtom[i]) * s + multilattice.basisOfAtom[j]
        var block = blocks[key] ?? [Double](repeating: 0, count: d * d)
        for e in 0..<d * d { block[e] += hessian.values[k * d * d + e] / Double(group.count) }
        blocks[key] = block
      }
    }
    dimension = d
    basisCount = s
    entries = blocks.keys.sorted().map { key in
      Entry(
        row: key / s % s, column: key % s, translation: group.translation(at: key / (s * s)),
        block: blocks[key] ?? [])
    }
  }

  /// D(k) = Σ_R C(R) e^{-ik·R}, Hermitian, of order S·d.
  public func dynamicalMatrix(_ k: Int, of group: TranslationGroup) -> ComplexMatrix {
    dynamicalMatrix { group.phase(k, group.index(of: $0)) }
  }

  /// Σ_R C(R) e^{iφ(R)}, its Hermitian part.
  ///
  /// - Parameter phase: cos φ and sin φ of a translation.
  @inline(__always)
  func dynamicalMatrix(
    _ phase: (_ translation: (Int, Int, Int)) -> (Double, Double)
  ) -> ComplexMatrix {
    let (d, order) = (dimension, basisCount * dimension)
    var result = ComplexMatrix(
      order: order, real: [Double](repeating: 0, count: order * order),
      imaginary: [Double](repeating: 0, count: order * order))
    for entry in entries {
      let (c, s) = phase(entry.translation)
      for a in 0..<d {
        for b in 0..<d {
          let element = (entry.row * d + a) * order + entry.column * d + b
          result.real[element] += c * entry.block[a * d + b]
          result.imaginary[element] += s * entry.block[a * d + b]
        }
      }
    }
    result.makeHermitian()
    return result
  }

  /// The Hessian of the whole supercell; images that fall on one pair of atoms add up.
  public func folded(over lattice: Multilattice) -> BlockSparseMatrix {
    let (rows, s) = (FoldedRows(self, lattice.group), basisCount)
    let area = dimension * dimension
    var rowStarts = [0]
    var indices: [Int32] = []
    var values: [Double] = []
    var row = FoldedRows.Row()
    for i in 0..<lattice.atomCount {
      rows.read(lattice.translationOfAtom[i] * s + lattice.basisOfAtom[i], into: &row)
      let atoms = row.columns.enumerated().map {
        (atom: lattice.atoms[Int($0.element)], at: $0.offset * area)
      }
      for (atom, at) in atoms.sorted(by: { $0.atom < $1.atom }) {
        indices.append(Int32(atom))
        values += row.values[at..<at + area]
      }
      rowStarts.append(indices.count)
    }
    return BlockSparseMatrix(
      blockSize: dimension, siteCount: lattice.atomCount, rowStarts: rowStarts, indices: indices,
      values: values)
  }
}
