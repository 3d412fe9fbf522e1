internal import Base
public import Crystal
public import Formats
public import Potentials

/// What the formation of defects is measured against: the perfect crystal of a frame's cell, and the
/// infinite one.
public struct FormationReference: Sendable {
  public let multilattice: Multilattice
  /// Mass-weighted, in eV/(Å² u), with its true ranges.
  public let kernel: ReferenceKernel
  /// Absolute entropies of the basis sites in the perfect crystal of the frame's own cell.
  public let cell: LatticeEntropy
  /// s_∞ of the basis sites.
  public let infinite: LatticeEntropy
  /// Energy of the perfect crystal in eV a site.
  public let siteEnergy: Double
  /// dE/dε of the perfect crystal in eV a site, shape [3, 3].
  public let siteStrainDerivative: [Double]
  /// nil where the crystal is not cubic.
  public let response: CrystalResponse?

  /// - Parameter perfect: A perfect crystal at its reference positions.
  /// - Throws: `InputError` for missing labels and what the potential does not know,
  ///   ``SiteEntropyError/unstableReference(_:)``.
  public init(
    of perfect: Frame, potential: any Potential, isMassWeighted: Bool = true
  ) throws {
    let lattice = try Multilattice(referenceOf: perfect)
    let primitive = lattice.primitiveFrame(source: perfect.source)
    let kernel = try ReferenceKernel(
      of: lattice, potential: potential, source: perfect.source, isMassWeighted: isMassWeighted)
    let sites = Double(lattice.basis.count)
    (multilattice, self.kernel) = (lattice, kernel)
    cell = try LatticeEntropy(of: kernel, cell: lattice.group, kind: .absolute)
    infinite =
      try lattice.hasEquivalentSites
      ? LatticeEntropy(equivalentSites: kernel, primitiveCell: lattice.primitiveCell)
      : LatticeEntropy(
        infinite: kernel, primitiveCell: lattice.primitiveCell, kind: .absolute)
    siteEnergy = try potential.energy(of: primitive) / sites
    siteStrainDerivative = try strainDerivative(of: primitive, potential).map { $0 / sites }
    response = try CrystalResponse(
      of: lattice, potential: potential, isMassWeighted: isMassWeighted, source: perfect.source)
  }

  public var siteCount: Int { multilattice.atomCount }

  /// s_∞ of a species in k_B: the mean of its sites in the infinite crystal; nil for a species that
  /// the crystal does not have.
  public func infiniteEntropy(of species: String) -> Double? {
    let own = multilattice.basis.indices.filter { multilattice.basis[$0].species == species }
    guard !own.isEmpty else { return nil }
    return own.reduce(0) { $0 + infinite.shares[$1] } / Double(own.count)
  }
}

/// Builds the reference of each perfect crystal of a stream once.
public struct FormationReferences: Sendable {
  private let potential: any Potential
  private let isMassWeighted: Bool
  private let known = BuiltOnce<Frame, FormationReference> { $0.sharesReference(with: $1) }

  public init(potential: any Potential, isMassWeighted: Bool = true) {
    (self.potential, self.isMassWeighted) = (potential, isMassWeighted)
  }

  /// - Throws: What ``FormationReference/init(of:potential:isMassWeighted:)`` throws.
  public func reference(of perfect: Frame) throws -> FormationReference {
    try known.value(for: perfect) {
      try FormationReference(of: perfect, potential: potential, isMassWeighted: isMassWeighted)
    }
  }
}
