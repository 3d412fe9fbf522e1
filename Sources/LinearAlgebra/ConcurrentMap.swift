internal import Dispatch
internal import Synchronization

/// The results of `body` for 0, 1, …, count - 1, computed in parallel, in that order.
///
/// - Parameter body: Called once for each index, on any thread; what it returns must not depend
///   on the others.
public func mapConcurrently<Result: Sendable>(
  _ count: Int, _ body: @Sendable (_ index: Int) -> Result
) -> [Result] {
  let workers = min(count, concurrentBlockLimit)
  guard workers > 1 else { return (0..<count).map(body) }
  let share = concurrentBlockLimit / workers
  var results = [Result?](repeating: nil, count: count)
  unsafe results.withUnsafeMutableBufferPointer { buffer in
    nonisolated(unsafe) let all = unsafe buffer
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      insideConcurrentLoop(share: share) {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          let result = body(index)
          unsafe all[index] = result
        }
      }
    }
  }
  return results.compactMap { $0 }
}
