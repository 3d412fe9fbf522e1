internal import Base

/// What other programs do to types on the way: whole numbers and logicals come back as reals from
/// HDF5, whole masses as integers. Here each gets the type of the vocabulary again, or is refused.
extension Column {
  /// The column with the type that the vocabulary gives its name; unknown names stay as they are.
  ///
  /// - Throws: ``FormatProblem`` for one of fixed type or width that has another.
  func normalized() throws(FormatProblem) -> Column {
    guard let entry = Vocabulary.column(name) else { return self }
    guard !entry.isFixed || entry.width == width else {
      throw FormatProblem(
        "\(name): expected \(entry.width) values an atom, found \(width)")
    }
    if let values = entry.type.values(values) { return Column(name, width: width, values) }
    guard !entry.isFixed else {
      throw FormatProblem("\(name): expected \(entry.type.words), found other values")
    }
    return self
  }

  /// As ``normalized()``, for a column of a frame in HDF5.
  ///
  /// - Parameter object: Where it stands, for messages.
  func normalized(in source: FrameSource, object: String) throws(InputError) -> Column {
    do { return try normalized() } catch {
      throw InputError(source, "\(object): \(error.message)")
    }
  }
}

extension Key {
  /// The key with the type that the vocabulary gives its name; unknown names stay as they are.
  ///
  /// - Parameter shown: The value for messages.
  /// - Throws: ``FormatProblem`` for one of fixed type that has another, or a value that we do not
  ///   know the meaning of.
  func normalized(shown: @autoclosure () -> String) throws(FormatProblem) -> Key {
    guard let entry = Vocabulary.key(name) else { return self }
    let typed = entry.type.value(value, isFixed: entry.isFixed)
    switch (name, typed) {
    case ("sitevib_format", .integer(1)?), ("dimension", .integer(1...3)?): break
    case ("sitevib_format", _):
      throw FormatProblem("expected sitevib_format=1, found '\(shown())'")
    case ("dimension", _):
      throw FormatProblem("expected dimension 1, 2 or 3, found '\(shown())'")
    case ("vacancies", .integer(..<0)?), ("antisites", .integer(..<0)?),
      ("interstitials", .integer(..<0)?):
      throw FormatProblem("expected a count for \(name), found '\(shown())'")
    default: break
    }
    guard let typed, !entry.isFixed || entry.width == 0 || entry.width == typed.count else {
      guard !entry.isFixed else {
        throw FormatProblem("expected \(entry.valueWords) for \(name), found '\(shown())'")
      }
      return self
    }
    if typed == value { return self }
    // A whole number that stood as a real is written anew; a real that stood as whole is not.
    return Key(name, typed, rawText: entry.type == .integer ? nil : rawText)
  }

  /// As ``normalized(shown:)``, for a key of a frame in HDF5.
  ///
  /// - Parameter object: Where it stands, for messages.
  func normalized(in source: FrameSource, object: String) throws(InputError) -> Key {
    do { return try normalized(shown: excerpt(value.plainText.utf8)) } catch {
      throw InputError(source, "\(object): \(error.message)")
    }
  }
}

extension Vocabulary.Entry {
  fileprivate var valueWords: String {
    switch (type, width) {
    case (.integer, 1): "a whole number"
    case (.integer, _): "whole numbers"
    case (_, 1): type.words
    default: "\(width) numbers"
    }
  }
}

extension KeyValue {
  /// The value for messages.
  var plainText: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .logical(let value): value ? "T" : "F"
    case .text(let text): text
    case .integers(let values): "\(values)"
    case .reals(let values): "\(values)"
    case .logicals(let values): "\(values)"
    case .texts(let texts): texts.joined(separator: " ")
    }
  }

  /// How many values there are.
  var count: Int {
    switch self {
    case .integer, .real, .logical, .text: 1
    case .integers(let values): values.count
    case .reals(let values): values.count
    case .logicals(let values): values.count
    case .texts(let values): values.count
    }
  }
}

extension Vocabulary.ValueType {
  fileprivate var words: String {
    switch self {
    case .real: "real numbers"
    case .integer: "whole numbers"
    case .logical: "T or F"
    case .text: "text"
    }
  }

  /// The values as this type, nil where they are none of it.
  fileprivate func values(_ values: Column.Values) -> Column.Values? {
    switch (self, values) {
    case (.real, .real), (.integer, .integer), (.logical, .logical), (.text, .text): values
    case (.real, .integer(let values)): .real(values.map(Double.init))
    case (.integer, .real(let values)): whole(values).map { .integer($0) }
    case (.logical, .real(let values)): whole(values).flatMap(truths).map { .logical($0) }
    case (.logical, .integer(let values)): truths(values).map { .logical($0) }
    default: nil
    }
  }

  /// The value as this type, nil where it is none of it; text stays as it is.
  ///
  /// Whole numbers stay what they are where a real is expected but not fixed: readers take both.
  fileprivate func value(_ value: KeyValue, isFixed: Bool) -> KeyValue? {
    switch (self, value) {
    case (.real, .real), (.real, .reals), (.integer, .integer), (.integer, .integers),
      (.logical, .logical), (.logical, .logicals), (.text, _):
      value
    case (.real, .integer), (.real, .integers): isFixed ? reals(value) : value
    case (.integer, .real(let value)): whole([value]).map { .integer($0[0]) }
    case (.integer, .reals(let values)): whole(values).map { .integers($0) }
    case (.logical, .integer(0)), (.logical, .integer(1)): .logical(value == .integer(1))
    case (.logical, .real(0)), (.logical, .real(1)): .logical(value == .real(1))
    default: nil
    }
  }

  private func reals(_ value: KeyValue) -> KeyValue? {
    switch value {
    case .integer(let value): .real(Double(value))
    case .integers(let values): .reals(values.map(Double.init))
    default: nil
    }
  }

  private func whole(_ values: [Double]) -> [Int]? {
    FrameRecord.all(values) { Int(exactly: $0) }
  }

  private func truths(_ values: [Int]) -> [Bool]? {
    values.allSatisfy { $0 | 1 == 1 } ? values.map { $0 == 1 } : nil
  }
}
