public import Crystal
public import Formats
internal import Glibc
internal import LinearAlgebra
public import Potentials

/// How a perfect crystal of cubic symmetry answers a change of its volume.
///
/// Central differences of four points in ln V, the basis relaxed at each (mathematics.md (10.5)).
public struct CrystalResponse: Equatable, Sendable {
  /// K = V d²E/dV² in eV/Å³.
  public let bulkModulus: Double
  /// ds_∞/dlnV in k_B a site, the mean of the sublattices.
  public let entropyDerivative: Double
  /// Ω: volume a site in Å³.
  public let siteVolume: Double
  /// -dE/dV of the crystal in eV/Å³.
  public let pressure: Double

  init(bulkModulus: Double, entropyDerivative: Double, siteVolume: Double, pressure: Double) {
    (self.bulkModulus, self.entropyDerivative) = (bulkModulus, entropyDerivative)
    (self.siteVolume, self.pressure) = (siteVolume, pressure)
  }

  /// Steps of ln V.
  static let step = 4e-3

  /// - Returns: nil for a crystal that is not cubic or not three-dimensional: its strain at zero
  ///   stress takes more than a bulk modulus.
  /// - Throws: `InputError`, `SymmetryError`, ``SiteEntropyError``.
  public init?(
    of lattice: Multilattice, potential: any Potential, isMassWeighted: Bool, source: FrameSource
  ) throws {
    guard lattice.dimension == 3, lattice.cell.periodic == [true, true, true],
      try lattice.isCubic
    else { return nil }
    let frame = lattice.primitiveFrame(source: source)
    let points = try [-2.0, -1, 0, 1, 2].map { number in
      try ScaledCrystal(
        frame, logarithm: number * Self.step, lattice: lattice, potential: potential,
        isMassWeighted: isMassWeighted)
    }
    let energies = points.map(\.energy)
    let entropies = points.map(\.entropy)
    let h = Self.step
    let first = (energies[0] - 8 * energies[1] + 8 * energies[3] - energies[4]) / (12 * h)
    let second =
      (-energies[0] + 16 * energies[1] - 30 * energies[2] + 16 * energies[3] - energies[4])
      / (12 * h * h)
    let volume = abs(lattice.primitiveCell.volume)
    // d²E/dlnV² = V E' + V² E''.
    bulkModulus = (second - first) / volume
    entropyDerivative =
      (entropies[0] - 8 * entropies[1] + 8 * entropies[3] - entropies[4]) / (12 * h)
    siteVolume = volume / Double(lattice.basis.count)
    pressure = -first / volume
  }
}

extension Multilattice {
  /// Whether the space group is cubic.
  ///
  /// - Throws: `SymmetryError`.
  var isCubic: Bool { get throws { try siteSymmetry.map { $0.spaceGroup >= 195 } ?? false } }

  /// Whether the space group carries every site to every other.
  ///
  /// - Throws: `SymmetryError`.
  var hasEquivalentSites: Bool {
    get throws {
      guard basis.count > 1 else { return true }
      guard dimension == 3, primitiveCell.periodic == [true, true, true] else { return false }
      return try siteSymmetry.map { Set($0.orbits).count == 1 } ?? false
    }
  }

  /// nil for cells of hundreds of sites, with which spglib takes long: no crystal of one kind.
  private var siteSymmetry: SiteSymmetry? {
    get throws {
      guard basis.count <= 200 else { return nil }
      let classes = basis.map { "\($0.species) \($0.mass)" }
      return try SiteSymmetry(
        cell: primitiveCell, positions: basis.flatMap(\.position), classes: classes)
    }
  }
}

/// The primitive cell at another volume, its basis at rest.
struct ScaledCrystal {
  /// In eV a primitive cell.
  let energy: Double
  /// Mean s_∞ in k_B a site.
  let entropy: Double
  /// Mass-weighted.
  let kernel: ReferenceKernel

  /// Residual forces in eV/Å that are rest.
  private static let forceTolerance = 1e-10

  init(
    _ primitive: Frame, logarithm: Double, lattice: Multilattice, potential: any Potential,
    isMassWeighted: Bool
  ) throws {
    let stretch = exp(logarithm / 3)
    var frame = primitive
    frame.setKey("ref_lattice", .reals(primitive.cell))
    frame.cell = primitive.cell.map { $0 * stretch }
    frame.positions = primitive.positions.map { $0 * stretch }
    frame.positions = try Self.relaxed(frame, potential)
    energy = try potential.energy(of: frame)
    // Of mean s_∞ only the slope is wanted, in which most of the error of a coarse grid cancels.
    let blocks = try potential.latticeHessian(of: frame)
    kernel = ReferenceKernel(blocks, of: lattice, isMassWeighted: isMassWeighted)
    entropy = try LatticeEntropy(
      equivalentSites: kernel, primitiveCell: lattice.primitiveCell, scales: [2, 3, 4]
    ).shares[0]
  }

  /// Newton's method for the basis; symmetry leaves nothing to do in most crystals.
  private static func relaxed(_ frame: Frame, _ potential: any Potential) throws -> [Double] {
    let prepared = try potential.prepared(for: frame)
    var positions = frame.positions
    for _ in 0..<20 {
      let forces = try prepared.forces(positions: positions)
      guard forces.contains(where: { abs($0) > forceTolerance }) else { return positions }
      let eigen = try prepared.hessian(positions: positions).dense().symmetricEigen()
      let largest = eigen.values.reduce(0) { max($0, abs($1)) }
      let n = forces.count
      for (mode, value) in eigen.values.enumerated() where abs(value) > 1e-8 * largest {
        let row = eigen.vectors.storage[mode * n..<(mode + 1) * n]
        let amplitude = zip(row, forces).reduce(0) { $0 + $1.0 * $1.1 } / value
        for (component, element) in row.enumerated() { positions[component] += amplitude * element }
      }
    }
    throw SiteEntropyError.mismatch(
      "expected a crystal whose basis comes to rest at other volumes, found forces that stay")
  }
}
