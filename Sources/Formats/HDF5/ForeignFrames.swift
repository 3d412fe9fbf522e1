internal import Base

/// The frames of an H5MD file that another program wrote: znh5md, MDAnalysis, h5py scripts.
///
/// Tolerated: integers as reals, NaN where a frame has fewer atoms or lacks a column, boxes as edges
/// or vectors, fixed or per frame, species without frames, any name of the group, no `step` or `time`.
struct ForeignFrames: FrameContent {
  let frameCount: Int
  private let positions: FrameRows
  private let species: Quantity
  private let edges: Quantity?
  private let periodic: Quantity?
  private let boundary: [Bool]
  /// What positions are multiplied with to be in Å.
  private let positionFactor: Double
  /// Symbols by the numbers of the species; empty for atomic numbers.
  private let types: [String]
  /// Symbols of an enumeration, in place of numbers.
  private let namedSpecies: NamedSpecies?
  /// Whether there is `mass` that names no unit.
  private let massIsWithoutUnit: Bool
  /// Per-atom quantities by the name they get, sorted.
  private let columns: [(name: String, quantity: Quantity)]
  /// Per-frame quantities by name, sorted.
  private let keys: [(name: String, quantity: Quantity)]

  init(_ image: borrowing FileImage, _ selection: FrameSelection) throws(HDF5Error) {
    let group = try Self.particles(image, selection.group)
    let reader = try image.dataset("\(group)/position/value", requiresAllChunks: false)
    let shape = try reader.expect(shape: [-1, -1, 3])
    frameCount = shape[0]
    let atoms = shape[1]
    guard frameCount > 0, atoms > 0 else {
      throw .unexpected(object: reader.object, expected: "frames with atoms", found: "\(shape)")
    }
    positionFactor = try ForeignUnits.factor(of: "position", at: "\(group)/position", in: image)
    positions = FrameRows(reader)
    guard let species = try Quantity(image, "\(group)/species") else {
      throw .missing(object: "/\(group)/species")
    }
    try species.expectRows(of: [atoms], frameCount)
    self.species = species
    types = selection.types
    namedSpecies = try NamedSpecies(species)
    guard namedSpecies == nil || types.isEmpty else {
      throw .unexpected(
        object: species.object, expected: "numbers of atom types for --types",
        found: "names of elements")
    }
    if namedSpecies == nil, types.isEmpty {
      try Self.checkAtomicNumbers(species, image, "\(group)/species")
    }
    edges = try Quantity(image, "\(group)/box/edges")
    try edges?.expectRows(of: [3], or: [3, 3], frameCount)
    try Self.checkLengths(image, group, positionFactor, edges)
    periodic = try Quantity(image, "\(group)/box/pbc")
    try periodic?.expectRows(of: [3], frameCount)
    boundary = periodic == nil ? try Self.boundary(image, group) : [true, true, true]
    columns = try Self.columns(image, group, atoms: atoms, frames: frameCount)
    let hasMass = try image.kind(of: "\(group)/mass") != nil
    let massUnit = try ForeignUnits.unit(at: "\(group)/mass", in: image)
    massIsWithoutUnit = hasMass && massUnit == nil
    keys = try Self.keys(
      image, group, frames: frameCount, except: Set(columns.map(\.name) + ["natoms"]))
  }

  /// The particle group that is asked for, or the only one.
  private static func particles(
    _ image: borrowing FileImage, _ wanted: String?
  ) throws(HDF5Error) -> String {
    var names: [String] = []
    for name in try image.children(of: "particles") {
      if try image.kind(of: "particles/\(name)") == .group,
        try image.kind(of: "particles/\(name)/position") != nil
      {
        names.append(name)
      }
    }
    let list = names.map { "'\($0)'" }.joined(separator: ", ")
    if let wanted {
      guard names.contains(wanted) else {
        throw .unexpected(
          object: "/particles", expected: "the group '\(wanted)' with positions",
          found: names.isEmpty ? "none" : list)
      }
      return "particles/" + wanted
    }
    guard names.count < 2 else {
      throw .unexpected(
        object: "/particles", expected: "one group with positions (--group NAME chooses)",
        found: list)
    }
    guard let name = names.first else {
      throw .missing(object: "/\(H5MDLayout.particles)/position")
    }
    return "particles/" + name
  }

  /// Refuses positions in another unit than Å beside a box without a unit, and the other way round:
  /// which unit the silent one has cannot be known.
  private static func checkLengths(
    _ image: borrowing FileImage, _ group: String, _ positionFactor: Double, _ edges: Quantity?
  ) throws(HDF5Error) {
    guard let edges else { return }
    let position = try ForeignUnits.unit(at: "\(group)/position", in: image)
    let box = try ForeignUnits.unit(at: "\(group)/box/edges", in: image)
    guard position == nil && edges.factor != 1 || box == nil && positionFactor != 1 else { return }
    let (silent, named) = position == nil ? ("position", box) : ("box/edges", position)
    throw .unexpected(
      object: "/\(group)/\(silent)@unit",
      expected: "a unit, as /\(named?.place ?? "") has '\(named?.words.first ?? "")'",
      found: "none")
  }

  /// Refuses species 1, 2, … without a gap, unless znh5md wrote them: those are atom types of LAMMPS.
  private static func checkAtomicNumbers(
    _ species: Quantity, _ image: borrowing FileImage, _ path: String
  ) throws(HDF5Error) {
    guard species.kind == .integer || species.kind == .real,
      let first = try species.reals(0)?.filter({ !$0.isNaN }), let last = first.max(),
      last >= 1, last < 20, try image.kind(of: path) != nil
    else { return }
    let isContiguous = Set(first) == Set((1...Int(last)).map(Double.init))
    guard isContiguous, try image.textsAttribute("ASE_ENTRY_ORIGIN", of: path) == nil else {
      return
    }
    let elements = (1...Int(last)).compactMap { Element(atomicNumber: $0)?.symbol }
    throw .unexpected(
      object: species.object,
      expected: "atomic numbers (xyz-convert --types Si Ge names atom types of LAMMPS; "
        + "--types \(elements.joined(separator: " ")) where elements are meant)",
      found: Int(last) == 1 ? "1 alone" : "1 to \(Int(last))")
  }

  private static func boundary(
    _ image: borrowing FileImage, _ group: String
  ) throws(HDF5Error) -> [Bool] {
    guard try image.kind(of: group + "/box") == .group,
      let words = try image.textsAttribute("boundary", of: group + "/box")
    else { return [false, false, false] }
    guard words.count == 3, words.allSatisfy({ ["periodic", "none"].contains($0) }) else {
      throw .unexpected(
        object: "/\(group)/box@boundary", expected: "'periodic' or 'none' three times",
        found: words.joined(separator: ", "))
    }
    return words.map { $0 == "periodic" }
  }

  // MARK: Names

  /// ASE's names of H5MD's quantities, as znh5md gives them.
  private static let names = [
    "force": "forces", "mass": "masses", "charge": "charges", "velocity": "velocities",
  ]

  private static func columns(
    _ image: borrowing FileImage, _ group: String, atoms: Int, frames: Int
  ) throws(HDF5Error) -> [(name: String, quantity: Quantity)] {
    var columns: [(name: String, quantity: Quantity)] = []
    let children = try image.children(of: group)
    for child in children where !["position", "species", "box"].contains(child) {
      guard let quantity = try Quantity(image, "\(group)/\(child)") else { continue }
      // Where both names are there, each keeps its own.
      let name = names[child].flatMap { children.contains($0) ? nil : $0 } ?? child
      try checkName(name, quantity)
      let isText = quantity.kind == .variableText
      guard quantity.frames(outOf: frames) <= frames, isText || quantity.rowShape.first == atoms
      else {
        throw .unexpected(
          object: quantity.object, expected: "\(frames) frames of \(atoms) atoms",
          found: "shape \(quantity.shape)")
      }
      columns.append((name, quantity))
    }
    return columns
  }

  private static func keys(
    _ image: borrowing FileImage, _ group: String, frames: Int, except known: Set<String>
  ) throws(HDF5Error) -> [(name: String, quantity: Quantity)] {
    guard try image.kind(of: "observables") == .group else { return [] }
    var keys: [(name: String, quantity: Quantity)] = []
    let own = FileImage.split(group).name
    var paths: [(String, String)] = []
    for child in try image.children(of: "observables") where child != own {
      paths.append((child, "observables/" + child))
    }
    if try image.kind(of: "observables/" + own) == .group {
      for child in try image.children(of: "observables/" + own) {
        paths.append((child, "observables/\(own)/\(child)"))
      }
    }
    for (name, path) in paths where !known.contains(name) && !keys.contains(where: { $0.0 == name })
    {
      guard let quantity = try Quantity(image, path) else { continue }
      guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
        throw .unexpected(
          object: quantity.object, expected: "a name without control characters",
          found: "'\(name)'")
      }
      guard quantity.frames(outOf: frames) <= frames else {
        throw .unexpected(
          object: quantity.object, expected: "at most \(frames) frames",
          found: "shape \(quantity.shape)")
      }
      keys.append((name, quantity))
    }
    return keys
  }

  private static func checkName(_ name: String, _ quantity: Quantity) throws(HDF5Error) {
    guard FrameRecord.isName(name) else {
      throw .unexpected(
        object: quantity.object, expected: "a name of letters, digits and _", found: "'\(name)'")
    }
  }

  // MARK: Frames

  func frame(at index: Int, source: FrameSource) throws -> Frame {
    let padded = try positions.reals(index).map { $0 * positionFactor }
    let padding = padded.reversed().prefix { $0.isNaN }.count
    let atomCount = (padded.count - padding) / 3
    let position = Array(padded.prefix(3 * atomCount))
    guard atomCount > 0, position.allSatisfy(\.isFinite) else {
      let found = position.first { !$0.isFinite }.map { "\($0)" } ?? "none"
      throw InputError(
        source, "\(positions.reader.object): expected finite positions, found \(found)")
    }
    let elements = try symbols(index, atomCount: atomCount)
    var all = [
      Column("species", .text(elements)), Column("pos", width: 3, .real(position)),
    ]
    for (name, quantity) in columns {
      if let column = try column(name, quantity, frame: index, atomCount: atomCount) {
        all.append(try column.normalized(in: source, object: quantity.object))
      }
    }
    var keys: [Key] = []
    for (name, quantity) in self.keys {
      guard let value = try key(name, quantity, frame: index) else { continue }
      keys.append(try Key(name, value).normalized(in: source, object: quantity.object))
    }
    var axes = boundary
    if let periodic, let values = try periodic.truthValues(index) {
      axes = try logicals(values, periodic.object)
    }
    var frame = Frame(
      columns: all, keys: keys, cell: try cell(index), periodic: axes, source: source)
    if massIsWithoutUnit { frame.renameUnclearMasses() }
    return frame
  }

  private func symbols(_ frame: Int, atomCount: Int) throws(HDF5Error) -> [String] {
    if let namedSpecies { return try namedSpecies.symbols(frame, atomCount: atomCount) }
    let numbers = try species.reals(frame) ?? []
    guard numbers.count >= atomCount else { throw .missing(object: species.object) }
    let integers = try wholeNumbers(numbers.prefix(atomCount), species.object)
    if types.isEmpty { return try Formats.symbols(integers, species.object) }
    return try integers.map { number throws(HDF5Error) in
      guard (1...types.count).contains(number) else {
        throw .unexpected(
          object: species.object, expected: "types 1 to \(types.count), as --types names",
          found: "\(number)")
      }
      return types[number - 1]
    }
  }

  private func cell(_ frame: Int) throws(HDF5Error) -> [Double] {
    guard let edges, let values = try edges.reals(frame) else {
      return [Double](repeating: 0, count: 9)
    }
    guard values.allSatisfy(\.isFinite) else {
      throw .unexpected(object: edges.object, expected: "finite numbers", found: "\(values)")
    }
    if values.count == 9 { return values }
    return [values[0], 0, 0, 0, values[1], 0, 0, 0, values[2]]
  }

  /// A column of a frame, nil where it is all NaN or ends before this frame.
  private func column(
    _ name: String, _ quantity: Quantity, frame: Int, atomCount: Int
  ) throws(HDF5Error) -> Column? {
    if quantity.kind == .variableText {
      guard let json = try quantity.json(frame) else { return nil }
      return try Self.column(name, json, atomCount: atomCount, quantity.object)
    }
    let width = quantity.rowShape.dropFirst().reduce(1, *)
    guard width > 0, quantity.kind != .named else { return nil }
    let count = atomCount * width
    if quantity.kind == .logical || quantity.kind == .integer {
      guard let integers = try quantity.integers(frame)?.prefix(count) else { return nil }
      return quantity.kind == .integer
        ? Column(name, width: width, .integer(Array(integers)))
        : Column(name, width: width, .logical(try logicals(Array(integers), quantity.object)))
    }
    guard let reals = try quantity.reals(frame)?.prefix(count), !reals.allSatisfy(\.isNaN)
    else { return nil }
    if Vocabulary.column(name)?.isFixed ?? false, let value = reals.first(where: { !$0.isFinite }) {
      throw .unexpected(object: quantity.object, expected: "finite numbers", found: "\(value)")
    }
    return Column(name, width: width, .real(Array(reals)))
  }

  private static func column(
    _ name: String, _ json: JSON, atomCount: Int, _ object: String
  ) throws(HDF5Error) -> Column {
    let rows = json.array ?? []
    let cells = rows.flatMap { $0.array ?? [$0] }
    guard rows.count == atomCount, !cells.isEmpty, cells.count.isMultiple(of: atomCount),
      let texts = FrameRecord.all(cells, \.text)
    else {
      throw .unexpected(
        object: object, expected: "a JSON list of \(atomCount) texts", found: json.description)
    }
    return Column(name, width: cells.count / atomCount, .text(texts))
  }

  /// A key of a frame, nil where it is NaN or empty, or ends before this frame.
  private func key(
    _ name: String, _ quantity: Quantity, frame: Int
  ) throws(HDF5Error) -> KeyValue? {
    switch quantity.kind {
    case .variableText, .text:
      guard let json = try quantity.json(frame) else { return nil }
      return Self.value(json)
    case .integer:
      guard let values = try quantity.integers(frame), !values.isEmpty else { return nil }
      return values.count == 1 ? .integer(values[0]) : .integers(Array(values))
    case .named: return nil
    case .logical:
      guard let values = try quantity.integers(frame)?.map({ $0 != 0 }), !values.isEmpty
      else { return nil }
      return values.count == 1 ? .logical(values[0]) : .logicals(values)
    case .real:
      guard var values = try quantity.reals(frame) else { return nil }
      values.removeLast(values.reversed().prefix { $0.isNaN }.count)
      guard !values.isEmpty else { return nil }
      if let value = values.first(where: { !$0.isFinite }) {
        throw .unexpected(object: quantity.object, expected: "finite numbers", found: "\(value)")
      }
      // Voigt's six (xx yy zz yz xz xy), of which ASE reads nine in text.
      if name == "stress", values.count == 6 {
        values = [0, 5, 4, 5, 1, 3, 4, 3, 2].map { values[$0] }
      }
      return values.count == 1 ? .real(values[0]) : .reals(values)
    }
  }

  /// ASE's mark of a text that it decodes as JSON: dictionaries, lists of lists.
  static let jsonMark = "_JSON "

  private static func value(_ json: JSON) -> KeyValue? {
    switch json {
    case .null: return nil
    case .logical(let value): return .logical(value)
    case .integer(let value): return .integer(value)
    case .real(let value): return .real(value)
    case .text(let value): return .text(value)
    case .array(let values) where !values.isEmpty:
      if let integers = FrameRecord.all(values, \.integer) { return .integers(integers) }
      if let reals = FrameRecord.all(values, \.real) { return .reals(reals) }
      if let texts = FrameRecord.all(values, \.text) { return .texts(texts) }
      return .text(jsonMark + json.description)
    default: return .text(jsonMark + json.description)
    }
  }
}
