internal import Base

/// Writes frames as extended XYZ, in the profile that every known reader reads alike
/// (formats/extxyz.md, "What we write").
public struct ExtendedXYZWriter: Sendable {
  public init() {}

  /// Appends a frame to bytes for output.
  ///
  /// Reals are the shortest decimals that read back as the same doubles. Keys that came from
  /// extended XYZ and were not set since are repeated as they stood.
  ///
  /// - Throws: ``InputError`` for what the profile forbids: no atoms, NaN and infinities, integers
  ///   beyond 32 bits, names and words outside its alphabet, strings beyond 600 characters. Nothing
  ///   is then appended.
  public func append(_ frame: Frame, to output: inout [UInt8]) throws(InputError) {
    let start = output.count
    do {
      try appendHeader(frame, to: &output)
      try appendRows(frame, to: &output)
    } catch {
      output.removeLast(output.count - start)
      throw error
    }
  }

  private static let order = Vocabulary.columns.filter(\.isPlaced).map(\.name)

  /// Columns with a fixed place first; others follow in their own order.
  static func sorted(_ columns: [Column]) -> [Column] {
    order.compactMap { name in columns.first { $0.name == name } }
      + columns.filter { !order.contains($0.name) }
  }

  // MARK: Header

  private func appendHeader(_ frame: Frame, to output: inout [UInt8]) throws(InputError) {
    guard frame.atomCount > 0 else {
      throw InputError(frame.source, "expected a frame with atoms, found none")
    }
    guard frame.cell.allSatisfy(\.isFinite) else {
      throw InputError(frame.source, "expected a finite cell, found a NaN or an infinity")
    }
    appendInteger(frame.atomCount, to: &output)
    output.append(UInt8(ascii: "\n"))
    if frame.cell.contains(where: { $0 != 0 }) {
      output.append(contentsOf: "Lattice=\"".utf8)
      for (index, value) in frame.cell.enumerated() {
        if index > 0 { output.append(UInt8(ascii: " ")) }
        appendReal(value, to: &output)
      }
      output.append(contentsOf: "\" ".utf8)
    } else if frame.periodic.contains(true) {
      throw InputError(frame.source, "expected a cell for a periodic frame, found none")
    }
    output.append(contentsOf: "Properties=".utf8)
    for (index, column) in Self.sorted(frame.columns).enumerated() {
      guard isName(column.name.utf8) else {
        throw InputError(
          frame.source,
          "expected a column name of letters, digits and '_', "
            + "found '\(excerpt(column.name.utf8))'")
      }
      if index > 0 { output.append(UInt8(ascii: ":")) }
      let letter =
        switch column.values {
        case .real: "R"
        case .integer: "I"
        case .logical: "L"
        case .text: "S"
        }
      output.append(contentsOf: "\(column.name):\(letter):\(column.width)".utf8)
    }
    let flags = frame.periodic.map { $0 ? "T" : "F" }.joined(separator: " ")
    output.append(contentsOf: " pbc=\"\(flags)\"".utf8)
    for key in frame.keys {
      do {
        guard let text = try keyText(key) else { continue }
        output.append(contentsOf: " \(keyName(key.name))=\(text)".utf8)
      } catch {
        throw InputError(frame.source, error.message)
      }
    }
    output.append(UInt8(ascii: "\n"))
  }

  // MARK: Rows

  private func appendRows(_ frame: Frame, to output: inout [UInt8]) throws(InputError) {
    let columns = Self.sorted(frame.columns)
    try check(columns, of: frame)
    let written = columns.map(WrittenColumn.init)
    for atom in 0..<frame.atomCount {
      // By index: a copy of a column would count its references up and down for every atom.
      for c in written.indices {
        let width = written[c].width
        for index in atom * width..<(atom + 1) * width {
          switch written[c].kind {
          case .real, .anyReal: appendReal(written[c].reals[index], to: &output)
          case .integer: appendInteger(written[c].integers[index], to: &output)
          case .logical: output.append(UInt8(ascii: written[c].logicals[index] ? "T" : "F"))
          case .text, .species: output.append(contentsOf: written[c].texts[index].utf8)
          }
          output.append(UInt8(ascii: " "))
        }
      }
      output[output.count - 1] = UInt8(ascii: "\n")
    }
  }

  /// A column with its values out of their enumeration, for a loop over atoms.
  private struct WrittenColumn {
    let width: Int
    let kind: ColumnLayout.Kind
    var reals: [Double] = []
    var integers: [Int] = []
    var logicals: [Bool] = []
    var texts: [String] = []

    init(_ column: Column) {
      width = column.width
      switch column.values {
      case .real(let values): (kind, reals) = (.real, values)
      case .integer(let values): (kind, integers) = (.integer, values)
      case .logical(let values): (kind, logicals) = (.logical, values)
      case .text(let values): (kind, texts) = (.text, values)
      }
    }
  }

  private func check(_ columns: [Column], of frame: Frame) throws(InputError) {
    for column in columns {
      let bad: (index: Int, message: String)?
      switch column.values {
      case .real(let values) where Vocabulary.column(column.name)?.isFixed ?? false:
        bad = values.firstIndex { !$0.isFinite }.map { ($0, "a finite number") }
      case .integer(let values):
        bad = values.firstIndex { Int32(exactly: $0) == nil }.map { ($0, "an integer of 32 bits") }
      case .real, .logical: bad = nil
      case .text(let values): bad = firstBadWord(values).map { ($0, "a word") }
      }
      if let bad {
        throw InputError(
          frame.source, atom: bad.index / column.width,
          "expected \(bad.message) for \(column.name), found another value")
      }
    }
  }

  private func firstBadWord(_ words: [String]) -> Int? {
    // Few species, many atoms: a word equal to the last good one needs no second look.
    var good: String?
    return words.firstIndex { word in
      if word == good { return false }
      let isBad =
        word.isEmpty || word.utf8.first == UInt8(ascii: "\"")
        || word.utf8.contains { $0 <= 0x20 || $0 == 0x7F }
      if !isBad { good = word }
      return isBad
    }
  }
}
