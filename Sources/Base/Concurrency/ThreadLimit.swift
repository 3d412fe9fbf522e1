internal import Synchronization

/// How many blocks `fillBlocksConcurrently` fills at once; the cores are a limit of their own.
///
/// The results do not depend on it, as the blocks are disjoint.
///
/// - Precondition: `count` is positive.
public func setConcurrentBlockLimit(_ count: Int) {
  precondition(count > 0, "expected at least one thread")
  limit.store(count, ordering: .relaxed)
}

/// The limit set by `setConcurrentBlockLimit`, or this thread's part of it: at the start there is
/// none.
public var concurrentBlockLimit: Int { ThreadShare.count ?? limit.load(ordering: .relaxed) }

/// Runs `body` with that part of the threads: so that frames in parallel, and blocks within each of
/// them, are together no more than the limit.
///
/// A thread that `body` starts knows nothing of it: loops hand their own part on to their workers.
public func withConcurrentBlockLimit<Result>(_ count: Int, _ body: () -> Result) -> Result {
  ThreadShare.$count.withValue(max(1, count), operation: body)
}

private enum ThreadShare {
  @TaskLocal static var count: Int?
}

private let limit = Atomic<Int>(.max)
