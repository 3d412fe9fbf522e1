internal import Base
internal import Crystal
internal import LinearAlgebra

/// The modes of a crystal over the wave vectors of a cell, from which resolvents of H̃0 are made.
struct Resolvents: Sendable {
  let group: TranslationGroup
  let order: Int
  let dimension: Int
  /// The largest λ.
  let largest: Double
  private let spectra: [HermitianEigen]
  private let tolerance: Double

  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  init(_ kernel: ReferenceKernel, _ group: TranslationGroup) throws(SiteEntropyError) {
    (self.group, dimension) = (group, kernel.dimension)
    let order = kernel.basisCount * kernel.dimension
    self.order = order
    let parts = mapConcurrently(group.count) { k in
      Result { () throws(LAPACKError) in try kernel.dynamicalMatrix(k, of: group).hermitianEigen() }
    }
    var spectra: [HermitianEigen] = []
    for part in parts {
      do { spectra.append(try part.get()) } catch { throw .decomposition(order: order, error) }
    }
    largest = spectra.reduce(0) { max($0, $1.values.last ?? 0) }
    tolerance = ModeLedger.zeroTolerance * largest
    self.spectra = spectra
  }

  /// (H̃0 + t)⁻¹, the translations counted as stiff as the stiffest mode: positive definite for every t.
  func preconditioner(shift t: Double) -> BlochOperator {
    let area = order * order
    var real = [Double](repeating: 0, count: group.count * area)
    var imaginary = real
    for (k, eigen) in spectra.enumerated() {
      let block = eigen.applying { 1 / (($1 > tolerance ? $1 : largest) + t) }
      for e in 0..<area {
        real[k * area + e] = block.real[e]
        imaginary[k * area + e] = block.imaginary[e]
      }
    }
    return BlochOperator(group, order: order, real, imaginary)
  }

  /// tr [(H̃0 + t)⁻¹]_αα off the translations, by basis site.
  func diagonal(shift t: Double) -> [Double] {
    var sums = [Double](repeating: 0, count: order / dimension)
    for eigen in spectra {
      for (m, lambda) in eigen.values.enumerated() where lambda > tolerance {
        for c in 0..<order {
          let (x, y) = (eigen.vectors.real[m * order + c], eigen.vectors.imaginary[m * order + c])
          sums[c / dimension] += (x * x + y * y) / (lambda + t)
        }
      }
    }
    return sums.map { $0 / Double(group.count) }
  }
}
