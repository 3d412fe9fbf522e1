internal import Formats
internal import Glibc

/// The frames of all inputs, one after the other, within the slice that is asked for.
///
/// An input is opened when the one before has ended: thousands of them need one descriptor.
struct InputFrames {
  private var names: ArraySlice<String>
  private let slice: Range<Int>
  private let selection: FrameSelection
  private var stream: FrameStream?
  private var firstFormat: FrameFormat?
  private var nextIndex = 0
  private var ahead: (frame: Frame, index: Int)?
  /// The archive of the last frame that was read, and the frame's number in it.
  private var place: (archive: H5MDReader, frame: Int)?
  private let lastName: String
  private let fileCount: Int
  /// The file that the output goes to as it comes, which must not be read.
  private let output: FileIdentity?

  /// - Throws: ``StreamError`` where standard input is wanted and closed, or a terminal that
  ///   nobody named.
  init(
    _ options: StreamOptions, types: [String], descriptors: StandardDescriptors,
    output: FileIdentity?
  ) throws(StreamError) {
    let names = options.inputs.isEmpty ? ["-"] : options.inputs
    if names.contains("-") {
      guard descriptors.isOpen[0] else { throw .closed(name: "standard input") }
      guard !options.inputs.isEmpty || isatty(STDIN_FILENO) == 0 else { throw .nothingToRead }
    }
    (self.names, fileCount, self.output) = (names[...], names.count, output)
    selection = FrameSelection(group: options.group, types: types)
    lastName = names.last ?? "-"
    let first = options.firstFrame.value
    slice = first..<(options.frames.map { first + $0.value } ?? .max)
  }

  /// All frames of one file.
  init(path: String) {
    (names, fileCount, lastName, slice, output) = ([path], 1, path, 0..<Int.max, nil)
    selection = FrameSelection()
  }

  /// The format of the first input.
  mutating func format() throws -> FrameFormat {
    if firstFormat == nil { try openNext() }
    return firstFormat ?? .extendedXYZ
  }

  /// The next frame and its number; nil at the end of the slice.
  ///
  /// - Throws: ``InputError`` also where the slice holds no frame at all.
  mutating func next() throws -> (frame: Frame, index: Int)? {
    if let ahead {
      self.ahead = nil
      return ahead
    }
    return try read()
  }

  /// Whether ``next()`` finds something to read without waiting for another program.
  var isReady: Bool { ahead != nil || stream?.isReady ?? true }

  /// Whether ``next()`` may have to wait for another program.
  var mayWait: Bool { ahead == nil && stream?.mayWait ?? false }

  /// Number of the first frame that is wanted, and how many of those are read.
  var firstIndex: Int { slice.lowerBound }
  var readCount: Int { nextIndex - slice.lowerBound }

  /// How much of what is wanted is read, from 0 to 1; nil where nobody knows, as of a pipe.
  var fraction: Double? {
    if slice.upperBound < .max { return Double(max(0, readCount)) / Double(slice.count) }
    let isComplete = stream == nil
    guard let part = isComplete ? 1 : stream?.fraction else { return nil }
    return (Double(fileCount - names.count - 1) + part) / Double(fileCount)
  }

  /// The frame that ``next()`` will give.
  mutating func peek() throws -> Frame? {
    if ahead == nil { ahead = try read() }
    return ahead?.frame
  }

  /// What stands beside the frame that ``next()`` gave last.
  mutating func attachments() throws -> FrameAttachments {
    guard let place else { return FrameAttachments() }
    return FrameAttachments(
      hessian: try place.archive.hessian(frame: place.frame),
      referenceHessian: try place.archive.referenceHessian(),
      features: try place.archive.features(frame: place.frame))
  }

  private func displayName(_ name: String) -> String { name == "-" ? "standard input" : name }

  private mutating func read() throws -> (frame: Frame, index: Int)? {
    while nextIndex < slice.upperBound {
      if stream == nil {
        guard !names.isEmpty else { break }
        try openNext()
      }
      guard let frame = try stream?.next() else {
        stream = nil
        continue
      }
      nextIndex += 1
      place = stream?.archive.map { ($0, frame.source.frame - 1) }
      if nextIndex > slice.lowerBound { return (frame, nextIndex - 1) }
    }
    guard nextIndex > slice.lowerBound else {
      throw InputError(
        file: lastName,
        slice.lowerBound == 0
          ? "expected a frame, found none"
          : "--first-frame: expected more than \(slice.lowerBound) frames, found \(nextIndex)")
    }
    return nil
  }

  private mutating func openNext() throws {
    guard let name = names.popFirst() else { return }
    let file = name == "-" ? FileIdentity(descriptor: STDIN_FILENO) : FileIdentity(path: name)
    if let output, output == file { throw StreamError.inputIsOutput(name: displayName(name)) }
    let opened = try FrameStream(path: name, selection: selection)
    if firstFormat == nil { firstFormat = opened.format }
    stream = opened
  }
}
