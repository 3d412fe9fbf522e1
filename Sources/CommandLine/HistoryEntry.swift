internal import Formats

/// The command as the key `history` records it: name, version and the options that bear on the
/// numbers.
///
/// Left out is what does not: inputs, outputs, threads, slices. Folders of files are left out
/// too, so that equal work gives equal bytes wherever it is done.
func historyEntry(command: String, arguments: [String], inputs: [String]) -> String {
  var words = [command, sitevibVersion]
  var inputs = inputs
  var skipNext = false
  for argument in arguments {
    if skipNext {
      skipNext = false
    } else if let index = inputs.firstIndex(of: argument) {
      inputs.remove(at: index)
    } else if argument.hasPrefix("-"), let silent = silentOption(argument) {
      skipNext = silent.takesNext
    } else {
      words.append(historyWord(argument))
    }
  }
  return String(words.joined(separator: " ").prefix(500))
}

/// Whether an argument is an option that leaves no trace, and whether its value follows.
private func silentOption(_ argument: String) -> (Bool, takesNext: Bool)? {
  let flags = ["-q", "--quiet", "--json", "--no-history"]
  let options = ["--output", "--format", "--threads", "--first-frame", "--frames"]
  if flags.contains(argument) { return (true, false) }
  if options.contains(argument) { return (true, true) }
  if options.contains(where: { argument.hasPrefix("\($0)=") }) { return (true, false) }
  // -o FILE, -oFILE, -o=FILE and likewise -f, -j.
  if let letter = argument.dropFirst().first, "ofj".contains(letter), argument.first == "-" {
    return (true, argument.count == 2)
  }
  return nil
}

/// An argument in the characters that a key may hold (formats/extxyz), files without their folder.
private func historyWord(_ argument: String) -> String {
  var name = Substring(argument)
  if let slash = name.lastIndex(of: "/"), slash != name.indices.last {
    let option = name.prefix(while: { $0 != "=" && $0 != "/" })
    let hasOption = option.hasPrefix("--") && name[option.endIndex...].hasPrefix("=")
    name = (hasOption ? option + "=" : "") + name[name.index(after: slash)...]
  }
  return String(
    name.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "'"
      case "\\", "|": "/"
      case " "..."~": Character(scalar)
      default: "?"
      }
    })
}
