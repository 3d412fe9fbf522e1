public import Foundation

/// What a command left behind.
public struct CommandRun: Equatable, Sendable {
  /// The exit code, or 128 + n where signal n ended the command.
  public var status: Int32
  public var output: String
  public var error: String

  public init(status: Int32, output: String, error: String) {
    (self.status, self.output, self.error) = (status, output, error)
  }
}

/// A folder for the files of one test, removed with the last reference to it.
///
/// Commands run on files, not pipes: a pipe holds 64 KiB, and writing to a command that has ended
/// would kill the test run by SIGPIPE.
public final class Scratch: Sendable {
  public let folder: URL

  public init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  public func path(_ name: String) -> String { folder.appending(path: name).path }

  public func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  public func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  public func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path(name))
  }

  /// The names in the folder, in order, without those of the streams of `run`.
  public func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { !$0.hasPrefix(".std") }.sorted()
  }

  /// Runs a command of this package in the folder.
  public func run(
    _ command: String, _ arguments: [String] = [], input: String = "",
    environment: [String: String] = [:]
  ) throws -> CommandRun {
    try launch(
      productFolder.appending(path: command), arguments, input: input, environment: environment)
  }

  /// Runs a line of bash in the folder, with the commands of this package in the search path.
  public func shell(_ line: String, input: String = "") throws -> CommandRun {
    try launch(
      URL(filePath: "/bin/bash"), ["-c", line], input: input, environment: [:])
  }

  private func launch(
    _ executable: URL, _ arguments: [String], input: String, environment: [String: String]
  ) throws -> CommandRun {
    let streams = [".stdin", ".stdout", ".stderr"].map { folder.appending(path: $0) }
    try Data(input.utf8).write(to: streams[0])
    for stream in streams[1...] { try Data().write(to: stream) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var variables = ProcessInfo.processInfo.environment
    for name in ["SITEVIB_THREADS", "OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"] {
      variables[name] = nil
    }
    variables["PATH"] = "\(productFolder.path):\(variables["PATH"] ?? "/usr/bin:/bin")"
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardInput = try FileHandle(forReadingFrom: streams[0])
    process.standardOutput = try FileHandle(forWritingTo: streams[1])
    process.standardError = try FileHandle(forWritingTo: streams[2])
    try process.run()
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    return CommandRun(
      status: process.terminationStatus + (isSignal ? 128 : 0),
      output: try String(contentsOf: streams[1], encoding: .utf8),
      error: try String(contentsOf: streams[2], encoding: .utf8))
  }
}

/// Where SwiftPM puts the commands: beside the test bundle.
private let productFolder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
