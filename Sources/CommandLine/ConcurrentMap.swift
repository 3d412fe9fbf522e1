internal import Dispatch

/// The results of `body` for every item, computed in parallel, in the order of the items.
func mapConcurrently<Item: Sendable, Result: Sendable>(
  _ items: [Item], _ body: @Sendable (Item) -> Result
) -> [Result] {
  guard items.count > 1 else { return items.map(body) }
  var results = [Result?](repeating: nil, count: items.count)
  unsafe results.withUnsafeMutableBufferPointer { buffer in
    // Each iteration writes its own element, and concurrentPerform returns after the last.
    nonisolated(unsafe) let all = unsafe buffer
    DispatchQueue.concurrentPerform(iterations: items.count) { index in
      unsafe all[index] = body(items[index])
    }
  }
  return results.compactMap(\.self)
}
