/// One configuration of atoms: a cell, columns by name, keys by name.
///
/// The labels of the sites (species, sublattice, reference position) are columns like any other;
/// `Labels.swift` gives them by name. Every column has `atomCount` rows.
public struct Frame: Sendable {
  public let atomCount: Int
  /// Cell vectors a, b, c as rows in Å, shape [3, 3], row-major; all zero where there is none.
  public var cell: [Double]
  /// Whether the frame repeats along a, b and c, shape [3].
  public var periodic: [Bool]
  /// The columns in the order of the file; `species` and `pos` are among them.
  public private(set) var columns: [Column]
  /// The keys in the order of the file, without `Lattice`, `Properties` and `pbc`.
  public private(set) var keys: [Key]
  /// Where the frame comes from, for messages.
  public var source: FrameSource

  /// - Parameters:
  ///   - species: Element symbols, shape [N].
  ///   - positions: Cartesian positions in Å, shape [N, 3], row-major.
  ///   - cell: Rows a, b, c in Å, shape [3, 3].
  /// - Precondition: The shapes agree.
  public init(
    species: [String], positions: [Double], cell: [Double], periodic: [Bool] = [true, true, true],
    source: FrameSource = FrameSource(file: "-", frame: 1)
  ) {
    self.init(
      columns: [Column("species", .text(species)), Column("pos", width: 3, .real(positions))],
      cell: cell, periodic: periodic, source: source)
  }

  /// - Precondition: `columns` holds `species:S:1` and `pos:R:3`, and all have as many rows.
  public init(
    columns: [Column], keys: [Key] = [], cell: [Double], periodic: [Bool], source: FrameSource
  ) {
    precondition(cell.count == 9 && periodic.count == 3, "cell: expected [3, 3]")
    (self.columns, self.keys) = (columns, keys)
    (self.cell, self.periodic, self.source) = (cell, periodic, source)
    guard let species = columns.first(where: { $0.name == "species" }),
      case .text(let symbols) = species.values
    else { preconditionFailure("no species column") }
    atomCount = symbols.count
    precondition(
      columns.allSatisfy { $0.values.count == $0.width * symbols.count }, "ragged columns")
    precondition(columns.contains { $0.name == "pos" && $0.width == 3 }, "no pos column")
  }

  // MARK: Columns

  public func column(_ name: String) -> Column? { columns.first { $0.name == name } }

  /// Replaces the column of the same name where it stands, or appends.
  ///
  /// - Precondition: The column has `atomCount` rows.
  public mutating func setColumn(_ column: Column) {
    precondition(column.values.count == column.width * atomCount, "ragged column \(column.name)")
    if let index = columns.firstIndex(where: { $0.name == column.name }) {
      columns[index] = column
    } else {
      columns.append(column)
    }
  }

  public mutating func removeColumn(_ name: String) { columns.removeAll { $0.name == name } }

  /// The values of a real column, or nil where there is none of that name, type and width.
  public func reals(_ name: String, width: Int = 1) -> [Double]? {
    guard let column = column(name), column.width == width, case .real(let values) = column.values
    else { return nil }
    return values
  }

  /// The values of an integer column, or nil where there is none of that name, type and width.
  public func integers(_ name: String, width: Int = 1) -> [Int]? {
    guard let column = column(name), column.width == width,
      case .integer(let values) = column.values
    else { return nil }
    return values
  }

  // MARK: Keys

  public func key(_ name: String) -> KeyValue? { keys.first { $0.name == name }?.value }

  /// Replaces the key of the same name where it stands, or appends.
  public mutating func setKey(_ name: String, _ value: KeyValue) {
    let key = Key(name, value)
    if let index = keys.firstIndex(where: { $0.name == name }) {
      keys[index] = key
    } else {
      keys.append(key)
    }
  }

  public mutating func removeKey(_ name: String) { keys.removeAll { $0.name == name } }

  /// The words of a text key, or nil.
  public func text(_ name: String) -> String? {
    if case .text(let value) = key(name) { value } else { nil }
  }

  public func integer(_ name: String) -> Int? {
    if case .integer(let value) = key(name) { value } else { nil }
  }

  /// The value of a real or integer key, or nil.
  public func real(_ name: String) -> Double? {
    switch key(name) {
    case .real(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}

extension Frame: Equatable {
  /// Equal content; where a frame comes from does not matter.
  public static func == (left: Frame, right: Frame) -> Bool {
    left.cell == right.cell && left.periodic == right.periodic && left.columns == right.columns
      && left.keys == right.keys
  }
}

/// The place of a frame in an input.
public struct FrameSource: Equatable, Sendable {
  /// The name of the file, "-" for standard input.
  public var file: String
  /// 1-based number of the frame in its file.
  public var frame: Int
  /// 1-based line of the atom count where the file has lines.
  public var line: Int?

  public init(file: String, frame: Int, line: Int? = nil) {
    (self.file, self.frame, self.line) = (file, frame, line)
  }

  /// "si.xyz: frame 3", for messages.
  public var place: String { "\(file == "-" ? "standard input" : file): frame \(frame)" }

  /// The 1-based line of an atom (counted from 0), or nil where the file has no lines.
  public func line(ofAtom atom: Int) -> Int? { line.map { $0 + 2 + atom } }
}

/// An input breaks its format, or lacks what a tool needs: where, what was expected, what stands there.
public struct InputError: Error, Equatable, Sendable {
  public var file: String
  public var frame: Int?
  public var line: Int?
  /// One clause, such as "expected 3 numbers, found 2"; printable, short, without a full stop.
  public var message: String

  public init(file: String, frame: Int? = nil, line: Int? = nil, _ message: String) {
    (self.file, self.frame, self.line, self.message) = (file, frame, line, message)
  }

  /// An error about a frame, or about one of its atoms (counted from 0).
  public init(_ source: FrameSource, atom: Int? = nil, _ message: String) {
    let line = atom.map(source.line(ofAtom:)) ?? source.line
    self.init(file: source.file, frame: source.frame, line: line, message)
  }
}

extension InputError: CustomStringConvertible {
  public var description: String {
    let name = file == "-" ? "standard input" : file
    let place = [frame.map { "frame \($0)" }, line.map { "line \($0)" }].compactMap { $0 }
    return place.isEmpty
      ? "\(name): \(message)"
      : "\(name): \(place.joined(separator: ", ")): \(message)"
  }
}
