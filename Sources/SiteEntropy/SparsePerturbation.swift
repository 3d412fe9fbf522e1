public import Crystal
package import Formats
public import LinearAlgebra
public import Potentials

/// δH̃ = H̃(u) - H̃0 as a sparse matrix over all sites of the cell.
///
/// Site number ℓ·S + α is basis site α of translation ℓ: the order of Bloch sums, not that of the
/// atoms in the file. Blocks below 1e-12 of the largest element of H̃0 are rounding and left out.
public struct SparsePerturbation: Sendable {
  /// In eV/(Å² u), symmetric; block rows and columns are site numbers.
  public let matrix: BlockSparseMatrix
  /// The numbers of the sites that have a block, ascending.
  public let sites: [Int]

  static let roundingTolerance = 1e-12

  /// Degrees of freedom of the core.
  public var coreOrder: Int { sites.count * matrix.blockSize }

  /// Blocks of a row that has any.
  var blocksPerRow: Double { Double(matrix.blockCount) / Double(max(1, sites.count)) }

  /// What differs between two Hessians of one cell.
  ///
  /// - Parameters:
  ///   - reference, hessian: Mass-weighted, of the atoms of `multilattice`.
  public init(
    from reference: BlockSparseMatrix, to hessian: BlockSparseMatrix, multilattice: Multilattice
  ) {
    self.init(
      from: reference, to: hessian, scale: nil, multilattice: multilattice,
      largest: reference.largestElement)
  }

  /// What makes another Hessian of the reference's cell.
  ///
  /// - Parameter hessian: Not mass-weighted, of the atoms of the crystal's multilattice, in eV/Å².
  public init(to hessian: BlockSparseMatrix, crystal: ReferenceCrystal) {
    self.init(
      from: crystal.foldedHessian, to: hessian, scale: crystal.inverseRootMasses,
      multilattice: crystal.multilattice, largest: crystal.largestElement)
  }

  /// Row by row in the order of the sites: beside the two Hessians there is only the result.
  ///
  /// - Parameter scale: Of the rows and columns of `hessian`; nil where it is weighted already.
  private init(
    from reference: BlockSparseMatrix, to hessian: BlockSparseMatrix, scale: [Double]?,
    multilattice: Multilattice, largest: Double
  ) {
    precondition(
      hessian.siteCount == multilattice.atomCount && reference.siteCount == hessian.siteCount
        && reference.blockSize == hessian.blockSize, "Hessians of other shapes")
    let (n, area) = (hessian.siteCount, hessian.blockSize * hessian.blockSize)
    let number = multilattice.siteNumbers
    var atoms = [Int](repeating: 0, count: n)
    for (atom, site) in number.enumerated() { atoms[site] = atom }
    let tolerance = Self.roundingTolerance * largest
    var (rowStarts, indices, values) = ([0], [Int32](), [Double]())
    rowStarts.reserveCapacity(n + 1)
    // Few blocks of the reference are none of the other.
    indices.reserveCapacity(hessian.blockCount + n)
    values.reserveCapacity((hessian.blockCount + n) * area)
    var touched = [Bool](repeating: false, count: n)
    var row = DifferenceRow()
    for site in 0..<n {
      let atom = atoms[site]
      row.fill(
        atom, hessian.row(atom), less: reference.row(atom), scale: scale, tolerance: tolerance)
      let entries = row.entries.map { (site: Int32(number[Int($0.column)]), offset: $0.offset) }
      for entry in entries.sorted(by: { $0.site < $1.site }) {
        indices.append(entry.site)
        for e in entry.offset..<entry.offset + area { values.append(row.values[e]) }
        touched[site] = true
        touched[Int(entry.site)] = true
      }
      rowStarts.append(indices.count)
    }
    matrix = BlockSparseMatrix(
      blockSize: hessian.blockSize, siteCount: n, rowStarts: rowStarts, indices: indices,
      values: values)
    sites = touched.indices.filter { touched[$0] }
  }

  /// What a potential makes of the reference's cell, for a frame of any displacement: its Hessian is
  /// made with the atoms in the order of the sites, and each part of the rows gives way to what it
  /// changes before the next is made, so that no more than the result is held.
  ///
  /// - Parameters:
  ///   - positions: Of the frame's atoms, in Å.
  ///   - threads: Equal bytes at any number.
  /// - Throws: `InputError`; its message counts atoms by site.
  package init(
    bySite frame: Frame, positions: [Double], potential: any Potential, crystal: ReferenceCrystal,
    threads: Int
  ) throws {
    let (atoms, d) = (crystal.multilattice.atoms, crystal.normalizer.dimension)
    let prepared = try potential.prepared(for: frame.ordered(by: atoms))
    let scale = atoms.map { crystal.inverseRootMasses[$0] }
    let (rows, tolerance) = (
      crystal.foldedRows, Self.roundingTolerance * crystal.largestElement
    )
    matrix = try prepared.hessian(
      positions: atoms.flatMap { positions[3 * $0..<3 * $0 + 3] }, threads: threads
    ) { part, range in
      var (row, reference, result) = (DifferenceRow(), FoldedRows.Row(), RowBlocks())
      result.isFinite = part.isFinite
      result.reserve(rows: range.count, blocks: part.indices.count, area: d * d)
      var first = 0
      for (site, count) in zip(range, part.counts) {
        rows.read(site, into: &reference)
        let blocks = first..<first + count
        row.fill(
          site, (part.indices[blocks], part.values[blocks.scaled(by: d * d)]),
          less: (reference.columns[...], reference.values[...]), scale: scale,
          tolerance: tolerance)
        for entry in row.entries { result.indices.append(entry.column) }
        result.values += row.values
        result.counts.append(row.entries.count)
        first += count
      }
      return result
    }
    var touched = [Bool](repeating: false, count: matrix.siteCount)
    for site in touched.indices where matrix.rowStarts[site] < matrix.rowStarts[site + 1] {
      touched[site] = true
    }
    for column in matrix.indices { touched[Int(column)] = true }
    sites = touched.indices.filter { touched[$0] }
  }

  /// What the displacement of a few atoms changes.
  ///
  /// - Parameters:
  ///   - difference: Not mass-weighted, of the atoms of the crystal's multilattice.
  public init(_ difference: HessianDifference, crystal: ReferenceCrystal) {
    let matrix = difference.matrix
    let area = matrix.blockSize * matrix.blockSize
    var builder = Builder(
      crystal.multilattice, blockSize: matrix.blockSize, largest: crystal.largestElement)
    var block = [Double](repeating: 0, count: area)
    for i in 0..<matrix.siteCount {
      let row = difference.atoms[i]
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        let column = difference.atoms[Int(matrix.indices[k])]
        let scale = crystal.inverseRootMasses[row] * crystal.inverseRootMasses[column]
        for e in 0..<area { block[e] = scale * matrix.values[k * area + e] }
        builder.add(row: row, column: column, block)
      }
    }
    (self.matrix, sites) = builder.finish()
  }

  /// A matrix over the atoms with its rows and columns by site number.
  static func bySite(_ matrix: BlockSparseMatrix, _ lattice: Multilattice) -> BlockSparseMatrix {
    let area = matrix.blockSize * matrix.blockSize
    var builder = Builder(lattice, blockSize: matrix.blockSize, largest: nil)
    for i in 0..<matrix.siteCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        builder.add(
          row: i, column: Int(matrix.indices[k]), Array(matrix.values[k * area..<(k + 1) * area]))
      }
    }
    return builder.finish().0
  }

  /// The same as a dense matrix over the sites of the core.
  public func core(basisCount: Int) -> CorePerturbation {
    let (d, m) = (matrix.blockSize, coreOrder)
    var place = [Int](repeating: 0, count: matrix.siteCount)
    for (index, site) in sites.enumerated() { place[site] = index }
    var delta = Matrix(rowCount: m, columnCount: m)
    for (index, site) in sites.enumerated() {
      for k in matrix.rowStarts[site]..<matrix.rowStarts[site + 1] {
        let column = d * place[Int(matrix.indices[k])]
        for a in 0..<d {
          for b in 0..<d {
            delta.storage[(d * index + a) * m + column + b] = matrix.values[(k * d + a) * d + b]
          }
        }
      }
    }
    return CorePerturbation(
      sites: sites.map { LatticeSite(translation: $0 / basisCount, basis: $0 % basisCount) },
      delta: delta)
  }

  /// Collects blocks by atom and sorts them by site number; without those that are rounding beside
  /// the largest element of the reference, if that is given.
  private struct Builder {
    private let blockSize: Int
    private let number: [Int]
    /// In the unit of the blocks: those without a larger element are left out.
    private let rounding: Double
    private var keys: [(pair: UInt64, offset: Int)] = []
    private var values: [Double] = []

    init(_ lattice: Multilattice, blockSize: Int, largest: Double?) {
      self.blockSize = blockSize
      rounding = largest.map { SparsePerturbation.roundingTolerance * $0 } ?? -1
      number = lattice.siteNumbers
    }

    mutating func add(row: Int, column: Int, _ block: [Double]) {
      guard block.contains(where: { abs($0) > rounding }) else { return }
      keys.append((UInt64(number[row]) << 32 | UInt64(number[column]), values.count))
      values += block
    }

    func finish() -> (BlockSparseMatrix, [Int]) {
      let area = blockSize * blockSize
      var rowStarts = [Int](repeating: 0, count: number.count + 1)
      var indices: [Int32] = []
      var sorted: [Double] = []
      indices.reserveCapacity(keys.count)
      sorted.reserveCapacity(values.count)
      var touched = [Bool](repeating: false, count: number.count)
      for key in keys.sorted(by: { $0.pair < $1.pair }) {
        let (row, column) = (Int(key.pair >> 32), Int(key.pair & 0xffff_ffff))
        rowStarts[row + 1] += 1
        touched[row] = true
        touched[column] = true
        indices.append(Int32(column))
        sorted += values[key.offset..<key.offset + area]
      }
      for row in 0..<number.count { rowStarts[row + 1] += rowStarts[row] }
      let matrix = BlockSparseMatrix(
        blockSize: blockSize, siteCount: number.count, rowStarts: rowStarts, indices: indices,
        values: sorted)
      return (matrix, touched.indices.filter { touched[$0] })
    }
  }
}
