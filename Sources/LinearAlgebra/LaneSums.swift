internal import Base

// Sums over contiguous numbers, four partial sums of four: certificates pass over every matrix some times,
// and a sum that waits for itself would cost as much as a product of matrices.

/// Σ_k x_k y_k.
@inline(__always)
func laneDot(_ x: Lanes, _ y: Lanes, _ count: Int) -> Double {
  var (a, b) = (SIMD4<Double>(), SIMD4<Double>())
  var (c, d) = (a, b)
  var k = 0
  while k &+ 16 <= count {
    a = a.plus(x[k], times: y[k])
    b = b.plus(x[k &+ 4], times: y[k &+ 4])
    c = c.plus(x[k &+ 8], times: y[k &+ 8])
    d = d.plus(x[k &+ 12], times: y[k &+ 12])
    k &+= 16
  }
  while k &+ 4 <= count {
    a = a.plus(x[k], times: y[k])
    k &+= 4
  }
  var sum = ((a + b) + (c + d)).sum()
  while k < count {
    sum += x.scalar(k) * y.scalar(k)
    k &+= 1
  }
  return sum
}

/// y ← y + f x.
@inline(__always)
func laneAdd(_ f: Double, _ x: Lanes, to y: Lanes, _ count: Int) {
  var k = 0
  while k &+ 4 <= count {
    y[k] = y[k].plus(x[k], times: f)
    k &+= 4
  }
  while k < count {
    y.set(k, y.scalar(k) + f * x.scalar(k))
    k &+= 1
  }
}

/// The largest |x_k|.
@inline(__always)
func laneMaximum(_ x: Lanes, _ count: Int) -> Double {
  var largest = SIMD4<Double>()
  var k = 0
  while k &+ 4 <= count {
    let magnitude = x[k].replacing(with: -x[k], where: x[k] .< 0)
    largest = largest.replacing(with: magnitude, where: magnitude .> largest)
    k &+= 4
  }
  var result = largest.max()
  while k < count {
    result = max(result, abs(x.scalar(k)))
    k &+= 1
  }
  return result
}

/// (Σ_k x_k²)^(1/2).
func laneNorm(_ x: [Double]) -> Double {
  var square = 0.0
  withLanes(reading: x.span) { x0 in square = laneDot(x0, x0, x.count) }
  return square.squareRoot()
}

extension Matrix {
  /// A x.
  func image(of x: [Double]) -> [Double] {
    precondition(x.count == columnCount, "x: expected [\(columnCount)]")
    var result = [Double](repeating: 0, count: rowCount)
    var span = result.mutableSpan
    withLanes(&span) { result in
      withLanes(reading: x.span) { x in
        withLanes(reading: storage.span) { rows in
          for i in 0..<rowCount {
            result.set(i, laneDot(rows.advanced(by: i &* columnCount), x, columnCount))
          }
        }
      }
    }
    return result
  }

  /// Aᵀ x.
  func transposedImage(of x: [Double]) -> [Double] {
    precondition(x.count == rowCount, "x: expected [\(rowCount)]")
    var result = [Double](repeating: 0, count: columnCount)
    var span = result.mutableSpan
    withLanes(&span) { result in
      withLanes(reading: storage.span) { rows in
        for i in 0..<rowCount {
          laneAdd(x[i], rows.advanced(by: i &* columnCount), to: result, columnCount)
        }
      }
    }
    return result
  }
}
