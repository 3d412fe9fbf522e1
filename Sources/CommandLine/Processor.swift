internal import CProcessor

/// The processor against the one that the commands were built for.
enum Processor {
  /// What is wrong with this processor, in one line; nil where it runs the commands.
  static var problem: String? {
    guard svcpu_suffices() == 0 else { return nil }
    let level = unsafe String(cString: svcpu_level())
    return "expected a processor of level \(level), for which this was built, found an older one: "
      + "build again here, or with SITEVIB_CPU=x86-64"
  }
}
