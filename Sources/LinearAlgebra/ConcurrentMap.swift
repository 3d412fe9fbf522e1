internal import Dispatch

/// The results of `body` for 0, 1, …, count - 1, computed in parallel, in that order.
///
/// - Parameter body: Called once for each index, on any thread; what it returns must not depend
///   on the others.
public func mapConcurrently<Result: Sendable>(
  _ count: Int, _ body: @Sendable (_ index: Int) -> Result
) -> [Result] {
  guard count > 1 else { return (0..<count).map(body) }
  var results = [Result?](repeating: nil, count: count)
  unsafe results.withUnsafeMutableBufferPointer { buffer in
    nonisolated(unsafe) let all = unsafe buffer
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let result = body(index)
      unsafe all[index] = result
    }
  }
  return results.compactMap { $0 }
}
