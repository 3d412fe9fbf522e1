public import ArgumentParser

/// The memory of commands that decompose dense matrices.
public struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory that dense matrices may take, in GiB; otherwise 3/4 of this machine's.",
      valueName: "GiB"))
  public var maxMemory: PositiveReal?

  public init() {}

  /// In bytes.
  public var limit: Int {
    maxMemory.map { Int($0.value * 1_073_741_824) } ?? physicalMemory() / 4 * 3
  }
}
