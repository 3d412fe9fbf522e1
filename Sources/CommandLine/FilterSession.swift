internal import ArgumentParser
public import Base
public import Formats
internal import LinearAlgebra

/// How a command treats Hessians and features that stand beside the frames of its input.
public enum MatrixPolicy: Sendable {
  /// They belong to other positions than the command writes: not read, not written.
  case drop
  /// They are handed to the command and pass through.
  case keep
  /// As `keep`; the command adds some, so that its output is HDF5.
  case add
}

/// What a command made of a frame.
public struct FrameResult: Sendable {
  /// The frames to write, in order; none for a frame that is left out.
  public var frames: [Frame]
  /// Why the frame is rejected; one clause. The command then exits 3.
  public var rejection: String?
  /// The keys of the frame's line under --json.
  public var report: JSONObject
  /// Written beside the first frame; what is nil passes through from the input, if the command
  /// keeps matrices.
  public var attachments: FrameAttachments
  /// What the user should know of the frame, a clause each; lines on standard error with its name.
  public var warnings: [String]

  public init(
    _ frames: [Frame], attachments: FrameAttachments = FrameAttachments(),
    rejection: String? = nil, report: JSONObject = JSONObject(), warnings: [String] = []
  ) {
    (self.frames, self.attachments) = (frames, attachments)
    (self.rejection, self.report, self.warnings) = (rejection, report, warnings)
  }

  public init(
    _ frame: Frame, attachments: FrameAttachments = FrameAttachments(),
    rejection: String? = nil, report: JSONObject = JSONObject(), warnings: [String] = []
  ) {
    self.init(
      [frame], attachments: attachments, rejection: rejection, report: report, warnings: warnings)
  }
}

/// The surroundings of a running command: frames in, bytes out, messages.
///
/// Used from the main thread only; the closures given to ``mapFrames(copies:_:)`` run on any.
public final class FilterSession {
  public let threadCount: Int
  /// What ``write(_:)`` and ``mapFrames(copies:_:)`` append to the key `history`; nil under
  /// --no-history.
  public let historyEntry: String?

  /// Lines for standard error when the work is done, such as what a potential met on the way.
  public var closingRemarks: () -> [String] = { [] }

  private let diagnostics: Diagnostics
  private let options: OutputOptions
  private let output: Output
  private var input: InputFrames?
  /// Made for the first frame that is written.
  private var encoder: FrameEncoder?
  private let progress: Progress
  private var rejectedCount = 0
  /// Frames that were mapped, and frames that came of them.
  private var (mappedCount, writtenCount) = (0, 0)
  private let descriptors: StandardDescriptors
  /// A second file, written last.
  private var second: (text: String, output: Output)?

  /// Rejected frames named one by one; beyond, only their number is.
  private static let namedRejections = 20

  init(
    diagnostics: Diagnostics, descriptors: StandardDescriptors, output options: OutputOptions,
    input: StreamOptions?, types: [String], history: String
  ) throws {
    self.diagnostics = diagnostics
    self.options = options
    self.descriptors = descriptors
    historyEntry = options.noHistory ? nil : history
    threadCount = try AddressSpace.threads(
      resolvedThreadCount(option: options.threads?.value))
    progress = Progress(diagnostics: diagnostics, isQuiet: options.quiet || options.json)
    // Opened before the work, so that a wrong name costs no time.
    output =
      try options.output == "-"
      ? Output(standardOutputOf: descriptors) : Output(path: options.output)
    do {
      self.input = try input.map {
        try InputFrames(
          $0, types: types, descriptors: descriptors, output: output.fileInPlace)
      }
    } catch {
      output.abandon()
      throw error
    }
    setConcurrentBlockLimit(threadCount)
  }

  var exitCode: ExitCode { rejectedCount > 0 ? .framesRejected : .success }

  // MARK: Input

  /// The first frame of the work, which stays in the stream; nil for a command without input.
  public func firstFrame() throws -> Frame? { try input?.peek() }

  // MARK: Output

  /// The format of frames: --format, else the suffix of --output, else that of the input; HDF5 for
  /// a command that adds matrices.
  ///
  /// - Throws: `ValidationError` where matrices are to go into a format that holds none.
  public func outputFormat(_ matrices: MatrixPolicy = .drop) throws -> FrameFormat {
    let wanted = options.format ?? FrameFormat(suffixOf: options.output)
    if matrices == .add, wanted == .extendedXYZ {
      throw ValidationError("--format: expected h5, which holds matrices, found extxyz")
    }
    let format = try wanted ?? (matrices == .add ? .hdf5 : input?.format()) ?? .extendedXYZ
    if format == .hdf5 && output.isTerminal { throw StreamError.binaryToTerminal }
    return format
  }

  /// Writes a frame with this command in its history.
  public func write(_ frame: Frame) throws {
    let format = try outputFormat()
    var frame = frame
    if let historyEntry { frame.appendHistory(historyEntry) }
    try encode([frame], FrameAttachments(), format: format)
  }

  private func encode(
    _ frames: [Frame], _ attachments: FrameAttachments, format: FrameFormat
  ) throws {
    var bytes: [UInt8] = []
    try inPlaceOfOutput {
      var encoder = try self.encoder ?? newEncoder(format)
      try Allocator.growingApart(format == .hdf5) {
        for (index, frame) in frames.enumerated() {
          try encoder.append(frame, index == 0 ? attachments : FrameAttachments(), to: &bytes)
        }
      }
      self.encoder = encoder
    }
    try output.write(bytes)
  }

  /// HDF5 grows in the output itself where that is a file; a place that it does not take, as one that may
  /// not be read, is left for memory.
  private func newEncoder(_ format: FrameFormat) throws -> FrameEncoder {
    if let place = output.place, let encoder = try? FrameEncoder(format: format, in: place) {
      return encoder
    }
    return try FrameEncoder(format: format)
  }

  /// Runs what writes HDF5: where it grows in the output, what fails there is a failure of the output.
  private func inPlaceOfOutput(_ body: () throws -> Void) throws {
    do { try body() } catch let error as HDF5Error {
      if output.place != nil, case .failed = error { throw output.failureInPlace() }
      throw error
    }
  }

  /// Writes text that is no frame: a table.
  public func write(text: String) throws { try write(textBytes: Array(text.utf8)) }

  /// Writes the bytes of a text that is no frame.
  public func write(textBytes bytes: [UInt8]) throws { try output.write(bytes) }

  /// Writes bytes that are no text; never to a terminal.
  public func write(binary bytes: [UInt8]) throws {
    guard !output.isTerminal else { throw StreamError.binaryToTerminal }
    try output.write(bytes)
  }

  /// Opens a second file, "-" for standard output, before the work: a wrong name costs no time. It
  /// appears whole or not at all, just before the output does.
  ///
  /// - Throws: ``StreamError`` where it cannot be made, or is the output itself.
  public func openReport(_ path: String) throws {
    let file = try path == "-" ? Output(standardOutputOf: descriptors) : Output(path: path)
    guard !file.isSame(as: output) else {
      file.abandon()
      throw StreamError.oneFile(first: output.name, second: file.name)
    }
    second = ("", file)
  }

  /// Sets the text of the second file, if one was opened.
  public func setReport(_ text: String) { second?.text = text }

  // MARK: Work

  /// Reads every frame, transforms the frames in parallel and writes the results in order.
  ///
  /// - Parameters:
  ///   - copies: How often each frame is transformed, as `copy` 0, 1, ….
  ///   - matrices: What becomes of what stands beside the frames.
  ///   - transform: Called once a copy, on any thread; its results may not depend on other frames.
  ///   - consumed: Called in order, on the main thread, when the result was written.
  public func mapFrames(
    copies: Int = 1, matrices: MatrixPolicy = .drop,
    _ transform: @escaping @Sendable (FrameJob) throws -> FrameResult,
    consumed: (FrameJob, FrameResult) throws -> Void = { _, _ in }
  ) throws {
    let format = try outputFormat(matrices)
    let entry = historyEntry
    try forEachFrame(copies: copies, matrices: matrices) { job -> (FrameResult, [UInt8]) in
      var result = try transform(job)
      var bytes: [UInt8] = []
      for index in result.frames.indices {
        if let entry { result.frames[index].appendHistory(entry) }
      }
      if format == .extendedXYZ {
        // Text of one frame does not depend on the others: it is made here, in parallel.
        var encoder = try FrameEncoder(format: format)
        for frame in result.frames { try encoder.append(frame, to: &bytes) }
        result.frames = []
      }
      return (result, bytes)
    } consume: { job, encoded in
      let (result, bytes) = encoded
      mappedCount += 1
      writtenCount += result.frames.isEmpty && bytes.isEmpty ? 0 : 1
      try output.write(bytes)
      if !result.frames.isEmpty {
        var attachments = result.attachments
        if matrices != .drop {
          attachments.hessian = attachments.hessian ?? job.attachments.hessian
          attachments.referenceHessian =
            attachments.referenceHessian ?? job.attachments.referenceHessian
          attachments.features = attachments.features ?? job.attachments.features
        }
        try encode(result.frames, attachments, format: format)
      }
      if options.json { report(job, copies: copies, result) }
      for warning in result.warnings { warn("\(job.frame.source.place): \(warning)") }
      if let reason = result.rejection { reject(job.frame.source, reason) }
      try consumed(job, result)
    }
  }

  /// As ``forEachFrame(copies:matrices:map:consume:)`` for all frames of another file than the
  /// inputs, which are read to their end before.
  ///
  /// - Parameter path: Not standard input.
  public func forEachFrame<Value: Sendable>(
    of path: String, matrices: MatrixPolicy = .drop, map: @Sendable (FrameJob) throws -> Value,
    consume: (FrameJob, Value) throws -> Void
  ) throws {
    let main = input
    defer { input = main }
    input = InputFrames(path: path)
    try forEachFrame(matrices: matrices, map: map, consume: consume)
  }

  /// Atoms from which on a frame gives its memory back as it goes.
  private static let largeFrame = 500_000

  /// Reads every frame, maps the frames in parallel and hands the values on in order.
  ///
  /// Values before an error are handed on first, whatever the number of threads.
  public func forEachFrame<Value: Sendable>(
    copies: Int = 1, matrices: MatrixPolicy = .drop, map: @Sendable (FrameJob) throws -> Value,
    consume: (FrameJob, Value) throws -> Void
  ) throws {
    var reader = JobReader(copies: copies, matrices: matrices, threads: threadCount)
    var batch = reader.nextBatch(from: &input)
    while !batch.jobs.isEmpty {
      // Of the next frames only those that are there: nobody waits for results that are ready.
      let readsAhead =
        batch.jobs.count > 1 && !batch.isLast && batch.atoms <= JobBatch.atomLimit / 2
        && input?.isReady ?? false
      // One thread reads at a time, and this one waits for it.
      nonisolated(unsafe) var ahead: JobBatch?
      nonisolated(unsafe) let session = self
      nonisolated(unsafe) var later = reader
      let read: @Sendable () -> Void = {
        unsafe ahead = later.nextBatch(from: &session.input)
      }
      // What a large frame is done with would stand beside what comes next.
      let isLarge = batch.jobs.count == 1 && batch.atoms >= Self.largeFrame
      let values = Allocator.growingApart(isLarge) {
        mapConcurrently(batch.jobs, threads: threadCount, meanwhile: readsAhead ? read : nil) {
          job in Result { try map(job) }
        }
      }
      unsafe reader = later
      do {
        for (job, value) in zip(batch.jobs, values) { try consume(job, try value.get()) }
      } catch {
        // The frames before a failing one are out whatever the size of the batch.
        try output.drain()
        throw error
      }
      progress.advance(by: batch.jobs.count, fraction: fraction(mapping: batch, copies: copies))
      // The next stage of a pipe need not wait for the end.
      try output.drain()
      if batch.isLast { break }
      batch = unsafe ahead ?? reader.nextBatch(from: &input)
    }
    if let error = reader.error { throw error }
  }

  /// How much of the frames is done where a batch is: those that were read, less those read ahead.
  private func fraction(mapping batch: JobBatch, copies: Int) -> Double? {
    guard progress.isShown, let last = batch.jobs.last, let input, let read = input.fraction else {
      return nil
    }
    let done = Double(last.index - input.firstIndex) + Double(last.copy + 1) / Double(copies)
    return min(1, read * done / Double(max(1, input.readCount)))
  }

  // MARK: Messages

  /// Names a frame that was left out or is not to be trusted; the command will exit 3.
  public func reject(_ source: FrameSource, _ reason: String) {
    rejectedCount += 1
    guard rejectedCount <= Self.namedRejections else { return }
    message("\(InputError(source, "rejected: \(reason)"))")
  }

  /// One line on standard error, unless --quiet.
  public func warn(_ text: String) {
    if !options.quiet { message("warning: \(text)") }
  }

  /// Lines on standard error that are asked for, such as a table of results; none under --quiet.
  public func note(_ lines: [String]) {
    if !options.quiet { lines.forEach(message) }
  }

  /// One line on standard error.
  public func message(_ text: String) {
    progress.interrupt { diagnostics.line(text) }
  }

  /// A line that says how far the work on a frame is.
  public func stepProgress() -> StepProgress {
    StepProgress(progress: progress)
  }

  /// One JSON object on standard error, under --json.
  public func report(_ object: JSONObject) {
    if options.json { diagnostics.writeRaw(object.compact + "\n") }
  }

  private func report(_ job: FrameJob, copies: Int, _ result: FrameResult) {
    var object: JSONObject = ["frame": .integer(job.index)]
    if copies > 1 { object.append("copy", .integer(job.copy)) }
    object.append("atoms", .integer(job.frame.atomCount))
    object.append(contentsOf: result.report)
    if let reason = result.rejection { object.append("rejected", .text(reason)) }
    report(object)
  }

  // MARK: End

  func finish() throws {
    closingRemarks().forEach(warn)
    guard mappedCount == 0 || writtenCount > 0 else {
      // A file without frames is one that no reader takes.
      abandon()
      message("expected frames to write, found every one rejected: nothing is written")
      return
    }
    if var encoder {
      self.encoder = nil
      try inPlaceOfOutput {
        let growsInOutput = encoder.place != nil
        try encoder.finish { bytes in
          if growsInOutput { try output.continueBehindEnd() }
          try output.write(bytes)
        }
      }
    }
    // The report gets its name first, the output last: where it is, everything is.
    try output.seal()
    if let (text, file) = second {
      try file.write(Array(text.utf8))
      try file.finish()
    }
    try output.finish()
    progress.end()
    if rejectedCount > Self.namedRejections { message("\(rejectedCount) frames rejected in all") }
  }

  func abandon() {
    progress.end()
    second?.output.abandon()
    output.abandon()
  }
}
