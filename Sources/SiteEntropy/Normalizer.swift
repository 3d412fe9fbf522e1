internal import Base
public import Crystal
internal import Glibc
internal import LinearAlgebra

/// F = (H̃0)^(+1/2 inverse) and the lattice Green function H̃0⁺ of a periodic cell, by Bloch sums
/// (mathematics.md (4.1)).
///
///     F(k) = D(k)^(-1/2), without the d zero modes at k = 0,   F(R) = (1/M) Σ_k F(k) e^{ik·R}
///
/// The block of F between atoms (ℓ, α) and (ℓ', β) is that of R = ℓ' - ℓ: [α, β] of `root`.
/// Cost: M small eigenproblems of order S·d; an eigenproblem of the whole cell is never solved.
public struct Normalizer: Sendable {
  public let group: TranslationGroup
  public let dimension: Int
  public let basisCount: Int
  /// F(R), shape [M, S·d, S·d], in (eV/(Å² u))^(-1/2).
  public let root: [Double]
  /// H̃0⁺(R), shape [M, S·d, S·d], in Å² u/eV.
  public let green: [Double]
  /// F(k), real and imaginary parts, shape [M, S·d, S·d].
  public let blochRoot: (real: [Double], imaginary: [Double])
  /// The spectrum of H̃0, in eV/(Å² u).
  public let ledger: ModeLedger
  /// Σ log λ over the positive spectrum of H̃0.
  public let logDeterminant: Double

  /// Degrees of freedom of a primitive cell.
  public var cellOrder: Int { basisCount * dimension }

  /// - Throws: ``SiteEntropyError/unstableReference(_:)`` where H̃0 has other zero modes than the
  ///   translations, or negative ones.
  public init(kernel: ReferenceKernel, group: TranslationGroup) throws(SiteEntropyError) {
    let (m, order, d) = (group.count, kernel.basisCount * kernel.dimension, kernel.dimension)
    let area = order * order
    var spectra = [Double](repeating: 0, count: m * order)
    var rootReal = [Double](repeating: 0, count: m * area)
    var rootImaginary = rootReal
    var greenReal = rootReal
    var greenImaginary = rootReal
    var decompositions: [HermitianEigen?] = []
    decompositions.reserveCapacity(m)
    // D(-k) is the conjugate of D(k): one of each pair is decomposed.
    for k in 0..<m {
      guard group.opposite(k) >= k else {
        decompositions.append(nil)
        continue
      }
      do {
        let matrix = kernel.dynamicalMatrix(k, of: group)
        let eigen = try group.opposite(k) == k ? matrix.realEigen() : matrix.hermitianEigen()
        for e in 0..<order { spectra[k * order + e] = eigen.values[e] }
        for e in 0..<order { spectra[group.opposite(k) * order + e] = eigen.values[e] }
        decompositions.append(eigen)
      } catch {
        throw .decomposition(order: order, error)
      }
    }
    ledger = ModeLedger(eigenvalues: spectra, expectedZeroModes: d)
    guard ledger.isStable else { throw .unstableReference(ledger) }
    let tolerance = ModeLedger.zeroTolerance * ledger.largest
    for k in 0..<m {
      guard let eigen = decompositions[k] else { continue }
      let root = eigen.applying { $1 > tolerance ? 1 / $1.squareRoot() : 0 }
      let green = eigen.applying { $1 > tolerance ? 1 / $1 : 0 }
      for (target, sign) in [(k, 1.0), (group.opposite(k), -1.0)] {
        for e in 0..<area {
          rootReal[target * area + e] = root.real[e]
          greenReal[target * area + e] = green.real[e]
          if target == k && group.opposite(k) == k { continue }
          rootImaginary[target * area + e] = sign * root.imaginary[e]
          greenImaginary[target * area + e] = sign * green.imaginary[e]
        }
      }
    }
    decompositions = []
    blochRoot = (rootReal, rootImaginary)
    let transform = GroupTransform(group)
    transform.transform(&rootReal, &rootImaginary, batch: area, isInverse: true)
    transform.transform(&greenReal, &greenImaginary, batch: area, isInverse: true)
    (self.group, dimension, basisCount) = (group, d, kernel.basisCount)
    (root, green) = (rootReal, greenReal)
    logDeterminant = spectra.reduce(0) { $1 > tolerance ? $0 + log($1) : $0 }
  }
}

extension ComplexMatrix {
  /// Diagonalises a Hermitian matrix that is real up to rounding.
  func realEigen() throws(LAPACKError) -> HermitianEigen {
    let eigen = try Matrix(rowCount: order, columnCount: order, storage: real).symmetricEigen()
    return HermitianEigen(
      values: eigen.values,
      vectors: ComplexMatrix(
        order: order, real: eigen.vectors.storage,
        imaginary: [Double](repeating: 0, count: order * order)))
  }
}
