internal import Base
internal import Glibc
internal import Synchronization

/// A line on a terminal that says how far the work is, and nothing anywhere else.
///
/// The work draws it at most five times a second, and a thread of its own does where the work is silent,
/// as on one long frame. May be used on any thread.
package final class Progress: Sendable {
  let isShown: Bool
  private let diagnostics: Diagnostics
  private let state: Mutex<State>

  private struct State: Sendable {
    var count = 0
    /// How much of the work is done, from 0 to 1, if that is known.
    var fraction: Double?
    /// What a long piece of work says of itself.
    var step: String?
    let start = Progress.seconds()
    var lastDrawn = Progress.seconds()
    var hasText = false
    var isOver = false
  }

  init(diagnostics: Diagnostics, isQuiet: Bool) {
    isShown = !isQuiet && isatty(STDERR_FILENO) == 1
    self.diagnostics = diagnostics
    state = Mutex(State())
    if isShown { startTicking() }
  }

  /// Counts frames.
  ///
  /// - Parameter fraction: How much of the work is done then; nil where nobody knows.
  func advance(by frames: Int, fraction: Double?) {
    change {
      $0.count += frames
      $0.fraction = fraction
    }
  }

  /// Says what is done at the moment.
  func show(step: @autoclosure () -> String) {
    guard isShown else { return }
    let step = step()
    change { $0.step = step }
  }

  /// Forgets the step and takes the line off the terminal.
  func clear() {
    state.withLock { state in
      state.step = nil
      erase(&state)
    }
  }

  /// Runs what writes lines of its own, with the line off the terminal.
  func interrupt(_ body: () -> Void) {
    state.withLock { state in
      erase(&state)
      body()
    }
  }

  /// Nothing is drawn from now on.
  func end() {
    state.withLock { state in
      state.isOver = true
      erase(&state)
    }
  }

  /// The words of the line: frames done, how fast, and how long the rest will take.
  package static func text(count: Int, seconds: Double, fraction: Double?, step: String) -> String {
    var words = ["\(count) \(count == 1 ? "frame" : "frames")"]
    if count > 0, seconds > 0 {
      let rate = Double(count) / seconds
      words.append(
        rate >= 1 ? "\(digits(rate)) a second" : "\(digits(1 / rate)) s a frame")
    }
    if let fraction, fraction > 0, fraction < 1 {
      words.append("\(duration(seconds * (1 - fraction) / fraction)) left")
    } else {
      words.append(duration(seconds))
    }
    if !step.isEmpty { words.append(step) }
    return words.joined(separator: ", ")
  }

  static func seconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Two digits, or all before the point.
  private static func digits(_ value: Double) -> String {
    value >= 10 ? String(Int(value.rounded())) : String((value * 10).rounded() / 10)
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    return switch whole {
    case ..<100: "\(whole) s"
    case ..<6000: "\((whole + 30) / 60) min"
    default: "\(digits(Double(whole) / 3600)) h"
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      if isShown, Self.seconds() - state.lastDrawn > 0.2 { draw(&state) }
    }
  }

  private func draw(_ state: inout State) {
    state.lastDrawn = Self.seconds()
    state.hasText = true
    let text = Self.text(
      count: state.count, seconds: state.lastDrawn - state.start, fraction: state.fraction,
      step: state.step ?? Phase.current)
    diagnostics.writeRaw("\r\u{1b}[K\(diagnostics.commandName): \(printable(text))")
  }

  private func erase(_ state: inout State) {
    if state.hasText { diagnostics.writeRaw("\r\u{1b}[K") }
    state.hasText = false
  }

  /// Begins to draw every second what the work does not, from the second second on.
  private func startTicking() {
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(self).toOpaque()
    let failed = unsafe pthread_create(
      &thread, nil,
      { argument in
        let progress = unsafe Unmanaged<Progress>.fromOpaque(argument!).takeRetainedValue()
        while progress.tick() { usleep(500_000) }
        return nil
      }, argument)
    if failed == 0 {
      pthread_detach(thread)
    } else {
      unsafe Unmanaged<Progress>.fromOpaque(argument).release()
    }
  }

  private func tick() -> Bool {
    state.withLock { state in
      let now = Self.seconds()
      if !state.isOver, now - state.start > 2, now - state.lastDrawn > 1 { draw(&state) }
      return !state.isOver
    }
  }
}
