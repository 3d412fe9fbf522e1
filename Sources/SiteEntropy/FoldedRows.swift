internal import Crystal

/// The rows of the Hessian of a supercell by site number, which repeat from cell to cell: only those
/// of one cell are stored. Images that fall on one pair of sites add up.
struct FoldedRows: Sendable {
  /// A block of a row: the translation to its column, in cyclic coordinates, the basis site there,
  /// and where its elements start.
  private struct Term: Sendable {
    let step: (Int, Int, Int)
    let basis: Int
    let offset: Int
  }

  /// A row with its columns ascending.
  struct Row {
    fileprivate(set) var columns: [Int32] = []
    /// Shape [columns, d, d].
    fileprivate(set) var values: [Double] = []
    fileprivate var keys: [(column: Int, offset: Int)] = []
  }

  private let group: TranslationGroup
  private let basisCount: Int
  private let area: Int
  /// By basis site.
  private let terms: [[Term]]
  private let values: [Double]

  init(_ kernel: ReferenceKernel, _ group: TranslationGroup) {
    (self.group, basisCount) = (group, kernel.basisCount)
    area = kernel.dimension * kernel.dimension
    var terms = [[Term]](repeating: [], count: kernel.basisCount)
    var known: [Int: Int] = [:]
    var values: [Double] = []
    for entry in kernel.entries {
      let translation = group.index(of: entry.translation)
      let key = (translation * basisCount + entry.row) * basisCount + entry.column
      if let offset = known[key] {
        for e in 0..<area { values[offset + e] += entry.block[e] }
        continue
      }
      known[key] = values.count
      terms[entry.row].append(
        Term(
          step: group.components(of: translation), basis: entry.column, offset: values.count))
      values += entry.block
    }
    (self.terms, self.values) = (terms, values)
  }

  /// The largest |H̃0|.
  var largestElement: Double { values.reduce(0) { max($0, abs($1)) } }

  /// Puts together the row of a site.
  func read(_ site: Int, into row: inout Row) {
    let (cell, orders) = (group.components(of: site / basisCount), group.orders)
    row.keys.removeAll(keepingCapacity: true)
    row.columns.removeAll(keepingCapacity: true)
    row.values.removeAll(keepingCapacity: true)
    for term in terms[site % basisCount] {
      var (x, y, z) = (cell.0 + term.step.0, cell.1 + term.step.1, cell.2 + term.step.2)
      if x >= orders[0] { x -= orders[0] }
      if y >= orders[1] { y -= orders[1] }
      if z >= orders[2] { z -= orders[2] }
      let target = (x * orders[1] + y) * orders[2] + z
      row.keys.append((target * basisCount + term.basis, term.offset))
    }
    row.keys.sort { $0.column < $1.column }
    for (column, offset) in row.keys {
      row.columns.append(Int32(truncatingIfNeeded: column))
      for e in offset..<offset + area { row.values.append(values[e]) }
    }
  }
}
