internal import Base

/// Reads the frames of an extended-XYZ stream one at a time.
///
/// Follows formats/extxyz.md; memory is that of one frame, and what a file declares is never
/// allocated before it comes.
public struct ExtendedXYZReader: FrameSequence {
  private var lines: LineBuffer
  private let name: String
  private var frameNumber = 0
  /// 1-based number of the line at the head of `lines`.
  private var lineNumber = 1
  private var previous: FrameHeader?
  private var failure: (any Error)?

  /// - Parameter name: The file for messages; "-" is standard input.
  public init(_ source: ByteSource, name: String) {
    (lines, self.name) = (LineBuffer(source), name)
  }

  /// - Returns: The next frame, or nil at the end of the stream.
  /// - Throws: ``InputError`` where the stream breaks its format, ``SourceError`` where it cannot be
  ///   read; the same again at each further call.
  public mutating func next() throws -> Frame? {
    if let failure { throw failure }
    do {
      return try readFrame()
    } catch {
      failure = error
      throw error
    }
  }

  private mutating func readFrame() throws -> Frame? {
    guard let atomCount = try readCount() else { return nil }
    frameNumber += 1
    let source = FrameSource(file: name, frame: frameNumber, line: lineNumber - 1)
    guard try fill() else { throw error("expected a comment line, found the end of the input") }
    let header: FrameHeader
    do {
      header = try FrameHeader(takeLine(), previous: previous)
      previous = header
    } catch {
      throw self.error(error.message, line: lineNumber - 1)
    }
    var rows = AtomRows(header.layout, expecting: atomCount)
    while rows.count < atomCount {
      guard try fill() else {
        throw error("expected \(atomCount) atoms, found the end of the input after \(rows.count)")
      }
      let before = rows.count
      var head = lines.head
      do {
        try rows.parse(lines.bytes.span, from: &head, to: lines.complete, limit: atomCount)
      } catch {
        throw self.error(error.message, line: lineNumber + rows.count - before)
      }
      lines.head = head
      lineNumber += rows.count - before
    }
    return try frame(header, rows.columns(), source)
  }

  // MARK: Atom count

  /// The atom count of the next frame, or nil behind the last.
  private mutating func readCount() throws -> Int? {
    guard try fill() else {
      if frameNumber > 0 { return nil }
      throw InputError(file: name, frame: 1, line: 1, "expected a frame, found an empty input")
    }
    let line = takeLine()
    let words = line.split(whereSeparator: CommentLine.isBlank)
    guard let word = words.first else { return try skipTrailingBlankLines() }
    let digits = word.first == UInt8(ascii: "+") ? word.dropFirst() : word
    guard words.count == 1, !digits.isEmpty, digits.allSatisfy(isDigit) else {
      throw countError(line)
    }
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard significant.count <= 10, let count = Int(String(decoding: significant, as: UTF8.self)),
      count <= Int32.max
    else {
      throw countError(line)
    }
    return count
  }

  /// Blank lines may end a file; between frames ASE would stop there in silence.
  private mutating func skipTrailingBlankLines() throws -> Int? {
    let first = lineNumber - 1
    while try fill() {
      guard takeLine().allSatisfy(CommentLine.isBlank) else {
        throw countProblem("a blank line", line: first)
      }
    }
    guard frameNumber > 0 else {
      throw InputError(
        file: name, frame: 1, line: first, "expected a frame, found only blank lines")
    }
    return nil
  }

  private func countError(_ line: [UInt8]) -> InputError {
    let isFirst = lineNumber == 2
    if isFirst, let envelope = Envelope.remedy(for: line) {
      return countProblem(envelope, line: 1)
    }
    return countProblem("'\(excerpt(line))'", line: lineNumber - 1)
  }

  private func countProblem(_ found: String, line: Int) -> InputError {
    InputError(
      file: name, frame: frameNumber + 1, line: line,
      "expected an atom count of 1 to \(Int32.max), found \(found)")
  }

  // MARK: Lines

  private mutating func fill() throws -> Bool {
    switch try lines.fill() {
    case .line: return true
    case .end: return false
    case .lineTooLong:
      throw InputError(
        file: name, frame: max(frameNumber, 1), line: lineNumber,
        "expected a line of at most \(LineBuffer.lineLimit >> 20) MiB, found a longer one")
    }
  }

  /// The line at the head, without its end.
  private mutating func takeLine() -> [UInt8] {
    let feed = lines.lineFeed
    var end = feed
    if end > lines.head && lines.bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let line = Array(lines.bytes[lines.head..<end])
    lines.head = feed + 1
    lineNumber += 1
    return line
  }

  private func error(_ message: String, line: Int? = nil) -> InputError {
    InputError(file: name, frame: frameNumber, line: line ?? lineNumber, message)
  }

  // MARK: Frame

  /// Makes the frame; atomic numbers become species, or must agree with them.
  private func frame(
    _ header: FrameHeader, _ columns: [Column], _ source: FrameSource
  ) throws -> Frame {
    var columns = columns
    if let index = columns.firstIndex(where: { $0.name == "Z" }),
      case .integer(let numbers) = columns[index].values
    {
      var symbols: [String] = []
      symbols.reserveCapacity(numbers.count)
      for (atom, number) in numbers.enumerated() {
        guard let symbol = number == 0 ? "X" : Element(atomicNumber: number)?.symbol else {
          throw InputError(
            source, atom: atom, "expected an atomic number of 0 to 118, found \(number)")
        }
        symbols.append(symbol)
      }
      if case .text(let species) = columns.first(where: { $0.name == "species" })?.values {
        if let atom = symbols.indices.first(where: { symbols[$0] != species[$0] }) {
          throw InputError(
            source, atom: atom,
            "expected species and Z to agree, "
              + "found \(species[atom]) and \(numbers[atom])")
        }
        columns.remove(at: index)
      } else {
        columns[index] = Column("species", .text(symbols))
      }
    }
    return Frame(
      columns: columns, keys: header.keys, cell: header.cell, periodic: header.periodic,
      source: source)
  }
}
