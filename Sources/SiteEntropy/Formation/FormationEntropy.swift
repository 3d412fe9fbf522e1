internal import Crystal
internal import Formats

/// The formation entropy of the defects of a frame at fixed volume, and what its parts are.
///
///     S_f^V = S_def - S_perf + Σ_removed s_∞ - Σ_added s_∞                  (mathematics.md (10.3))
///
/// The labels of kind formation, s_i = S_i^abs - (label of the site of the atom in the perfect crystal
/// of the same cell, or s_∞ of the species of an added atom), add up to it but for what empty sites and
/// antisites exchange with the reservoirs:
///
///     S_f^V = Σ_i s_i + Σ_vacancies (s_∞ - s_perf) + Σ_antisites (s_∞(site) - s_∞(atom))
public struct FormationEntropy: Equatable, Sendable {
  /// S_f^V in k_B.
  public let atVolume: Double
  /// Σ over empty sites of s_∞ - s_perf, in k_B.
  public let vacancyReservoir: Double
  /// Σ over antisites of s_∞ of the site's species less that of the atom's, in k_B.
  public let antisiteReservoir: Double
  /// How far s_∞ is known, times the atoms exchanged, in k_B.
  public let errorEstimate: Double

  /// Splits absolute labels.
  ///
  /// - Parameters:
  ///   - absolute: Absolute labels of the atoms of the frame in k_B, shape [N].
  ///   - total: Their sum, from the spectrum.
  /// - Returns: The labels of kind formation, shape [N], their sum from the spectrum, and S_f^V.
  /// - Throws: ``InputError`` for a species that the crystal does not have.
  static func split(
    absolute: [Double], total: Double, crystal: PerfectCrystal, reference: FormationReference,
    frame: Frame
  ) throws(InputError) -> (labels: [Double], sum: Double, entropy: FormationEntropy) {
    let lattice = reference.multilattice
    let species = frame.species
    func infinite(_ atom: Int) throws(InputError) -> Double {
      guard let value = reference.infiniteEntropy(of: species[atom]) else {
        throw InputError(
          frame.source, atom: atom,
          "expected species of the crystal, whose own entropy is the reservoir of added atoms, "
            + "found \(species[atom])")
      }
      return value
    }
    func infinite(site: Int) -> Double {
      reference.infiniteEntropy(of: crystal.frame.species[site]) ?? 0
    }
    func perfect(site: Int) -> Double { reference.cell.shares[lattice.basisOfAtom[site]] }

    var labels = absolute
    var baseline = 0.0
    for atom in 0..<frame.atomCount {
      let own: Double
      if let site = crystal.siteOfAtom[atom] {
        own = perfect(site: site)
      } else {
        own = try infinite(atom)
      }
      labels[atom] -= own
      baseline += own
    }
    // (10.3) as it stands, apart from the sums above.
    var formation = total - (0..<reference.siteCount).reduce(0) { $0 + perfect(site: $1) }
    var (vacancies, antisites) = (0.0, 0.0)
    for site in crystal.vacancies {
      formation += infinite(site: site)
      vacancies += infinite(site: site) - perfect(site: site)
    }
    for atom in crystal.antisites {
      guard let site = crystal.siteOfAtom[atom] else { continue }
      let exchanged = infinite(site: site) - (try infinite(atom))
      formation += exchanged
      antisites += exchanged
    }
    for atom in crystal.interstitials { formation -= try infinite(atom) }
    let exchanges =
      crystal.vacancies.count + 2 * crystal.antisites.count + crystal.interstitials.count
    return (
      labels, total - baseline,
      FormationEntropy(
        atVolume: formation, vacancyReservoir: vacancies, antisiteReservoir: antisites,
        errorEstimate: Double(exchanges) * (reference.infinite.errorEstimate ?? 0))
    )
  }

  /// Checks that labels and reservoir terms add up to S_f^V.
  ///
  /// - Parameter tolerance: The error of a label in k_B beyond rounding.
  /// - Throws: ``SiteEntropyError/sumRule(sum:total:)``.
  func checkSumRule(labels: [Double], tolerance: Double) throws(SiteEntropyError) {
    let sum = labels.reduce(0, +) + vacancyReservoir + antisiteReservoir
    // The labels are differences of numbers of the order of 1 to 10.
    guard abs(sum - atVolume) <= (1e-9 + tolerance) * Double(max(labels.count, 1)) else {
      throw .sumRule(sum: sum, total: atVolume)
    }
  }
}
