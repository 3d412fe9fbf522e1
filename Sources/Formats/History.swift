/// Where a frame comes from: one entry for each command that made it, in the keys `history`,
/// `history_2`, ...
extension Frame {
  /// Longest string we write: libAtoms loses the whole comment line beyond 681 characters.
  public static let textLimit = 600
  private static let separator = " | "

  /// The commands that made this frame, oldest first.
  public var history: [String] {
    var joined = ""
    for part in historyKeys.compactMap({ text($0) }) {
      // Parts end between two commands; one within a command, or within a word as those of 0.1.0 do,
      // goes on at once.
      if joined.hasSuffix(" |") { joined += " " }
      joined += part
    }
    return joined.isEmpty ? [] : joined.components(separatedBy: Self.separator)
  }

  /// Adds a command, such as `xyz-perturb 0.1.0 --amplitude 0.05`.
  ///
  /// Kept whole, in printable ASCII without `"`, `\` and `|`; continued in `history_2`, ... behind
  /// 600 characters, between two commands wherever these are shorter.
  public mutating func appendHistory(_ entry: String) {
    // An entry must not fall apart when it is read again.
    let added = sanitizedText(entry).replacing("|", with: "/").split(separator: " ")
      .joined(separator: " ")
    guard !added.isEmpty else { return }
    let entries = history + [added]
    for name in historyKeys { removeKey(name) }
    var parts: [String] = []
    for (index, entry) in entries.enumerated() {
      let text = index + 1 < entries.count ? entry + " |" : entry
      if let last = parts.last, last.utf8.count + 1 + text.utf8.count <= Self.textLimit,
        last.hasSuffix(" |")
      {
        parts[parts.count - 1] = last + " " + text
      } else {
        parts += Self.pieces(text)
      }
    }
    for (index, part) in parts.enumerated() {
      setKey(index == 0 ? "history" : "history_\(index + 1)", .text(part))
    }
  }

  /// A command in pieces of at most 600 characters.
  private static func pieces(_ text: String) -> [String] {
    let whole = Array(text.utf8)
    var pieces: [String] = []
    var start = 0
    while start < whole.count {
      var end = min(start + textLimit, whole.count)
      // Blanks at the edge of a string are not kept by every reader: break inside a word.
      while end < whole.count && end > start + 1
        && (whole[end] == 0x20 || whole[end - 1] == 0x20)
      { end -= 1 }
      pieces.append(String(decoding: whole[start..<end], as: UTF8.self))
      start = end
    }
    return pieces
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
