internal import Glibc
internal import LinearAlgebra

/// Discrete Fourier transforms over the translations of a supercell, many at once.
///
///     X(k) = Σ_R x(R) e^{-ik·R}        x(R) = (1/M) Σ_k X(k) e^{ik·R}
///
/// Each cyclic factor is transformed by products with a small matrix of roots of unity, which BLAS
/// does at full speed; a long factor is split in two (Cooley and Tukey 1965).
public struct GroupTransform: Sendable {
  private static let longestDirect = 64

  private let orders: [Int]
  private let tables: [Int: RootTable]

  public init(_ group: TranslationGroup) {
    orders = group.orders
    var tables: [Int: RootTable] = [:]
    for order in group.orders { Self.prepare(order, &tables) }
    self.tables = tables
  }

  /// Transforms `batch` functions in place.
  ///
  /// - Parameters:
  ///   - real: Real parts, shape [group.count, batch], row-major; likewise `imaginary`.
  ///   - isInverse: The inverse transform, with its factor 1/M.
  public func transform(
    _ real: inout [Double], _ imaginary: inout [Double], batch: Int, isInverse: Bool
  ) {
    let count = orders.reduce(1, *)
    precondition(real.count == count * batch && imaginary.count == real.count, "shape")
    var scratch = Scratch(count: real.count)
    var inner = batch
    // The conjugate of the forward transform of the conjugate is the inverse.
    let sign = isInverse ? -1.0 : 1.0
    for axis in [2, 1, 0] {
      let order = orders[axis]
      if order > 1 {
        let block = order * inner
        for outer in 0..<real.count / block {
          transform(
            &real, &imaginary, offset: outer * block, order: order, inner: inner, sign: sign,
            &scratch)
        }
      }
      inner *= order
    }
    if isInverse {
      let factor = 1 / Double(count)
      for e in real.indices { real[e] *= factor }
      for e in imaginary.indices { imaginary[e] *= factor }
    }
  }

  private struct Scratch {
    var real: [Double]
    var imaginary: [Double]
    init(count: Int) {
      real = [Double](repeating: 0, count: count)
      imaginary = real
    }
  }

  /// One transform of length `order` over rows of `inner` contiguous elements.
  private func transform(
    _ re: inout [Double], _ im: inout [Double], offset: Int, order: Int, inner: Int,
    sign: Double, _ scratch: inout Scratch
  ) {
    guard let factor = Self.factor(order) else {
      direct(&re, &im, offset: offset, order: order, inner: inner, sign: sign, &scratch)
      return
    }
    // j = b·j₁ + j₂ and k = k₁ + a·k₂: transforms of length a, twiddles, transforms of length b.
    let (a, b) = (factor, order / factor)
    direct(&re, &im, offset: offset, order: a, inner: b * inner, sign: sign, &scratch)
    let table = tables[order] ?? RootTable(order: order)
    for k1 in 0..<a {
      for j2 in 0..<b {
        let (c, s) = (table.cosine[k1 * j2 % order], sign * table.sine[k1 * j2 % order])
        let start = offset + (k1 * b + j2) * inner
        for e in start..<start + inner {
          let (x, y) = (re[e], im[e])
          re[e] = c * x + s * y
          im[e] = c * y - s * x
        }
      }
    }
    for k1 in 0..<a {
      transform(
        &re, &im, offset: offset + k1 * b * inner, order: b, inner: inner, sign: sign, &scratch)
    }
    for k1 in 0..<a {
      for k2 in 0..<b {
        let from = offset + (k1 * b + k2) * inner
        let to = (k1 + a * k2) * inner
        for e in 0..<inner {
          scratch.real[to + e] = re[from + e]
          scratch.imaginary[to + e] = im[from + e]
        }
      }
    }
    for e in 0..<order * inner {
      re[offset + e] = scratch.real[e]
      im[offset + e] = scratch.imaginary[e]
    }
  }

  /// Y = W·X with W = C - iS: four real products.
  private func direct(
    _ re: inout [Double], _ im: inout [Double], offset: Int, order: Int, inner: Int,
    sign: Double, _ scratch: inout Scratch
  ) {
    let table = tables[order] ?? RootTable(order: order)
    let shape = (m: order, n: inner, k: order)
    let w = MatrixWindow(stride: order)
    let x = MatrixWindow(offset: offset, stride: inner)
    let y = MatrixWindow(stride: inner)
    let (c, s) = (table.cosineMatrix.span, table.sineMatrix.span)
    do {
      let (r, i) = (re.span, im.span)
      var outReal = scratch.real.mutableSpan
      multiplyAdd(shape: shape, c, w, r, x, beta: 0, into: &outReal, y)
      multiplyAdd(shape: shape, alpha: sign, s, w, i, x, beta: 1, into: &outReal, y)
      var outImaginary = scratch.imaginary.mutableSpan
      multiplyAdd(shape: shape, c, w, i, x, beta: 0, into: &outImaginary, y)
      multiplyAdd(shape: shape, alpha: -sign, s, w, r, x, beta: 1, into: &outImaginary, y)
    }
    for e in 0..<order * inner {
      re[offset + e] = scratch.real[e]
      im[offset + e] = scratch.imaginary[e]
    }
  }

  /// The largest divisor to split off, or nil where the length is transformed directly.
  private static func factor(_ order: Int) -> Int? {
    guard order > longestDirect else { return nil }
    return (2...longestDirect).reversed().first { order.isMultiple(of: $0) }
  }

  private static func prepare(_ order: Int, _ tables: inout [Int: RootTable]) {
    tables[order] = RootTable(order: order)
    if let a = factor(order) {
      prepare(a, &tables)
      prepare(order / a, &tables)
    }
  }

  /// cos and sin of 2π j/n, and as matrices of 2π jk/n where n is transformed directly.
  private struct RootTable: Sendable {
    let cosine: [Double]
    let sine: [Double]
    let cosineMatrix: [Double]
    let sineMatrix: [Double]

    init(order n: Int) {
      let angles = (0..<n).map { j -> Double in
        let turn = Double(j) / Double(n)
        return 2 * .pi * (turn > 0.5 ? turn - 1 : turn)
      }
      let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
      (cosine, sine) = (cosines, sines)
      let isDirect = GroupTransform.factor(n) == nil
      cosineMatrix = isDirect ? (0..<n * n).map { cosines[$0 / n * ($0 % n) % n] } : []
      sineMatrix = isDirect ? (0..<n * n).map { sines[$0 / n * ($0 % n) % n] } : []
    }
  }
}
