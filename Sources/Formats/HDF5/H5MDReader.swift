/// Reads the frames of an HDF5 file one after the other, and what belongs to them.
///
/// Our own files give back every column and key with its type, order and text; other H5MD files are
/// read as far as their numbers have a place in a frame (formats/h5md-dataset.md).
public struct H5MDReader {
  /// The image is not copyable, a reader is handed around.
  private final class Storage {
    let image: FileImage
    let content: any FrameContent
    /// The rows of features of each frame, found when first asked for.
    var featureRows: [Int: Range<Int>]?

    init(_ bytes: [UInt8], _ selection: FrameSelection) throws {
      image = try FileImage(image: bytes)
      if try image.kind(of: FrameRecord.root) != nil {
        guard selection.types.isEmpty,
          [nil, FileImage.split(H5MDLayout.particles).name].contains(selection.group)
        else {
          throw HDF5Error.unexpected(
            object: "/particles", expected: "a group and types of another program",
            found: "frames of our own")
        }
        content = try RecordedFrames(image)
      } else if try image.kind(of: "particles") != nil {
        content = try ForeignFrames(image, selection)
      } else {
        content = NoFrames()
      }
    }
  }

  public let name: String
  private let storage: Storage
  private var position = 0

  /// - Parameters:
  ///   - image: The bytes of the file.
  ///   - name: The file, for messages.
  ///   - selection: Which frames of a file of another program.
  /// - Throws: ``InputError`` for what is no HDF5 file, or damaged, or holds no frames as declared.
  public init(
    image: [UInt8], name: String, selection: FrameSelection = FrameSelection()
  ) throws {
    self.name = name
    storage = try Self.naming(name) { try Storage(image, selection) }
  }

  public var frameCount: Int { storage.content.frameCount }

  /// The next frame, or nil after the last.
  public mutating func next() throws -> Frame? {
    guard position < frameCount else { return nil }
    defer { position += 1 }
    return try frame(at: position)
  }

  /// The frame of an index from 0.
  ///
  /// - Precondition: `index` is below `frameCount`.
  public func frame(at index: Int) throws -> Frame {
    precondition((0..<frameCount).contains(index), "no frame \(index)")
    let source = FrameSource(file: name, frame: index + 1)
    return try Self.naming(name, frame: index + 1) {
      let frame = try storage.content.frame(at: index, source: source)
      do throws(FormatProblem) {
        try checkLattice(frame.cell, periodic: frame.periodic)
      } catch { throw InputError(source, error.message) }
      return frame
    }
  }

  // MARK: What stands beside the frames

  /// The Hessian of a frame (counted from 0), or nil where the file has none for it.
  public func hessian(frame: Int) throws -> StoredHessian? {
    try hessian(named: String(frame))
  }

  /// The Hessian of the reference that all frames share, or nil.
  public func referenceHessian() throws -> StoredHessian? { try hessian(named: "reference") }

  private func hessian(named name: String) throws -> StoredHessian? {
    let group = "\(StoredHessian.group)/\(name)"
    return try Self.naming(self.name) {
      guard try storage.image.kind(of: group) != nil else { return nil }
      return try StoredHessian(from: storage.image, group: group, file: self.name)
    }
  }

  /// Rows of features, or nil where the file has none.
  public func featureRowCount() throws -> Int? {
    try Self.naming(name) {
      guard try storage.image.kind(of: StoredFeatures.group) != nil else { return nil }
      let matrix = try storage.image.dataset(StoredFeatures.group + "/X")
      return try matrix.expect(shape: [-1, -1])[0]
    }
  }

  /// The features of the file, or some of their rows; nil where it has none.
  public func features(rows: Range<Int>? = nil) throws -> StoredFeatures? {
    try Self.naming(name) {
      guard try storage.image.kind(of: StoredFeatures.group) != nil else { return nil }
      return try StoredFeatures(from: storage.image, rows: rows, file: name)
    }
  }

  /// The features of the sites of a frame (counted from 0), or nil where the file has none of it.
  ///
  /// - Throws: ``InputError`` also where the rows of a frame do not lie together.
  public func features(frame: Int) throws -> StoredFeatures? {
    guard let count = try featureRowCount() else { return nil }
    if storage.featureRows == nil {
      let owners = try Self.naming(name) {
        let owners = try storage.image.dataset(StoredFeatures.group + "/frame")
        try owners.expect(shape: [count])
        let frames = try owners.integers()
        if let frame = frames.first(where: { $0 < 0 }) {
          throw HDF5Error.unexpected(
            object: owners.object, expected: "indices from 0", found: "\(frame)")
        }
        return frames
      }
      var ranges: [Int: Range<Int>] = [:]
      var start = 0
      for row in 1..<count + 1 where row == count || owners[row] != owners[start] {
        guard ranges[Int(owners[start])] == nil else {
          throw InputError(
            file: name,
            "features: expected the rows of a frame together, found frame "
              + "\(owners[start]) again in row \(start)")
        }
        ranges[Int(owners[start])] = start..<row
        start = row
      }
      storage.featureRows = ranges
    }
    guard let rows = storage.featureRows?[frame] else { return nil }
    return try features(rows: rows)
  }

  // MARK: Messages

  /// Gives errors of the store the name of the file.
  static func naming<Result>(
    _ file: String, frame: Int? = nil, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let error as HDF5Error {
      throw InputError(file: file, frame: frame, error.description)
    }
  }
}

/// The frames in one kind of file.
protocol FrameContent {
  var frameCount: Int { get }
  func frame(at index: Int, source: FrameSource) throws -> Frame
}

/// A file that holds other things than frames.
private struct NoFrames: FrameContent {
  let frameCount = 0
  func frame(at index: Int, source: FrameSource) throws -> Frame {
    preconditionFailure("a file without frames has no frame \(index)")
  }
}

/// A dataset whose rows are frames, read in batches.
final class FrameRows {
  let reader: DatasetReader
  private var reals = Batch<Double>()
  private var integers = Batch<Int>()
  private var texts = Batch<String>()

  /// Bytes of a batch; a chunk that many frames share is not unpacked for each of them.
  private static let batchBytes = 1 << 22

  private struct Batch<Element> {
    var frames: Range<Int> = 0..<0
    var values: [Element] = []
  }

  init(_ reader: consuming DatasetReader) { self.reader = reader }

  /// Values a frame.
  var rowSize: Int { reader.rowSize }

  func reals(_ frame: Int) throws(HDF5Error) -> ArraySlice<Double> {
    if !reals.frames.contains(frame) {
      let frames = batch(from: frame)
      reals = Batch(frames: frames, values: try reader.reals(rows: frames))
    }
    return slice(reals, frame)
  }

  func integers(_ frame: Int) throws(HDF5Error) -> ArraySlice<Int> {
    if !integers.frames.contains(frame) {
      let frames = batch(from: frame)
      integers = Batch(
        frames: frames, values: try reader.integers(rows: frames, acceptsLogicals: true))
    }
    return slice(integers, frame)
  }

  func texts(_ frame: Int) throws(HDF5Error) -> ArraySlice<String> {
    if !texts.frames.contains(frame) {
      let frames = batch(from: frame)
      texts = Batch(frames: frames, values: try reader.texts(rows: frames))
    }
    return slice(texts, frame)
  }

  private func batch(from frame: Int) -> Range<Int> {
    frame..<min(reader.rowCount, frame + max(1, Self.batchBytes / max(1, rowSize * 8)))
  }

  private func slice<Element>(_ batch: Batch<Element>, _ frame: Int) -> ArraySlice<Element> {
    let start = (frame - batch.frames.lowerBound) * rowSize
    return batch.values[start..<start + rowSize]
  }
}
