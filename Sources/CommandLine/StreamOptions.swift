public import ArgumentParser
public import Formats

/// Options of every command.
public struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Output file, '-' for standard output; appears whole or not at all.", valueName: "file"))
  public var output = "-"

  @Option(
    name: .shortAndLong,
    help: "Output format; otherwise that of the suffix of --output, or of the input.")
  public var format: FrameFormat?

  @Option(
    name: [.customShort("j"), .long],
    help: ArgumentHelp(
      """
      Number of threads; otherwise SITEVIB_THREADS, OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or one \
      a core. The output does not depend on it.
      """, valueName: "n"))
  public var threads: PositiveInteger?

  @Flag(name: .shortAndLong, help: "No warnings, no progress.")
  public var quiet = false

  @Flag(help: "One JSON object a frame on standard error.")
  public var json = false

  @Flag(help: "Do not append this command to the key 'history'.")
  public var noHistory = false

  public init() {}

  /// Refuses a format of frames for a command that writes a table.
  public func checkIsTable() throws {
    guard format == nil else {
      throw ValidationError("--format: expected no format for a table, found one")
    }
  }

  public func validate() throws {
    guard !output.isEmpty else { throw ValidationError("--output: expected a name, found none") }
    guard (threads?.value ?? 1) <= 1024 else {
      throw ValidationError("--threads: expected at most 1024, found \(threads?.value ?? 1)")
    }
  }
}

/// Options of every command that reads frames.
public struct StreamOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files of frames, extended XYZ or HDF5; '-' (also if none is named) is standard input.",
      valueName: "input"))
  public var inputs: [String] = []

  @Option(
    help: ArgumentHelp(
      "Work from this frame on; counted from 0 over all inputs.", valueName: "index"))
  public var firstFrame = NonNegativeInteger(0)

  @Option(help: ArgumentHelp("Work on so many frames; otherwise on all.", valueName: "count"))
  public var frames: PositiveInteger?

  @Option(
    help: ArgumentHelp(
      "Particle group of an HDF5 file of another program that has several.", valueName: "name"))
  public var group: String?

  @OptionGroup(title: "Options of every command") public var output: OutputOptions

  public init() {}

  public func validate() throws {
    guard !inputs.contains("") else {
      throw ValidationError("INPUT: expected a name, found an empty one")
    }
    guard inputs.filter({ $0 == "-" }).count < 2 else {
      throw ValidationError("INPUT: expected '-' once, found it twice")
    }
  }
}

// Its raw values are the words of --format.
extension FrameFormat: ExpressibleByArgument {}
