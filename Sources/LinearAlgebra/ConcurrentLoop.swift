/// Whether this runs in the body of a concurrent loop, on whichever thread.
///
/// The cores are shared already: what could use several threads of its own has one there.
var isInsideConcurrentLoop: Bool { ConcurrentLoop.isInside }

/// Runs a worker of a concurrent loop, with its part of the threads.
func insideConcurrentLoop(share: Int, _ work: () -> Void) {
  withConcurrentBlockLimit(share) { ConcurrentLoop.$isInside.withValue(true, operation: work) }
}

enum ConcurrentLoop {
  @TaskLocal static var isInside = false
}
