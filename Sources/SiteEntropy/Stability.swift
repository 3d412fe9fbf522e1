internal import Base
public import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// The stability constants of a reference crystal over a grid of wave vectors (mathematics.md (7.2)).
///
/// In the unweighted Hessian, with the acoustic vectors Q_ac = S^(-1/2) (I_d, …, I_d) and their
/// complement Q_op, D(k) has the blocks D_aa, D_ao, D_oo, and
///
///     optical     min_k λ_min(D_oo(k)),
///     acoustic    min_{k≠0} λ_min(D_aa - D_ao D_oo⁻¹ D_oa) / |k|²,
///     coercivity  min_{k≠0} λ_min of D(k) relative to diag(|k|² I_d, I_(S-1)d),
///     coupling    max_{k≠0} ‖D_ao(k)‖₂ / |k|.
///
/// The blocks depend on the phases of the sublattices. Here they are those of the sites' places,
/// D(k)_αβ = Σ_R C(R)_αβ exp(-ik·(R + p_β - p_α)), with k the shortest of its equivalents: the
/// constants then do not depend on which sites are called a cell. Where several equivalents are
/// shortest (on the faces of the Brillouin zone) all of them count.
public struct StabilityConstants: Equatable, Sendable {
  /// An extreme value and where it is attained.
  public struct Extreme: Equatable, Sendable {
    public let value: Double
    /// Reduced wave vector q, k = 2π Σ q_i b_i with b the dual of the primitive vectors, shape [3].
    public let waveVector: [Double]
  }

  /// In eV/Å²; nil for a crystal of one sublattice.
  public let optical: Extreme?
  /// In eV; nil where the grid has no wave vector but 0, likewise the next two.
  public let acoustic: Extreme?
  /// In eV with lengths in Å.
  public let coercivity: Extreme?
  /// In eV/Å; nil also for a crystal of one sublattice.
  public let coupling: Extreme?
  public let waveVectorCount: Int
  /// The spectrum of the Hessian over the grid, in eV/Å².
  public let ledger: ModeLedger

  /// - Parameters:
  ///   - kernel: Not mass-weighted, in eV/Å².
  ///   - group: The grid: the wave vectors of a periodic cell.
  /// - Throws: ``SiteEntropyError/unstableReference(_:)``,
  ///   ``SiteEntropyError/decomposition(order:_:)``.
  public init(
    of kernel: ReferenceKernel, multilattice: Multilattice, group: TranslationGroup
  ) throws(SiteEntropyError) {
    let zone = try BrillouinZone(kernel: kernel, multilattice: multilattice, group: group)
    // D(-k) is the conjugate of D(k): one of each pair is enough.
    let half = (0..<group.count).filter { group.opposite($0) >= $0 }
    let workers = max(1, min(half.count, concurrentBlockLimit))
    let parts = mapConcurrently(workers) { worker -> Result<[BrillouinZone.Point], LAPACKError> in
      let own = half[half.count * worker / workers..<half.count * (worker + 1) / workers]
      var points: [BrillouinZone.Point] = []
      do throws(LAPACKError) {
        for index in own { points.append(try zone.point(index)) }
      } catch { return .failure(error) }
      return .success(points)
    }
    var spectrum: [Double] = []
    var extremes = Extremes()
    for part in parts {
      switch part {
      case .failure(let error): throw .decomposition(order: zone.order, error)
      case .success(let points):
        for point in points {
          spectrum += point.spectrum
          if !point.isOwnOpposite { spectrum += point.spectrum }
          extremes.merge(point.extremes)
        }
      }
    }
    ledger = ModeLedger(eigenvalues: spectrum, expectedZeroModes: kernel.dimension)
    guard ledger.isStable else { throw .unstableReference(ledger) }
    (optical, acoustic) = (extremes.optical, extremes.acoustic)
    (coercivity, coupling) = (extremes.coercivity, extremes.coupling)
    waveVectorCount = group.count
  }

  struct Extremes: Sendable {
    var optical: Extreme?
    var acoustic: Extreme?
    var coercivity: Extreme?
    var coupling: Extreme?

    mutating func merge(_ other: Extremes) {
      optical = Self.least(optical, other.optical)
      acoustic = Self.least(acoustic, other.acoustic)
      coercivity = Self.least(coercivity, other.coercivity)
      if let theirs = other.coupling, theirs.value > coupling?.value ?? -1 { coupling = theirs }
    }

    private static func least(_ a: Extreme?, _ b: Extreme?) -> Extreme? {
      guard let a, let b else { return a ?? b }
      return b.value < a.value ? b : a
    }
  }
}

extension Multilattice {
  /// A grid for a reference that is not told another: the least multiples of the cell's own that
  /// reach 12 conventional cells along each periodic direction in 3D, 48 in 2D, 256 in 1D.
  public var defaultGrid: [Int] {
    let least = [256, 48, 12][min(max(dimension, 1), 3) - 1]
    return cellMultiples.enumerated().map { axis, own in
      cell.periodic[axis] ? own * ((least + own - 1) / own) : 1
    }
  }
}

extension ReferenceKernel {
  /// The Hessian of a crystal between its basis sites, in eV/Å², or in eV/(Å² u).
  ///
  /// - Throws: What the potential throws.
  public init(
    of lattice: Multilattice, potential: any Potential, source: FrameSource,
    isMassWeighted: Bool = false
  ) throws {
    let blocks = try potential.latticeHessian(of: lattice.primitiveFrame(source: source))
    self.init(blocks, of: lattice, isMassWeighted: isMassWeighted)
  }

  /// The same from the blocks of a primitive cell.
  init(_ blocks: [LatticeBlock], of lattice: Multilattice, isMassWeighted: Bool) {
    let scale = lattice.basis.map { isMassWeighted ? 1 / $0.mass.squareRoot() : 1 }
    self.init(
      dimension: lattice.dimension, basisCount: lattice.basis.count,
      entries: blocks.map { block in
        let factor = scale[block.row] * scale[block.column]
        return Entry(
          row: block.row, column: block.column, translation: block.shift,
          block: isMassWeighted ? block.block.map { $0 * factor } : block.block)
      })
  }
}

extension ModeLedger {
  /// ‖A - Π‖₂ for the ledger of A = F H̃ F; at least 1 where A has a mode that is zero and should
  /// not be.
  public var perturbationNorm: Double {
    max(largest - 1, 1 - smallest, zeroModes > expectedZeroModes ? 1 : 0)
  }
}
