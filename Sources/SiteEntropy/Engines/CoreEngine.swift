internal import Base
internal import Crystal
internal import LinearAlgebra

/// Exact labels of a frame that differs from its reference on a core only, at a cost set by the
/// core (mathematics.md (4.5)).
///
/// With U the core's degrees of freedom, δh = Uᵀ δH̃ U, G = F U and P = GᵀG = Uᵀ H̃0⁺ U = RᵀR:
///
///     R δh Rᵀ = W diag(μ) Wᵀ,   T = Wᵀ R⁻ᵀ,   S = -½ Σ_k log(1+μ_k),
///     S_i = -½ Σ_a g_{ia} K g_{ia}ᵀ,   K = Tᵀ diag(log(1+μ)) T
///
/// with g_{ia} the row of G of site i. F and P are read from the normaliser's Bloch sums, whose grid
/// may be larger than the frame: the labels are then those of the larger cell.
public struct CoreEngine: Sendable {
  /// Sites that one thread labels at a time.
  private static let chunk = 128

  public init() {}

  /// The labels of some sites.
  ///
  /// - Parameters:
  ///   - sites: Whose labels are wanted; their sum is S where they are all sites of the cell.
  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  public func labels(
    of perturbation: CorePerturbation, at sites: [LatticeSite], normalizer: Normalizer
  ) throws(SiteEntropyError) -> SiteLabels {
    let modes = try CoreModes(perturbation, normalizer)
    guard !modes.shifts.isEmpty else {
      return SiteLabels(
        kind: .relative, engine: "core", siteEntropy: [Double](repeating: 0, count: sites.count),
        entropy: 0, ledger: modes.ledger)
    }
    let weights = modes.logarithms
    let entropy = weights.reduce(0) { $0 - 0.5 * $1 }
    let kernel = modes.amplitudes.weightedGramTriangle(weights)
    let shares = Self.shares(kernel, sites: sites, core: perturbation.sites, normalizer)
    return SiteLabels(
      kind: .relative, engine: "core", siteEntropy: shares, entropy: entropy, ledger: modes.ledger)
  }

  /// The blocks of a translation-invariant kernel between the sites of the core, shape [m, m].
  static func coreBlock(
    _ kernel: [Double], _ core: [LatticeSite], _ normalizer: Normalizer
  ) -> Matrix {
    let d = normalizer.dimension
    let m = d * core.count
    var result = Matrix(rowCount: m, columnCount: m)
    let table = CoreTable(core, normalizer)
    fillBlocksConcurrently(&result.storage, blockSize: d * m) { i, rows in
      table.fill(rows: &rows, offset: 0, of: core[i], kernel: kernel.span)
    }
    return result
  }

  /// S_i = -½ Σ_a g_{ia} K g_{ia}ᵀ.
  ///
  /// - Parameter triangle: The upper triangle of K, doubled off the diagonal.
  private static func shares(
    _ triangle: Matrix, sites: [LatticeSite], core: [LatticeSite], _ normalizer: Normalizer
  ) -> [Double] {
    let (d, m) = (normalizer.dimension, triangle.rowCount)
    let table = CoreTable(core, normalizer)
    let chunks = (sites.count + chunk - 1) / chunk
    var padded = [Double](repeating: 0, count: chunks * chunk)
    fillBlocksConcurrently(&padded, blockSize: chunk) { block, output in
      let first = block * chunk
      let count = min(chunk, sites.count - first)
      var rows = [Double](repeating: 0, count: count * d * m)
      var span = rows.mutableSpan
      for site in 0..<count {
        table.fill(
          rows: &span, offset: site * d * m, of: sites[first + site], kernel: normalizer.root.span)
      }
      var forms = [Double](repeating: 0, count: count * d)
      var formSpan = forms.mutableSpan
      quadraticForms(of: rows, triangle: triangle, into: &formSpan)
      for site in 0..<count {
        output[site] = -0.5 * forms[site * d..<(site + 1) * d].reduce(0, +)
      }
    }
    return Array(padded[0..<sites.count])
  }
}

/// Copies rows of a translation-invariant kernel for the columns of a core.
struct CoreTable: Sendable {
  private let d: Int
  private let order: Int
  private let orders: (Int, Int, Int)
  private let components: [(Int, Int, Int)]
  private let columns: [Int]
  private let group: TranslationGroup

  init(_ core: [LatticeSite], _ normalizer: Normalizer) {
    let group = normalizer.group
    d = normalizer.dimension
    order = normalizer.cellOrder
    orders = (group.orders[0], group.orders[1], group.orders[2])
    components = core.map { group.components(of: $0.translation) }
    columns = core.map { $0.basis * normalizer.dimension }
    self.group = group
  }

  /// Writes the d rows of one site: block j is the kernel's at the translation from it to core
  /// site j.
  func fill(
    rows: inout MutableSpan<Double>, offset: Int, of site: LatticeSite, kernel: Span<Double>
  ) {
    let here = group.components(of: site.translation)
    let base = site.basis * d * order
    let starts = columns.indices.map { j in
      var (x, y, z) = components[j]
      x -= here.0
      y -= here.1
      z -= here.2
      if x < 0 { x += orders.0 }
      if y < 0 { y += orders.1 }
      if z < 0 { z += orders.2 }
      return ((x * orders.1 + y) * orders.2 + z) * order * order + base + columns[j]
    }
    gatherBlocks(
      of: d, from: kernel, stride: order, starts: starts, into: &rows, offset: offset)
  }
}
