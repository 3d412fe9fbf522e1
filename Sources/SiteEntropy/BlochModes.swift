internal import Base
internal import Crystal
internal import LinearAlgebra

/// The modes of a reference crystal at the wave vectors of a cell (mathematics.md (4.1)): of one of
/// each pair k and -k, whose modes are conjugates of each other. All functions of H̃0 come from them.
package struct BlochModes: Sendable {
  let group: TranslationGroup
  let dimension: Int
  let basisCount: Int
  /// The wave vectors that were decomposed, ascending.
  let points: [Int32]
  /// λ at each of them, ascending, in eV/(Å² u), shape [points, S·d].
  let values: [Double]
  /// Their eigenvectors as rows, shape [points, S·d, S·d].
  private let real: [Double]
  private let imaginary: [Double]
  /// The spectrum of H̃0.
  let ledger: ModeLedger

  /// Eigenvalues up to this are those of the translations.
  var tolerance: Double { ModeLedger.zeroTolerance * ledger.largest }

  private var order: Int { basisCount * dimension }

  /// Wave vectors that one thread takes at a time.
  private static let chunk = 32

  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  init(_ kernel: ReferenceKernel, _ group: TranslationGroup) throws(SiteEntropyError) {
    (self.group, dimension, basisCount) = (group, kernel.dimension, kernel.basisCount)
    let points = (0..<group.count).filter { group.opposite($0) >= $0 }
    let n = kernel.basisCount * kernel.dimension
    let parts = mapConcurrently((points.count + Self.chunk - 1) / Self.chunk) { part in
      Result { () throws(LAPACKError) in
        let range = part * Self.chunk..<min((part + 1) * Self.chunk, points.count)
        return try Self.decompose(points[range], kernel, group)
      }
    }
    var (values, real, imaginary) = ([Double](), [Double](), [Double]())
    values.reserveCapacity(points.count * n)
    real.reserveCapacity(points.count * n * n)
    imaginary.reserveCapacity(points.count * n * n)
    for part in parts {
      do {
        for eigen in try part.get() {
          values += eigen.values
          real += eigen.vectors.real
          imaginary += eigen.vectors.imaginary
        }
      } catch {
        throw .decomposition(order: n, error)
      }
    }
    self.points = points.map { Int32(truncatingIfNeeded: $0) }
    (self.values, self.real, self.imaginary) = (values, real, imaginary)
    var spectrum: [Double] = []
    spectrum.reserveCapacity(group.count * n)
    for (slot, k) in points.enumerated() {
      let own = values[slot * n..<(slot + 1) * n]
      spectrum += own
      if group.opposite(k) != k { spectrum += own }
    }
    ledger = ModeLedger(eigenvalues: spectrum, expectedZeroModes: kernel.dimension)
  }

  private static func decompose(
    _ points: ArraySlice<Int>, _ kernel: ReferenceKernel, _ group: TranslationGroup
  ) throws(LAPACKError) -> [HermitianEigen] {
    var result: [HermitianEigen] = []
    for k in points {
      let matrix = kernel.dynamicalMatrix(k, of: group)
      result.append(
        try group.opposite(k) == k ? matrix.realEigen() : matrix.hermitianEigen())
    }
    return result
  }

  /// The decomposition at a wave vector of `points`.
  private func eigen(_ slot: Int) -> HermitianEigen {
    let n = order
    let area = slot * n * n..<(slot + 1) * n * n
    return HermitianEigen(
      values: Array(values[slot * n..<(slot + 1) * n]),
      vectors: ComplexMatrix(
        order: n, real: Array(real[area]), imaginary: Array(imaginary[area])))
  }

  /// Σ_m f(λ_m) v_m v_mᴴ at all wave vectors, without the translations: real and imaginary parts,
  /// shape [M, S·d, S·d].
  ///
  /// - Parameter isHalf: Whether the first ⌊n₁/2⌋+1 planes are enough, the others being conjugates.
  func applying(
    isHalf: Bool = false, _ f: (Double) -> Double
  ) -> (real: [Double], imaginary: [Double]) {
    let (area, n) = (order * order, group.orders[0])
    let count = isHalf ? (n / 2 + 1) * (group.count / n) : group.count
    var real = [Double](repeating: 0, count: count * area)
    var imaginary = real
    for (slot, point) in points.enumerated() {
      // k ≤ -k by number: it is in the first half.
      let k = Int(point)
      let value = eigen(slot).applying { $1 > tolerance ? f($1) : 0 }
      let opposite = group.opposite(k)
      for e in 0..<area {
        real[k * area + e] = value.real[e]
        guard opposite != k else { continue }
        imaginary[k * area + e] = value.imaginary[e]
        guard opposite < count else { continue }
        real[opposite * area + e] = value.real[e]
        imaginary[opposite * area + e] = -value.imaginary[e]
      }
    }
    return (real, imaginary)
  }

  /// f(H̃0) off the translations, between the cells: the block of R, shape [M, S·d, S·d].
  func betweenTranslations(_ f: (Double) -> Double) -> [Double] {
    var (real, imaginary) = applying(f)
    GroupTransform(group).transform(&real, &imaginary, batch: order * order, isInverse: true)
    return real
  }

  /// Σ f(λ) over all modes but the translations.
  func sum(of f: (Double) -> Double) -> Double {
    var sum = 0.0
    for (slot, point) in points.enumerated() {
      let weight = group.opposite(Int(point)) == Int(point) ? 1.0 : 2.0
      for m in slot * order..<(slot + 1) * order where values[m] > tolerance {
        sum += weight * f(values[m])
      }
    }
    return sum
  }

  /// The mean of a function of H̃0 at each basis site, without the translations, shape [S]:
  ///
  ///     (1/M) Σ_k Σ_m f(λ_m(k)) Σ_a |e_{m,αa}(k)|²
  ///
  /// For f of a kind of label, its label in the perfect crystal (mathematics.md (10.4)).
  package func means(of f: (Double) -> Double) -> [Double] {
    let (n, d) = (order, dimension)
    var sums = [Double](repeating: 0, count: basisCount)
    for (slot, point) in points.enumerated() {
      let weight = group.opposite(Int(point)) == Int(point) ? 1.0 : 2.0
      for m in slot * n..<(slot + 1) * n where values[m] > tolerance {
        let value = weight * f(values[m])
        for c in 0..<n {
          let (x, y) = (real[m * n + c], imaginary[m * n + c])
          sums[c / d] += value * (x * x + y * y)
        }
      }
    }
    return sums.map { $0 / Double(group.count) }
  }
}

extension ComplexMatrix {
  /// Diagonalises a Hermitian matrix that is real up to rounding.
  fileprivate func realEigen() throws(LAPACKError) -> HermitianEigen {
    let eigen = try Matrix(rowCount: order, columnCount: order, storage: real).symmetricEigen()
    return HermitianEigen(
      values: eigen.values,
      vectors: ComplexMatrix(
        order: order, real: eigen.vectors.storage,
        imaginary: [Double](repeating: 0, count: order * order)))
  }
}
