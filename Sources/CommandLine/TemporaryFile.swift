internal import Glibc

/// The unfinished files of this process, removed when a signal ends it.
enum TemporaryFile {
  private typealias Name = UnsafeMutablePointer<CChar>

  /// Read by the signal handler, hence C strings that are set before the handler is: an output and
  /// its report, and room.
  private nonisolated(unsafe) static let paths = {
    let slots = UnsafeMutablePointer<Name?>.allocate(capacity: count)
    unsafe slots.initialize(repeating: nil, count: count)
    return unsafe slots
  }()
  private static let count = 4
  /// The process whose files these are: a child that ends by a signal removes nothing.
  private nonisolated(unsafe) static var owner: pid_t = 0

  /// Every signal that ends a process unless it is caught, those of faults of our own and SIGKILL
  /// aside; SIGXFSZ is ignored.
  private static let ending =
    [
      SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
      SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
    ] + Array(realTime)
  /// As the kernel numbers them; the first two are the C library's own.
  private static let realTime: ClosedRange<Int32> = 34...64

  /// Removes `name` if the process ends by a signal; signals that are ignored stay so. To be called
  /// before the file is made, so that no moment is left out.
  static func register(_ name: String) {
    guard let slot = (0..<count).first(where: { unsafe paths[$0] == nil }) else {
      preconditionFailure("more than \(count) unfinished files")
    }
    unsafe paths[slot] = strdup(name)
    unsafe owner = getpid()
    for number in ending {
      var action = sigaction()
      guard unsafe sigaction(number, nil, &action) == 0 else { continue }
      let isIgnored = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
      if isIgnored { continue }
      // Only calls that are safe in a handler; the default action then ends the process, so that
      // its status tells of the signal.
      unsafe action.__sigaction_handler.sa_handler = { number in
        for slot in 0..<TemporaryFile.count where unsafe getpid() == TemporaryFile.owner {
          if let path = unsafe TemporaryFile.paths[slot] { _ = unsafe unlink(path) }
        }
        _ = signal(number, SIG_DFL)
        _ = raise(number)
      }
      action.sa_flags = 0
      _ = unsafe sigaction(number, &action, nil)
    }
  }

  /// The file has its final name, or is gone. The string is not freed: a handler may be reading it.
  static func forget(_ name: String) {
    for slot in 0..<count {
      if let path = unsafe paths[slot], unsafe String(cString: path) == name {
        unsafe paths[slot] = nil
      }
    }
  }

  static func remove(_ name: String) {
    _ = unsafe unlink(name)
    forget(name)
  }
}
