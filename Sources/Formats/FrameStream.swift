/// Frames one after another, from whatever format.
public protocol FrameSequence {
  /// - Returns: The next frame, or nil behind the last.
  /// - Throws: ``InputError`` where the input breaks its format, ``SourceError`` where it cannot be
  ///   read.
  mutating func next() throws -> Frame?
}

/// The formats that frames are kept in.
public enum FrameFormat: String, CaseIterable, Sendable {
  /// Text that streams frame by frame.
  case extendedXYZ = "extxyz"
  /// H5MD, a whole file at a time.
  case hdf5 = "h5"

  /// The first bytes of every HDF5 file.
  static let hdf5Magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The format that the suffix of a path asks for, or nil.
  public init?(suffixOf path: String) {
    switch path.split(separator: "/").last?.split(separator: ".").last?.lowercased() {
    case "xyz", "extxyz": self = .extendedXYZ
    case "h5", "hdf5", "h5md": self = .hdf5
    default: return nil
    }
  }
}

/// The frames of an input whose format is recognised by its first bytes.
public struct FrameStream: FrameSequence {
  public let format: FrameFormat
  /// The whole file, for what stands beside the frames; nil where the format streams.
  public let image: [UInt8]?
  private var frames: any FrameSequence

  /// Opens a file; "-" is standard input.
  ///
  /// - Throws: ``SourceError``, ``InputError``.
  public init(path: String) throws {
    try self.init(ByteSource(path: path))
  }

  /// - Throws: ``SourceError``, ``InputError``.
  public init(_ source: ByteSource) throws {
    if try source.peek(FrameFormat.hdf5Magic.count) == FrameFormat.hdf5Magic {
      throw InputError(file: source.name, "expected extended XYZ, found HDF5")
    }
    format = .extendedXYZ
    image = nil
    frames = ExtendedXYZReader(source, name: source.name)
  }

  public mutating func next() throws -> Frame? { try frames.next() }
}

/// Turns frames into the bytes of a format.
public struct FrameEncoder {
  public let format: FrameFormat
  private let writer = ExtendedXYZWriter()

  /// - Throws: ``InputError`` for a format that cannot be written.
  public init(format: FrameFormat) throws {
    guard format == .extendedXYZ else {
      throw InputError(file: "-", "expected extended XYZ as output, found HDF5")
    }
    self.format = format
  }

  /// Encodes a frame.
  ///
  /// - Parameter output: Gets the bytes that are final; none before `finish` where the format is
  ///   written whole.
  /// - Throws: ``InputError`` for what the format cannot hold.
  public mutating func append(_ frame: Frame, to output: inout [UInt8]) throws {
    try writer.append(frame, to: &output)
  }

  /// Appends what remains behind the last frame.
  public mutating func finish(to output: inout [UInt8]) throws {}
}
