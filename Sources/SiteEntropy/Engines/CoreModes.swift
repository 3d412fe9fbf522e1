internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// What a core changes in the spectrum of A (mathematics.md (4.4)):
///
///     A = Π + V diag(μ) Vᵀ,   V = G Tᵀ,   δh P t = μ t for each row t of T
///
/// with G = F U and P = GᵀG the block of the lattice Green function on the core.
struct CoreModes: Sendable {
  /// μ_k, ascending, shape [rank].
  let shifts: [Double]
  /// T, shape [rank, m], in (eV/(Å² u))^(1/2).
  let amplitudes: Matrix
  let ledger: ModeLedger
  /// 1 + μ_k up to this is zero.
  let tolerance: Double

  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  init(_ perturbation: CorePerturbation, _ normalizer: Normalizer) throws(SiteEntropyError) {
    let (d, m) = (normalizer.dimension, perturbation.delta.rowCount)
    var ledger = ModeLedger(
      zeroModes: d, negativeModes: 0, smallest: 1, largest: 1, expectedZeroModes: d)
    guard m > 0 else {
      (shifts, tolerance) = ([], ModeLedger.zeroTolerance)
      (amplitudes, self.ledger) = (Matrix(rowCount: 0, columnCount: 0), ledger)
      return
    }
    do {
      let green = CoreEngine.coreBlock(normalizer.green, perturbation.sites, normalizer)
      let eigen = try ProductEigen(of: perturbation.delta, times: green)
      amplitudes = eigen.vectors
      tolerance = ModeLedger.zeroTolerance * max(1, 1 + (eigen.values.last ?? 0))
      for mu in eigen.values {
        ledger.smallest = min(ledger.smallest, 1 + mu)
        ledger.largest = max(ledger.largest, 1 + mu)
        if abs(1 + mu) <= tolerance { ledger.zeroModes += 1 }
        if 1 + mu < -tolerance { ledger.negativeModes += 1 }
      }
      (shifts, self.ledger) = (eigen.values, ledger)
    } catch {
      throw .decomposition(order: m, error)
    }
  }

  /// log(1 + μ_k) where it is positive, else 0.
  var logarithms: [Double] { shifts.map { 1 + $0 > tolerance ? log1p($0) : 0 } }
}
