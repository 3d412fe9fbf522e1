extension Frame {
  /// The same atoms in another order: row i of the result is row `order[i]` of this frame.
  ///
  /// - Precondition: `order` is a permutation of the atoms.
  package func ordered(by order: [Int]) -> Frame {
    precondition(order.count == atomCount, "order: expected [\(atomCount)]")
    return Frame(
      columns: columns.map { $0.ordered(by: order) }, keys: keys, cell: cell, periodic: periodic,
      source: source)
  }
}

extension Column {
  fileprivate func ordered(by order: [Int]) -> Column {
    func rows<Value>(_ values: [Value]) -> [Value] {
      var result: [Value] = []
      result.reserveCapacity(values.count)
      for row in order { result += values[row * width..<(row + 1) * width] }
      return result
    }
    let ordered: Values =
      switch values {
      case .real(let values): .real(rows(values))
      case .integer(let values): .integer(rows(values))
      case .logical(let values): .logical(rows(values))
      case .text(let values): .text(rows(values))
      }
    return Column(name, width: width, ordered)
  }
}
