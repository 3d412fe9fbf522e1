internal import Glibc

/// Lines on standard error: `command: where: what`.
///
/// A failure to write there is not reported anywhere, for there is nowhere left.
struct Diagnostics: Sendable {
  let commandName: String

  func line(_ message: String) {
    writeRaw("\(commandName): \(printable(message))\n")
  }

  /// Writes text as it is: JSON lines and progress.
  func writeRaw(_ text: String) {
    do { try writeAll(Array(text.utf8), to: STDERR_FILENO) } catch { return }
  }
}

/// Escapes control bytes, so that no file can move the cursor of whoever reads the message, and
/// cuts what is longer than a line should be.
func printable(_ text: String, limit: Int = 1000) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if result.utf8.count > limit { return result + "…" }
    switch scalar.value {
    case 0x0a: result += "\\n"
    case 0x09: result += "\\t"
    case 0x0d: result += "\\r"
    case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069:
      let digits = String(scalar.value, radix: 16)
      result += "\\u{\(digits)}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
