internal import CMalloc

/// How the C library's allocator treats what is freed.
enum Allocator {
  /// Keeps freed memory for the next frame, whose arrays are as large: giving it back and taking it
  /// again costs a page fault for each 4 KiB.
  static func keepFreedMemory() {
    _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
    _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
  }
}
