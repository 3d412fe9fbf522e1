extension JSON: CustomStringConvertible {
  /// The value as JSON on one line; numbers are the shortest that read back equal.
  public var description: String { text(afterComma: " ") }

  /// The same without blanks.
  public var compact: String { text(afterComma: "") }

  private func text(afterComma blank: String) -> String {
    var text = ""
    write(to: &text, blank)
    return text
  }

  private func write(to text: inout String, _ blank: String) {
    switch self {
    case .null: text += "null"
    case .logical(let value): text += value ? "true" : "false"
    case .integer(let value): text += value.description
    case .real(let value): text += value.isFinite ? value.description : "null"
    case .text(let value): Self.quote(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," + blank }
        value.write(to: &text, blank)
      }
      text += "]"
    case .object(let object):
      text += "{"
      for (index, member) in object.members.enumerated() {
        if index > 0 { text += "," + blank }
        Self.quote(member.name, to: &text)
        text += ":" + blank
        member.value.write(to: &text, blank)
      }
      text += "}"
    }
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case _ where scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
