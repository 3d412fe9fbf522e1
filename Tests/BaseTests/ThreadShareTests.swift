import Base
import Synchronization
import Testing

/// Loops within loops share the threads.
struct ThreadShareTests {
  @Test(arguments: [(2, 2), (3, 1), (1, 6)])
  func nestedLoopsStayWithinTheLimit(outer: Int, inner: Int) {
    let active = Atomic(0)
    let most = Atomic(0)
    withConcurrentBlockLimit(outer * inner) {
      _ = mapConcurrently(outer) { _ in
        mapConcurrently(12) { _ in
          let now = active.wrappingAdd(1, ordering: .relaxed).newValue
          _ = most.max(now, ordering: .relaxed)
          // Long enough for others to come in, were they let.
          var sum = 0.0
          for i in 1..<20_000 { sum += 1 / Double(i) }
          active.subtract(sum > 0 ? 1 : 0, ordering: .relaxed)
          // A loop in here has one thread: nothing of its own may start.
          return mapConcurrently(3) { _ in concurrentBlockLimit }.max() ?? 0
        }
      }
    }
    #expect(most.load(ordering: .relaxed) <= outer * inner)
  }

  @Test func aWorkerHasItsPart() {
    let parts = withConcurrentBlockLimit(12) { mapConcurrently(3) { _ in concurrentBlockLimit } }
    #expect(parts == [4, 4, 4])
    let alone = withConcurrentBlockLimit(12) { mapConcurrently(1) { _ in concurrentBlockLimit } }
    #expect(alone == [12])
  }
}
