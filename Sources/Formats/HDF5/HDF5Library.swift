internal import CHDF5
internal import Synchronization

/// Every call of libhdf5 goes through here: one at a time, prepared, silent.
///
/// Builds of the library without thread safety exist, and those with it have one lock as well, so
/// nothing is lost. Calls must not be nested.
enum HDF5Library {
  private static let isPrepared = Mutex(false)

  static func run<Result: Sendable>(_ body: () -> Result) -> Result {
    isPrepared.withLock { isPrepared in
      if !isPrepared { isPrepared = svh5_prepare() >= 0 }
      svh5_silence()
      return body()
    }
  }
}

/// Returns what HDF5 returned, or throws where that is negative.
func checked<Identifier: SignedInteger & Sendable>(
  _ call: String, _ object: String, _ body: () -> Identifier
) throws(HDF5Error) -> Identifier {
  let identifier = HDF5Library.run(body)
  guard identifier >= 0 else { throw .failed(call: call, object: object) }
  return identifier
}

/// An open file, which can be closed before the end of its life, where it matters how that goes.
final class OpenFile: Sendable {
  let id: hid_t
  private let isOpen = Mutex(true)

  init(_ call: String, _ object: String, _ body: () -> hid_t) throws(HDF5Error) {
    id = try checked(call, object, body)
  }

  /// What is still in memory goes to the disk.
  func close() throws(HDF5Error) {
    let id = id
    guard
      isOpen.withLock({ isOpen in
        defer { isOpen = false }
        return isOpen
      })
    else { return }
    _ = try checked("H5Fclose", "/") { H5Fclose(id) }
  }

  deinit { try? close() }
}

/// An open HDF5 object, closed at the end of its life.
struct HDF5Handle: ~Copyable {
  enum Kind: Sendable { case group, dataset, attribute, space, type, list }

  let id: hid_t
  private let kind: Kind

  init(_ kind: Kind, _ call: String, _ object: String, _ body: () -> hid_t) throws(HDF5Error) {
    id = try checked(call, object, body)
    self.kind = kind
  }

  deinit {
    let (id, kind) = (id, kind)
    // Nothing can be lost here: what is written was flushed before (FileImage.finish).
    _ = HDF5Library.run {
      switch kind {
      case .group: H5Gclose(id)
      case .dataset: H5Dclose(id)
      case .attribute: H5Aclose(id)
      case .space: H5Sclose(id)
      case .type: H5Tclose(id)
      case .list: H5Pclose(id)
      }
    }
  }
}
