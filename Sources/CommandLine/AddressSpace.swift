internal import Glibc

/// What a limit on the address space (ulimit -v, or h_vmem of Grid Engine), or on the part of it that is
/// written (ulimit -d), asks for before any work.
///
/// OpenBLAS 0.3.21 starts a thread for every core when it is loaded, each of them maps
/// ``bufferSize`` bytes, and one that gets none tries again without end. So a limited process starts
/// anew with one thread of OpenBLAS, and uses no more threads of its own than have room.
enum AddressSpace {
  /// Bytes that OpenBLAS maps for each thread that computes, 128 MiB, and its stack.
  private static let bufferSize = 144 << 20
  private static let variable = "OPENBLAS_NUM_THREADS"

  /// The smaller limit in bytes and the option of ulimit that sets it; nil where there is none.
  private static var limit: (bytes: UInt, option: String)? {
    let limits = [(RLIMIT_AS, "-v"), (RLIMIT_DATA, "-d")].compactMap { resource, option in
      var limit = rlimit()
      let isKnown = unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0
      return isKnown && limit.rlim_cur != ~0 ? (bytes: limit.rlim_cur, option: option) : nil
    }
    return limits.min { $0.bytes < $1.bytes }
  }

  /// To be called first in a process.
  static func startWithOneBLASThread() {
    guard limit != nil, unsafe getenv(variable) == nil,
      unsafe setenv(variable, "1", 1) == 0
    else {
      return
    }
    // Where this fails, the process goes on as it is.
    _ = unsafe execv("/proc/self/exe", Swift.CommandLine.unsafeArgv)
  }

  /// As many of `wanted` threads as have room, at least one.
  ///
  /// - Throws: ``AddressSpaceError``.
  static func threads(_ wanted: Int) throws(AddressSpaceError) -> Int {
    guard let limit else { return wanted }
    for count in stride(from: wanted, to: 0, by: -1) {
      let size = (count + 1) * bufferSize
      let region = unsafe mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if unsafe region != MAP_FAILED {
        _ = unsafe munmap(region, size)
        return count
      }
    }
    throw AddressSpaceError(limit: limit.bytes, option: limit.option)
  }
}

/// The limit on the address space leaves no room to compute in.
struct AddressSpaceError: Error, Equatable, CustomStringConvertible {
  let limit: UInt
  let option: String

  var description: String {
    "memory: expected an address space of about 512 MiB or more, found a limit of "
      + "\(limit >> 20) MiB (ulimit \(option))"
  }
}
