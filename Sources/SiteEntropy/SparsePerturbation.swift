public import Crystal
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
    var row = Row()
    for site in 0..<n {
      row.fill(atoms[site], reference, hessian, scale, number, tolerance)
      for entry in row.order.sorted(by: { $0.site < $1.site }) {
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

  /// The blocks of one row that are not rounding.
  private struct Row {
    var order: [(site: Int32, offset: Int)] = []
    var values: [Double] = []

    /// Merges the rows of an atom, which both have their columns ascend.
    mutating func fill(
      _ atom: Int, _ reference: BlockSparseMatrix, _ hessian: BlockSparseMatrix,
      _ scale: [Double]?, _ number: [Int], _ tolerance: Double
    ) {
      let area = hessian.blockSize * hessian.blockSize
      order.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      var (p, q) = (hessian.rowStarts[atom], reference.rowStarts[atom])
      let (pEnd, qEnd) = (hessian.rowStarts[atom + 1], reference.rowStarts[atom + 1])
      while p < pEnd || q < qEnd {
        let left = p < pEnd ? hessian.indices[p] : .max
        let right = q < qEnd ? reference.indices[q] : .max
        let column = Int(min(left, right))
        let factor = scale.map { $0[atom] * $0[column] } ?? 1
        let offset = values.count
        var largest = 0.0
        for e in 0..<area {
          var value = left <= right ? factor * hessian.values[p * area + e] : 0
          if right <= left { value -= reference.values[q * area + e] }
          values.append(value)
          largest = max(largest, abs(value))
        }
        if right <= left { q += 1 }
        if left <= right { p += 1 }
        if largest > tolerance {
          order.append((Int32(truncatingIfNeeded: number[column]), offset))
        } else {
          values.removeLast(area)
        }
      }
    }
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
