/// The start of a piece of an input, fit for a message: printable ASCII, at most `limit` characters.
///
/// Other bytes become `\xNN`, so that no control sequence of a file reaches a terminal.
public func excerpt(_ bytes: some Sequence<UInt8>, limit: Int = 40) -> String {
  var result = ""
  for byte in bytes {
    let next: String
    switch byte {
    case 0x20...0x7E: next = String(UnicodeScalar(byte))
    case 0x09: next = "\\t"
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      next = "\\x" + (byte < 16 ? "0" : "") + digits
    }
    if result.utf8.count + next.utf8.count > limit { return result + "..." }
    result += next
  }
  return result
}

/// A word of an input for a message: its first 24 characters in quotes.
public func quoted(_ word: some Sequence<UInt8>) -> String { "'\(excerpt(word, limit: 24))'" }
