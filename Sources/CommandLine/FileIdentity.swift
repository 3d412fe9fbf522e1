internal import Glibc

/// What makes two names, or a name and a stream, one file.
struct FileIdentity: Equatable {
  private let device: UInt
  private let number: UInt

  private init(_ status: stat) {
    (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
  }

  /// A file or folder by its name; nil where there is none.
  init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// An open file; nil for terminals, pipes and devices.
  init?(descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    self.init(status)
  }

  /// An open file or pipe; nil for devices, such as /dev/null, which take what anybody writes.
  init?(stream descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFCHR else {
      return nil
    }
    self.init(status)
  }

  func isSame(as other: FileIdentity?) -> Bool { other == self }
}
