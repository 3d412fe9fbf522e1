internal import Base
internal import Crystal
internal import LinearAlgebra

/// Labels of any frame in a large cell, each between two bounds, without a matrix of the cell's
/// order (mathematics.md (4.7)).
///
///     S_i = -½ Σ_a e_iaᵀ log(1+E) e_ia,   E = A - Π = F δH̃ F
///
/// log(1+E) = log⁺ A, as E is zero on the translations. After k steps of Lanczos' process from e_ia,
/// that is k products with E, Gauss' rule is exact for polynomials in E of degree 2k - 1; Radau's
/// rules bound the value from both sides, given an interval that holds the spectrum. Steps are added
/// until every label of a batch lies between bounds closer than the tolerance. The error bound is
/// half of the widest gap, and rounding.
public struct PolynomialEngine: Sendable {
  /// Rounding of a label in k_B: of the products, of F and of the Green function.
  public static let rounding = 1e-12
  /// Elements of one vector batch: several of them share a cache.
  private static let batchElements = 150_000
  private static let mostSteps = 400
  private static let chunkCount = 32

  /// The largest error of a label that is allowed, in k_B.
  public let tolerance: Double

  public init(tolerance: Double = 1e-10) { self.tolerance = tolerance }

  /// Vectors of a batch: a multiple of 24, so that the components of sites fill whole vectors of
  /// four complex pairs in any dimension.
  static func width(order n: Int) -> Int { 24 * max(1, min(4, batchElements / 24 / max(n, 1))) }

  /// Bytes that a frame takes at its peak.
  public static func bytesNeeded(order n: Int, cellOrder: Int, threads: Int) -> Int {
    threads * 5 * 8 * n * width(order: n) + 8 * n * cellOrder * 6
  }

  /// The labels of all sites, by site number.
  ///
  /// - Throws: As the engine's labels of a frame.
  public func labels(
    of perturbation: SparsePerturbation, normalizer: Normalizer
  ) throws(SiteEntropyError) -> SiteLabels {
    try labels(of: FactoredPerturbation(perturbation), normalizer: normalizer)
  }

  /// The same from δH̃ in the form that is multiplied fastest.
  ///
  /// - Throws: ``SiteEntropyError/unstableFrame(_:)`` where log is not defined,
  ///   ``SiteEntropyError/tolerance(wanted:reached:advice:)``.
  package func labels(
    of perturbation: FactoredPerturbation, normalizer: Normalizer
  ) throws(SiteEntropyError) -> SiteLabels {
    guard tolerance >= Self.rounding else {
      throw .tolerance(
        wanted: tolerance, reached: Self.rounding, advice: "rounding allows no less")
    }
    let matrix = perturbation.blocks
    let d = matrix.blockSize
    let operators = CellOperators(perturbation, green: .green(normalizer))
    let interval = try SpectralInterval(
      operators, root: .root(normalizer), tolerance: tolerance)
    let width = Self.width(order: matrix.order)
    let sites = width / d
    let batches = (matrix.siteCount + sites - 1) / sites
    // Several batches use one set of vectors; the division does not depend on the threads.
    let each = (batches + Self.chunkCount - 1) / Self.chunkCount
    let chunks = (batches + each - 1) / each
    let seeds = UnitVectors(normalizer)
    // Label, half the gap, least and largest eigenvalue found.
    var results = [Double](repeating: 0, count: chunks * each * sites * 4)
    fillBlocksConcurrently(&results, blockSize: each * sites * 4) { chunk, output in
      var lanczos = BlockLanczos(operators, width: width)
      for batch in 0..<each {
        let first = (chunk * each + batch) * sites
        let count = min(sites, matrix.siteCount - first)
        guard count > 0 else { return }
        lanczos.start(norms: [Double](repeating: 1, count: width)) { span in
          seeds.fill(&span, Array(first..<first + count), width: width)
        }
        for site in 0..<count {
          output[(batch * sites + site) * 4 + 1] = .infinity
        }
        for step in 1...Self.mostSteps {
          lanczos.step()
          guard step >= interval.expectedSteps - 1 else { continue }
          var worst = 0.0
          for site in 0..<count {
            let at = (batch * sites + site) * 4
            guard output[at + 1] > tolerance / 2 else { continue }
            let (label, gap) = Self.label(
              lanczos.columns[site * d..<site * d + d], in: (interval.lower, interval.upper))
            output[at] = label
            output[at + 1] = gap
            worst = max(worst, gap)
          }
          if worst <= tolerance / 2 { break }
        }
        for site in 0..<count {
          let ends = lanczos.columns[site * d..<site * d + d].map { $0.extremes() }
          output[(batch * sites + site) * 4 + 2] = ends.map(\.least).min() ?? 0
          output[(batch * sites + site) * 4 + 3] = ends.map(\.largest).max() ?? 0
        }
      }
    }
    return try assemble(results, siteCount: matrix.siteCount, dimension: d, interval)
  }

  /// The middle of the bounds of a label, and half of their distance.
  private static func label(
    _ columns: ArraySlice<JacobiMatrix>, in interval: (lower: Double, upper: Double)
  ) -> (label: Double, gap: Double) {
    var (lower, upper) = (0.0, 0.0)
    for column in columns {
      guard let bounds = column.bounds(in: interval) else { return (0, .infinity) }
      lower += bounds.lower
      upper += bounds.upper
    }
    return (-0.25 * (lower + upper), 0.25 * abs(upper - lower))
  }

  private func assemble(
    _ results: [Double], siteCount: Int, dimension: Int, _ interval: SpectralInterval
  ) throws(SiteEntropyError) -> SiteLabels {
    let labels = (0..<siteCount).map { results[4 * $0] }
    var ledger = ModeLedger(
      zeroModes: dimension, negativeModes: 0, smallest: 1 + interval.smallest,
      largest: 1 + interval.largest, expectedZeroModes: dimension)
    var bound = 0.0
    for site in 0..<siteCount {
      bound = max(bound, results[4 * site + 1])
      ledger.smallest = min(ledger.smallest, 1 + results[4 * site + 2])
      ledger.largest = max(ledger.largest, 1 + results[4 * site + 3])
    }
    guard ledger.smallest > 0 else {
      ledger.negativeModes = 1
      throw .unstableFrame(ledger)
    }
    guard bound <= tolerance else {
      throw .tolerance(
        wanted: tolerance, reached: bound,
        advice: "the smallest eigenvalue is \(shortDecimal(ledger.smallest))")
    }
    return SiteLabels(
      kind: .relative, engine: "polynomial", siteEntropy: labels,
      entropy: labels.reduce(0, +), ledger: ledger, errorBound: bound + Self.rounding)
  }
}

/// Columns of F for the unit vectors of sites.
struct UnitVectors: Sendable {
  private let normalizer: Normalizer
  private let kernel: [Double]

  /// - Parameter kernel: F between the translations; nil for that of the crystal.
  init(_ normalizer: Normalizer, kernel: [Double]? = nil) {
    self.normalizer = normalizer
    self.kernel = kernel ?? normalizer.root
  }

  /// Writes F e for the d components of each site; columns beyond them are zero.
  ///
  /// - Parameters:
  ///   - rows: Shape [M, S·d, width].
  ///   - sites: By number.
  func fill(_ rows: inout MutableSpan<Double>, _ sites: some Collection<Int>, width: Int) {
    for e in rows.indices { rows[e] = 0 }
    for (index, site) in sites.enumerated() {
      fill(&rows, site, axes: 0..<normalizer.dimension, at: index * normalizer.dimension, width)
    }
  }

  /// Writes F e for single components of sites, one a column; columns beyond them are zero.
  func fill(
    _ rows: inout MutableSpan<Double>, _ columns: ArraySlice<(site: Int, axis: Int)>, width: Int
  ) {
    for e in rows.indices { rows[e] = 0 }
    var rest = columns
    while let first = rest.first {
      let run = rest.prefix { $0.site == first.site }
      fill(
        &rows, first.site, axes: first.axis..<first.axis + run.count,
        at: run.startIndex - columns.startIndex, width)
      rest = rest.dropFirst(run.count)
    }
  }

  private func fill(
    _ rows: inout MutableSpan<Double>, _ site: Int, axes: Range<Int>, at column: Int, _ width: Int
  ) {
    let (d, order) = (normalizer.dimension, normalizer.cellOrder)
    let orders = normalizer.group.orders
    let root = kernel.span
    let there = normalizer.group.components(of: site / normalizer.basisCount)
    let from = site % normalizer.basisCount * d + axes.lowerBound
    var target = column
    // The source is that of the cell less this one: each axis counts down and starts again.
    func below(_ a: Int, _ axis: Int) -> Int { a == 0 ? orders[axis] - 1 : a - 1 }
    var x = there.0
    for _ in 0..<orders[0] {
      var y = there.1
      for _ in 0..<orders[1] {
        let plane = (x * orders[1] + y) * orders[2]
        var z = there.2
        for _ in 0..<orders[2] {
          let source = (plane &+ z) &* order &* order &+ from
          for a in 0..<order {
            for b in 0..<axes.count {
              rows[target &+ a &* width &+ b] = root[source &+ a &* order &+ b]
            }
          }
          target &+= order &* width
          z = below(z, 2)
        }
        y = below(y, 1)
      }
      x = below(x, 0)
    }
  }
}
