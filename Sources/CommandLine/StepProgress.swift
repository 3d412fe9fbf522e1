/// What a long piece of work says of itself in the line of progress; nothing but on a terminal.
///
/// May be used on any thread.
public struct StepProgress: Sendable {
  let progress: Progress

  /// Replaces what stood there, at most five times a second.
  public func show(_ text: @autoclosure () -> String) { progress.show(step: text()) }

  /// Takes the line off the terminal.
  public func clear() { progress.clear() }
}
