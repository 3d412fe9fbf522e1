internal import LinearAlgebra

/// Discrete Fourier transforms over the translations of a supercell, many at once.
///
///     X(k) = Σ_R x(R) e^{-ik·R}        x(R) = (1/M) Σ_k X(k) e^{ik·R}
///
/// The group is a product of three cyclic ones: a transform along each of three axes.
public struct GroupTransform: Sendable {
  private let grid: GridTransform

  public init(_ group: TranslationGroup) { grid = GridTransform(orders: group.orders) }

  /// Transforms `batch` functions in place.
  ///
  /// - Parameters:
  ///   - real: Real parts, shape [group.count, batch], row-major; likewise `imaginary`.
  ///   - isInverse: The inverse transform, with its factor 1/M.
  public func transform(
    _ real: inout [Double], _ imaginary: inout [Double], batch: Int, isInverse: Bool
  ) {
    precondition(real.count == grid.count * batch && imaginary.count == real.count, "shape")
    do {
      var x = real.mutableSpan
      var y = imaginary.mutableSpan
      grid.transform(&x, &y, batch: batch, isInverse: isInverse)
    }
    guard isInverse else { return }
    let factor = 1 / Double(grid.count)
    for e in real.indices { real[e] *= factor }
    for e in imaginary.indices { imaginary[e] *= factor }
  }

  /// Applies Z(k) to pairs of real functions that share rows, in place (``GridTransform``), without
  /// the factor 1/M.
  ///
  /// - Parameters:
  ///   - data: Shape [group.count, order, width], `width` a multiple of 8.
  ///   - real, imaginary: Z(k), shape [group.count, order, order], or one half of it.
  public func apply(
    _ real: Span<Double>, _ imaginary: Span<Double>, toPairs data: inout MutableSpan<Double>,
    order: Int, width: Int
  ) {
    grid.apply(real, imaginary, toPairs: &data, order: order, width: width)
  }
}
