internal import Base

/// What the comment line of a frame says: its cell, its columns and its keys.
struct FrameHeader {
  private(set) var cell = [Double](repeating: 0, count: 9)
  private(set) var periodic = [false, false, false]
  private(set) var layout = ColumnLayout.plain
  private(set) var keys: [Key] = []
  private var properties: String?

  /// - Parameters:
  ///   - line: The comment line without its end.
  ///   - previous: The header of the frame before, which mostly has the same columns.
  /// - Throws: ``FormatProblem``.
  init(_ line: [UInt8], previous: FrameHeader? = nil) throws(FormatProblem) {
    var lattice: [Double]?
    var lowerCase: CommentLine.Entry?
    var pbc: [Bool]?
    for entry in try CommentLine(line).entries {
      switch entry.name {
      case "Lattice": lattice = try Self.lattice(entry)
      case "lattice": lowerCase = entry
      case "pbc": pbc = try Self.pbc(entry)
      case "Properties":
        properties = entry.content
        if let previous, previous.properties == properties {
          layout = previous.layout
        } else {
          layout = try ColumnLayout(entry.content)
        }
      default: keys.append(try Self.key(entry))
      }
    }
    if let lowerCase {
      let rows = try Self.lattice(lowerCase)
      guard lattice == nil || lattice == rows else {
        throw FormatProblem(
          "expected lattice to agree with Lattice, found '\(excerpt(lowerCase.content.utf8))'")
      }
      lattice = rows
    }
    // ASE's defaults: a lattice repeats unless pbc says otherwise, and without one nothing does.
    cell = lattice ?? cell
    periodic = pbc ?? [Bool](repeating: lattice != nil, count: 3)
    try checkCell(hasLattice: lattice != nil)
  }

  private static func lattice(_ entry: CommentLine.Entry) throws(FormatProblem) -> [Double] {
    // A matrix in brackets is read transposed by one peer and refused by the other.
    if !entry.isNested, entry.raw != nil {
      switch KeyValue(content: entry.content) {
      case .reals(let rows) where rows.count == 9: return rows
      case .integers(let rows) where rows.count == 9: return rows.map(Double.init)
      default: break
      }
    }
    throw FormatProblem(
      "expected Lattice=\"ax ay az bx by bz cx cy cz\", found '\(excerpt(entry.content.utf8))'")
  }

  private static func pbc(_ entry: CommentLine.Entry) throws(FormatProblem) -> [Bool] {
    if entry.raw != nil {
      switch KeyValue(content: entry.content) {
      case .logicals(let values) where values.count == 3: return values
      case .logical(let value): return [value, value, value]
      case .integers(let values) where values.count == 3 && values.allSatisfy { $0 | 1 == 1 }:
        return values.map { $0 == 1 }
      default: break
      }
    }
    throw FormatProblem(
      "expected pbc=\"T T T\" or the like, found '\(excerpt(entry.content.utf8))'")
  }

  private static func key(_ entry: CommentLine.Entry) throws(FormatProblem) -> Key {
    if [3, 7, 10].contains(entry.name.utf8.count) {
      for reserved in ["Lattice", "Properties", "pbc"]
      where entry.name.lowercased() == reserved.lowercased() {
        // Read as an unknown key this would lose the cell or the columns in silence.
        throw FormatProblem("expected \(reserved), found '\(entry.name)'")
      }
    }
    let value: KeyValue =
      entry.isNested || Key.isText(entry.name)
      ? .text(entry.content) : KeyValue(content: entry.content)
    return try Key(entry.name, value, rawText: entry.raw)
      .normalized(shown: excerpt(entry.content.utf8))
  }

  private func checkCell(hasLattice: Bool) throws(FormatProblem) {
    guard periodic.contains(true) else { return }
    guard hasLattice else {
      throw FormatProblem("expected Lattice beside a periodic pbc, found none")
    }
    try checkLattice(cell, periodic: periodic)
  }
}
