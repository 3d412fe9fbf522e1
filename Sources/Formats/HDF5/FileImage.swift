internal import CHDF5
internal import CHDF5Rehearsal
internal import CSandbox
internal import Synchronization

/// An HDF5 file that lives in memory, so that it can pass through a pipe.
///
/// HDF5 seeks, a pipe cannot: an input is read whole before it is opened, and an output is written
/// when it is complete. Paths are given from the root, without a leading slash.
package struct FileImage: ~Copyable {
  private let file: HDF5Handle
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

  /// Creates an empty file.
  package init() throws(HDF5Error) {
    let access = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_memory_access(1 << 20) }
    let options = try HDF5Handle(.list, "H5Pcreate", "/") { svh5_file_options() }
    let (name, accessID, optionsID) = (Self.uniqueName(), access.id, options.id)
    file = try HDF5Handle(.file, "H5Fcreate", "/") {
      unsafe H5Fcreate(name, svh5_truncate(), optionsID, accessID)
    }
    (imageSize, isSealed, texts) = (0, false, ForeignTexts())
  }

  /// Opens the file whose bytes are `image`.
  ///
  /// - Throws: ``HDF5Error/notHDF5`` where the bytes are no HDF5 file, or only a part of one;
  ///   ``HDF5Error/damaged(_:)`` where its seal does not match, or the library fails on it.
  package init(image: [UInt8]) throws(HDF5Error) {
    guard image.starts(with: Self.magic) else {
      throw Compression.remedy(for: image).map { .compressed($0) } ?? .notHDF5
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
      file = try HDF5Handle(.file, "H5Fopen", "/") {
        unsafe H5Fopen(name, svh5_read_only(), accessID)
      }
    } catch { throw .notHDF5 }
    (imageSize, isSealed, self.texts) = (image.count, size != nil, texts)
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
  package borrowing func bytes() throws(HDF5Error) -> [UInt8] {
    let id = id
    _ = try checked("H5Fflush", "/") { H5Fflush(id, H5F_SCOPE_GLOBAL) }
    let count = try checked("H5Fget_file_image", "/") { H5Fget_file_image(id, nil, 0) }
    var image: [UInt8] = []
    // Room for the seal as well: to grow would be to copy.
    image.reserveCapacity(count + Seal.byteCount)
    image.append(contentsOf: repeatElement(0, count: count))
    let copied = try checked("H5Fget_file_image", "/") {
      unsafe image.withUnsafeMutableBytes { bytes in
        unsafe H5Fget_file_image(id, bytes.baseAddress, bytes.count)
      }
    }
    guard copied == count else { throw .failed(call: "H5Fget_file_image", object: "/") }
    Seal.append(to: &image)
    return image
  }
}
