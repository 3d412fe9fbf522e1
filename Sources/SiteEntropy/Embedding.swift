internal import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// The displaced core of a frame taken out of its cell, to be put into other cells of the same
/// crystal (mathematics.md (4.6)).
///
/// Every atom is at the image nearest to the centre of the core; cells are counted from there, so
/// that any periodic cell that holds the core can be labelled without being built.
public struct EmbeddedCore: Sendable {
  private let crystal: ReferenceCrystal
  private let potential: any Potential
  private let source: FrameSource
  private let center: [Double]
  /// The displaced atoms: where they are and how far they went.
  private let moved: [(site: CellSite, displacement: [Double])]
  /// The sites of the frame's atoms.
  private let atoms: [CellSite]
  /// Extent of the displaced atoms along the normals of the cell's faces in Å, shape [3].
  private let extents: [Double]

  /// A basis site of a cell of the infinite lattice.
  struct CellSite: Sendable {
    let cell: (Int, Int, Int)
    let basis: Int
  }

  /// - Throws: ``InputError`` where the displaced atoms have no unique place: they reach around
  ///   the cell.
  public init(
    of frame: Frame, crystal: ReferenceCrystal, potential: any Potential
  ) throws {
    let lattice = crystal.multilattice
    let (ideal, positions) = (lattice.idealPositions, try crystal.positions(of: frame))
    let reduced = lattice.reducedCell
    let all = lattice.displacements(of: positions)
    let displacements = (0..<frame.atomCount).map { Array(all[3 * $0..<3 * $0 + 3]) }
    let movedAtoms = displacements.indices.filter { displacements[$0] != [0, 0, 0] }
    guard frame.cell == frame.referenceCell else {
      throw InputError(frame.source, "--embed: expected a core in an unstrained cell, found strain")
    }
    let center = Self.center(of: frame, movedAtoms, displacements, ideal)
    var sites: [CellSite] = []
    var places: [[Double]] = []
    for atom in 0..<frame.atomCount {
      let u = reduced.minimumImage(
        ideal[3 * atom] - center[0], ideal[3 * atom + 1] - center[1],
        ideal[3 * atom + 2] - center[2])
      let place = [center[0] + u.0, center[1] + u.1, center[2] + u.2]
      sites.append(Self.site(place, lattice.basisOfAtom[atom], lattice))
      places.append([u.0, u.1, u.2])
    }
    // Half of the cell's shortest vector is the farthest that the nearest image is unique for sure.
    let limit = reduced.inradius
    for atom in movedAtoms {
      let distance = dot(places[atom], places[atom]).squareRoot()
      guard distance < limit else {
        throw InputError(
          frame.source, atom: atom,
          "--embed: expected displaced atoms within \(shortDecimal(limit)) Å of one centre, half "
            + "the cell, found atom \(atom + 1) displaced at \(shortDecimal(distance)) Å")
      }
    }
    extents = (0..<3).map { axis in
      let heights = movedAtoms.map { atom in
        let s = lattice.cell.fractional(places[atom][0], places[atom][1], places[atom][2])
        return [s.0, s.1, s.2][axis] * lattice.cell.height(axis)
      }
      return (heights.max() ?? 0) - (heights.min() ?? 0)
    }
    self.crystal = crystal
    self.potential = potential
    self.center = center
    source = frame.source
    atoms = sites
    moved = movedAtoms.map { (sites[$0], displacements[$0]) }
  }

  /// The key `perturb_center`, else the place of the largest displacement.
  private static func center(
    of frame: Frame, _ moved: [Int], _ displacements: [[Double]], _ ideal: [Double]
  ) -> [Double] {
    if case .reals(let center) = frame.key("perturb_center"), center.count == 3 { return center }
    let most = moved.max {
      dot(displacements[$0], displacements[$0]) < dot(displacements[$1], displacements[$1])
    }
    return most.map { Array(ideal[3 * $0..<3 * $0 + 3]) } ?? [0, 0, 0]
  }

  /// The cell of a place that is an ideal site.
  private static func site(_ place: [Double], _ basis: Int, _ lattice: Multilattice) -> CellSite {
    let home = lattice.basis[basis].position
    let n = lattice.wholeTranslation(nearest: (0..<3).map { place[$0] - home[$0] })
    return CellSite(cell: n, basis: basis)
  }

  /// The least multiples (of the shortest translations along the cell's vectors) of a cell in which
  /// the core does not meet its own image.
  public var leastMultiples: [Int] {
    let lattice = crystal.multilattice
    let now = lattice.cellMultiples
    return (0..<3).map { axis in
      guard lattice.cell.periodic[axis] else { return 1 }
      let unit = lattice.cell.height(axis) / Double(now[axis])
      // A term couples atoms up to two cutoffs apart, on either side of the core.
      return max(1, Int(((extents[axis] + 4 * potential.cutoff + 1) / unit).rounded(.up)))
    }
  }

  /// δH̃ in a larger (or equal) periodic cell, and the sites of the frame's atoms there.
  ///
  /// - Parameter multiples: Of the shortest translations along the cell's vectors.
  /// - Throws: ``InputError`` where two displaced atoms fall on one site: the cell is too small.
  public func perturbation(
    multiples: [Int]
  ) throws -> (core: CorePerturbation, sites: [LatticeSite]) {
    let lattice = crystal.multilattice
    let least = leastMultiples
    let patch = lattice.group(multiples: (0..<3).map { min(multiples[$0], least[$0]) })
    let target = lattice.group(multiples: multiples)
    let (frame, ideal) = patchFrame(patch)
    let s = lattice.basis.count
    var positions = ideal
    var atoms: [Int] = []
    for (site, u) in moved {
      let atom = patch.index(of: site.cell) * s + site.basis
      guard !atoms.contains(atom) else {
        throw InputError(
          source,
          "--embed: expected a cell that holds the displaced atoms, found one of "
            + multiples.map(String.init).joined(separator: " ") + " where two fall on one site")
      }
      atoms.append(atom)
      for k in 0..<3 { positions[3 * atom + k] += u[k] }
    }
    let difference = try potential.prepared(for: frame).hessianDifference(
      moved: atoms, from: ideal, to: positions)
    let reduced = try ReducedCell(frame.positionCell())
    let scale = lattice.basis.map { 1 / $0.mass.squareRoot() }
    let isWeighted = crystal.inverseRootMasses.contains { $0 != 1 }
    let matrix =
      isWeighted
      ? difference.matrix.scaledSymmetrically(by: difference.atoms.map { scale[$0 % s] })
      : difference.matrix
    var blocks: [CorePerturbation.SparseBlock] = []
    let area = matrix.blockSize * matrix.blockSize
    for i in 0..<matrix.siteCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        blocks.append(
          .init(
            row: i, column: Int(matrix.indices[k]),
            values: Array(matrix.values[k * area..<(k + 1) * area])))
      }
    }
    // From the patch to the target: by way of the image nearest to the centre.
    let core = CorePerturbation(blocks: blocks, dimension: matrix.blockSize) { row in
      let atom = difference.atoms[row]
      let u = reduced.minimumImage(
        ideal[3 * atom] - center[0], ideal[3 * atom + 1] - center[1],
        ideal[3 * atom + 2] - center[2])
      let site = Self.site(
        [center[0] + u.0, center[1] + u.1, center[2] + u.2], atom % s, lattice)
      return LatticeSite(translation: target.index(of: site.cell), basis: site.basis)
    }
    let sites = self.atoms.map {
      LatticeSite(translation: target.index(of: $0.cell), basis: $0.basis)
    }
    return (core, sites)
  }

  /// A periodic cell of the reference, atom (element, basis) at number element · S + basis.
  private func patchFrame(_ group: TranslationGroup) -> (frame: Frame, ideal: [Double]) {
    let lattice = crystal.multilattice
    var (species, sublattice, positions): ([String], [Int], [Double]) = ([], [], [])
    var masses: [Double] = []
    for element in 0..<group.count {
      let t = lattice.vector(of: group.translation(at: element))
      for (index, site) in lattice.basis.enumerated() {
        species.append(site.species)
        sublattice.append(site.sublattice ?? index)
        masses.append(site.mass)
        for k in 0..<3 { positions.append(site.position[k] + t[k]) }
      }
    }
    let rows = (0..<3).flatMap { axis -> [Double] in
      let n = group.supercell[3 * axis..<3 * axis + 3].map { $0 }
      return lattice.vector(of: (n[0], n[1], n[2]))
    }
    var frame = Frame(
      species: species, positions: positions, cell: rows, periodic: lattice.cell.periodic,
      source: source)
    frame.setColumn(Column("sublattice", .integer(sublattice)))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    frame.setColumn(Column("masses", .real(masses)))
    if lattice.dimension != 3 { frame.setKey("dimension", .integer(lattice.dimension)) }
    return (frame, positions)
  }
}

private func dot(_ u: [Double], _ v: [Double]) -> Double { u[0] * v[0] + u[1] * v[1] + u[2] * v[2] }
