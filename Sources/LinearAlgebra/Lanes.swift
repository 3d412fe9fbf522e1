/// Memory of a kernel, read and written four or eight columns at a time without bounds checks.
///
/// Lives only inside the closure that lends the memory; the kernels of this module check the
/// shapes once, before they make one.
@safe struct Lanes {
  private let base: UnsafeMutablePointer<Double>

  init(_ base: UnsafeMutablePointer<Double>) { unsafe self.base = base }

  /// For reading only.
  init(reading base: UnsafePointer<Double>) {
    unsafe self.base = UnsafeMutablePointer(mutating: base)
  }

  /// Elements `index ..< index + 4`.
  subscript(index: Int) -> SIMD4<Double> {
    @inline(__always) get {
      unsafe UnsafeRawPointer(base + index).loadUnaligned(as: SIMD4<Double>.self)
    }
    @inline(__always) nonmutating set {
      unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: newValue, as: SIMD4<Double>.self)
    }
  }

  /// Elements from `index` on, as many as a vector holds.
  @inline(__always) func columns<V: Columns>(_ index: Int) -> V {
    unsafe UnsafeRawPointer(base + index).loadUnaligned(as: V.self)
  }

  @inline(__always) func setColumns<V: Columns>(_ index: Int, _ value: V) {
    unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: value, as: V.self)
  }

  @inline(__always) func scalar(_ index: Int) -> Double { unsafe base[index] }

  @inline(__always) func set(_ index: Int, _ value: Double) { unsafe base[index] = value }

  @inline(__always) func advanced(by offset: Int) -> Lanes { unsafe Lanes(base + offset) }
}

/// Numbers side by side, of as many columns.
protocol Columns: SIMD, BitwiseCopyable where Scalar == Double {}

extension SIMD4: Columns where Scalar == Double {}
extension SIMD8: Columns where Scalar == Double {}

/// As many numbers as one vector of the processors that a build is for holds (`SITEVIB_WIDE`, which
/// examples/setup.sh defines): the sums of each column are the same in either.
#if SITEVIB_WIDE
  typealias Strip = SIMD8<Double>
#else
  typealias Strip = SIMD4<Double>
#endif

/// Lends the memory of a span to a kernel.
@inline(__always)
func withLanes(_ span: inout MutableSpan<Double>, _ body: (Lanes) -> Void) {
  unsafe span.withUnsafeMutableBufferPointer { buffer in
    if let base = buffer.baseAddress { unsafe body(Lanes(base)) }
  }
}

/// Lends the memory of a span to a kernel that reads it.
@inline(__always)
func withLanes(reading span: Span<Double>, _ body: (Lanes) -> Void) {
  unsafe span.withUnsafeBufferPointer { buffer in
    if let base = buffer.baseAddress { unsafe body(Lanes(reading: base)) }
  }
}

/// Lends memory of its own, not initialised, to a kernel.
@inline(__always)
func withScratchLanes(_ count: Int, _ body: (Lanes) -> Void) {
  unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { buffer in
    if let base = buffer.baseAddress { unsafe body(Lanes(base)) }
  }
}

/// Lends the memory of a span of fours to a kernel that reads it.
@inline(__always)
func withLanes(readingFours span: Span<SIMD4<Double>>, _ body: (Lanes) -> Void) {
  unsafe span.withUnsafeBytes { bytes in
    if let base = bytes.baseAddress {
      unsafe body(Lanes(reading: base.assumingMemoryBound(to: Double.self)))
    }
  }
}

/// Lends the memory of a span of eights to a kernel that reads it.
@inline(__always)
func withLanes(readingEights span: Span<SIMD8<Double>>, _ body: (Lanes) -> Void) {
  unsafe span.withUnsafeBytes { bytes in
    if let base = bytes.baseAddress {
      unsafe body(Lanes(reading: base.assumingMemoryBound(to: Double.self)))
    }
  }
}
