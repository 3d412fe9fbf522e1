internal import CommandLine
internal import Crystal
public import Formats
internal import Synchronization

/// A command that reads extended XYZ frames on its standard input and writes each again with its
/// forces, in order, as long as it runs (formats/forces.md).
///
/// It is started once, by the shell, when it is first asked.
public final class PipeCalculator: Calculator {
  public let inFlight = 48
  private let command: String
  private let key: ForceColumn
  private let silence: Double?
  private let child = Mutex<ChildProcess?>(nil)

  /// - Parameters:
  ///   - command: A line for /bin/sh.
  ///   - key: The column of the forces; nil for `forces`, or the only one whose name ends so.
  ///   - silence: Seconds without an answer after which it is given up; nil for never.
  public init(command: String, key: String? = nil, silence: Double? = nil) {
    (self.command, self.silence) = (command, silence)
    self.key = ForceColumn(name: key)
  }

  public func evaluate(_ frame: Frame, at positions: [[Double]]) throws -> [Evaluation] {
    var bytes: [UInt8] = []
    let writer = ExtendedXYZWriter()
    for structure in positions {
      let question = Frame(
        species: frame.species, positions: structure, cell: frame.cell, periodic: frame.periodic,
        source: frame.source)
      try writer.append(question, to: &bytes)
    }
    let (command, silence, count) = (command, silence, frame.atomCount)
    let answers = try child.withLock { child in
      do {
        let running =
          try child
          ?? ChildProcess(
            "/bin/sh", arguments: ["-c", command], answersOn: .standardOutput, name: command)
        child = running
        var scanner = AnswerScanner(atomCount: count, expected: positions.count, program: command)
        try running.exchange(bytes, silence: silence) { try scanner.isComplete($0) }
        return running.take(scanner.end)
      } catch {
        // What comes after a fault is not to be taken for the next answer.
        child = nil
        throw error
      }
    }
    var reader = ExtendedXYZReader(ByteSource(bytes: answers, name: "answer"), name: "answer")
    return try positions.map { structure in
      let next: Frame?
      do { next = try reader.next() } catch { throw problem("\(error)") }
      guard let answer = next else { throw problem("expected a frame, found none") }
      return try evaluation(of: answer, asked: frame, structure)
    }
  }

  private func problem(_ text: String) -> CalculatorError {
    .answer(program: command, problem: text)
  }

  private func evaluation(
    of answer: Frame, asked: Frame, _ positions: [Double]
  ) throws -> Evaluation {
    if let atom = asked.species.indices.first(where: { answer.species[$0] != asked.species[$0] }) {
      throw problem(
        "expected the atoms in the order in which they were given, \(asked.species[atom]) as number "
          + "\(atom + 1), found \(answer.species[atom])")
    }
    let apart: [Double] = zip(answer.positions, positions).map { abs($0 - $1) }
    // Programs may wrap atoms into the cell: another order shows in many of them.
    let moved = stride(from: 0, to: apart.count, by: 3).filter {
      apart[$0..<$0 + 3].contains { $0 > 1e-3 }
    }
    if let first = moved.first, !answer.isWrapped(of: positions, in: asked) {
      throw problem(
        "expected atom \(first / 3 + 1) where it was put, found it elsewhere: another order of atoms"
      )
    }
    let forces: [Double]
    do { forces = try key.forces(of: answer) } catch { throw problem(error.description) }
    let (energy, stress) = (answer.real("energy") ?? answer.real("REF_energy"), answer.stress)
    for (name, value) in [("energy", energy)] + (stress ?? []).map({ ("stress", $0) }) {
      guard let value, !value.isFinite else { continue }
      throw problem("\(name): expected numbers, found \(value)")
    }
    return Evaluation(energy: energy, forces: forces, stress: stress)
  }
}

/// Which column holds the forces.
struct ForceColumn: Sendable {
  /// nil for `forces`, or the only column of three reals whose name ends in it.
  let name: String?

  struct Problem: Error, CustomStringConvertible { let description: String }

  /// In eV/Å, shape [N, 3].
  func forces(of frame: Frame) throws(Problem) -> [Double] {
    let candidates = frame.columns.filter { column in
      guard column.width == 3, case .real = column.values else { return false }
      return column.name == (name ?? column.name)
        && (name != nil || column.name.lowercased().hasSuffix("forces")
          || column.name.lowercased() == "force")
    }.map(\.name)
    let chosen = candidates.contains("forces") ? "forces" : candidates.first
    guard let chosen, let values = frame.reals(chosen, width: 3) else {
      let found = frame.columns.map(\.name).joined(separator: ", ")
      throw Problem(description: "expected a column \(name ?? "forces"):R:3, found \(found)")
    }
    guard candidates.count == 1 || chosen == "forces" else {
      throw Problem(
        description: "expected one column of forces or --forces-key, found "
          + candidates.joined(separator: ", "))
    }
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
    throw Problem(
      description: "\(chosen): expected numbers, found \(values[bad]) for atom \(bad / 3 + 1)")
  }
}

extension Frame {
  /// ASE's key `stress` of nine (or six, Voigt's order) numbers in eV/Å³, shape [3, 3].
  fileprivate var stress: [Double]? {
    let s: [Double]
    switch key("stress") {
    case .reals(let values): s = values
    case .integers(let values): s = values.map(Double.init)
    default: return nil
    }
    switch s.count {
    case 9: return s
    case 6: return [s[0], s[5], s[4], s[5], s[1], s[3], s[4], s[3], s[2]]
    default: return nil
    }
  }

  /// Whether the positions are the given ones but for whole vectors of the cell.
  fileprivate func isWrapped(of positions: [Double], in frame: Frame) -> Bool {
    let cell: Cell
    do { cell = try frame.positionCell() } catch { return false }
    return (0..<atomCount).allSatisfy { atom in
      let u = (0..<3).map { self.positions[3 * atom + $0] - positions[3 * atom + $0] }
      let s = cell.fractional(u[0], u[1], u[2])
      let rest = zip([s.0, s.1, s.2], frame.periodic).map { $1 ? $0 - $0.rounded() : $0 }
      let v = cell.cartesian(rest[0], rest[1], rest[2])
      return max(abs(v.0), abs(v.1), abs(v.2)) <= 1e-3
    }
  }
}

/// Finds the end of so many frames in what a program has written so far.
struct AnswerScanner {
  private let atomCount: Int
  private let expected: Int
  private let program: String
  private var frames = 0
  /// Lines left of the frame; 0 before its line of the count.
  private var linesLeft = 0
  private var lineStart = 0
  private var scanned = 0
  /// Where the last whole frame ends.
  private(set) var end = 0

  init(atomCount: Int, expected: Int, program: String) {
    (self.atomCount, self.expected, self.program) = (atomCount, expected, program)
  }

  /// - Throws: ``CalculatorError`` for a line of another count of atoms.
  mutating func isComplete(_ bytes: [UInt8]) throws(CalculatorError) -> Bool {
    while frames < expected, scanned < bytes.count {
      scanned += 1
      guard bytes[scanned - 1] == 0x0A else {
        // A program that talks without an end of line.
        guard linesLeft > 0 || scanned - lineStart < 200 else {
          throw wrongCount(bytes[lineStart..<scanned])
        }
        continue
      }
      let line = bytes[lineStart..<scanned - 1]
      lineStart = scanned
      if linesLeft == 0 {
        let word = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard word.count == 1, Int(word[0]) == atomCount else { throw wrongCount(line) }
        linesLeft = atomCount + 1
      } else {
        linesLeft -= 1
        if linesLeft == 0 { (frames, end) = (frames + 1, scanned) }
      }
    }
    return frames == expected
  }

  private func wrongCount(_ line: ArraySlice<UInt8>) -> CalculatorError {
    let shown = line.prefix(40).map { 0x20...0x7E ~= $0 ? Character(Unicode.Scalar($0)) : "?" }
    return .answer(
      program: program,
      problem: "expected a frame of \(atomCount) atoms, found the line '\(String(shown))'")
  }
}
