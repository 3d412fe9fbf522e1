internal import Base

/// What `/sitevib/frames` keeps of the frames besides their numbers: the columns in order with their
/// types, and the keys in order with the text they had.
enum FrameRecord {
  /// Version of the tree `/sitevib/frames` (formats/h5md-dataset.md).
  static let version = 1
  static let root = "sitevib/frames"

  /// One column as it is stored.
  struct StoredColumn: Equatable {
    enum Kind: String { case real, integer, logical, text }

    let name: String
    let kind: Kind
    let width: Int
    /// The group of its numbers, or the dataset of its texts.
    let path: String
  }

  // MARK: Columns

  static func encode(_ layouts: [[StoredColumn]]) -> String {
    let json = layouts.map { columns in
      JSON.array(
        columns.map { column in
          .object([
            "name": .text(column.name), "type": .text(column.kind.rawValue),
            "width": .integer(column.width), "path": .text(column.path),
          ])
        })
    }
    return JSON.array(json).description
  }

  static func layouts(_ text: String) throws(HDF5Error) -> [[StoredColumn]] {
    let object = "/\(root)/columns"
    guard let layouts = try parse(Array(text.utf8), object).array else {
      throw .unexpected(object: object, expected: "a list", found: "other JSON")
    }
    return try layouts.map { layout throws(HDF5Error) in
      try (layout.array ?? []).map { json throws(HDF5Error) in
        guard let name = json["name"]?.text, isName(name), let width = json["width"]?.integer,
          (1...1_000_000).contains(width), let path = json["path"]?.text,
          let kind = json["type"]?.text.flatMap(StoredColumn.Kind.init(rawValue:))
        else {
          throw .unexpected(
            object: object, expected: "name, type, width and path of a column",
            found: json.description)
        }
        return StoredColumn(name: name, kind: kind, width: width, path: path)
      }
    }
  }

  // MARK: Keys

  static func encode(_ keys: [Key]) -> String {
    JSON.array(
      keys.map { key in
        let (kind, value) = encode(key.value)
        let raw = key.rawText.map { [JSON.text($0)] } ?? []
        return .array([.text(key.name), .text(kind), value] + raw)
      }
    ).description
  }

  static func keys(_ bytes: ArraySlice<UInt8>) throws(HDF5Error) -> [Key] {
    let object = "/\(root)/keys"
    guard let entries = try parse(Array(bytes), object).array else {
      throw .unexpected(object: object, expected: "a list", found: "other JSON")
    }
    return try entries.map { entry throws(HDF5Error) in
      guard let parts = entry.array, (3...4).contains(parts.count), let name = parts[0].text,
        let kind = parts[1].text, let value = decode(kind, parts[2]),
        parts.count == 3 || parts[3].text != nil
      else {
        throw .unexpected(
          object: object, expected: "name, type and value of a key", found: entry.description)
      }
      return Key(name, value, rawText: parts.count == 4 ? parts[3].text : nil)
    }
  }

  private static func encode(_ value: KeyValue) -> (kind: String, value: JSON) {
    switch value {
    case .integer(let value): ("i", .integer(value))
    case .real(let value): ("r", encode(value))
    case .logical(let value): ("l", .logical(value))
    case .text(let value): ("t", .text(value))
    case .integers(let values): ("I", .array(values.map { .integer($0) }))
    case .reals(let values): ("R", .array(values.map(encode)))
    case .logicals(let values): ("L", .array(values.map { .logical($0) }))
    case .texts(let values): ("T", .array(values.map { .text($0) }))
    }
  }

  /// JSON has no NaN and no infinities; a key of a foreign file may hold one, and passes through.
  private static func encode(_ value: Double) -> JSON {
    value.isFinite ? .real(value) : .text(value.description)
  }

  private static func decodeReal(_ json: JSON) -> Double? {
    if let value = json.real { return value }
    guard let word = json.text, ["nan", "-nan", "inf", "-inf"].contains(word) else { return nil }
    return Double(word)
  }

  private static func decode(_ kind: String, _ json: JSON) -> KeyValue? {
    switch kind {
    case "i": json.integer.map { .integer($0) }
    case "r": decodeReal(json).map { .real($0) }
    case "l": logical(json).map { .logical($0) }
    case "t": json.text.map { .text($0) }
    case "I": all(json.array) { $0.integer }.map { .integers($0) }
    case "R": all(json.array, decodeReal).map { .reals($0) }
    case "L": all(json.array, logical).map { .logicals($0) }
    case "T": all(json.array) { $0.text }.map { .texts($0) }
    default: nil
    }
  }

  private static func logical(_ json: JSON) -> Bool? {
    if case .logical(let value) = json { value } else { nil }
  }

  // MARK: Help

  /// The transformed elements, or nil where one of them is none.
  static func all<Element, Result>(
    _ elements: [Element]?, _ transform: (Element) -> Result?
  ) -> [Result]? {
    guard let elements else { return nil }
    let results = elements.compactMap(transform)
    return results.count == elements.count ? results : nil
  }

  private static func parse(_ bytes: [UInt8], _ object: String) throws(HDF5Error) -> JSON {
    do { return try JSON(parsing: bytes) } catch {
      throw .unexpected(object: object, expected: "JSON", found: error.description)
    }
  }

  /// Whether a name of a column or key may stand in a file: `[A-Za-z_][A-Za-z0-9_]*`.
  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !isDigit(first) else { return false }
    return name.utf8.allSatisfy { isDigit($0) || isLetter($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
  }
}
