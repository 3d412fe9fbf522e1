public import ArgumentParser
internal import Formats
internal import Glibc

/// A command of this package: it declares options and wires; everything around it is done here.
///
/// Its ``start(_:)`` takes care of closed descriptors, of one-line messages, and of the exit code; its
/// output appears only if ``perform(_:)`` returns.
public protocol CheckedCommand: ParsableCommand {
  /// The name in the configuration; every start asks all tools for it, and need not make their help.
  static var toolName: String { get }
  /// The options whose value is three numbers, as in `--supercell 3 3 3`.
  static var tripleOptions: [String] { get }
  /// The options whose value is a list of elements, as in `--types Si Ge`.
  static var elementOptions: [String] { get }
  var outputOptions: OutputOptions { get }
  /// nil for a command that reads no frames.
  var streamOptions: StreamOptions? { get }
  func perform(_ session: FilterSession) throws
}

/// A command that reads frames.
public protocol FilterCommand: CheckedCommand {
  var stream: StreamOptions { get }
  /// Elements of the atom types that stand for species in the input; empty for atomic numbers.
  var speciesTypes: [String] { get }
}

extension FilterCommand {
  public var outputOptions: OutputOptions { stream.output }
  public var streamOptions: StreamOptions? { stream }
  public var speciesTypes: [String] { [] }
}

extension CheckedCommand {
  public static var toolName: String { _commandName }

  public static var tripleOptions: [String] { [] }
  public static var elementOptions: [String] { [] }
  public var streamOptions: StreamOptions? { nil }

  /// Runs the command with the arguments behind its name, and ends the process with its exit code.
  public static func start(_ typed: [String]) -> Never {
    AddressSpace.startWithOneBLASThread()
    Allocator.keepFreedMemory()
    let descriptors = StandardDescriptors()
    let diagnostics = Diagnostics(commandName: _commandName)
    if let problem = Processor.problem ?? BLASKernels.adopt() {
      diagnostics.line(problem)
      Glibc.exit(ExitCode.failedComputation.rawValue)
    }
    if typed.contains("--version"), typed.contains("--verbose") {
      answer(
        "\(configuration.version)\n\(BLASKernels.description)", diagnostics, descriptors)
    }
    let arguments = joinElements(
      of: elementOptions, in: joinTriples(of: tripleOptions, in: typed))
    let command: Self
    do {
      guard let parsed = try parseAsRoot(arguments) as? Self else {
        // Only --generate-completion-script and the like come here.
        var other = try parseAsRoot(arguments)
        try other.run()
        Glibc.exit(ExitCode.success.rawValue)
      }
      command = parsed
    } catch {
      finish(parsing: error, diagnostics, descriptors)
    }
    Glibc.exit(command.run(typed, diagnostics, descriptors))
  }

  /// Help and versions go to standard output, which may be full; anything else is wrong usage.
  private static func finish(
    parsing error: any Error, _ diagnostics: Diagnostics, _ descriptors: StandardDescriptors
  ) -> Never {
    guard exitCode(for: error) != .success else {
      answer(ownOptionsFirst(in: fullMessage(for: error)), diagnostics, descriptors)
    }
    diagnostics.line("\(message(for: error)) (see \(_commandName) --help)")
    Glibc.exit(ExitCode.badUsage.rawValue)
  }

  /// A help text with the options of the tool itself in front of the groups that it shares with others.
  private static func ownOptionsFirst(in help: String) -> String {
    var sections = help.split(separator: "\n\n", omittingEmptySubsequences: false)
    guard let own = sections.lastIndex(where: { $0.hasPrefix("OPTIONS:\n") }),
      let first = sections.firstIndex(where: { $0.hasPrefix("USAGE:") })
    else { return help }
    let group = sections[(first + 1)..<own].firstIndex {
      $0.first?.isUppercase == true && $0.split(separator: "\n").first?.hasSuffix(":") == true
    }
    if let group { sections.insert(sections.remove(at: own), at: group) }
    return sections.joined(separator: "\n\n")
  }

  private func run(
    _ arguments: [String], _ diagnostics: Diagnostics, _ descriptors: StandardDescriptors
  ) -> Int32 {
    do {
      let session = try FilterSession(
        diagnostics: diagnostics, descriptors: descriptors, output: outputOptions,
        input: streamOptions, types: (self as? any FilterCommand)?.speciesTypes ?? [],
        history: historyEntry(
          command: Self._commandName, arguments: arguments, inputs: streamOptions?.inputs ?? []))
      do {
        try perform(session)
        try session.finish()
      } catch {
        session.abandon()
        throw error
      }
      return session.exitCode.rawValue
    } catch {
      diagnostics.line("\(error)")
      return ExitCode(reporting: error).rawValue
    }
  }
}
