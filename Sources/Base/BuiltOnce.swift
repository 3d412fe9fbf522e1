internal import Synchronization

/// Values that the frames of a stream share, each built once for equal keys, on whatever thread asks
/// first; the others wait for it.
///
/// What is built must follow from its key alone: then results do not depend on who asked first. A
/// build that fails is tried again by the next who asks.
public final class BuiltOnce<Key: Sendable, Value: Sendable>: Sendable {
  private let areEqual: @Sendable (Key, Key) -> Bool
  private let capacity: Int
  private let entries = Mutex<[(key: Key, value: Value)]>([])

  /// - Parameters:
  ///   - capacity: Values that are kept; those built first go first, and are built again when their
  ///     key returns. A stream may mix a few references.
  ///   - areEqual: An equivalence.
  public init(capacity: Int = 4, where areEqual: @escaping @Sendable (Key, Key) -> Bool) {
    precondition(capacity > 0, "capacity: expected at least 1")
    (self.capacity, self.areEqual) = (capacity, areEqual)
  }

  /// - Throws: What `build` throws.
  public func value(for key: Key, _ build: () throws -> Value) throws -> Value {
    try entries.withLock { entries in
      if let known = entries.first(where: { areEqual($0.key, key) }) { return known.value }
      let value = try build()
      if entries.count == capacity { entries.removeFirst() }
      entries.append((key, value))
      return value
    }
  }

  /// Gives back the room of what was built.
  public func forget() { entries.withLock { $0.removeAll() } }
}

extension BuiltOnce where Key: Equatable {
  public convenience init(capacity: Int = 4) { self.init(capacity: capacity, where: ==) }
}

extension BuiltOnce where Key == Void {
  /// Of one value.
  public convenience init() { self.init(capacity: 1) { _, _ in true } }

  public func value(_ build: () throws -> Value) throws -> Value { try value(for: (), build) }
}
