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
    let parts = path.split(separator: "/").last?.split(separator: ".") ?? []
    switch parts.count > 1 ? parts.last?.lowercased() : nil {
    case "xyz", "extxyz": self = .extendedXYZ
    case "h5", "hdf5", "h5md": self = .hdf5
    default: return nil
    }
  }
}

/// Which frames of an HDF5 file are meant, and what its numbers of species are.
public struct FrameSelection: Equatable, Sendable {
  /// The particle group, where a file has several; nil where it has one.
  public var group: String?
  /// Elements of the atom types 1, 2, … that LAMMPS writes as species; empty for atomic numbers.
  public var types: [String]

  public init(group: String? = nil, types: [String] = []) {
    (self.group, self.types) = (group, types)
  }
}

/// The frames of an input whose format is recognised by its first bytes.
public struct FrameStream: FrameSequence {
  /// Largest HDF5 file that is read: as it may come from a pipe, memory holds it whole.
  public static let imageLimit = 8 << 30

  public let format: FrameFormat
  /// What stands beside the frames; nil where the format holds frames only.
  public let archive: H5MDReader?
  private var frames: any FrameSequence
  private var frameCount = 0
  private let source: ByteSource

  /// Opens a file; "-" is standard input.
  ///
  /// - Throws: ``SourceError``, ``InputError``.
  public init(path: String, selection: FrameSelection = FrameSelection()) throws {
    try self.init(ByteSource(path: path), selection: selection)
  }

  /// - Throws: ``SourceError``, ``InputError``.
  public init(_ source: ByteSource, selection: FrameSelection = FrameSelection()) throws {
    self.source = source
    if try source.peek(FrameFormat.hdf5Magic.count) == FrameFormat.hdf5Magic {
      let reader = try H5MDReader(
        image: source.readToEnd(limit: Self.imageLimit), name: source.name, selection: selection)
      (format, archive, frames) = (.hdf5, reader, reader)
      return
    }
    guard selection == FrameSelection() else {
      throw InputError(
        file: source.name,
        "\(selection.group == nil ? "--types" : "--group"): expected an HDF5 file, found another")
    }
    (format, archive) = (.extendedXYZ, nil)
    frames =
      try Self.isPOSCAR(source)
      ? POSCARReader(source) : ExtendedXYZReader(source, name: source.name)
  }

  /// Whether the input is a POSCAR; bytes are not waited for where it begins as extended XYZ.
  private static func isPOSCAR(_ source: ByteSource) throws -> Bool {
    let start = try source.peek(FrameFormat.hdf5Magic.count)
    // Extended XYZ begins with a line of digits.
    guard let other = start.first(where: { !(0x30...0x39).contains($0) && $0 != 0x20 }),
      other != 0x0A, other != 0x0D
    else { return false }
    return POSCARReader.recognises(try source.peek(1 << 12))
  }

  public mutating func next() throws -> Frame? {
    let frame = try frames.next()
    if frame != nil { frameCount += 1 }
    return frame
  }

  /// How much of the input is read, from 0 to 1; nil where nobody knows, as of a pipe.
  public var fraction: Double? {
    guard let archive else { return source.fraction }
    return Double(frameCount) / Double(max(1, archive.frameCount))
  }

  /// Whether ``next()`` finds text to read without waiting for another program. HDF5 is read while
  /// nothing else is done: child processes read what may be damaged there, and want no other threads.
  public var isReady: Bool { archive == nil && source.isReady }

  /// Whether ``next()`` may have to wait for another program: text that is still to be written.
  public var mayWait: Bool { archive == nil && !source.isReady }
}

extension H5MDReader: FrameSequence {}

/// What a file may hold beside a frame.
public struct FrameAttachments: Sendable {
  /// Of the frame.
  public var hessian: StoredHessian?
  /// Of the reference that all frames share.
  public var referenceHessian: StoredHessian?
  /// Rows of this frame's sites.
  public var features: StoredFeatures?

  public init(
    hessian: StoredHessian? = nil, referenceHessian: StoredHessian? = nil,
    features: StoredFeatures? = nil
  ) {
    (self.hessian, self.referenceHessian) = (hessian, referenceHessian)
    self.features = features
  }

  public var isEmpty: Bool { hessian == nil && referenceHessian == nil && features == nil }
}

/// Turns frames into the bytes of a format.
public struct FrameEncoder {
  public let format: FrameFormat
  /// Where the bytes grow, if not in memory.
  public let place: Int32?
  private let writer = ExtendedXYZWriter()
  private var archive: H5MDWriter?
  private var reference: StoredHessian?

  /// - Parameter place: Where a format that is written whole may grow: a descriptor of a file that can be
  ///   written and read. nil: in memory.
  /// - Throws: ``InputError`` for a format that cannot be written.
  public init(format: FrameFormat, in place: Int32? = nil) throws {
    self.format = format
    self.place = format == .hdf5 ? place : nil
    archive = format == .hdf5 ? try H5MDWriter(in: place) : nil
  }

  /// Encodes a frame.
  ///
  /// - Parameters:
  ///   - attachments: Kept by HDF5 only.
  ///   - output: Gets the bytes that are final; none before `finish` where the format is written
  ///     whole.
  /// - Throws: ``InputError`` for what the format cannot hold.
  public mutating func append(
    _ frame: Frame, _ attachments: FrameAttachments = FrameAttachments(), to output: inout [UInt8]
  ) throws {
    guard var archive else {
      try writer.append(frame, to: &output)
      return
    }
    let index = archive.frameCount
    try archive.append(frame)
    if let hessian = attachments.hessian { try archive.append(hessian, frame: index) }
    if let features = attachments.features {
      var rows = features
      rows.frames = rows.frames.map { _ in index }
      try archive.append(rows)
    }
    if let given = attachments.referenceHessian {
      if reference == nil {
        try archive.setReferenceHessian(given)
        reference = given
      } else if reference != given {
        throw InputError(
          frame.source,
          "expected frames that share one reference Hessian, found another; "
            + "put them in files of their own")
      }
    }
    self.archive = archive
  }

  /// Hands on what remains behind the last frame, to be written behind the end of what was.
  public mutating func finish(_ write: (RawSpan) throws -> Void) throws {
    reference = nil
    guard var archive else { return }
    self.archive = nil
    try archive.finish(write)
  }

  /// Appends what remains behind the last frame.
  public mutating func finish(to output: inout [UInt8]) throws {
    try finish { bytes in unsafe bytes.withUnsafeBytes { unsafe output.append(contentsOf: $0) } }
  }
}
