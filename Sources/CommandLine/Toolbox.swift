public import ArgumentParser
internal import Glibc

/// The commands of one executable, by purpose: it answers to the names of its links and to verbs.
public struct Toolbox {
  public struct Shelf {
    /// What its tools are for, as a heading.
    public let purpose: String
    public let tools: [any CheckedCommand.Type]

    public init(_ purpose: String, _ tools: [any CheckedCommand.Type]) {
      (self.purpose, self.tools) = (purpose, tools)
    }
  }

  private let name: String
  private let version: String
  private let shelves: [Shelf]
  private let root: any ParsableCommand.Type

  /// - Parameter root: a command of this name with ``tools`` as its subcommands, for completions.
  public init(
    name: String, version: String, shelves: [Shelf], root: any ParsableCommand.Type
  ) {
    (self.name, self.version, self.shelves, self.root) = (name, version, shelves, root)
  }

  /// Runs the tool that `arguments[0]` names, whatever folder stands before it, or else the one
  /// that `arguments[1]` names; alone, it lists the tools.
  public func start(_ arguments: [String]) -> Never {
    let called = arguments.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
    if let tool = tool(called) { tool.start(Array(arguments.dropFirst())) }
    let descriptors = StandardDescriptors()
    let diagnostics = Diagnostics(commandName: name)
    let typed = arguments.dropFirst()
    switch typed.first {
    case nil, "--help", "-h", "help":
      if typed.first == "help", let verb = typed.dropFirst().first, let tool = tool(verb) {
        tool.start(["--help"])
      }
      answer(list, diagnostics, descriptors)
    case "--version":
      guard typed.contains("--verbose") else { answer(version, diagnostics, descriptors) }
      if let problem = BLASKernels.adopt() { refuse(problem, diagnostics) }
      answer("\(version)\n\(BLASKernels.description)", diagnostics, descriptors)
    case "--generate-completion-script":
      guard let shell = typed.dropFirst().first.flatMap(CompletionShell.init(rawValue:)) else {
        refuse("expected bash, zsh or fish after --generate-completion-script", diagnostics)
      }
      answer(root.completionScript(for: shell), diagnostics, descriptors)
    case let verb?:
      if let tool = tool(verb) { tool.start(Array(typed.dropFirst())) }
      let near = names.min { distance($0, verb) < distance($1, verb) } ?? ""
      let hint = distance(near, verb) <= max(2, near.count / 2) ? "; did you mean \(near)?" : ""
      refuse("expected a tool of this package, found '\(verb)'\(hint)", diagnostics)
    }
  }

  /// All tools on one screen.
  private var list: String {
    var lines = ["Site-resolved harmonic vibrational entropy: small filters for the shell."]
    let width = (names.map(\.count).max() ?? 0) + 2
    for shelf in shelves {
      lines += ["", "\(shelf.purpose):"]
      for tool in shelf.tools {
        let padded =
          tool.toolName + String(repeating: " ", count: width - tool.toolName.count)
        lines.append("  \(padded)\(tool.configuration.abstract)")
      }
    }
    return
      (lines + [
        "", "`\(name) TOOL --help`, or `TOOL --help` where it is installed, tells the rest.",
      ])
      .joined(separator: "\n")
  }

  private var names: [String] { shelves.flatMap(\.tools).map { $0.toolName } }

  private func tool(_ name: String) -> (any CheckedCommand.Type)? {
    shelves.lazy.flatMap(\.tools).first { $0.toolName == name }
  }

  private func refuse(_ problem: String, _ diagnostics: Diagnostics) -> Never {
    diagnostics.line("\(problem) (see \(name) --help)")
    Glibc.exit(ExitCode.badUsage.rawValue)
  }
}

/// How many letters must be put in, taken out or changed to make one word of the other.
private func distance(_ first: String, _ second: String) -> Int {
  var row = Array(0...second.count)
  for (i, a) in first.enumerated() {
    var corner = row[0]
    row[0] = i + 1
    for (j, b) in second.enumerated() {
      let changed = corner + (a == b ? 0 : 1)
      corner = row[j + 1]
      row[j + 1] = min(changed, corner + 1, row[j] + 1)
    }
  }
  return row[second.count]
}

/// Prints what was asked for on standard output, which may be full, and ends the process.
func answer(
  _ text: String, _ diagnostics: Diagnostics, _ descriptors: StandardDescriptors
) -> Never {
  do {
    let output = try Output(standardOutputOf: descriptors)
    try output.write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
    try output.finish()
    Glibc.exit(ExitCode.success.rawValue)
  } catch {
    diagnostics.line("\(error)")
    Glibc.exit(ExitCode(reporting: error).rawValue)
  }
}
