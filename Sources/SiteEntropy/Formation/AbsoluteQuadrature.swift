internal import Base
internal import Glibc
internal import LinearAlgebra

/// Absolute labels of a large cell, each between two bounds, without a matrix of the cell's order.
///
///     S_i = -½ Σ_a e_iaᵀ log⁺ H̃ e_ia = -½ Σ_a |ê_ia|² (log c + ⟨log(1+E)⟩_ia),   E = H̃/c - 1
///
/// ê is e off the translations, and off the negative mode of a saddle. ⟨…⟩ are the rules of Gauss and
/// Radau from Lanczos' process (mathematics.md (10.16)): with a spectrum from a to b their errors fall
/// as exp(-4k (a/b)^(1/2)) in k steps, and a grows as the inverse square of the cell's length.
struct AbsoluteQuadrature: Sendable {
  /// The largest error of a label in k_B.
  let tolerance: Double

  /// Sites whose unit vectors go side by side.
  private static let batchSites = 4

  /// The labels of all atoms, computed for one of each orbit.
  ///
  /// - Parameters:
  ///   - hessian: Mass-weighted, in eV/(Å² u).
  ///   - representatives: The atom that stands for each.
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` for more than one negative mode,
  ///   ``SiteEntropyError/tolerance(wanted:reached:advice:)``.
  func labels(
    of hessian: BlockSparseMatrix, masses: [Double], representatives: [Int]
  ) throws(SiteEntropyError) -> SiteLabels {
    let d = hessian.blockSize
    let c = hessian.largestRowSum
    var matrix = hessian
    for e in matrix.values.indices { matrix.values[e] *= 4 / c }
    var space = DeflatedSpace(masses: masses, dimension: d)
    var spectrum = try DeflatedSpectrum(matrix, space: space, c: c, tolerance: tolerance)
    var negative: LowestMode?
    if spectrum.negativeModes > 0 {
      let mode = try LowestMode(of: hessian, space: space, c: c)
      space = DeflatedSpace(masses: masses, dimension: d, modes: [mode.vector])
      spectrum = try DeflatedSpectrum(matrix, space: space, c: c, tolerance: tolerance)
      negative = mode
    }
    let ledger = ModeLedger(
      zeroModes: d, negativeModes: (negative == nil ? 0 : 1) + spectrum.negativeModes,
      smallest: negative?.value ?? spectrum.smallest, largest: spectrum.largest,
      expectedZeroModes: d)
    guard spectrum.negativeModes == 0 else { throw .unstableFrame(ledger) }
    let atoms = Set(representatives).sorted()
    let columns = try batches(of: atoms, matrix, space, spectrum)
    var (ofAtom, gap) = ([Int: Column](), 0.0)
    for (atom, column) in zip(atoms, columns) {
      ofAtom[atom] = column
      gap = max(gap, column.gap)
    }
    let own = representatives.compactMap { ofAtom[$0] }
    try checkTrace(own.reduce(0) { $0 + c * $1.first }, of: hessian, leaving: negative?.value ?? 0)
    guard gap <= tolerance else {
      throw .tolerance(
        wanted: tolerance, reached: gap,
        advice: "the smallest eigenvalue is \(shortDecimal(spectrum.smallest)); --engine dense")
    }
    let labels = own.map { -0.5 * ($0.weight * log(c) + $0.value) }
    return SiteLabels(
      kind: .absolute, engine: "polynomial", siteEntropy: labels, entropy: labels.reduce(0, +),
      ledger: ledger, errorBound: gap + PolynomialEngine.rounding)
  }

  /// What the process says of one atom.
  private struct Column: Sendable {
    /// Σ_a |ê|².
    var weight = 0.0
    /// Σ_a |ê|² ⟨log(1+E)⟩, the middle of its bounds.
    var value = 0.0
    /// A quarter of the distance of the bounds: half of that of the label's.
    var gap = 0.0
    /// Σ_a êᵀ(H̃/c)ê.
    var first = 0.0
  }

  private func batches(
    of atoms: [Int], _ matrix: BlockSparseMatrix, _ space: DeflatedSpace,
    _ spectrum: DeflatedSpectrum
  ) throws(SiteEntropyError) -> [Column] {
    let d = matrix.blockSize
    let width = Self.batchSites * d
    let (interval, expected) = (spectrum.interval, spectrum.expectedSteps)
    let batches = stride(from: 0, to: atoms.count, by: Self.batchSites).map {
      Array(atoms[$0..<min($0 + Self.batchSites, atoms.count)])
    }
    return mapConcurrently(batches.count) { index -> [Column] in
      let batch = batches[index]
      var vectors = [Double](repeating: 0, count: matrix.order * width)
      for (place, atom) in batch.enumerated() {
        for a in 0..<d { vectors[(atom * d + a) * width + place * d + a] = 1 }
      }
      var lanczos = DeflatedLanczos(matrix, space: space, vectors: vectors, width: width)
      var steps = 0
      while true {
        lanczos.step()
        steps += 1
        guard steps >= expected, (steps - expected).isMultiple(of: 3) else { continue }
        let columns = batch.indices.map { place in
          column(lanczos, place * d..<place * d + d, interval)
        }
        if columns.allSatisfy({ $0.gap <= tolerance }) || steps >= DeflatedSpectrum.mostSteps {
          return columns
        }
      }
    }.flatMap { $0 }
  }

  private func column(
    _ lanczos: DeflatedLanczos, _ range: Range<Int>, _ interval: (lower: Double, upper: Double)
  ) -> Column {
    var result = Column()
    for c in range {
      let (weight, jacobi) = (lanczos.startNorms[c], lanczos.columns[c])
      // In one dimension an atom of two leaves nothing.
      guard weight > 1e-14, jacobi.stepCount > 0 else { continue }
      guard let bounds = jacobi.bounds(in: interval) else {
        result.gap = .infinity
        continue
      }
      result.weight += weight
      result.value += weight * (bounds.lower + bounds.upper) / 2
      result.gap += weight * abs(bounds.upper - bounds.lower) / 4
      result.first += weight * (1 + jacobi.diagonal[0])
    }
    return result
  }

  /// Σ_i êᵀH̃ê = tr H̃ - λ₋: every orbit counts as often as it has atoms.
  private func checkTrace(
    _ sum: Double, of hessian: BlockSparseMatrix, leaving negative: Double
  ) throws(SiteEntropyError) {
    let (d, area) = (hessian.blockSize, hessian.blockSize * hessian.blockSize)
    var trace = 0.0
    for site in 0..<hessian.siteCount {
      guard let block = hessian.position(row: site, column: site) else { continue }
      for a in 0..<d { trace += hessian.values[block * area + a * d + a] }
    }
    guard abs(sum - (trace - negative)) <= 1e-6 * abs(trace) else {
      throw .sumRule(sum: sum, total: trace - negative)
    }
  }
}
