internal import CMalloc

/// How the C library's allocator treats what is freed.
enum Allocator {
  /// Keeps freed memory for the next frame, whose arrays are as large: giving it back and taking it
  /// again costs a page fault for each 4 KiB.
  static func keepFreedMemory() {
    _ = mallopt(M_MMAP_THRESHOLD, usualThreshold)
    _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
  }

  /// Runs what makes a block of memory grow to any size, as HDF5 does with a file in memory: from
  /// 1 MiB on it gets pages of its own, which move without a copy and leave no hole as large as it.
  static func growingApart<Result>(_ grows: Bool, _ body: () throws -> Result) rethrows -> Result {
    guard grows else { return try body() }
    _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
    defer { _ = mallopt(M_MMAP_THRESHOLD, usualThreshold) }
    return try body()
  }

  private static let usualThreshold: Int32 = 32 << 20
}
