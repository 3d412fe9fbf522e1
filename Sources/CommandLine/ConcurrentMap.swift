internal import Dispatch
internal import LinearAlgebra
internal import Synchronization

/// The results of `body` for every item, computed in parallel, in the order of the items.
///
/// - Parameters:
///   - threads: How many work at a time.
///   - first: Run once, by one of them, which then joins the others.
func mapConcurrently<Item: Sendable, Result: Sendable>(
  _ items: [Item], threads: Int, meanwhile first: (@Sendable () -> Void)? = nil,
  _ body: @Sendable (Item) -> Result
) -> [Result] {
  guard items.count > 1 else {
    first?()
    return items.map(body)
  }
  var results = [Result?](repeating: nil, count: items.count)
  unsafe results.withUnsafeMutableBufferPointer { buffer in
    // Each item is taken once and has its own element, and concurrentPerform returns after the last.
    nonisolated(unsafe) let all = unsafe buffer
    let next = Atomic(first == nil ? 0 : -1)
    let workers = min(threads, items.count)
    let share = threads / workers
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < items.count else { return }
        guard index >= 0 else {
          first?()
          continue
        }
        let result = withConcurrentBlockLimit(share) { body(items[index]) }
        unsafe all[index] = result
      }
    }
  }
  return results.compactMap(\.self)
}
