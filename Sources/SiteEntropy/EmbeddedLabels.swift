internal import Base
internal import Crystal
internal import Formats
internal import Glibc
internal import LinearAlgebra
internal import Potentials

/// The cell whose labels are wanted instead of the frame's own.
public enum EmbeddingTarget: Equatable, Sendable {
  /// Multiples of the shortest translations along the cell's vectors (conventional cells).
  case cell([Int])
  /// The limit of ever larger cells.
  case infinite
}

/// Labels of a frame's core in other cells of its crystal.
struct EmbeddedLabels: Sendable {
  let crystal: ReferenceCrystal
  let potential: any Potential
  let normalizers: EmbeddedNormalizers

  func labels(of frame: Frame, in target: EmbeddingTarget) throws -> SiteLabels {
    let core = try EmbeddedCore(of: frame, crystal: crystal, potential: potential)
    switch target {
    case .cell(let multiples):
      for axis in 0..<3 where !crystal.multilattice.cell.periodic[axis] && multiples[axis] != 1 {
        throw InputError(
          frame.source, "--embed: expected 1 along an open direction, found \(multiples[axis])")
      }
      return try labels(core, multiples)
    case .infinite: return try infinite(core)
    }
  }

  private func labels(_ core: EmbeddedCore, _ multiples: [Int]) throws -> SiteLabels {
    let (perturbation, sites) = try core.perturbation(multiples: multiples)
    let normalizer = try normalizers.normalizer(crystal, multiples)
    return try CoreEngine().labels(of: perturbation, at: sites, normalizer: normalizer)
      .embedded(in: multiples.map(String.init).joined(separator: "x"), errorEstimate: nil)
  }

  /// Labels for cells of one shape and growing size, extrapolated.
  ///
  /// The periodic images of a core of size L change a label by powers L^-d, L^-(d+2), …: two are
  /// eliminated from each three successive sizes. What the last two extrapolations differ by is the
  /// error estimate.
  private func infinite(_ core: EmbeddedCore) throws -> SiteLabels {
    let lattice = crystal.multilattice
    let d = Double(lattice.dimension)
    let least = core.leastMultiples
    let now = lattice.cellMultiples
    let units = (0..<3).map { lattice.cell.height($0) / Double(now[$0]) }
    // Near-cubic cells: as many units along each direction as the longest of the least needs.
    let side =
      (0..<3).filter { lattice.cell.periodic[$0] }
      .map { Double(least[$0]) * units[$0] }.max() ?? 1
    let base = (0..<3).map { axis in
      lattice.cell.periodic[axis] ? max(least[axis], Int((side / units[axis]).rounded(.up))) : 1
    }
    // Whole multiples s/2 of one base keep the shape exactly.
    let scales: [Double] = lattice.dimension == 3 ? [1, 1.5, 2, 2.5] : [2, 4, 8, 16]
    let even = base.map { $0 == 1 ? 1 : $0 + $0 % 2 }
    let grids = scales.map { scale in
      (0..<3).map { lattice.cell.periodic[$0] ? Int(Double(even[$0]) * scale) : 1 }
    }
    let all = try grids.map { try labels(core, $0) }
    let fine = Extrapolation(sizes: Array(scales[1...]), exponents: [d, d + 2])
    let coarse = Extrapolation(sizes: Array(scales[..<3]), exponents: [d, d + 2])
    var estimate = 0.0
    let count = all[0].siteEntropy.count
    let shares = (0..<count).map { site in
      let values = all.map { $0.siteEntropy[site] }
      let best = fine.limit(Array(values[1...]))
      estimate = max(estimate, abs(best - coarse.limit(Array(values[..<3]))))
      return best
    }
    let totals = all.map(\.entropy)
    let total = fine.limit(Array(totals[1...]))
    estimate = max(estimate, abs(total - coarse.limit(Array(totals[..<3]))))
    return SiteLabels(
      kind: .relative, engine: "core", siteEntropy: shares, entropy: total,
      ledger: all[3].ledger, embedding: "infinite", errorEstimate: estimate)
  }
}

/// The limit of a sequence f(s) = f∞ + Σ_j c_j s^-p_j from as many values as unknowns.
struct Extrapolation {
  private let weights: [Double]

  /// - Precondition: One size more than exponents; sizes differ.
  init(sizes: [Double], exponents: [Double]) {
    precondition(sizes.count == exponents.count + 1, "sizes: expected one more than exponents")
    // The weights w solve Σ_i w_i s_i^-p_j = [j = 0] with p_0 = 0: Gauss with pivots on [n, n + 1].
    let n = sizes.count
    var rows = (0..<n).map { j in
      sizes.map { j == 0 ? 1 : pow($0, -exponents[j - 1]) } + [j == 0 ? 1.0 : 0.0]
    }
    for column in 0..<n {
      let pivot = (column..<n).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      for i in 0..<n where i != column {
        let factor = rows[i][column] / rows[column][column]
        for k in 0...n { rows[i][k] -= factor * rows[column][k] }
      }
    }
    weights = (0..<n).map { rows[$0][n] / rows[$0][$0] }
  }

  func limit(_ values: [Double]) -> Double {
    zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

/// The normalisers of larger cells, each built once a stream.
struct EmbeddedNormalizers: Sendable {
  private struct Key: Equatable {
    let supercell: [Int]
    let primitive: [Double]
    let masses: [Double]
  }

  /// An extrapolation asks for a few cells of each reference.
  private let known = BuiltOnce<Key, Normalizer>(capacity: 16)

  func normalizer(_ crystal: ReferenceCrystal, _ multiples: [Int]) throws -> Normalizer {
    let lattice = crystal.multilattice
    let group = lattice.group(multiples: multiples)
    let key = Key(
      supercell: group.supercell, primitive: lattice.primitiveVectors,
      masses: lattice.basis.map(\.mass))
    return try known.value(for: key) { try Normalizer(kernel: crystal.kernel, group: group) }
  }
}
