internal import Dispatch
internal import Synchronization

/// Calls `body` once for each index below `count`, by so many workers: each takes the next index
/// when it is done with one.
///
/// Returns after the last call; the order of the calls is anybody's.
///
/// - Parameters:
///   - share: Threads that each worker may use in turn.
///   - areParts: Whether the calls are parts of one computation, whose share is one thread of BLAS.
func takeTurns(
  _ count: Int, workers: Int, share: Int, areParts: Bool,
  _ body: @Sendable (_ index: Int) -> Void
) {
  let next = Atomic(0)
  let isInside = areParts || ConcurrentLoop.isInside
  DispatchQueue.concurrentPerform(iterations: workers) { _ in
    withConcurrentBlockLimit(share) {
      ConcurrentLoop.$isInside.withValue(isInside) {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          body(index)
        }
      }
    }
  }
}

/// Whether this runs in a part of a computation that is done concurrently, on whichever thread.
///
/// The cores are shared already: what could use several threads of its own has one there.
package var isInsideConcurrentLoop: Bool { ConcurrentLoop.isInside }

private enum ConcurrentLoop {
  @TaskLocal static var isInside = false
}
