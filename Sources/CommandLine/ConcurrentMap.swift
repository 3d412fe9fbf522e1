internal import Dispatch
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
    DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < items.count else { return }
        if index < 0 { first?() } else { unsafe all[index] = body(items[index]) }
      }
    }
  }
  return results.compactMap(\.self)
}
