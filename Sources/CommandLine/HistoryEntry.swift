internal import Formats
internal import Glibc

/// The command as the key `history` records it: name, version and the options that bear on the
/// numbers.
///
/// Left out is what does not: inputs, outputs, threads, slices. Folders of files are left out too,
/// so that equal work gives equal bytes wherever it is done on one kind of processor. What holds
/// blanks, such as commands of another program, is kept whole, in quotes.
package func historyEntry(command: String, arguments: [String], inputs: [String]) -> String {
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
  if let kernels = BLASKernels.historyWord { words.append(kernels) }
  return words.joined(separator: " ")
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
  var option = Substring()
  var value = Substring(argument)
  if argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") {
    option = argument[...equals]
    value = argument[argument.index(after: equals)...]
  }
  let hasBlanks = value.unicodeScalars.contains { $0 == " " || $0 == "\t" || $0 == "\n" }
  if !hasBlanks || isFile(String(value)), let slash = value.lastIndex(of: "/"),
    slash != value.indices.last
  {
    value = value[value.index(after: slash)...]
  }
  let word = String(
    value.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "'"
      case "\\", "|": "/"
      case "\t", "\n", "\r": " "
      case " "..."~": Character(scalar)
      default: "?"
      }
    })
  guard word.contains(" ") || word.isEmpty else { return String(option) + word }
  return String(option) + "'" + word.replacing("'", with: "`") + "'"
}

private func isFile(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
