internal import Base

/// The lines of the atoms of one frame, read into flat storage.
///
/// Values of one kind lie together, line after line; `columns` sorts them apart at the end. Nothing
/// is allocated for atoms that were declared and have not come.
struct AtomRows {
  private let layout: ColumnLayout
  private let fields: [ColumnLayout.Kind]
  private(set) var count = 0
  private var reals: [Double] = []
  private var integers: [Int] = []
  private var logicals: [Bool] = []
  private var texts: [String] = []
  private var words = WordCache()

  init(_ layout: ColumnLayout, expecting atoms: Int) {
    self.layout = layout
    fields = layout.fields
    // Enough for any frame of common size; more only grows as it comes.
    let rows = min(atoms, max(1, 65_536 / fields.count))
    reals.reserveCapacity(rows * fields.count { $0 == .real || $0 == .anyReal })
    integers.reserveCapacity(rows * fields.count { $0 == .integer })
    logicals.reserveCapacity(rows * fields.count { $0 == .logical })
    texts.reserveCapacity(rows * fields.count { $0 == .text || $0 == .species })
  }

  /// Parses whole lines from `head` on until there are `limit` atoms or the lines end.
  ///
  /// - Parameters:
  ///   - bytes: Whole lines, and 8 bytes of padding behind `end`.
  ///   - head: Start of a line; left behind the last line read.
  /// - Throws: ``FormatProblem`` about the line of atom `count`.
  mutating func parse(
    _ bytes: Span<UInt8>, from head: inout Int, to end: Int, limit: Int
  ) throws(FormatProblem) {
    while count < limit && head < end {
      head = try parseLine(bytes, from: head)
      count &+= 1
    }
  }

  private mutating func parseLine(
    _ bytes: Span<UInt8>, from start: Int
  ) throws(FormatProblem) -> Int {
    var position = start
    for field in fields.indices {
      position = skipBlanks(bytes, position)
      let token = position
      switch fields[field] {
      case .real:
        guard let value = parseReal(bytes, &position), isTokenEnd(bytes[position]) else {
          throw problem(bytes, line: start, token: token, field: field)
        }
        reals.append(value)
      case .anyReal:
        if let value = parseReal(bytes, &position), isTokenEnd(bytes[position]) {
          reals.append(value)
          continue
        }
        position = tokenEnd(bytes, token)
        guard let value = parseNonFinite(bytes.extracting(token..<position)) else {
          throw problem(bytes, line: start, token: token, field: field)
        }
        reals.append(value)
      case .integer:
        guard let value = parseInteger(bytes, &position), isTokenEnd(bytes[position]),
          let narrow = Int32(exactly: value)
        else { throw problem(bytes, line: start, token: token, field: field) }
        integers.append(Int(narrow))
      case .logical:
        position = tokenEnd(bytes, token)
        guard let value = parseLogical(bytes.extracting(token..<position)) else {
          throw problem(bytes, line: start, token: token, field: field)
        }
        logicals.append(value)
      case .text, .species:
        position = tokenEnd(bytes, token)
        let isSpecies = fields[field] == .species
        guard let word = words.word(bytes, token..<position, isSpecies: isSpecies) else {
          throw problem(bytes, line: start, token: token, field: field)
        }
        texts.append(word)
      }
    }
    position = skipBlanks(bytes, position)
    if bytes[position] == UInt8(ascii: "\r") { position &+= 1 }
    guard bytes[position] == UInt8(ascii: "\n") else {
      throw problem(bytes, line: start, token: position, field: fields.count)
    }
    return position &+ 1
  }

  /// Says what is wrong with a field; slow, as it ends the reading.
  @inline(never)
  private func problem(
    _ bytes: Span<UInt8>, line: Int, token: Int, field: Int
  ) -> FormatProblem {
    var position = line
    var found = 0
    while true {
      position = skipBlanks(bytes, position)
      if isLineEnd(bytes, position) { break }
      position = tokenEnd(bytes, position)
      // A lone carriage return ends a token without being a blank.
      if bytes[position] == UInt8(ascii: "\r") && !isLineEnd(bytes, position) { position += 1 }
      found += 1
    }
    // One value is the atom count of the next frame: this one is a line short.
    if found != fields.count && (found < 2 || field == fields.count || isLineEnd(bytes, token)) {
      let remedy =
        found > fields.count && !layout.isDeclared
        ? " (line 2 names no others: Properties=species:S:1:pos:R:3:...)" : ""
      return FormatProblem("expected \(fields.count) values for an atom\(remedy), found \(found)")
    }
    var end = tokenEnd(bytes, token)
    if bytes[end] == UInt8(ascii: "\r") && !isLineEnd(bytes, end) { end += 1 }
    var shown: [UInt8] = []
    for index in token..<end where shown.count < 64 { shown.append(bytes[index]) }
    let text = excerpt(shown)
    guard field < fields.count else {
      return FormatProblem("expected the end of the line, found '\(text)'")
    }
    let expected =
      switch fields[field] {
      case .real: "a finite number"
      case .anyReal: "a number"
      case .integer: "an integer of 32 bits"
      case .logical: "T or F"
      case .text: "a word"
      case .species: "an element symbol"
      }
    return FormatProblem("expected \(expected) for \(name(ofField: field)), found '\(text)'")
  }

  private func name(ofField field: Int) -> String {
    var first = 0
    for entry in layout.entries {
      if field < first + entry.width { return excerpt(entry.name.utf8) }
      first += entry.width
    }
    return ""
  }

  // MARK: Columns

  /// The columns of what was read, in the order of the file.
  func columns() -> [Column] {
    var offsets: [Int: Int] = [:]
    return layout.entries.map { entry in
      // Text and species share storage, and so do reals.
      let kind: ColumnLayout.Kind =
        switch entry.kind {
        case .species: .text
        case .anyReal: .real
        default: entry.kind
        }
      let offset = offsets[Int(kind.rawValue), default: 0]
      offsets[Int(kind.rawValue)] = offset + entry.width
      let values: Column.Values =
        switch kind {
        case .real, .anyReal: .real(Self.slice(reals, count, offset, entry.width))
        case .integer: .integer(Self.slice(integers, count, offset, entry.width))
        case .logical: .logical(Self.slice(logicals, count, offset, entry.width))
        case .text, .species: .text(Self.slice(texts, count, offset, entry.width))
        }
      return Column(entry.name, width: entry.width, values)
    }
  }

  private static func slice<T>(_ all: [T], _ rows: Int, _ offset: Int, _ width: Int) -> [T] {
    guard rows > 0, all.count != rows * width else { return all }
    let stride = all.count / rows
    var result: [T] = []
    result.reserveCapacity(rows * width)
    for row in 0..<rows {
      let first = row * stride + offset
      for index in first..<first + width { result.append(all[index]) }
    }
    return result
  }
}

// MARK: Tokens

@inline(__always)
func skipBlanks(_ bytes: Span<UInt8>, _ start: Int) -> Int {
  var position = start
  while bytes[position] == 0x20 || bytes[position] == 0x09 { position &+= 1 }
  return position
}

@inline(__always)
private func isTokenEnd(_ byte: UInt8) -> Bool {
  byte == 0x20 || (byte >= 0x09 && byte <= 0x0D && byte != 0x0B && byte != 0x0C)
}

/// The end of the token that starts at `start`.
@inline(__always)
private func tokenEnd(_ bytes: Span<UInt8>, _ start: Int) -> Int {
  var position = start
  while !isTokenEnd(bytes[position]) { position &+= 1 }
  return position
}

private func isLineEnd(_ bytes: Span<UInt8>, _ position: Int) -> Bool {
  bytes[position] == UInt8(ascii: "\n")
    || (bytes[position] == UInt8(ascii: "\r") && bytes[position + 1] == UInt8(ascii: "\n"))
}

/// What other programs write where there is no number, in any case, or nil.
func parseNonFinite(_ token: Span<UInt8>) -> Double? {
  guard token.count <= 9 else { return nil }
  var word = ""
  for index in token.indices { word.unicodeScalars.append(UnicodeScalar(token[index] | 0x20)) }
  let sign = token.isEmpty ? 0 : token[0]
  switch word {
  case "nan": return .nan
  case "inf", "infinity": return .infinity
  default: break
  }
  guard sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else { return nil }
  switch word.dropFirst() {
  case "nan": return .nan
  case "inf", "infinity": return sign == UInt8(ascii: "-") ? -.infinity : .infinity
  default: return nil
  }
}

/// T, F and the other spellings both peers know in a comment line; 1 and 0 are no logicals.
func parseLogical(_ token: Span<UInt8>) -> Bool? {
  switch token.count {
  case 1 where token[0] == UInt8(ascii: "T"): return true
  case 1 where token[0] == UInt8(ascii: "F"): return false
  case 4, 5:
    var word = ""
    for index in token.indices { word.unicodeScalars.append(UnicodeScalar(token[index])) }
    return logicalWords[word]
  default: return nil
  }
}

let logicalWords = [
  "T": true, "F": false, "True": true, "False": false, "true": true, "false": false,
  "TRUE": true, "FALSE": false,
]
