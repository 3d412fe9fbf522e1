internal import Crystal
public import Formats

/// Diffusion by vacancies that hop to nearest neighbours in a cubic crystal of one element.
///
///     D_v = z d² Γ/6,   D* = f D_v c                                        (mathematics.md (10.10))
///
/// D_v is the diffusivity of the vacancy, D* that of a tracer atom with concentration c of vacancies;
/// z is the number of neighbours at distance d. In fcc and bcc z d²/6 = a², in diamond a²/8.
public struct VacancyDiffusion: Equatable, Sendable {
  /// z.
  public let coordination: Int
  /// d in Å.
  public let jumpLength: Double
  /// f, the correlation factor of tracers, with the lattice it belongs to; nil for others.
  public let correlation: (lattice: String, factor: Double)?

  public static func == (a: Self, b: Self) -> Bool {
    a.coordination == b.coordination && a.jumpLength == b.jumpLength
      && a.correlation?.lattice == b.correlation?.lattice
  }

  /// z d²/6 in Å².
  public var factor: Double { Double(coordination) * jumpLength * jumpLength / 6 }

  /// - Parameters:
  ///   - minimum: A frame with one vacancy, labelled.
  ///   - displacements: How far each atom is from the minimum at the saddle, in Å.
  /// - Returns: nil where the crystal is not cubic or of several species or sublattices that differ, the
  ///   frame holds other defects, or the atom that moves most is no nearest neighbour of the vacancy.
  /// - Throws: ``InputError`` for wrong labels, `SymmetryError`.
  public init?(minimum: Frame, displacements: [Double]) throws {
    guard minimum.sublattice != nil, minimum.referencePositions != nil,
      minimum.siteDefects != nil
    else { return nil }
    let crystal = try PerfectCrystal(of: minimum)
    guard crystal.vacancies.count == 1, crystal.antisites.isEmpty, crystal.interstitials.isEmpty
    else { return nil }
    let lattice = try Multilattice(referenceOf: crystal.frame)
    guard try lattice.isCubic, Set(lattice.basis.map(\.species)).count == 1 else { return nil }
    let empty = crystal.vacancies[0]
    let (sites, cell) = (crystal.frame.positions, try crystal.frame.positionCell())
    let reduced = ReducedCell(cell)
    func distance(_ a: Int, _ b: Int) -> Double {
      let u = reduced.minimumImage(
        sites[3 * a] - sites[3 * b], sites[3 * a + 1] - sites[3 * b + 1],
        sites[3 * a + 2] - sites[3 * b + 2])
      return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
    }
    let nearest = lattice.nearestNeighborDistance
    let hopping = displacements.indices.max { displacements[$0] < displacements[$1] } ?? 0
    guard let site = crystal.siteOfAtom[hopping], distance(site, empty) < nearest * 1.01 else {
      return nil
    }
    let search: NeighborSearch
    do {
      search = try NeighborSearch(positions: sites, cell: cell, cutoff: nearest * 1.01)
    } catch { throw InputError(minimum.source, error, in: "reference positions") }
    let counts = try lattice.basis.indices.map { basis in
      let center = lattice.atoms[basis]
      return try search.neighbors(of: center..<center + 1).pairCount
    }
    guard Set(counts).count == 1, let neighbors = counts.first else { return nil }
    (coordination, jumpLength) = (neighbors, nearest)
    // Compaan and Haven, Trans. Faraday Soc. 52, 786 (1956); the digits of Koiwa and Ishioka, Phil.
    // Mag. A 47, 927 (1983).
    correlation =
      switch (neighbors, lattice.basis.count) {
      case (12, 1): ("fcc", 0.781_451)
      case (8, 1): ("bcc", 0.727_194)
      case (6, 1): ("simple cubic", 0.653_109)
      case (4, 2): ("diamond", 0.5)
      default: nil
      }
  }
}
