internal import CHDF5
internal import CHDF5Rehearsal
internal import CSandbox
internal import Synchronization

/// An HDF5 file that lives in memory, so that it can pass through a pipe, or one that grows on a disk.
///
/// HDF5 seeks, a pipe cannot: an input is read whole before it is opened, and an output into a pipe is
/// written when it is complete. Paths are given from the root, without a leading slash.
package struct FileImage: ~Copyable {
  private let file: OpenFile
  /// Where it grows; nil in memory.
  private let place: Int32?
  /// Bytes of the image that was opened: no dataset can hold more.
  let imageSize: Int
  /// Whether the file is as we wrote it.
  let isSealed: Bool
  /// The texts of variable length of a file of others.
  let texts: ForeignTexts

  private static let count = Atomic<Int>(0)

  /// HDF5 refuses a second open file of the same name, also in memory.
  private static func uniqueName() -> String {
    "sitevib-image-\(count.add(1, ordering: .relaxed).newValue)"
  }

  /// Creates an empty file in memory.
  package init() throws(HDF5Error) {
    let access = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_memory_access(1 << 20) }
    let options = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_file_options() }
    let (name, accessID, optionsID) = (Self.uniqueName(), access.id, options.id)
    file = try OpenFile("H5Fcreate", "/") {
      unsafe H5Fcreate(name, svh5_truncate(), optionsID, accessID)
    }
    (place, imageSize, isSealed, texts) = (nil, 0, false, ForeignTexts())
  }

  /// Creates an empty file on a disk, so that memory holds none of it: in an open file, which loses what
  /// it had. The same contents give the same bytes as in memory.
  ///
  /// - Parameter place: A descriptor of a file that can be written and read.
  package init(in place: Int32) throws(HDF5Error) {
    let access = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_disk_access() }
    let options = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_file_options() }
    let (name, accessID, optionsID) = ("/proc/self/fd/\(place)", access.id, options.id)
    file = try OpenFile("H5Fcreate", "/") {
      unsafe H5Fcreate(name, svh5_truncate(), optionsID, accessID)
    }
    (self.place, imageSize, isSealed, texts) = (place, 0, false, ForeignTexts())
  }

  /// Opens the file whose bytes are `image`.
  ///
  /// - Throws: ``HDF5Error/notHDF5`` where the bytes are no HDF5 file, or only a part of one;
  ///   ``HDF5Error/damaged(_:)`` where its seal does not match, or the library fails on it.
  package init(image: [UInt8]) throws(HDF5Error) {
    guard image.starts(with: Self.magic) else {
      throw Envelope.remedy(for: image).map { .wrapped($0) } ?? .notHDF5
    }
    let size = try Seal.checkedSize(of: image)
    let access = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_memory_access(1 << 20) }
    let (name, accessID) = (Self.uniqueName(), access.id)
    _ = try checked("H5Pset_file_image", "/") {
      // The library copies the bytes and does not write to them; its C signature lacks the const.
      unsafe image.withUnsafeBytes { bytes in
        unsafe H5Pset_file_image(
          accessID, UnsafeMutableRawPointer(mutating: bytes.baseAddress), size ?? bytes.count)
      }
    }
    let texts = try size == nil ? Self.rehearse(image) : ForeignTexts()
    do throws(HDF5Error) {
      file = try OpenFile("H5Fopen", "/") {
        unsafe H5Fopen(name, svh5_read_only(), accessID)
      }
    } catch { throw .notHDF5 }
    (place, imageSize, isSealed, self.texts) = (nil, image.count, size != nil, texts)
  }

  /// Lets a process of its own read a file that carries no seal of ours: it may crash the library.
  ///
  /// - Returns: The texts of variable length in the file.
  private static func rehearse(_ image: [UInt8]) throws(HDF5Error) -> ForeignTexts {
    let seconds = UInt32(2 + image.count / 10_000_000) + ForeignTexts.patience
    let settings = [UInt64(largestRatio), UInt64(slack), 0, 0]
    let region = unsafe sandbox_make_region(ForeignTexts.limit)
    defer { unsafe sandbox_release(region) }
    let result = unsafe image.withUnsafeBytes { bytes in
      unsafe sandbox_run(
        rehearsal_job_name(), bytes.baseAddress, bytes.count, region, seconds, settings)
    }
    guard result >= 0, let start = unsafe region.bytes else {
      throw .failed(call: "posix_spawn", object: "/")
    }
    let found = unsafe UnsafeRawBufferPointer(start: start, count: region.capacity)
    let report = unsafe found.load(as: rehearsal_report.self)
    if report.is_open == 1 { throw .openForWriting }
    guard report.is_complete == 1 else {
      throw report.is_later == 1
        ? .laterLibrary : .damaged("a structure that HDF5 cannot follow")
    }
    guard report.is_hdf5 == 1 else { throw report.is_later == 1 ? .laterLibrary : .notHDF5 }
    let heap = unsafe found[MemoryLayout<rehearsal_report>.size...]
    return unsafe ForeignTexts(
      UnsafeRawBufferPointer(rebasing: heap.prefix(max(0, Int(clamping: report.text_bytes)))))
  }

  /// The first bytes of every HDF5 file.
  package static let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  var id: hid_t { file.id }

  /// The bytes of the file, as they would be on disk, with our seal behind the end.
  package borrowing func bytes() throws -> [UInt8] {
    var image: [UInt8] = []
    try finish { bytes in unsafe bytes.withUnsafeBytes { unsafe image.append(contentsOf: $0) } }
    return image
  }

  /// Hands on the bytes that have to be written, in order: those of a file in memory and our seal, or
  /// the seal alone, which belongs behind the end of the file on the disk. Nothing is added after.
  package borrowing func finish(_ write: (RawSpan) throws -> Void) throws {
    let id = id
    _ = try checked("H5Fflush", "/") { H5Fflush(id, H5F_SCOPE_GLOBAL) }
    guard let place else {
      let count = try checked("H5Fget_file_image", "/") { H5Fget_file_image(id, nil, 0) }
      let start = HDF5Library.run { unsafe UInt(bitPattern: svh5_closed_memory(id)) }
      guard let start = unsafe UnsafeRawPointer(bitPattern: start) else {
        throw HDF5Error.failed(call: "H5Fget_vfd_handle", object: "/")
      }
      let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count).bytes
      try write(bytes)
      let seal = Seal.bytes(count: count, checksum: Seal.Checksum.of(bytes))
      return try unsafe write(seal.span.bytes)
    }
    try file.close()
    let (count, checksum) = try Seal.Checksum.ofFile(place)
    try unsafe write(Seal.bytes(count: count, checksum: checksum).span.bytes)
  }
}
