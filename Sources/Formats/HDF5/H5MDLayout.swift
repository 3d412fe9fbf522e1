internal import Base

/// Which dataset of the file every column and key of a set of frames goes to.
struct H5MDLayout {
  static let particles = "particles/trajectory"
  static let observables = "observables/trajectory"

  let frames: [Frame]
  /// Rows of an atom in every dataset: the largest number of atoms.
  private let atomCount: Int
  /// Whether frames have fewer atoms than others.
  private let isPadded: Bool
  /// Distinct columns of all frames, in the order of their first appearance.
  let columns: [FrameRecord.StoredColumn]
  /// Distinct lists of columns.
  private let layouts: [[FrameRecord.StoredColumn]]
  /// Which list a frame has.
  private let layoutOfFrame: [Int]

  init(_ frames: [Frame]) {
    self.frames = frames
    atomCount = frames.lazy.map(\.atomCount).max() ?? 0
    isPadded = frames.contains { [atomCount] in $0.atomCount != atomCount }
    var columns: [FrameRecord.StoredColumn] = []
    var taken: Set<String> = ["box", "position", "species"]
    var layouts: [[FrameRecord.StoredColumn]] = []
    layoutOfFrame = frames.map { frame in
      let layout = frame.columns.map { column in
        let kind = Self.kind(column)
        if let known = columns.first(where: {
          $0.name == column.name && $0.kind == kind && $0.width == column.width
        }) {
          return known
        }
        let group = Self.groupName(column, taken: &taken)
        let new = FrameRecord.StoredColumn(
          name: column.name, kind: kind, width: column.width, path: Self.particles + "/" + group)
        columns.append(new)
        return new
      }
      if let index = layouts.firstIndex(of: layout) { return index }
      layouts.append(layout)
      return layouts.count - 1
    }
    (self.columns, self.layouts) = (columns, layouts)
  }

  private static func kind(_ column: Column) -> FrameRecord.StoredColumn.Kind {
    switch column.values {
    case .real: .real
    case .integer: .integer
    case .logical: .logical
    case .text: .text
    }
  }

  /// H5MD's name of a column, made unique where columns of one name differ in type or width.
  private static func groupName(_ column: Column, taken: inout Set<String>) -> String {
    if column.name == "species" { return "species" }
    if column.name == "pos", column.width == 3, case .real = column.values { return "position" }
    var name = column.name
    while !taken.insert(name).inserted { name += "_" }
    return name
  }

  // MARK: What cannot be stored

  static func check(_ frame: Frame) throws(InputError) {
    guard frame.atomCount > 0 else {
      throw InputError(frame.source, "expected at least one atom, found none")
    }
    guard frame.cell.allSatisfy(\.isFinite) else {
      throw InputError(frame.source, "expected a finite cell, found NaN or infinity")
    }
    for column in frame.columns {
      guard FrameRecord.isName(column.name) else {
        throw InputError(
          frame.source,
          "expected a column name of letters, digits and _, found '\(printable(column.name))'")
      }
      guard case .real(let values) = column.values,
        Vocabulary.column(column.name)?.isFixed ?? false
      else { continue }
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw InputError(
          frame.source, atom: index / column.width,
          "expected finite numbers in column \(column.name), found \(values[index])")
      }
    }
  }

  // MARK: Writing

  func write(to image: borrowing FileImage) throws {
    try writeHeader(to: image)
    guard !frames.isEmpty else { return }
    try writeRecord(to: image)
    let position = Self.particles + "/position"
    for column in columns { try write(column, to: image) }
    try image.write(Array(0..<frames.count), to: position + "/step")
    try image.write((0..<frames.count).map(Double.init), to: position + "/time")
    try image.setVariableAttribute("unit", of: position + "/time", to: ["fs"])
    try writeBox(to: image)
    let groups = Set(columns.map(\.path)).sorted() + [Self.box + "/edges", Self.box + "/pbc"]
    for group in groups where group != position { try linkTime(of: group, in: image) }
    try writeObservables(to: image)
    try writeParameters(to: image)
  }

  private func writeHeader(to image: borrowing FileImage) throws(HDF5Error) {
    try image.createGroup("h5md/author")
    try image.createGroup("h5md/creator")
    try image.createGroup("h5md/modules/sitevib")
    try image.setAttribute("version", of: "h5md", to: [Int32(1), 1])
    try image.setFixedAttribute("name", of: "h5md/author", to: ["N/A"])
    try image.setFixedAttribute("name", of: "h5md/creator", to: ["sitevib"])
    try image.setFixedAttribute("version", of: "h5md/creator", to: [sitevibVersion])
    try image.setAttribute("version", of: "h5md/modules/sitevib", to: [Int32(1), 1])
  }

  func linkTime(of group: String, in image: borrowing FileImage) throws(HDF5Error) {
    for name in ["step", "time"] {
      try image.link("\(Self.particles)/position/\(name)", as: "\(group)/\(name)")
    }
  }

  func setOrigin(
    _ origin: String, of group: String, in image: borrowing FileImage
  ) throws(HDF5Error) {
    try image.setVariableAttribute("ASE_ENTRY_ORIGIN", of: group, to: [origin])
  }

  func setUnit(
    of entry: Vocabulary.Entry?, at path: String, in image: borrowing FileImage
  ) throws(HDF5Error) {
    guard let unit = entry?.unit else { return }
    try image.setVariableAttribute("unit", of: path, to: [unit])
  }

  // MARK: Box

  private static let box = particles + "/box"

  private func writeBox(to image: borrowing FileImage) throws(HDF5Error) {
    let box = Self.box
    try image.write(frames.flatMap(\.cell), shape: [frames.count, 3, 3], to: box + "/edges/value")
    try image.setVariableAttribute("unit", of: box + "/edges/value", to: ["Angstrom"])
    let periodic = frames.flatMap { $0.periodic.map { Int8($0 ? 1 : 0) } }
    try image.write(periodic, shape: [frames.count, 3], to: box + "/pbc/value")
    try image.setAttribute("dimension", of: box, to: [Int32(3)], isScalar: true)
    try image.setFixedAttribute(
      "boundary", of: box, to: frames[0].periodic.map { $0 ? "periodic" : "none" }, isScalar: false)
    try setOrigin("atoms", of: box + "/edges", in: image)
    try setOrigin("atoms", of: box + "/pbc", in: image)
  }

  // MARK: Columns

  private func write(
    _ column: FrameRecord.StoredColumn, to image: borrowing FileImage
  ) throws {
    let stored = frames.indices.map { frame in
      layouts[layoutOfFrame[frame]].contains(column) ? frames[frame].column(column.name) : nil
    }
    let hasGaps = isPadded || stored.contains { $0 == nil }
    let path = column.path + "/value"
    switch column.kind {
    case .real:
      try writeReals(stored, column, to: image) { values, _ in
        if case .real(let values) = values { values } else { [] }
      }
    case .integer:
      let fits = integers(stored) { Int32(exactly: $0) != nil }
      if hasGaps {
        try checkExact(stored, column)
        try writeReals(stored, column, to: image) { values, _ in
          if case .integer(let values) = values { values.map(Double.init) } else { [] }
        }
      } else if fits {
        try writeWhole(stored, column, to: image, of: Int32.self) { Int32(truncatingIfNeeded: $0) }
      } else {
        try writeWhole(stored, column, to: image, of: Int.self) { $0 }
      }
    case .logical:
      if hasGaps {
        try writeReals(stored, column, to: image) { values, _ in
          if case .logical(let values) = values { values.map { $0 ? 1 : 0 } } else { [] }
        }
      } else {
        try writeWhole(stored, column, to: image, of: Int8.self, logical: true) { Int8($0) }
      }
    case .text where column.name == "species": try writeSpecies(stored, column, to: image)
    case .text: try writeTexts(stored, column, to: image)
    }
    try setUnit(of: Vocabulary.column(column.name), at: path, in: image)
    let isAtoms = ["position", "species"].contains(FileImage.split(column.path).name)
    try setOrigin(isAtoms ? "atoms" : "arrays", of: column.path, in: image)
  }

  private func rowShape(_ column: FrameRecord.StoredColumn) -> [Int] {
    column.width == 1 ? [atomCount] : [atomCount, column.width]
  }

  /// Writes doubles with NaN where a frame has no atom or no such column.
  private func writeReals(
    _ stored: [Column?], _ column: FrameRecord.StoredColumn, to image: borrowing FileImage,
    _ reals: (Column.Values, Int) -> [Double]
  ) throws(HDF5Error) {
    let rowSize = atomCount * column.width
    let first = stored.firstIndex { $0 != nil }
    let sample = first.flatMap { index in stored[index].map { reals($0.values, index) } }
    var writer = try image.create(
      column.path + "/value", of: Double.self, rowShape: rowShape(column), rows: frames.count,
      like: sample ?? [], fillsWithNaN: true)
    for (index, column) in stored.enumerated() {
      var row = column.map { reals($0.values, index) } ?? []
      row += [Double](repeating: .nan, count: rowSize - row.count)
      try writer.append(row)
    }
  }

  /// Writes integers or logicals of frames that all have them, of equal size.
  private func writeWhole<Element: StoredNumber>(
    _ stored: [Column?], _ column: FrameRecord.StoredColumn, to image: borrowing FileImage,
    of element: Element.Type, logical: Bool = false, _ convert: (Int) -> Element
  ) throws(HDF5Error) {
    var writer = try image.create(
      column.path + "/value", of: Element.self, rowShape: rowShape(column), rows: frames.count,
      logical: logical)
    for column in stored {
      switch column?.values {
      case .integer(let values): try writer.append(values.map(convert))
      case .logical(let values): try writer.append(values.map { convert($0 ? 1 : 0) })
      default: preconditionFailure("a column that is missing has gaps")
      }
    }
  }

  private func integers(_ stored: [Column?], allSatisfy condition: (Int) -> Bool) -> Bool {
    stored.allSatisfy { column in
      guard case .integer(let values) = column?.values else { return true }
      return values.allSatisfy(condition)
    }
  }

  /// Where gaps force integers into doubles, they must come back equal.
  private func checkExact(
    _ stored: [Column?], _ column: FrameRecord.StoredColumn
  ) throws(InputError) {
    for (frame, stored) in zip(frames, stored) {
      guard case .integer(let values) = stored?.values,
        let value = values.first(where: { Int(exactly: Double($0)) != $0 })
      else { continue }
      throw InputError(
        frame.source,
        "expected integers below 2^53 in column \(column.name) of frames that differ in atoms or "
          + "columns, found \(value)")
    }
  }

  // MARK: Text

  /// Writes atomic numbers, 0 where the symbol is no element; then the symbols as well.
  private func writeSpecies(
    _ stored: [Column?], _ column: FrameRecord.StoredColumn, to image: borrowing FileImage
  ) throws {
    var isComplete = true
    let numbers = stored.map { column -> Column? in
      guard case .text(let symbols)? = column?.values else { return nil }
      return Column(
        "species",
        .integer(
          symbols.map { symbol in
            if let element = Element(symbol: symbol) { return element.atomicNumber }
            isComplete = isComplete && symbol == Self.noElement
            return 0
          }))
    }
    if isPadded {
      try writeReals(numbers, column, to: image) { values, _ in
        if case .integer(let values) = values { values.map(Double.init) } else { [] }
      }
    } else {
      try writeWhole(numbers, column, to: image, of: Int32.self) { Int32($0) }
    }
    if !isComplete { try writeRecord(of: stored, column, to: image) }
  }

  /// The symbol that ASE gives the atomic number 0.
  static let noElement = "X"

  /// Writes a JSON list a frame for znh5md and ASE, and the texts themselves for us.
  private func writeTexts(
    _ stored: [Column?], _ column: FrameRecord.StoredColumn, to image: borrowing FileImage
  ) throws {
    let lists = stored.map { stored -> String in
      guard case .text(let texts)? = stored?.values else { return "" }
      guard column.width > 1 else { return JSON.array(texts.map { .text($0) }).description }
      let rows = stride(from: 0, to: texts.count, by: column.width).map { start in
        JSON.array(texts[start..<start + column.width].map { .text($0) })
      }
      return JSON.array(rows).description
    }
    try image.writeVariable(lists, to: column.path + "/value")
    try writeRecord(of: stored, column, to: image)
  }

  /// Writes the texts of a column padded to one length, shape [F, N, width].
  private func writeRecord(
    of stored: [Column?], _ column: FrameRecord.StoredColumn, to image: borrowing FileImage
  ) throws {
    let rowSize = atomCount * column.width
    var texts: [String] = []
    texts.reserveCapacity(rowSize * frames.count)
    for (frame, stored) in zip(frames, stored) {
      var row: [String] = []
      if case .text(let values)? = stored?.values { row = values }
      if let text = row.first(where: { $0.utf8.contains(0) || $0.utf8.count > Self.longestText }) {
        throw InputError(
          frame.source,
          "expected texts of at most \(Self.longestText) bytes in column \(column.name), found "
            + "\(text.utf8.count)")
      }
      texts += row + [String](repeating: "", count: rowSize - row.count)
    }
    try image.write(
      texts, shape: [frames.count, atomCount, column.width],
      to: Self.textPath(of: column))
  }

  /// Every text of a column takes as many bytes as its longest.
  private static let longestText = 4096

  static func textPath(of column: FrameRecord.StoredColumn) -> String {
    "\(FrameRecord.root)/text/\(FileImage.split(column.path).name)"
  }

  // MARK: The record

  private func writeRecord(to image: borrowing FileImage) throws(HDF5Error) {
    let root = FrameRecord.root
    try image.createGroup(root)
    try image.setAttribute(
      "version", of: root, to: [Int32(FrameRecord.version)], isScalar: true)
    try image.write([FrameRecord.encode(layouts)], to: root + "/columns")
    try image.write(layoutOfFrame.map { Int32($0) }, to: root + "/layout")
    try image.write(frames.map(\.atomCount), to: root + "/natoms")
    var text: [UInt8] = []
    var ends: [Int] = []
    for frame in frames {
      text += FrameRecord.encode(frame.keys).utf8
      ends.append(text.count)
    }
    try image.write(text, to: root + "/keys")
    try image.write(ends, to: root + "/key_ends")
  }
}
