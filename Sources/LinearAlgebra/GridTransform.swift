/// Discrete Fourier transforms over a grid of up to three cyclic axes, of many functions at once.
///
///     X(k) = Σ_r x(r) e^{-2πi Σ_a k_a r_a/n_a},   points numbered (r₁·n₂ + r₂)·n₃ + r₃
public struct GridTransform: Sendable {
  /// Columns that one strip of the split layout has at most: its rows stay in the first cache.
  private static let stripWidth = 32

  /// n₁, n₂, …
  public let orders: [Int]
  private let transforms: [CyclicTransform]

  /// - Precondition: Orders are positive.
  public init(orders: [Int]) {
    self.orders = orders
    transforms = orders.map(CyclicTransform.init)
  }

  /// Points of the grid.
  public var count: Int { orders.reduce(1, *) }

  /// Transforms complex functions that share rows of real numbers, in place, without a factor.
  ///
  /// - Parameters:
  ///   - data: Shape [count, rows, width]: of each `width` elements the first half are real parts,
  ///     the second the imaginary parts of the same functions.
  ///   - isInverse: With e^{+…}, still without the factor 1/count.
  /// - Precondition: `width` is a multiple of 8.
  public func transformPairs(
    _ data: inout MutableSpan<Double>, rows: Int, width: Int, isInverse: Bool
  ) {
    precondition(width.isMultiple(of: 8) && data.count == count * rows * width, "pairs: shape")
    let half = width / 2
    withLanes(&data) { data in
      transform(
        real: isInverse ? data.advanced(by: half) : data,
        imaginary: isInverse ? data : data.advanced(by: half),
        inner: rows * width, pitch: width, width: half)
    }
  }

  /// Transforms functions whose parts lie in arrays of their own, in place, without a factor.
  ///
  /// - Parameters:
  ///   - real, imaginary: Shape [count, batch].
  ///   - isInverse: With e^{+…}, still without the factor 1/count.
  public func transform(
    _ real: inout MutableSpan<Double>, _ imaginary: inout MutableSpan<Double>, batch: Int,
    isInverse: Bool
  ) {
    precondition(real.count == count * batch && imaginary.count == real.count, "split: shape")
    withLanes(&real) { real in
      withLanes(&imaginary) { imaginary in
        transform(
          real: isInverse ? imaginary : real, imaginary: isInverse ? real : imaginary,
          inner: batch, pitch: Self.stripWidth, width: Self.stripWidth)
      }
    }
  }

  /// All axes, the last first.
  ///
  /// - Parameters:
  ///   - inner: Elements of one point.
  ///   - pitch: Elements from one strip to the next.
  ///   - width: Columns of a strip.
  private func transform(real: Lanes, imaginary: Lanes, inner: Int, pitch: Int, width: Int) {
    let longest = transforms.map { $0.scratchCount(width: width) }.max() ?? 0
    let total = count * inner
    withScratchLanes(max(longest, 1)) { scratch in
      var inner = inner
      for axis in orders.indices.reversed() {
        let n = orders[axis]
        if n > 1 {
          for outer in stride(from: 0, to: total, by: n * inner) {
            for strip in stride(from: outer, to: outer + inner, by: pitch) {
              let columns = min(width, outer + inner - strip)
              let rows = CyclicTransform.Rows(
                real: real.advanced(by: strip), imaginary: imaginary.advanced(by: strip),
                stride: inner)
              if columns.isMultiple(of: 4) {
                transforms[axis].transform(rows, width: columns, scratch: scratch)
              } else {
                ragged(rows, columns, transforms[axis])
              }
            }
          }
        }
        inner *= n
      }
    }
  }

  /// Columns that do not fill whole vectors go through a copy that does.
  private func ragged(_ rows: CyclicTransform.Rows, _ columns: Int, _ transform: CyclicTransform) {
    let n = transform.length
    let width = (columns + 3) / 4 * 4
    withScratchLanes(2 * n * width + transform.scratchCount(width: width)) { memory in
      let (real, imaginary) = (memory, memory.advanced(by: n * width))
      for i in 0..<n {
        for c in 0..<width {
          let from = i * rows.stride + c
          real.set(i * width + c, c < columns ? rows.real.scalar(from) : 0)
          imaginary.set(i * width + c, c < columns ? rows.imaginary.scalar(from) : 0)
        }
      }
      transform.transform(
        CyclicTransform.Rows(real: real, imaginary: imaginary, stride: width), width: width,
        scratch: memory.advanced(by: 2 * n * width))
      for i in 0..<n {
        for c in 0..<columns {
          rows.real.set(i * rows.stride + c, real.scalar(i * width + c))
          rows.imaginary.set(i * rows.stride + c, imaginary.scalar(i * width + c))
        }
      }
    }
  }
}
