internal import Base

/// The keys of the frames as other programs read them. We read `/sitevib/frames/keys` instead, where
/// order, types and texts are kept.
extension H5MDLayout {
  func writeObservables(to image: borrowing FileImage) throws(HDF5Error) {
    var names: [String] = []
    var known = Set(frames.flatMap(\.columns).map(\.name) + ["natoms"])
    for frame in frames {
      for key in frame.keys where FrameRecord.isName(key.name) {
        // A key named like a column would hide it; it is in the record.
        if known.insert(key.name).inserted { names.append(key.name) }
      }
    }
    for name in names {
      try write(frames.map { $0.key(name) }, name: name, to: image)
    }
    if Set(frames.map(\.atomCount)).count > 1 {
      let group = Self.observables + "/natoms"
      try image.write(frames.map { Int32(clamping: $0.atomCount) }, to: group + "/value")
      try finishObservable(group, in: image)
    }
    try linkColumns(in: image)
  }

  /// MDAnalysis gives its users what stands under observables, so the labels stand there too.
  private func linkColumns(in image: borrowing FileImage) throws(HDF5Error) {
    for column in columns where column.kind != .text && column.name != "pos" {
      let name = FileImage.split(column.path).name
      if try image.kind(of: "\(Self.observables)/\(name)") == nil {
        try image.link(column.path, as: "\(Self.observables)/\(name)")
      }
    }
  }

  private func finishObservable(
    _ group: String, in image: borrowing FileImage
  ) throws(HDF5Error) {
    try linkTime(of: group, in: image)
    try setOrigin("info", of: group, in: image)
  }

  private func write(
    _ values: [KeyValue?], name: String, to image: borrowing FileImage
  ) throws(HDF5Error) {
    let group = "\(Self.observables)/\(name)"
    let path = group + "/value"
    if let integers = FrameRecord.all(values, { Self.integer($0).flatMap(Int32.init(exactly:)) }) {
      try image.write(integers, to: path)
    } else if let reals = FrameRecord.all(values, Self.realOrGap) {
      try image.write(reals, to: path)
    } else if let rows = FrameRecord.all(values, Self.reals), let length = rows.first?.count,
      length > 0, rows.allSatisfy({ $0.count == length })
    {
      try image.write(rows.flatMap { $0 }, shape: [rows.count, length], to: path)
    } else {
      try image.writeVariable(values.map(Self.json), to: path)
    }
    try setUnit(of: Vocabulary.key(name), at: path, in: image)
    try finishObservable(group, in: image)
  }

  private static func integer(_ value: KeyValue?) -> Int? {
    if case .integer(let value)? = value { value } else { nil }
  }

  /// A number, NaN where there is no such key, nil where it is something else.
  private static func realOrGap(_ value: KeyValue?) -> Double? {
    switch value {
    case nil: .nan
    case .real(let value): value
    case .integer(let value): Int(exactly: Double(value)) == value ? Double(value) : nil
    default: nil
    }
  }

  private static func reals(_ value: KeyValue?) -> [Double]? {
    switch value {
    case .reals(let values) where values.allSatisfy(\.isFinite): values
    case .integers(let values): values.map(Double.init)
    default: nil
    }
  }

  /// A JSON value, null for what is not finite, empty where there is no such key: znh5md's way.
  private static func json(_ value: KeyValue?) -> String {
    let json: JSON
    switch value {
    case nil: return ""
    case .integer(let value): json = .integer(value)
    case .real(let value): json = .real(value)
    case .logical(let value): json = .logical(value)
    case .text(let value): json = Self.marked(value) ?? .text(value)
    case .integers(let values): json = .array(values.map { .integer($0) })
    case .reals(let values): json = .array(values.map { .real($0) })
    case .logicals(let values): json = .array(values.map { .logical($0) })
    case .texts(let values): json = .array(values.map { .text($0) })
    }
    return json.description
  }

  /// The JSON behind ASE's mark, which other programs decode.
  private static func marked(_ text: String) -> JSON? {
    let mark = ForeignFrames.jsonMark
    guard text.hasPrefix(mark) else { return nil }
    do { return try JSON(parsing: Array(text.utf8.dropFirst(mark.utf8.count))) } catch {
      return nil
    }
  }

  // MARK: Parameters

  /// What holds for the whole file, for people who look into it.
  func writeParameters(to image: borrowing FileImage) throws(HDF5Error) {
    let group = "parameters/sitevib"
    try image.createGroup(group)
    for name in Vocabulary.keys.filter(\.isParameter).map(\.name) {
      guard let text = frames.first?.text(name), frames.allSatisfy({ $0.text(name) == text })
      else { continue }
      try image.setVariableAttribute(name, of: group, to: [text])
    }
    if let history = frames.first?.history, !history.isEmpty {
      try image.writeVariable(history, to: group + "/history")
    }
    if let names = frames.first?.text("sublattice_names"), !names.isEmpty {
      try image.writeVariable(
        names.split(separator: " ").map(String.init), to: group + "/sublattice_names")
    }
  }
}
