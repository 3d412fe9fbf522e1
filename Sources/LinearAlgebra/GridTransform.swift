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

  /// Applies Z to complex functions that share rows of real numbers, in place:
  ///
  ///     x(r) ← Σ_k e^{+2πi …} Z(k) X(k)
  ///
  /// Without a factor. Planes of all axes but the first are transformed one by one, and along the
  /// first axis the transform, Z and the inverse follow each other on what is in the cache: memory
  /// is passed three times.
  ///
  /// - Parameters:
  ///   - data: Shape [count, order, width]: of each `width` elements the first half are real parts,
  ///     the second the imaginary parts of the same functions.
  ///   - real, imaginary: Z(k), shape [count, order, order], or of the first ⌊n₁/2⌋+1 planes of k
  ///     alone, Z(-k) being the conjugate of Z(k).
  /// - Precondition: `width` is a multiple of 8.
  public func apply(
    _ real: Span<Double>, _ imaginary: Span<Double>, toPairs data: inout MutableSpan<Double>,
    order: Int, width: Int
  ) {
    let (half, area) = (width / 2, order * order)
    precondition(width.isMultiple(of: 8) && data.count == count * order * width, "pairs: shape")
    guard let first = orders.first, let along = transforms.first else { return }
    let (inner, plane) = (order * width, data.count / first)
    let points = count / first
    let stored = real.count == count * area ? first : first / 2 + 1
    precondition(
      real.count == stored * points * area && imaginary.count == real.count, "Z: shape")
    let opposites = stored < first ? oppositePoints() : []
    let longest = transforms.map { $0.scratchCount(width: half) }.max() ?? 0
    withLanes(&data) { data in
      withLanes(reading: real) { real in
        withLanes(reading: imaginary) { imaginary in
          withScratchLanes(longest + 8 * order) { scratch in
            let copy = scratch.advanced(by: longest)
            func planes(_ x: Lanes, _ y: Lanes) {
              for start in stride(from: 0, to: first * plane, by: plane) {
                transformAxes(
                  orders.indices.dropFirst(), real: x.advanced(by: start),
                  imaginary: y.advanced(by: start), total: plane, inner: inner, pitch: width,
                  width: half, scratch)
              }
            }
            planes(data, data.advanced(by: half))
            for point in 0..<points {
              let here = data.advanced(by: point * inner)
              func strips(_ x: Lanes, _ y: Lanes) {
                for row in stride(from: 0, to: inner, by: width) {
                  along.transform(
                    CyclicTransform.Rows(
                      real: x.advanced(by: row), imaginary: y.advanced(by: row), stride: plane),
                    width: half, scratch: scratch)
                }
              }
              strips(here, here.advanced(by: half))
              for k in 0..<first {
                let isStored = k < stored
                let z = (isStored ? k * points + point : (first - k) * points + opposites[point])
                multiplyPoint(
                  here.advanced(by: k * plane), real.advanced(by: z * area),
                  imaginary.advanced(by: z * area), order: order, width: width,
                  isConjugate: !isStored, copy: copy)
              }
              strips(here.advanced(by: half), here)
            }
            planes(data.advanced(by: half), data)
          }
        }
      }
    }
  }

  /// The point of each plane that is opposite to each.
  private func oppositePoints() -> [Int] {
    let points = count / (orders.first ?? 1)
    return (0..<points).map { point in
      var (rest, opposite, factor) = (point, 0, 1)
      for n in orders.dropFirst().reversed() {
        opposite += (n - rest % n) % n * factor
        rest /= n
        factor *= n
      }
      return opposite
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
    withScratchLanes(max(longest, 1)) { scratch in
      transformAxes(
        orders.indices.dropFirst(0), real: real, imaginary: imaginary, total: count * inner,
        inner: inner, pitch: pitch, width: width, scratch)
    }
  }

  /// Some axes at the end of the list, the last first, over `total` elements.
  private func transformAxes(
    _ axes: Range<Int>, real: Lanes, imaginary: Lanes, total: Int, inner: Int, pitch: Int,
    width: Int, _ scratch: Lanes
  ) {
    var inner = inner
    for axis in axes.reversed() {
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
