internal import Base

/// A key's value as we write it, or nil for one that is left out: an empty string or vector, with
/// which ASE joins the key that follows.
///
/// - Throws: ``FormatProblem`` for what the profile forbids.
func keyText(_ key: Key) throws(FormatProblem) -> String? {
  if let raw = key.rawText { return key.value == .text("") ? nil : safeText(raw, key.value) }
  let name = key.name
  guard !name.isEmpty, !name.utf8.contains(where: isControl),
    !["lattice", "properties", "pbc"].contains(name.lowercased())
  else {
    throw FormatProblem("expected the name of a key, found '\(excerpt(name.utf8))'")
  }
  switch key.value {
  case .integer(let value): return try integerText(value, name)
  case .real(let value): return try realText(value, name)
  case .logical(let value): return value ? "T" : "F"
  case .text(let text): return try stringText(text, name)
  case .integers(let values):
    return try vectorText(values) { value throws(FormatProblem) in
      try integerText(value, name)
    }
  case .reals(let values) where values.count == 9 && ["stress", "virial"].contains(name):
    // ASE makes a matrix of nine numbers in quotes, and stress of a matrix alone.
    var words: [String] = []
    for value in values { words.append(try realText(value, name)) }
    return "\"" + words.joined(separator: " ") + "\""
  case .reals(let values):
    return try vectorText(values) { value throws(FormatProblem) in
      try realText(value, name)
    }
  case .logicals(let values): return try vectorText(values) { $0 ? "T" : "F" }
  case .texts(let words):
    guard words.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(where: isSeparator) }) else {
      throw FormatProblem("expected words without blanks for \(name), found others")
    }
    return try stringText(words.joined(separator: " "), name)
  }
}

private func integerText(_ value: Int, _ name: String) throws(FormatProblem) -> String {
  guard Int32(exactly: value) != nil else {
    throw FormatProblem("expected an integer of 32 bits for \(name), found \(value)")
  }
  return "\(value)"
}

private func realText(_ value: Double, _ name: String) throws(FormatProblem) -> String {
  guard value.isFinite else {
    throw FormatProblem("expected a finite number for \(name), found another value")
  }
  return value.description
}

/// A vector in brackets, the one form that reads alike for every length; one value is a scalar.
private func vectorText<T>(
  _ values: [T], _ text: (T) throws(FormatProblem) -> String
) throws(FormatProblem) -> String? {
  guard let first = values.first else { return nil }
  if values.count == 1 { return try text(first) }
  var result = "["
  for (index, value) in values.enumerated() {
    if index > 0 { result += ", " }
    result += try text(value)
  }
  return result + "]"
}

/// A key as it stands in a file: in quotes where it is no plain name.
func keyName(_ name: String) -> String {
  CommentLine.isPlainKey(name) ? name : inQuotes(name)
}

extension Key {
  /// Whether a key is text whatever its content looks like: `uid`, which ASE never converts, what is
  /// meant for people, and the parts of the history.
  static func isText(_ name: String) -> Bool {
    name == "uid" || name == "comment" || name == "history" || name.hasPrefix("history_")
  }
}

private func stringText(_ text: String, _ name: String) throws(FormatProblem) -> String? {
  guard !text.isEmpty else { return nil }
  // Our own keys are kept to what every reader takes; those of others keep their length and letters.
  let isOurs = name != "comment" && (Vocabulary.key(name) != nil || Key.isText(name))
  guard !isOurs || text.utf8.count <= Frame.textLimit else {
    throw FormatProblem(
      "expected at most \(Frame.textLimit) characters for \(name), found \(text.utf8.count)")
  }
  guard !text.utf8.contains(where: isControl) else {
    throw FormatProblem(
      "expected printable text for \(name), found '\(excerpt(text.utf8))'")
  }
  guard Key.isText(name) || !readsAsAnotherType(text) else {
    throw FormatProblem(
      "expected text that is no number or logical for \(name), found '\(excerpt(text.utf8))'")
  }
  let isWord = text.utf8.allSatisfy { isNameByte($0) || isWordSign($0) }
  return isWord ? text : inQuotes(text)
}

private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

/// Text in double quotes.
private func inQuotes(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    if scalar == "\"" || scalar == "\\" { quoted += "\\" }
    quoted.unicodeScalars.append(scalar)
  }
  return quoted + "\""
}

/// The text of a value as it stood in its file, but in double quotes or brackets where libAtoms
/// would lose the whole comment line over it: strings in single quotes, `,`, `=` and `\` in bare
/// words, a backslash before any other character than a quote or another one.
private func safeText(_ raw: String, _ value: KeyValue) -> String {
  let isBare = raw.utf8.first.map { !"\"'[{".utf8.contains($0) } ?? false
  let hasBackslash = raw.utf8.contains(UInt8(ascii: "\\"))
  guard case .text(let content) = value else {
    guard isBare, raw.utf8.contains(UInt8(ascii: ",")) else { return raw }
    let words = raw.split(separator: ",")
    return words.count == 1 ? String(words[0]) : "[\(words.joined(separator: ","))]"
  }
  let isSafe =
    switch raw.utf8.first {
    case UInt8(ascii: "["), UInt8(ascii: "{"): true
    case UInt8(ascii: "'"): false
    default: !hasBackslash && !(isBare && raw.utf8.contains { ",=".utf8.contains($0) })
    }
  if isSafe { return raw }
  return inQuotes(content)
}

private func isSeparator(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ",")
}

/// Whether a reader would take the text for numbers or logicals; quotes do not protect.
private func readsAsAnotherType(_ text: String) -> Bool {
  let parts = text.utf8.split(whereSeparator: isSeparator)
  if parts.isEmpty { return true }
  if case .text = KeyValue(content: text) {} else { return true }
  return parts.allSatisfy { part in
    // Python's numbers are wider than ours: nan, inf, 007, 1_000, but not 0x1F.
    let word = String(decoding: part.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    let isHexadecimal = word.contains { $0 == "x" || $0 == "X" }
    return !isHexadecimal && Double(word) != nil
  }
}
