import Crystal
import Formats

/// The lines of one frame in a table.
struct FrameTable: Sendable {
  let header: [String]
  /// One line an atom, each with its end.
  let lines: String

  /// - Throws: ``InputError`` for a name that is neither a column, a key, nor computed.
  init(_ frame: Frame, index: Int, names: [String]) throws {
    var cells = TableColumns(frame: frame, index: index)
    var chosen: [(name: String, cells: Cells)] = []
    for name in names { chosen += try cells.columns(name) }
    header = chosen.map(\.name)
    var text = ""
    for atom in 0..<frame.atomCount {
      for (position, column) in chosen.enumerated() {
        if position > 0 { text += "\t" }
        text += column.cells.text(atom)
      }
      text += "\n"
    }
    lines = text
  }
}

/// The values of one column of a table.
enum Cells {
  case constant(String)
  case atomNumber
  case reals([Double])
  /// Component `offset` of a column of the frame.
  case component(Column, offset: Int)

  func text(_ atom: Int) -> String {
    switch self {
    case .constant(let text): text
    case .atomNumber: String(atom)
    case .reals(let values): String(values[atom])
    case .component(let column, let offset):
      switch column.values {
      case .real(let values): String(values[column.width * atom + offset])
      case .integer(let values): String(values[column.width * atom + offset])
      case .logical(let values): values[column.width * atom + offset] ? "T" : "F"
      case .text(let values): values[column.width * atom + offset]
      }
    }
  }
}

/// Finds or computes the columns that a name stands for.
struct TableColumns {
  let frame: Frame
  let index: Int
  private var displacement: Column?

  init(frame: Frame, index: Int) { (self.frame, self.index) = (frame, index) }

  mutating func columns(_ name: String) throws -> [(name: String, cells: Cells)] {
    switch name {
    case "frame": return [(name, .constant(String(index)))]
    case "atom": return [(name, .atomNumber)]
    case "displacement": return [(name, .reals(norms(try displacements())))]
    case "center_distance": return [(name, .reals(try frame.centerDistances()))]
    default: break
    }
    if let column = frame.column(name) { return expanded(column) }
    if let found = component(name, of: frame.columns) { return [(name, found)] }
    if name.hasPrefix("displacement_") {
      if let found = component(name, of: [try displacements()]) { return [(name, found)] }
    }
    if name.hasSuffix("_norm"), let column = frame.column(String(name.dropLast(5))) {
      guard case .real = column.values else {
        throw InputError(
          frame.source, "\(name): expected a column of real numbers, found another type")
      }
      return [(name, .reals(norms(column)))]
    }
    if let text = keyText(name) { return [(name, .constant(text))] }
    let command = (Vocabulary.column(name) ?? Vocabulary.key(name))?.command
    throw InputError(
      frame.source,
      "expected the column \(name)\(command.map { " (\($0) gives it)" } ?? ""), found \(columnNames)"
    )
  }

  private var columnNames: String { frame.columns.map(\.name).joined(separator: " ") }

  private mutating func displacements() throws -> Column {
    if let displacement { return displacement }
    let column = Column("displacement", width: 3, .real(try frame.displacements()))
    displacement = column
    return column
  }

  private func expanded(_ column: Column) -> [(name: String, cells: Cells)] {
    (0..<column.width).map { offset in
      let name = column.width == 1 ? column.name : "\(column.name)_\(suffix(offset, of: column))"
      return (name, .component(column, offset: offset))
    }
  }

  /// The component that a name such as pos_x or tensor_4 means, or nil.
  private func component(_ name: String, of columns: [Column]) -> Cells? {
    for column in columns where column.width > 1 && name.hasPrefix(column.name + "_") {
      let end = name.dropFirst(column.name.count + 1)
      if let offset = (0..<column.width).first(where: { suffix($0, of: column) == end }) {
        return .component(column, offset: offset)
      }
    }
    return nil
  }

  private func suffix(_ offset: Int, of column: Column) -> String {
    column.width == 3 ? ["x", "y", "z"][offset] : String(offset + 1)
  }

  /// Lengths of the rows of a real column, scaled so that no square overflows.
  private func norms(_ column: Column) -> [Double] {
    guard case .real(let values) = column.values else { return [] }
    return stride(from: 0, to: values.count, by: column.width).map { start in
      let row = values[start..<start + column.width]
      let largest = row.lazy.map(abs).max() ?? 0
      guard largest > 0, largest.isFinite else { return largest }
      let sum = row.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
      return largest * sum.squareRoot()
    }
  }

  private func keyText(_ name: String) -> String? {
    switch frame.key(name) {
    case .integer(let value): String(value)
    case .real(let value): String(value)
    case .logical(let value): value ? "T" : "F"
    // A tab in a text would be another cell.
    case .text(let value): value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    default: nil
    }
  }
}
