internal import Base
internal import Crystal
public import Formats
internal import Glibc
internal import LinearAlgebra
public import Potentials
internal import Synchronization

/// Labels of any frame at a cost in proportion to its atoms: of each site as if nothing were
/// displaced beyond a radius (mathematics.md (4.8)).
///
///     S_i(u) ≈ S_i(u^R),   u^R = u within R of site i (minimum image), 0 outside
///
/// S_i(u^R) is a problem of a core, of which the d columns of site i alone are needed: Lanczos'
/// process with the block P of the Green function, the same for all sites of a sublattice. Its
/// rounding is far below the error of the radius, which theorem 18 bounds by C R^-d for bounded
/// displacements. The constant is fitted: a sample of sites, half of them those displaced most, is
/// labelled again with a larger radius R'; with Δ_i = S_i(u^R) - S_i(u^R') the error estimate for N
/// sites is
///
///     1.5 max(max |Δ_i|, rms(Δ_i) √(2 ln N)) / (1 - (R/R')^d)
///
/// that is the largest of N normal deviates as wide as the sample, continued to R' → ∞ by the law,
/// and half as much again for what the sample does not know.
public struct LocalEngine: Sendable {
  /// Displacements within this distance in Å count; nil to find the one that the tolerance needs.
  public let radius: Double?
  /// The largest error estimate allowed in k_B; used where there is no radius.
  public let tolerance: Double
  private let mostOrder: Int

  /// Sites that are labelled side by side.
  private static let batch = 16
  private static let sampleCount = 16
  private static let mostSteps = 120
  /// Two successive Gauss rules that differ by less have converged, in k_B.
  private static let convergence = 1e-11

  private let memoryLimit: Int

  /// - Parameters:
  ///   - mostOrder: The largest order of P that is tried for a tolerance.
  ///   - memoryLimit: Of the blocks P, in bytes.
  public init(
    radius: Double?, tolerance: Double, mostOrder: Int = 6000, memoryLimit: Int = .max
  ) {
    (self.radius, self.tolerance) = (radius, tolerance)
    (self.mostOrder, self.memoryLimit) = (mostOrder, memoryLimit)
  }

  /// The labels of all atoms, in the order of the frame.
  ///
  /// - Throws: `InputError` for what the potential does not know, ``SiteEntropyError``.
  public func labels(
    of frame: Frame, crystal: ReferenceCrystal, potential: any Potential
  ) throws -> SiteLabels {
    let problem = try LocalProblem(frame, crystal: crystal, potential: potential)
    let sample = Self.sample(problem)
    guard let radius else { return try labels(problem, sample) }
    let estimate = try estimate(radius, problem, sample)
    return try labels(problem, radius: radius, estimate: estimate)
  }

  /// The labels of some atoms of a frame, by the radius, without an error estimate.
  ///
  /// - Throws: As ``labels(of:crystal:potential:)``.
  /// - Precondition: There is a radius.
  package func labels(
    of frame: Frame, atoms: [Int], crystal: ReferenceCrystal, potential: any Potential
  ) throws -> [Double] {
    guard let radius else { preconditionFailure("no radius") }
    let problem = try LocalProblem(frame, crystal: crystal, potential: potential)
    return try run(atoms.map { crystal.sites[$0] }, radius: radius, problem).labels
  }

  /// The least radius of a growing sequence whose estimate is within the tolerance.
  private func labels(_ problem: LocalProblem, _ sample: [LatticeSite]) throws -> SiteLabels {
    var radius = 1.5 * problem.cutoff
    var reached: (radius: Double, estimate: Double)?
    while try problem.order(radius: radius) <= mostOrder {
      let estimate = try estimate(radius, problem, sample)
      if estimate <= tolerance { return try labels(problem, radius: radius, estimate: estimate) }
      if estimate < reached?.estimate ?? .infinity { reached = (radius, estimate) }
      // Nothing is left out any more: what remains is rounding.
      if try problem.order(radius: radius) == problem.dimension * problem.crystal.sites.count {
        break
      }
      let wanted = pow(estimate / tolerance, 1 / Double(problem.dimension))
      radius *= min(max(wanted, 1.08), 1.4)
    }
    let advice =
      reached.map { "the radius \(shortDecimal($0.radius)) Å reaches that" }
      ?? "the smallest radius has too many atoms"
    throw SiteEntropyError.tolerance(
      wanted: tolerance, reached: reached?.estimate ?? .infinity, advice: advice)
  }

  private func labels(
    _ problem: LocalProblem, radius: Double, estimate: Double
  ) throws -> SiteLabels {
    let crystal = problem.crystal
    let results = try run(crystal.sites, radius: radius, problem)
    let d = problem.dimension
    return SiteLabels(
      kind: .relative, engine: "local", siteEntropy: results.labels,
      entropy: results.labels.reduce(0, +),
      ledger: ModeLedger(
        zeroModes: d, negativeModes: 0, smallest: 1 + results.least, largest: 1 + results.largest,
        expectedZeroModes: d),
      errorEstimate: estimate)
  }

  /// Sites of all sublattices: half of them evenly spread, half those that are displaced most.
  private static func sample(_ problem: LocalProblem) -> [LatticeSite] {
    let crystal = problem.crystal
    let (cells, s) = (crystal.normalizer.group.count, crystal.normalizer.basisCount)
    let each = min(cells, max(1, sampleCount / 2 / s))
    var farthest = [[(atom: Int, distance: Double)]](repeating: [], count: s)
    for (atom, site) in crystal.sites.enumerated() {
      farthest[site.basis].append((atom, problem.displacement(of: atom)))
    }
    return (0..<s).flatMap { basis in
      let spread = (0..<each).map { LatticeSite(translation: $0 * cells / each, basis: basis) }
      let most = farthest[basis].sorted {
        ($1.distance, $0.atom) < ($0.distance, $1.atom)
      }.lazy.map { crystal.sites[$0.atom] }.filter { !spread.contains($0) }.prefix(each)
      return spread + most
    }
  }

  /// What a label may lack beyond the radius, from the sample.
  private func estimate(
    _ radius: Double, _ problem: LocalProblem, _ sample: [LatticeSite]
  ) throws -> Double {
    let near = try run(sample, radius: radius, problem)
    var factor = 1.4
    while factor > 1.1, try problem.order(radius: factor * radius) > 2 * mostOrder {
      factor -= 0.1
    }
    let far = try run(sample, radius: factor * radius, problem)
    let differences = zip(near.labels, far.labels).map { abs($0 - $1) }
    let square = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
    let deviates = (2 * log(Double(problem.crystal.sites.count)) * square).squareRoot()
    let law = 1 - pow(1 / factor, Double(problem.dimension))
    return 1.5 * max(differences.max() ?? 0, deviates) / law + Self.convergence
  }

  private struct Results {
    var labels: [Double]
    /// Eigenvalues of E, over all processes.
    var least: Double
    var largest: Double
  }

  private func run(
    _ sites: [LatticeSite], radius: Double, _ problem: LocalProblem
  ) throws -> Results {
    var reach = problem.reach
    while true {
      if let results = try run(sites, radius: radius, reach: reach, problem) { return results }
      // A displaced atom at the rim coupled farther than any in the frame.
      reach *= 1.3
    }
  }

  /// nil where a Hessian difference leaves a patch.
  private func run(
    _ sites: [LatticeSite], radius: Double, reach: Double, _ problem: LocalProblem
  ) throws -> Results? {
    let crystal = problem.crystal
    let bases = Set(sites.map(\.basis)).sorted()
    let order = try problem.order(radius: radius)
    let bytes = 8 * order * order * (bases.count + 1)
    guard bytes <= memoryLimit else {
      throw SiteEntropyError.tooLarge(order: order, bytes: bytes, limit: memoryLimit)
    }
    let patches = bases.map {
      LocalPatch(basis: $0, radius: radius, reach: reach, crystal: crystal)
    }
    // Batches of sites of one sublattice; each knows which labels it gives.
    var batches: [(patch: Int, sites: [Int])] = []
    for (patch, basis) in bases.enumerated() {
      let members = sites.indices.filter { sites[$0].basis == basis }
      for first in stride(from: 0, to: members.count, by: Self.batch) {
        batches.append(
          (patch, Array(members[first..<min(first + Self.batch, members.count)])))
      }
    }
    let failures = Mutex<[Int: any Error]>([:])
    // One for each thread, kept from batch to batch: they have the size of the crystal.
    let workspaces = Mutex<[LocalProblem.Workspace]>([])
    // Label, how far it has converged, least and largest eigenvalue, whether a patch was left.
    var output = [Double](repeating: 0, count: batches.count * Self.batch * 5)
    let frozen = batches
    fillBlocksConcurrently(&output, blockSize: Self.batch * 5) { block, results in
      let (patch, members) = frozen[block]
      var workspace = workspaces.withLock { $0.popLast() } ?? problem.makeWorkspace()
      defer { workspaces.withLock { $0.append(workspace) } }
      do {
        try problem.label(
          members.map { sites[$0] }, patches[patch], steps: Self.mostSteps,
          convergence: Self.convergence, workspace: &workspace, into: &results)
      } catch {
        failures.withLock { $0[block] = error }
      }
    }
    let failed = failures.withLock { $0 }
    if let first = failed.keys.min(), let error = failed[first] { throw error }
    var result = Results(
      labels: [Double](repeating: 0, count: sites.count), least: 0, largest: 0)
    for (block, batch) in batches.enumerated() {
      for (index, site) in batch.sites.enumerated() {
        let at = (block * Self.batch + index) * 5
        if output[at + 4] > 0 { return nil }
        result.labels[site] = output[at]
        result.least = min(result.least, output[at + 2])
        result.largest = max(result.largest, output[at + 3])
        if output[at + 2] <= -1 || output[at + 1] > Self.convergence {
          throw SiteEntropyError.unstableFrame(
            ModeLedger(
              zeroModes: problem.dimension, negativeModes: 1, smallest: 1 + output[at + 2],
              largest: 1 + output[at + 3], expectedZeroModes: problem.dimension))
        }
      }
    }
    return result
  }
}
