internal import Base

/// The columns that `Properties` declares: `name:type:width` triples.
struct ColumnLayout: Equatable {
  enum Kind: UInt8 {
    case real, integer, logical, text, species
    /// Reals of a column that is none of ours: NaN and infinities pass through.
    case anyReal

    init(_ type: Vocabulary.ValueType) {
      self =
        switch type {
        case .real: .real
        case .integer: .integer
        case .logical: .logical
        case .text: .text
        }
    }
  }
  struct Entry: Equatable {
    var name: String
    var kind: Kind
    var width: Int
  }

  /// Beyond this a line of values would be longer than a line may be.
  static let widthLimit = 1_000_000

  var entries: [Entry]
  /// Whether `Properties` says so; else it is the default.
  private(set) var isDeclared = false
  /// The kind of each value of a line, shape [width of all columns].
  var fields: [Kind] { entries.flatMap { repeatElement($0.kind, count: $0.width) } }

  /// What a frame has without `Properties`.
  static let plain = ColumnLayout(entries: [
    Entry(name: "species", kind: .species, width: 1), Entry(name: "pos", kind: .real, width: 3),
  ])

  /// ASE's own names for three of them.
  static let aliases = ["symbols": "species", "positions": "pos", "numbers": "Z"]

  init(entries: [Entry]) { self.entries = entries }

  /// Parses the value of `Properties`.
  ///
  /// - Throws: ``FormatProblem``.
  init(_ text: String) throws(FormatProblem) {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)
    // A colon at the end, as ASE reads it.
    if parts.count % 3 == 1, parts.count > 1, parts.last == "" { parts.removeLast() }
    guard parts.count.isMultiple(of: 3) else {
      throw FormatProblem(
        "expected name:type:width triples in Properties, found '\(excerpt(text.utf8))'")
    }
    (entries, isDeclared) = ([], true)
    var seen: Set<String> = []
    var total = 0
    for start in stride(from: 0, to: parts.count, by: 3) {
      let entry = try Self.entry(parts[start], parts[start + 1], parts[start + 2])
      guard seen.insert(entry.name).inserted else {
        throw FormatProblem("expected each column once, found '\(excerpt(entry.name.utf8))' twice")
      }
      total += entry.width
      guard total <= Self.widthLimit else {
        throw FormatProblem("expected at most \(Self.widthLimit) values an atom, found more")
      }
      entries.append(entry)
    }
    guard seen.contains("species") || seen.contains("Z") else {
      throw FormatProblem("expected the column species:S:1, found none")
    }
    guard seen.contains("pos") else {
      throw FormatProblem("expected the column pos:R:3, found none")
    }
  }

  private static func entry(
    _ givenName: Substring, _ type: Substring, _ width: Substring
  ) throws(FormatProblem) -> Entry {
    guard isName(givenName.utf8) else {
      throw FormatProblem(
        "expected a column name of letters, digits and '_', found '\(excerpt(givenName.utf8))'")
    }
    let name = aliases[String(givenName)] ?? String(givenName)
    let kinds: [Substring: Kind] = ["R": .real, "I": .integer, "L": .logical, "S": .text]
    guard var kind = kinds[type] else {
      throw FormatProblem(
        "expected type R, I, L or S for column \(excerpt(name.utf8)), found '\(excerpt(type.utf8))'"
      )
    }
    guard !width.isEmpty, width.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let count = Int(width), count > 0
    else {
      throw FormatProblem(
        "expected a width of at least 1 for column \(excerpt(name.utf8)), "
          + "found '\(excerpt(width.utf8))'")
    }
    guard count <= widthLimit else {
      throw FormatProblem(
        "expected at most \(widthLimit) values an atom, found '\(excerpt(width.utf8))'")
    }
    if let expected = Vocabulary.column(name), expected.isFixed,
      Kind(expected.type) != kind || expected.width != count
    {
      let letter = kinds.first { $0.value == Kind(expected.type) }?.key ?? ""
      throw FormatProblem(
        "expected \(name):\(letter):\(expected.width), found \(name):\(type):\(count)")
    }
    if name == "species" { kind = .species }
    if kind == .real, !(Vocabulary.column(name)?.isFixed ?? false) { kind = .anyReal }
    return Entry(name: name, kind: kind, width: count)
  }
}

/// What is wrong, before the place is known.
struct FormatProblem: Error, Equatable {
  var message: String
  init(_ message: String) { self.message = message }
}

/// Whether bytes match `[A-Za-z_][A-Za-z0-9_]*`.
func isName(_ bytes: some Collection<UInt8>) -> Bool {
  guard let first = bytes.first, !isDigit(first) else { return false }
  return bytes.allSatisfy(isNameByte)
}

/// Whether a byte is of `[A-Za-z0-9_]`.
@inline(__always)
func isNameByte(_ byte: UInt8) -> Bool {
  isDigit(byte) || byte == UInt8(ascii: "_")
    || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
}

/// Whether a byte is of `[-.:/+]`, which words may hold beside names.
@inline(__always)
func isWordSign(_ byte: UInt8) -> Bool {
  // "-", "." and "/" stand in a row in ASCII.
  (byte >= UInt8(ascii: "-") && byte <= UInt8(ascii: "/"))
    || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "+")
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
