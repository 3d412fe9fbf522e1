internal import Base
internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials

/// The energy of a frame as a function of the active coordinates of its atoms.
///
/// Coordinates are x = (x_1, …, x_N) with d components an atom, in Å; those along inactive axes
/// stay as they are.
struct Landscape: Sendable {
  let prepared: PreparedPotential
  let threads: Int

  var dimension: Int { prepared.dimension }
  var atomCount: Int { prepared.atomCount }
  /// Active coordinates N·d.
  var order: Int { atomCount * dimension }

  /// - Throws: `InputError` for what the potential does not know.
  init(_ potential: any Potential, frame: Frame, threads: Int) throws {
    prepared = try potential.prepared(for: frame)
    self.threads = threads
  }

  /// E in eV.
  ///
  /// - Throws: `InputError` for atoms in one place.
  func energy(_ positions: [Double]) throws -> Double { try prepared.energy(positions: positions) }

  /// ∂E/∂x in eV/Å, shape [N, d]; the mean, which is rounding, is taken out.
  ///
  /// - Throws: As ``energy(_:)``.
  func gradient(_ positions: [Double]) throws -> [Double] {
    let forces = try prepared.forces(positions: positions)
    let d = dimension
    var result = [Double](repeating: 0, count: order)
    for atom in 0..<atomCount {
      for axis in 0..<d { result[d * atom + axis] = -forces[3 * atom + axis] }
    }
    return result
  }

  /// ∂²E/∂x∂x in eV/Å².
  ///
  /// - Throws: As ``energy(_:)``.
  func hessian(_ positions: [Double]) throws -> BlockSparseMatrix {
    try prepared.hessian(positions: positions, threads: threads)
  }

  /// Positions, shape [N, 3], after a step of shape [N, d].
  func moved(_ positions: [Double], by step: [Double], times factor: Double = 1) -> [Double] {
    let d = dimension
    var result = positions
    for atom in 0..<atomCount {
      for axis in 0..<d { result[3 * atom + axis] += factor * step[d * atom + axis] }
    }
    return result
  }
}

/// The largest length of the vectors of the atoms, shape [N, d].
func largestVector(_ values: [Double], dimension d: Int) -> Double {
  var largest = 0.0
  for start in stride(from: 0, to: values.count, by: d) {
    var squared = 0.0
    for axis in start..<start + d { squared += values[axis] * values[axis] }
    largest = max(largest, squared)
  }
  return largest.squareRoot()
}

func dot(_ x: [Double], _ y: [Double]) -> Double {
  var sum = SIMD8<Double>()
  let whole = x.count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    for lane in 0..<8 { sum[lane] += x[start &+ lane] * y[start &+ lane] }
  }
  var rest = sum.sum()
  for e in whole..<x.count { rest += x[e] * y[e] }
  return rest
}

/// y += a x.
func add(_ a: Double, _ x: [Double], to y: inout [Double]) {
  for e in y.indices { y[e] += a * x[e] }
}

extension BlockSparseMatrix {
  /// H x for one vector; rows in parallel, the same numbers at any number of threads.
  func applied(to x: [Double]) -> [Double] {
    let width = 512 * blockSize
    let (whole, d) = (order / width * width, blockSize)
    var result = [Double](repeating: 0, count: order)
    guard order > 2 * width else {
      var span = result.mutableSpan
      multiply(x.span, width: 1, rows: 0..<siteCount, into: &span)
      return result
    }
    var blocks = [Double](repeating: 0, count: whole)
    fillBlocksConcurrently(&blocks, blockSize: width) { block, elements in
      multiply(x.span, width: 1, rows: block * 512..<(block + 1) * 512, into: &elements)
    }
    result.replaceSubrange(0..<whole, with: blocks)
    if whole < order {
      var rest = [Double](repeating: 0, count: order - whole)
      var span = rest.mutableSpan
      multiply(x.span, width: 1, rows: whole / d..<siteCount, into: &span)
      result.replaceSubrange(whole..<order, with: rest)
    }
    return result
  }
}
