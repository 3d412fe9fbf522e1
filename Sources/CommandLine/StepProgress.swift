internal import Glibc
internal import Synchronization

/// A line on a terminal that says how far the work on one frame is; nothing anywhere else.
///
/// May be used on any thread.
public final class StepProgress: Sendable {
  private let diagnostics: Diagnostics
  private let isShown: Bool
  /// When the line was last written; nil before.
  private let shown = Mutex<Double?>(nil)

  init(diagnostics: Diagnostics, isShown: Bool) {
    (self.diagnostics, self.isShown) = (diagnostics, isShown)
  }

  /// Replaces the line, at most five times a second.
  public func show(_ text: @autoclosure () -> String) {
    guard isShown else { return }
    shown.withLock { last in
      let now = Progress.seconds()
      guard now - (last ?? 0) > 0.2 else { return }
      last = now
      diagnostics.writeRaw("\r\u{1b}[K\(diagnostics.commandName): \(printable(text()))")
    }
  }

  /// Takes the line off the terminal.
  public func clear() {
    shown.withLock { last in
      if last != nil { diagnostics.writeRaw("\r\u{1b}[K") }
      last = nil
    }
  }
}
