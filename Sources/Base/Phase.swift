internal import Synchronization

/// What the work on a frame is at, for people who wait at a terminal: no computation reads it.
///
/// One text for the whole process: of frames that are worked on side by side the last one to say.
public enum Phase {
  private static let text = Mutex("")

  /// Says what begins, such as "Hessian of 64000 atoms".
  public static func begin(_ name: @autoclosure () -> String) {
    let name = name()
    text.withLock { $0 = name }
  }

  /// What began last; empty before anything did.
  public static var current: String { text.withLock { $0 } }
}
