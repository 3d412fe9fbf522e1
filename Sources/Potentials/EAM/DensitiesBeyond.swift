internal import Synchronization

/// Which kinds met a density beyond the table of their embedding, on any thread.
final class DensitiesBeyond: Sendable {
  /// One bit a kind: files have at most 64.
  private let bits = Atomic<UInt64>(0)

  func note(_ kind: Int) {
    let bit = UInt64(1) << UInt64(kind)
    guard bits.load(ordering: .relaxed) & bit == 0 else { return }
    bits.bitwiseOr(bit, ordering: .relaxed)
  }

  /// Ascending.
  var kinds: [Int] {
    let found = bits.load(ordering: .relaxed)
    return (0..<64).filter { found >> UInt64($0) & 1 == 1 }
  }
}
