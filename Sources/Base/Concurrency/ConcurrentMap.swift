/// The results of `body` for 0, 1, …, count - 1, computed in parallel, in that order: parts of one
/// computation, each with one thread for its calls into BLAS.
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
    takeTurns(count, workers: workers, share: share, areParts: true) { index in
      let result = body(index)
      unsafe all[index] = result
    }
  }
  return results.compactMap(\.self)
}

/// The results of `body` for every item, computed in parallel, in the order of the items: separate
/// computations such as frames, each of which may have several threads of its own.
///
/// - Parameters:
///   - threads: How many work at a time.
///   - first: Run once, by one of them, which then joins the others.
public func mapConcurrently<Item: Sendable, Result: Sendable>(
  _ items: [Item], threads: Int, meanwhile first: (@Sendable () -> Void)? = nil,
  _ body: @Sendable (Item) -> Result
) -> [Result] {
  guard items.count > 1 else {
    first?()
    return items.map(body)
  }
  var results = [Result?](repeating: nil, count: items.count)
  unsafe results.withUnsafeMutableBufferPointer { buffer in
    nonisolated(unsafe) let all = unsafe buffer
    let workers = min(threads, items.count)
    let share = threads / workers
    let extra = first == nil ? 0 : 1
    takeTurns(items.count + extra, workers: workers, share: share, areParts: false) { turn in
      guard turn >= extra else {
        first?()
        return
      }
      let result = body(items[turn - extra])
      unsafe all[turn - extra] = result
    }
  }
  return results.compactMap(\.self)
}
