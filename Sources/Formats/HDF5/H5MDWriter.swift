/// Collects frames, and what belongs to them, into one HDF5 file: H5MD 1.1 that znh5md, ASE and
/// MDAnalysis open (formats/h5md-dataset.md).
///
/// HDF5 cannot be written in pieces to a pipe, so the frames are kept until the end; Hessians and
/// features go into the image, compressed, at once.
public struct H5MDWriter {
  /// The image is not copyable, a writer is handed around: copies write to the same file.
  private final class Storage {
    let image: FileImage
    var frames: [Frame] = []
    var features: StoredFeatures.Writer?
    var hessians = StoredHessian.GroupWriter()
    init(_ image: consuming FileImage) { self.image = image }
  }

  private let storage: Storage

  /// - Parameter place: A descriptor of a file that can be written and read, where the image is to grow;
  ///   nil in memory.
  public init(in place: Int32? = nil) throws {
    storage = Storage(try place.map { try FileImage(in: $0) } ?? FileImage())
  }

  public var frameCount: Int { storage.frames.count }

  /// Adds a frame.
  ///
  /// - Throws: ``InputError`` for what the format cannot hold: no atoms, a number that is not
  ///   finite, a name that is none.
  public mutating func append(_ frame: Frame) throws {
    try H5MDLayout.check(frame)
    storage.frames.append(frame)
  }

  /// Adds the Hessian of a frame (counted from 0).
  public mutating func append(_ hessian: StoredHessian, frame: Int) throws {
    try storage.hessians.write(hessian, name: String(frame), to: storage.image)
  }

  /// Adds the Hessian of the reference that all frames share.
  public mutating func setReferenceHessian(_ hessian: StoredHessian) throws {
    try storage.hessians.write(hessian, name: "reference", to: storage.image)
  }

  /// Adds rows of features; the first call fixes the basis, the names and the channels.
  ///
  /// - Throws: ``InputError`` where later rows have another basis.
  public mutating func append(_ features: StoredFeatures) throws {
    if storage.features == nil {
      storage.features = try StoredFeatures.Writer(like: features, in: storage.image)
    }
    try storage.features?.append(features)
  }

  /// Hands on the bytes that have to be written, in order; of a file that grew in its place only those
  /// that belong behind its end.
  ///
  /// - Throws: ``InputError`` for frames that do not fit in one file.
  public mutating func finish(_ write: (RawSpan) throws -> Void) throws {
    if let features = storage.features { try features.finish(in: storage.image) }
    storage.features = nil
    try H5MDLayout(storage.frames).write(to: storage.image)
    try storage.image.finish(write)
  }

  /// The bytes of a file that grew in memory.
  public mutating func finish() throws -> [UInt8] {
    var image: [UInt8] = []
    try finish { bytes in unsafe bytes.withUnsafeBytes { unsafe image.append(contentsOf: $0) } }
    return image
  }
}
