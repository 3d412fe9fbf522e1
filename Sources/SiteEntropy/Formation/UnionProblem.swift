internal import Crystal
internal import LinearAlgebra

/// The Hessian of a frame with defects on the union of the sites of the crystal and the added atoms.
///
/// Rows are the sites ℓ·S + α of Bloch sums, then the added atoms; those of empty sites stay zero. The
/// rows of the atoms alone count, so that no stiffness of a ghost appears (mathematics.md (10.2)).
struct UnionProblem: Sendable {
  let dimension: Int
  /// H̃ in eV/(Å² u); rows of empty sites have no block.
  let hessian: BlockSparseMatrix
  /// Sites of the crystal; rows beyond are added atoms.
  let siteCount: Int
  /// The row of each atom, shape [N].
  let rowOfAtom: [Int]
  let emptyRows: [Int]
  /// (m_i/M)^(1/2) of each row, 0 for empty sites: the translations.
  let translation: [Double]

  /// - Parameter hessian: Mass-weighted, by atom.
  init(
    _ hessian: BlockSparseMatrix, masses: [Double], crystal: PerfectCrystal, lattice: Multilattice
  ) {
    let numbers = lattice.siteNumbers
    var rows = [Int](repeating: 0, count: crystal.siteOfAtom.count)
    var next = numbers.count
    for (atom, site) in crystal.siteOfAtom.enumerated() {
      if let site {
        rows[atom] = numbers[site]
      } else {
        rows[atom] = next
        next += 1
      }
    }
    var atomOfRow = [Int?](repeating: nil, count: next)
    for (atom, row) in rows.enumerated() { atomOfRow[row] = atom }
    let (d, area) = (hessian.blockSize, hessian.blockSize * hessian.blockSize)
    var (starts, indices, values) = ([0], [Int32](), [Double]())
    for atom in atomOfRow {
      if let atom {
        let blocks = (hessian.rowStarts[atom]..<hessian.rowStarts[atom + 1])
          .map { (column: rows[Int(hessian.indices[$0])], block: $0) }
          .sorted { $0.column < $1.column }
        for (column, block) in blocks {
          indices.append(Int32(column))
          values += hessian.values[block * area..<(block + 1) * area]
        }
      }
      starts.append(indices.count)
    }
    let total = masses.reduce(0, +)
    dimension = d
    self.hessian = BlockSparseMatrix(
      blockSize: d, siteCount: next, rowStarts: starts, indices: indices, values: values)
    siteCount = numbers.count
    rowOfAtom = rows
    emptyRows = atomOfRow.indices.filter { atomOfRow[$0] == nil }
    translation = atomOfRow.map { $0.map { (masses[$0] / total).squareRoot() } ?? 0 }
  }

  /// H̃ + t on the atoms.
  func shifted(by t: Double) -> BlockSparseMatrix {
    var result = hessian
    let d = dimension
    for row in 0..<hessian.siteCount {
      guard let block = hessian.position(row: row, column: row) else { continue }
      for a in 0..<d { result.values[(block * d + a) * d + a] += t }
    }
    return result
  }

  /// Takes the translations out of vectors, in place.
  ///
  /// - Parameter x: Shape [rows · d, width].
  func removeTranslations(_ x: inout MutableSpan<Double>, width: Int) {
    let d = dimension
    var sums = [Double](repeating: 0, count: d * width)
    var span = sums.mutableSpan
    for (row, weight) in translation.enumerated() where weight != 0 {
      for a in 0..<d {
        let (from, to) = ((row &* d &+ a) &* width, a &* width)
        for c in 0..<width { span[to &+ c] += weight * x[from &+ c] }
      }
    }
    for (row, weight) in translation.enumerated() where weight != 0 {
      for a in 0..<d {
        let (from, to) = ((row &* d &+ a) &* width, a &* width)
        for c in 0..<width { x[from &+ c] -= weight * span[to &+ c] }
      }
    }
  }
}
