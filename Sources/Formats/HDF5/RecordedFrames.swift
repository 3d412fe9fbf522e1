/// The frames of our own files: the numbers from H5MD's datasets, the rest from `/sitevib/frames`.
struct RecordedFrames: FrameContent {
  let frameCount: Int
  private let layouts: [[FrameRecord.StoredColumn]]
  private let layoutOfFrame: [Int]
  private let atomCounts: [Int]
  private let keys: [UInt8]
  private let keyEnds: [Int]
  private let numbers: [String: FrameRows]
  private let texts: [String: FrameRows]
  private let edges: FrameRows
  private let periodic: FrameRows

  init(_ image: borrowing FileImage) throws(HDF5Error) {
    let root = FrameRecord.root
    try image.checkVersion(of: root, understood: FrameRecord.version)
    let columns = try image.dataset(root + "/columns")
    try columns.expect(shape: [1])
    layouts = try FrameRecord.layouts(columns.texts()[0])
    let counts = try image.dataset(root + "/natoms")
    try counts.expect(shape: [-1])
    atomCounts = try counts.integers()
    frameCount = atomCounts.count
    let layout = try image.dataset(root + "/layout")
    try layout.expect(shape: [frameCount])
    layoutOfFrame = try layout.integers()
    let ends = try image.dataset(root + "/key_ends")
    try ends.expect(shape: [frameCount])
    keyEnds = try ends.integers()
    keys = try image.dataset(root + "/keys").bytes()

    let rows = atomCounts.max() ?? 0
    guard frameCount > 0, atomCounts.allSatisfy({ $0 > 0 }) else {
      throw .unexpected(
        object: "/\(root)/natoms", expected: "frames with atoms", found: "\(atomCounts.prefix(9))")
    }
    for index in layoutOfFrame where !layouts.indices.contains(index) {
      throw .unexpected(
        object: "/\(root)/layout", expected: "indices of \(layouts.count) lists of columns",
        found: "\(index)")
    }
    for (index, end) in keyEnds.enumerated() {
      guard end >= (index == 0 ? 0 : keyEnds[index - 1]), end <= keys.count else {
        throw .unexpected(
          object: "/\(root)/key_ends", expected: "ascending offsets up to \(keys.count)",
          found: "\(end)")
      }
    }
    var numbers: [String: FrameRows] = [:]
    var texts: [String: FrameRows] = [:]
    for column in Set(layouts.joined().map(\.path)).sorted() {
      guard let column = layouts.joined().first(where: { $0.path == column }) else { continue }
      let textPath = H5MDLayout.textPath(of: column)
      if column.kind == .text, try image.kind(of: textPath) != nil {
        let reader = try image.dataset(textPath)
        try reader.expect(shape: [frameCount, rows, column.width])
        texts[column.path] = FrameRows(reader)
      } else {
        let reader = try image.dataset(column.path + "/value")
        try Self.checkUnit(of: column.name, at: column.path + "/value", in: image)
        try reader.expect(shape: [frameCount, rows] + (column.width == 1 ? [] : [column.width]))
        numbers[column.path] = FrameRows(reader)
      }
    }
    (self.numbers, self.texts) = (numbers, texts)
    let box = H5MDLayout.particles + "/box"
    let edges = try image.dataset(box + "/edges/value")
    try Self.checkUnit(of: "pos", at: box + "/edges/value", in: image)
    try edges.expect(shape: [frameCount, 3, 3])
    self.edges = FrameRows(edges)
    let periodic = try image.dataset(box + "/pbc/value")
    try periodic.expect(shape: [frameCount, 3])
    self.periodic = FrameRows(periodic)
    try Self.checkColumns(layouts)
  }

  /// Behind our seal units are ours; where another program changed the file they must still be.
  private static func checkUnit(
    of name: String, at path: String, in image: borrowing FileImage
  ) throws(HDF5Error) {
    guard !image.isSealed, let wanted = Vocabulary.column(name)?.unit,
      let found = try image.textsAttribute("unit", of: path), found != [wanted]
    else { return }
    throw .unexpected(
      object: "/\(path)@unit", expected: "'\(wanted)' beside /\(FrameRecord.root)",
      found: found.map { "'\($0)'" }.joined(separator: ", "))
  }

  /// A frame needs symbols and positions, and no name twice.
  private static func checkColumns(
    _ layouts: [[FrameRecord.StoredColumn]]
  ) throws(HDF5Error) {
    for layout in layouts {
      let hasSpecies = layout.contains { $0.name == "species" && $0.kind == .text && $0.width == 1 }
      let hasPositions = layout.contains { $0.name == "pos" && $0.kind == .real && $0.width == 3 }
      guard hasSpecies, hasPositions, Set(layout.map(\.name)).count == layout.count else {
        throw .unexpected(
          object: "/\(FrameRecord.root)/columns", expected: "species, pos and no name twice",
          found: layout.map(\.name).joined(separator: ", "))
      }
    }
  }

  func frame(at index: Int, source: FrameSource) throws -> Frame {
    let atomCount = atomCounts[index]
    let columns = try layouts[layoutOfFrame[index]].map { stored in
      try column(stored, frame: index, atomCount: atomCount)
        .normalized(in: source, object: "/" + stored.path)
    }
    let cell = Array(try edges.reals(index))
    guard cell.allSatisfy(\.isFinite) else {
      throw HDF5Error.unexpected(
        object: edges.reader.object, expected: "finite numbers", found: "\(cell)")
    }
    let start = index == 0 ? 0 : keyEnds[index - 1]
    let keys = try FrameRecord.keys(keys[start..<keyEnds[index]]).map {
      try $0.normalized(in: source, object: "/\(FrameRecord.root)/keys")
    }
    return Frame(
      columns: columns, keys: keys, cell: cell,
      periodic: try logicals(Array(periodic.integers(index)), periodic.reader.object),
      source: source)
  }

  private func column(
    _ stored: FrameRecord.StoredColumn, frame: Int, atomCount: Int
  ) throws(HDF5Error) -> Column {
    let count = atomCount * stored.width
    if let rows = texts[stored.path] {
      let values = Array(try rows.texts(frame).prefix(count))
      return Column(stored.name, width: stored.width, .text(values))
    }
    guard let rows = numbers[stored.path] else { throw .missing(object: "/" + stored.path) }
    let values: Column.Values
    switch stored.kind {
    case .real:
      let reals = Array(try rows.reals(frame).prefix(count))
      if Vocabulary.column(stored.name)?.isFixed ?? false,
        let value = reals.first(where: { !$0.isFinite })
      {
        throw .unexpected(object: rows.reader.object, expected: "finite numbers", found: "\(value)")
      }
      values = .real(reals)
    case .integer: values = .integer(try integers(rows, frame: frame, count: count))
    case .logical:
      values = .logical(
        try logicals(
          integers(rows, frame: frame, count: count, acceptsLogicals: true), rows.reader.object))
    case .text:
      let integers = try integers(rows, frame: frame, count: count)
      values = .text(try symbols(integers, rows.reader.object))
    }
    return Column(stored.name, width: stored.width, values)
  }

  /// Integers, which stand as doubles where frames differ in atoms or columns.
  private func integers(
    _ rows: FrameRows, frame: Int, count: Int, acceptsLogicals: Bool = false
  ) throws(HDF5Error) -> [Int] {
    guard rows.reader.kind == .real else {
      guard rows.reader.kind == .integer || acceptsLogicals else {
        throw .unexpected(
          object: rows.reader.object, expected: "integers", found: rows.reader.kind.rawValue)
      }
      return Array(try rows.integers(frame).prefix(count))
    }
    return try wholeNumbers(rows.reals(frame).prefix(count), rows.reader.object)
  }
}

/// The integers that doubles hold.
func wholeNumbers(
  _ reals: some Sequence<Double>, _ object: String
) throws(HDF5Error) -> [Int] {
  var integers: [Int] = []
  for value in reals {
    guard let integer = Int(exactly: value) else {
      throw .unexpected(object: object, expected: "integers", found: "\(value)")
    }
    integers.append(integer)
  }
  return integers
}

/// The truth values that integers stand for.
func logicals(_ integers: [Int], _ object: String) throws(HDF5Error) -> [Bool] {
  if let value = integers.first(where: { !(0...1).contains($0) }) {
    throw .unexpected(object: object, expected: "0 or 1", found: "\(value)")
  }
  return integers.map { $0 == 1 }
}

/// The symbols of atomic numbers.
func symbols(_ numbers: [Int], _ object: String) throws(HDF5Error) -> [String] {
  var known = [0: H5MDLayout.noElement]
  var symbols: [String] = []
  symbols.reserveCapacity(numbers.count)
  for number in numbers {
    if let symbol = known[number] {
      symbols.append(symbol)
      continue
    }
    guard let element = Element(atomicNumber: number) else {
      throw .unexpected(object: object, expected: "atomic numbers", found: "\(number)")
    }
    known[number] = element.symbol
    symbols.append(element.symbol)
  }
  return symbols
}
