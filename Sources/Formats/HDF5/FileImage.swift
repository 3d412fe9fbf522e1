internal import CHDF5
internal import Synchronization

/// An HDF5 file that lives in memory, so that it can pass through a pipe.
///
/// HDF5 seeks, a pipe cannot: an input is read whole before it is opened, and an output is written
/// when it is complete. Paths are given from the root, without a leading slash.
package struct FileImage: ~Copyable {
  private let file: HDF5Handle
  /// Bytes of the image that was opened: no dataset can hold more.
  let imageSize: Int

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
    imageSize = 0
  }

  /// Opens the file whose bytes are `image`.
  ///
  /// - Throws: ``HDF5Error/notHDF5`` where the bytes are no HDF5 file, or only a part of one;
  ///   ``HDF5Error/damaged(_:)`` where its seal does not match, or the library fails on it.
  package init(image: [UInt8]) throws(HDF5Error) {
    guard image.starts(with: Self.magic) else { throw .notHDF5 }
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
    if size == nil { try Self.rehearse(name, accessID, size: image.count) }
    do throws(HDF5Error) {
      file = try HDF5Handle(.file, "H5Fopen", "/") {
        unsafe H5Fopen(name, svh5_read_only(), accessID)
      }
    } catch { throw .notHDF5 }
    imageSize = image.count
  }

  /// Lets a child process read a file that carries no seal of ours: it may crash the library.
  private static func rehearse(
    _ name: String, _ access: hid_t, size: Int
  ) throws(HDF5Error) {
    let seconds = UInt32(2 + size / 10_000_000)
    let pageSize = 4096
    let (ratio, slack) = (UInt64(largestRatio), UInt64(slack))
    let result = HDF5Library.run { () -> Int32 in
      guard let region = unsafe svh5_shared_memory(pageSize) else { return -1 }
      defer { unsafe svh5_release(region, pageSize) }
      return unsafe svh5_rehearse(name, access, ratio, slack, seconds, region)
    }
    switch result {
    case 0: return
    case 1: throw .damaged("a structure that HDF5 cannot follow")
    default: throw .failed(call: "fork", object: "/")
    }
  }

  /// The first bytes of every HDF5 file.
  package static let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  var id: hid_t { file.id }

  /// The bytes of the file, as they would be on disk, with our seal behind the end.
  package borrowing func bytes() throws(HDF5Error) -> [UInt8] {
    let id = id
    _ = try checked("H5Fflush", "/") { H5Fflush(id, H5F_SCOPE_GLOBAL) }
    let count = try checked("H5Fget_file_image", "/") { H5Fget_file_image(id, nil, 0) }
    var image = [UInt8](repeating: 0, count: count)
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
