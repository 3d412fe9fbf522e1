/// Where a frame comes from: one entry for each command that made it, in the keys `history`,
/// `history_2`, ...
extension Frame {
  /// Longest string we write: libAtoms loses the whole comment line beyond 681 characters.
  public static let textLimit = 600
  private static let separator = " | "

  /// The commands that made this frame, oldest first.
  public var history: [String] {
    let joined = historyKeys.compactMap { text($0) }.joined()
    return joined.isEmpty ? [] : joined.components(separatedBy: Self.separator)
  }

  /// Adds a command, such as `xyz-perturb 0.1.0 --amplitude 0.05`.
  ///
  /// Kept in printable ASCII without `"` and `\`; continued in `history_2`, ... behind 600
  /// characters.
  public mutating func appendHistory(_ entry: String) {
    // An entry must not fall apart when it is read again.
    let words = sanitizedText(entry).split(separator: " ").map { $0 == "|" ? "/" : $0 }
    let added = words.joined(separator: " ")
    guard !added.isEmpty else { return }
    let whole = Array((history + [added]).joined(separator: Self.separator).utf8)
    for name in historyKeys { removeKey(name) }
    var start = 0
    var part = 1
    while start < whole.count {
      var end = min(start + Self.textLimit, whole.count)
      // Blanks at the edge of a string are not kept by every reader: break inside a word.
      while end < whole.count && end > start + 1
        && (whole[end] == 0x20 || whole[end - 1] == 0x20)
      { end -= 1 }
      let text = String(decoding: whole[start..<end], as: UTF8.self)
      setKey(part == 1 ? "history" : "history_\(part)", .text(text))
      start = end
      part += 1
    }
  }

  /// The names of the keys in use, in order.
  private var historyKeys: [String] {
    var names: [String] = []
    var name = "history"
    while key(name) != nil {
      names.append(name)
      name = "history_\(names.count + 1)"
    }
    return names
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = Substring(self)
    while let found = rest.firstRange(of: separator) {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }
}

/// Text as the profile allows it: printable ASCII without `"` and `\`; other characters become `?`,
/// quotes `'`, backslashes `/`.
func sanitizedText(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "'"
    case "\\": result += "/"
    case "\t", "\n", "\r": result += " "
    case " "..."~": result.unicodeScalars.append(scalar)
    default: result += "?"
    }
  }
  return result
}
