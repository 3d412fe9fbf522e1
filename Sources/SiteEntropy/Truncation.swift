internal import Base
public import Crystal
public import Formats
internal import Glibc
internal import LinearAlgebra
public import Potentials

/// How a displacement field is cut off around a site (mathematics.md (6.1)).
public enum Truncation: String, CaseIterable, Sendable {
  /// u inside the radius, 0 outside.
  case hard
  /// u times a C² cutoff: 1 inside half the radius R, 0 outside R, between them
  /// 1 - t³(10 - 15t + 6t²), t = 2r/R - 1.
  case smooth

  /// The factor of the displacement at a distance in Å.
  ///
  /// A place at most 1e-4 Å outside the radius is inside: places nearer than that are one.
  public func factor(distance r: Double, radius: Double) -> Double {
    guard r <= radius + Multilattice.tolerance else { return 0 }
    guard self == .smooth, r > radius / 2 else { return 1 }
    let t = min(2 * r / radius - 1, 1)
    return 1 - t * t * t * (10 - t * (15 - 6 * t))
  }
}

/// What cutting off the displacements around one site changes in its label.
public struct TruncationSample: Equatable, Sendable {
  /// Atoms within the radius, the site itself among them.
  public let atomsInside: Int
  /// S_i(u) - S_i(u^R) in k_B.
  public let error: Double
  /// ‖u - u^R‖₂ in Å.
  public let outsideNorm: Double

  public init(atomsInside: Int, error: Double, outsideNorm: Double) {
    (self.atomsInside, self.error, self.outsideNorm) = (atomsInside, error, outsideNorm)
  }
}

/// The labels of the sites of one frame for truncated displacements.
///
/// A truncated frame differs from the reference on a core only, so that each label costs what its
/// core does. Labels of the whole and of the truncated field come from the same method
/// (``SiteKrylov``); the core engine checks those of the whole where it is cheap.
public struct TruncationScan: Sendable {
  /// Seconds of one core that a check by the core engine may take.
  private static let largestCheck = 3.0
  /// The largest difference in k_B that the check accepts.
  private static let checkTolerance = 1e-9

  public let truncation: Truncation
  /// The largest |difference| from the core engine in k_B; nil where that is not cheap.
  public let checkDifference: Double?
  private let crystal: ReferenceCrystal
  private let krylov: SiteKrylov
  private let local: LocalHessian
  private let displacements: [Double]
  private let sites: [Int]
  private let fullLabels: [Double]
  /// |Π e_{ia}|² of every atom.
  private let squaredNorms: [Double]

  /// - Parameters:
  ///   - sites: Atoms, counted from 0.
  /// - Throws: ``InputError``, ``FrameFailure``.
  public init(
    of frame: Frame, crystal: ReferenceCrystal, potential: any Potential, truncation: Truncation,
    sites: [Int]
  ) throws {
    try self.init(
      of: frame, crystal: crystal, potential: potential, truncation: truncation, sites: sites,
      largestBlock: SiteKrylov.largestBlock)
  }

  /// - Parameter largestBlock: Cores of larger order are multiplied by Bloch transforms.
  package init(
    of frame: Frame, crystal: ReferenceCrystal, potential: any Potential, truncation: Truncation,
    sites: [Int], largestBlock: Int
  ) throws {
    guard frame.cell == frame.referenceCell else {
      throw InputError(frame.source, "expected displacements in an unstrained cell, found strain")
    }
    let lattice = crystal.multilattice
    let positions = try crystal.positions(of: frame)
    let ideal = lattice.idealPositions
    displacements = lattice.displacements(of: positions)
    var farthest = 0.0
    for start in stride(from: 0, to: positions.count, by: 3) {
      let u = displacements[start..<start + 3]
      farthest = max(farthest, u.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    (self.truncation, self.crystal, self.sites) = (truncation, crystal, sites)
    krylov = SiteKrylov(crystal.normalizer, largestBlock: largestBlock)
    // Positions must not be rounded twice: a reach just above the largest displacement.
    local = try LocalHessian(
      potential.prepared(for: frame, at: .reference).at(ideal), reach: farthest * 1.001 + 1e-6)
    let masses = crystal.inverseRootMasses.map { 1 / ($0 * $0) }
    let total = masses.reduce(0, +)
    squaredNorms = masses.map { 1 - $0 / total }

    let scan = Labels(
      crystal: crystal, krylov: krylov, local: local, squaredNorms: squaredNorms)
    do {
      let whole = try scan.perturbation(displacements)
      fullLabels = try Self.concurrently(sites.count) { index in
        try scan.label(whole, at: sites[index])
      }
      checkDifference = try Self.check(fullLabels, whole, sites: sites, crystal: crystal)
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  /// S_i(u) in k_B of the chosen sites.
  public var labels: [Double] { fullLabels }

  /// The samples of every chosen site at every radius, shape [sites][radii].
  ///
  /// - Parameter radii: In Å, ascending.
  /// - Throws: ``InputError``, ``FrameFailure``.
  public func samples(radii: [Double], source: FrameSource) throws -> [[TruncationSample]] {
    let scan = Labels(
      crystal: crystal, krylov: krylov, local: local, squaredNorms: squaredNorms)
    return try Self.concurrently(sites.count) { index in
      do { return try samples(scan, site: index, radii: radii) } catch let error as InputError {
        throw error
      } catch {
        throw FrameFailure(source, error)
      }
    }
  }

  private func samples(
    _ scan: Labels, site index: Int, radii: [Double]
  ) throws -> [TruncationSample] {
    let site = sites[index]
    let distances = crystal.multilattice.distances(from: site)
    var last: (field: [Double], label: Double) = (displacements, fullLabels[index])
    // From the largest radius down: what equals the field before has its label.
    let result = try radii.reversed().map { radius in
      var field = displacements
      var (inside, outside) = (0, 0.0)
      for atom in distances.indices {
        let factor = truncation.factor(distance: distances[atom], radius: radius)
        if distances[atom] <= radius + Multilattice.tolerance { inside += 1 }
        guard factor != 1 else { continue }
        for k in 3 * atom..<3 * atom + 3 {
          field[k] *= factor
          outside += (displacements[k] - field[k]) * (displacements[k] - field[k])
        }
      }
      if field != last.field {
        do { last = (field, try scan.label(scan.perturbation(field), at: site)) } catch {
          throw TruncationFailure(site: site, radius: radius, error: error)
        }
      }
      return TruncationSample(
        atomsInside: inside, error: fullLabels[index] - last.label,
        outsideNorm: outside.squareRoot())
    }
    return result.reversed()
  }

  /// Compares with the core engine where the core is small.
  private static func check(
    _ labels: [Double], _ whole: Labels.Perturbation, sites: [Int], crystal: ReferenceCrystal
  ) throws -> Double? {
    let d = crystal.multilattice.dimension
    let size = ProblemSize(
      order: d * crystal.sites.count, coreOrder: whole.matrix.order,
      cellOrder: crystal.normalizer.cellOrder, dimension: d)
    guard let cost = CoreEngine().cost(of: size), cost.seconds <= largestCheck else { return nil }
    let core = CorePerturbation(
      blocks: whole.matrix.sparseBlocks, dimension: d
    ) { whole.core[$0] }
    let other = try CoreEngine().labels(
      of: core, at: sites.map { crystal.sites[$0] }, normalizer: crystal.normalizer)
    guard other.ledger.isStable else { throw SiteEntropyError.unstableFrame(other.ledger) }
    let difference = zip(labels, other.siteEntropy).reduce(0) { max($0, abs($1.0 - $1.1)) }
    guard difference <= checkTolerance else {
      throw SiteEntropyError.mismatch(
        "expected labels within \(checkTolerance) k_B of the core engine, found \(difference)")
    }
    return difference
  }

  /// `mapConcurrently` for work that may throw, on as many threads as are wanted.
  private static func concurrently<Value: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let workers = max(1, min(count, concurrentBlockLimit, 256))
    let parts = mapConcurrently(workers) { worker in
      stride(from: worker, to: count, by: workers).map { index in Result { try body(index) } }
    }
    return try (0..<count).map { try parts[$0 % workers][$0 / workers].get() }
  }
}

/// A truncated field that has no label.
private struct TruncationFailure: Error, CustomStringConvertible {
  let site: Int
  let radius: Double
  let error: any Error

  var description: String {
    "atom \(site + 1), displacements within \(shortDecimal(radius)) Å: \(error)"
  }
}

/// Labels of single sites for given displacements.
private struct Labels: Sendable {
  let crystal: ReferenceCrystal
  let krylov: SiteKrylov
  let local: LocalHessian
  let squaredNorms: [Double]

  struct Perturbation: Sendable {
    let matrix: BlockSparseMatrix
    let core: [LatticeSite]
  }

  /// δH̃ of a displacement field, shape [N, 3] in Å.
  func perturbation(_ field: [Double]) throws -> Perturbation {
    let ideal = crystal.multilattice.idealPositions
    let moved = (0..<field.count / 3).filter { atom in
      field[3 * atom..<3 * atom + 3].contains { $0 != 0 }
    }
    let difference = try local.difference(moved: moved, to: zip(ideal, field).map { $0 + $1 })
    return Perturbation(
      matrix: difference.matrix.scaledSymmetrically(
        by: difference.atoms.map { crystal.inverseRootMasses[$0] }),
      core: difference.atoms.map { crystal.sites[$0] })
  }

  func label(_ perturbation: Perturbation, at atom: Int) throws(SiteEntropyError) -> Double {
    try krylov.label(
      of: perturbation.matrix, core: perturbation.core, at: crystal.sites[atom],
      squaredNorm: squaredNorms[atom]
    ).entropy
  }
}

extension BlockSparseMatrix {
  /// The blocks one by one.
  fileprivate var sparseBlocks: [CorePerturbation.SparseBlock] {
    let area = blockSize * blockSize
    return (0..<siteCount).flatMap { row in
      (rowStarts[row]..<rowStarts[row + 1]).map { k in
        CorePerturbation.SparseBlock(
          row: row, column: Int(indices[k]), values: Array(values[k * area..<(k + 1) * area]))
      }
    }
  }
}

extension Multilattice {
  /// The largest radius in Å at which a ball does not meet its own image: half the shortest
  /// translation of the supercell.
  public var largestRadius: Double { reducedCell.inradius }

  /// The distances of the shells of neighbours of all sublattices within ``largestRadius``, in Å,
  /// ascending; of those nearer to the one before than the ratio `thinning`, none.
  public func shellRadii(thinning: Double = 1.05) -> [Double] {
    let limit = min(reducedCell.inradius, 1e6) + Self.tolerance
    let all = basis.indices.flatMap { distances(from: atoms[$0]) }
    var result: [Double] = []
    for r in all.sorted() where r > 10 * Self.tolerance && r <= limit {
      let last = result.last ?? 0
      if r > last + 10 * Self.tolerance && r >= last * thinning { result.append(r) }
    }
    return result
  }
}
