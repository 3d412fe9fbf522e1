internal import Glibc

/// What a limit on the address space (ulimit -v, or h_vmem of Grid Engine) asks for before any work.
///
/// OpenBLAS 0.3.21 starts a thread for every core when it is loaded, each of them maps
/// ``bufferSize`` bytes, and one that gets none tries again without end. So a limited process starts
/// anew with one thread of OpenBLAS, and uses no more threads of its own than have room.
enum AddressSpace {
  /// Bytes that OpenBLAS maps for each thread that computes, 128 MiB, and its stack.
  private static let bufferSize = 144 << 20
  private static let variable = "OPENBLAS_NUM_THREADS"

  /// The limit in bytes; nil where there is none.
  private static var limit: UInt? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != ~0
    else { return nil }
    return limit.rlim_cur
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
        nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if unsafe region != MAP_FAILED {
        _ = unsafe munmap(region, size)
        return count
      }
    }
    throw AddressSpaceError(limit: limit)
  }
}

/// The limit on the address space leaves no room to compute in.
struct AddressSpaceError: Error, Equatable, CustomStringConvertible {
  let limit: UInt

  var description: String {
    "memory: expected an address space of about 512 MiB or more, found a limit of "
      + "\(limit >> 20) MiB (ulimit -v)"
  }
}
