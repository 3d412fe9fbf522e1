internal import Base
public import Formats

extension SpringModel {
  /// A file whose first character is `{`.
  static let reader = PotentialReader(
    recognises: { bytes in
      bytes.first { $0 != 0x20 && !(0x09...0x0d).contains($0) } == UInt8(ascii: "{")
    }, read: { bytes, file in try SpringModel(parsing: bytes, file: file) })

  /// Reads the text of a file of springs (formats/springs.md).
  ///
  /// - Throws: `InputError` with the line.
  public init(parsing bytes: [UInt8], file: String) throws(InputError) {
    let root = try DemandedMembers(Self.document(bytes, file: file), file: file)
    try root.allow([
      "format", "version", "name", "description", "dimension", "cell", "sublattices", "springs",
    ])
    guard try root.text("format") == "sitevib-springs" else {
      throw root.error("format", "expected 'sitevib-springs'")
    }
    guard try root.integer("version", 1...1_000_000) == 1 else {
      throw root.error("version", "expected 1, the version understood here,")
    }
    let d = try root.integer("dimension", 1...3)
    let rows = try root.array("cell")
    guard rows.count == d else { throw root.error("cell", "expected \(d) vectors") }
    var cell: [Double] = []
    for row in rows { cell += try DemandedMembers.numbers(row, count: d, "cell", file: file) }
    guard abs(SpringModel.volume(cell, d)) > 1e-6 else {
      throw root.error("cell", "expected independent vectors")
    }
    var places: [Double] = []
    var species: [String?] = []
    for node in try root.array("sublattices") {
      let object = try DemandedMembers(node, file: file)
      try object.allow(["position", "species"])
      places += try DemandedMembers.numbers(
        object.node("position"), count: d, "position", file: file)
      species.append(object.has("species") ? try object.text("species") : nil)
    }
    guard (1...1000).contains(species.count) else {
      throw root.error("sublattices", "expected 1 to 1000 of them")
    }
    var springs: [Spring] = []
    for node in try root.array("springs") {
      let object = try DemandedMembers(node, file: file)
      try object.allow(["from", "to", "offset", "k", "g", "h", "r0"])
      let ends = 0...species.count - 1
      let (from, to) = (try object.integer("from", ends), try object.integer("to", ends))
      let offset = try DemandedMembers.integers(object.node("offset"), count: d, file: file)
      var vector = SIMD3<Double>.zero
      for axis in 0..<d {
        for row in 0..<d {
          let apart = places[to * d + row] + Double(offset[row]) - places[from * d + row]
          vector[axis] += apart * cell[row * d + axis]
        }
      }
      let length = (vector * vector).sum().squareRoot()
      guard length > 1e-3, length < 1000 else {
        throw object.error("offset", "expected ends 0.001 to 1000 Å apart")
      }
      let twin = springs.contains { other in
        (other.from, other.to) == (from, to) && other.offset == offset
          || (other.from, other.to) == (to, from) && other.offset == offset.map { -$0 }
      }
      guard !twin else { throw object.error("offset", "expected each spring once") }
      let rest = object.has("r0") ? try object.number("r0") : length
      guard rest > 0 else { throw object.error("r0", "expected a length above 0") }
      springs.append(
        Spring(
          from: from, to: to, offset: offset, k: try object.number("k"),
          g: try object.number("g"), h: try object.number("h"), restLength: rest,
          vector: vector))
    }
    guard (1...10_000).contains(springs.count) else {
      throw root.error("springs", "expected 1 to 10000 of them")
    }
    self.init(
      origin: PotentialOrigin(style: "springs", file: file, bytes: bytes),
      title: try root.text("name"), dimension: d, cell: cell,
      sublatticePositions: places, species: species, springs: springs)
  }

  private static func document(_ bytes: [UInt8], file: String) throws(InputError) -> JSONNode {
    do { return try JSONNode(parsing: bytes) } catch {
      throw InputError(file: file, line: error.line, error.message)
    }
  }

  private static func volume(_ m: [Double], _ d: Int) -> Double {
    if d == 1 { return m[0] }
    if d == 2 { return m[0] * m[3] - m[1] * m[2] }
    let (bc, ca, ab) = (
      m[4] * m[8] - m[5] * m[7], m[5] * m[6] - m[3] * m[8], m[3] * m[7] - m[4] * m[6]
    )
    return m[0] * bc + m[1] * ca + m[2] * ab
  }
}

/// A JSON object whose members are demanded by name and type.
private struct DemandedMembers {
  private let members: [String: JSONNode]
  private let line: Int
  private let file: String

  init(_ node: JSONNode, file: String) throws(InputError) {
    guard case .object(let members) = node.value else {
      throw InputError(file: file, line: node.line, "expected an object, found \(node.kind)")
    }
    self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.node) })
    (line, self.file) = (node.line, file)
  }

  func has(_ name: String) -> Bool { members[name] != nil }

  func error(_ name: String, _ expected: String) -> InputError {
    let found = members[name].map(\.kind) ?? "none"
    return InputError(
      file: file, line: members[name]?.line ?? line, "\(name): \(expected), found \(found)")
  }

  /// A member that nobody reads may be a misspelt one.
  func allow(_ names: [String]) throws(InputError) {
    for (name, node) in members.sorted(by: { $0.value.line < $1.value.line })
    where !names.contains(name) {
      throw InputError(
        file: file, line: node.line,
        "expected one of \(names.joined(separator: ", ")), found \(quoted(name.utf8))")
    }
  }

  func node(_ name: String) throws(InputError) -> JSONNode {
    guard let node = members[name] else { throw error(name, "expected a value") }
    return node
  }

  func text(_ name: String) throws(InputError) -> String {
    guard case .text(let text) = try node(name).value else {
      throw error(name, "expected a string")
    }
    return text
  }

  func number(_ name: String) throws(InputError) -> Double {
    guard let value = try node(name).number else {
      throw error(name, "expected a number")
    }
    return value
  }

  func integer(_ name: String, _ range: ClosedRange<Int>) throws(InputError) -> Int {
    guard let value = Int(exactly: try number(name)), range.contains(value) else {
      throw error(name, "expected an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func array(_ name: String) throws(InputError) -> [JSONNode] {
    guard case .array(let nodes) = try node(name).value else {
      throw error(name, "expected an array")
    }
    return nodes
  }

  static func numbers(
    _ node: JSONNode, count: Int, _ name: String, file: String
  ) throws(InputError) -> [Double] {
    if case .array(let nodes) = node.value {
      let values = nodes.compactMap(\.number).filter { abs($0) < 1e6 }
      if values.count == count && nodes.count == count { return values }
    }
    throw InputError(
      file: file, line: node.line,
      "\(name): expected \(count) numbers below 1e6, found \(node.kind)")
  }

  static func integers(
    _ node: JSONNode, count: Int, file: String
  ) throws(InputError) -> [Int] {
    var result: [Int] = []
    for value in try numbers(node, count: count, "offset", file: file) {
      guard let whole = Int(exactly: value) else {
        throw InputError(
          file: file, line: node.line, "offset: expected integers, found \(value)")
      }
      result.append(whole)
    }
    return result
  }
}
