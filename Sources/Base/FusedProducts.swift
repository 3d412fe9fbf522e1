// Sums of products of vectors, rounded once where a build is made for processors that do so at no cost
// (`SITEVIB_FUSED`, which examples/setup.sh defines), twice elsewhere: a half of the instructions.

extension SIMD where Scalar == Double {
  /// self + a b.
  @inlinable @inline(__always)
  public func plus(_ a: Self, times b: Self) -> Self {
    #if SITEVIB_FUSED || arch(arm64)
      addingProduct(a, b)
    #else
      self + a * b
    #endif
  }

  /// self + a b.
  @inlinable @inline(__always)
  public func plus(_ a: Self, times b: Double) -> Self { plus(a, times: Self(repeating: b)) }

  /// self - a b.
  @inlinable @inline(__always)
  public func minus(_ a: Self, times b: Self) -> Self {
    #if SITEVIB_FUSED || arch(arm64)
      addingProduct(-a, b)
    #else
      self - a * b
    #endif
  }

  /// self - a b.
  @inlinable @inline(__always)
  public func minus(_ a: Self, times b: Double) -> Self { minus(a, times: Self(repeating: b)) }

  /// self + x u + y v + z w.
  @inlinable @inline(__always)
  public func plus(
    _ x: Self, _ y: Self, _ z: Self, times u: Double, _ v: Double, _ w: Double
  ) -> Self {
    plus(x, times: u).plus(y, times: v).plus(z, times: w)
  }
}
