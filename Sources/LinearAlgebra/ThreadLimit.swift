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

/// The limit set by `setConcurrentBlockLimit`; at the start there is none.
public var concurrentBlockLimit: Int { limit.load(ordering: .relaxed) }

private let limit = Atomic<Int>(.max)
