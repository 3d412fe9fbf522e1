internal import Glibc

/// The one unfinished file of this process, removed when a signal ends it.
enum TemporaryFile {
  /// Read by the signal handler, hence a C string that is set before the handler is.
  private nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>? = nil

  /// Removes `name` if the process ends by a signal; signals that are ignored stay so. To be called
  /// before the file is made, so that no moment is left out.
  static func register(_ name: String) {
    unsafe path = strdup(name)
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE] {
      var action = sigaction()
      guard unsafe sigaction(number, nil, &action) == 0 else { continue }
      let isIgnored = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
      if isIgnored { continue }
      // Only calls that are safe in a handler; the default action then ends the process, so that
      // its status tells of the signal.
      unsafe action.__sigaction_handler.sa_handler = { number in
        if let path = unsafe TemporaryFile.path { _ = unsafe unlink(path) }
        _ = signal(number, SIG_DFL)
        _ = raise(number)
      }
      action.sa_flags = 0
      _ = unsafe sigaction(number, &action, nil)
    }
  }

  /// The file has its final name, or is gone. The string is not freed: a handler may be reading it.
  static func forget() { unsafe path = nil }

  static func remove(_ name: String) {
    _ = unsafe unlink(name)
    forget()
  }
}
