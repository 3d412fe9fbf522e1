internal import Crystal
internal import Formats
internal import Glibc
internal import Potentials

/// The Hessian of a crystal of springs that pull alike in every direction: a preconditioner where nothing
/// is known but the structure (Packwood et al. 2016, J. Chem. Phys. 144, 164109),
///
///     C_ij = -μ exp(-A (r_ij/r_0 - 1)) 1   for r_ij < r_c.
///
/// A = 3, r_c = 2 r_0 with the nearest-neighbour distance r_0; μ is such that the mean diagonal element
/// is ``stiffness``, near that of most solids.
struct IsotropicSprings {
  let blocks: [LatticeBlock]

  /// In eV/Å².
  static let stiffness = 10.0
  private static let decay = 3.0
  private static let reach = 2.0

  init(of lattice: Multilattice, source: FrameSource) throws(InputError) {
    let d = lattice.dimension
    let primitive = lattice.primitiveFrame(source: source)
    let nearest = lattice.nearestNeighborDistance
    let list: NeighborList
    do {
      list = try NeighborSearch(
        positions: primitive.positions, cell: primitive.positionCell(),
        cutoff: Self.reach * nearest
      ).neighborsOfAll()
    } catch let error as InputError { throw error } catch let error as NeighborError {
      throw InputError(source, error)
    } catch { throw InputError(source, "\(error)") }
    let count = primitive.atomCount
    var pairs: [(row: Int, column: Int, shift: (Int, Int, Int), weight: Double)] = []
    var sums = [Double](repeating: 0, count: count)
    for atom in 0..<count {
      for pair in list.pairs(of: atom) {
        let v = (0..<3).map { list.vectors[3 * pair + $0] }
        let length = dot(v, v).squareRoot()
        let weight = exp(-Self.decay * (length / nearest - 1))
        let shift = (0..<3).map { Int(list.shifts[3 * pair + $0]) }
        pairs.append((atom, Int(list.neighbors[pair]), (shift[0], shift[1], shift[2]), -weight))
        sums[atom] += weight
      }
    }
    for atom in 0..<count { pairs.append((atom, atom, (0, 0, 0), sums[atom])) }
    let mean = sums.reduce(0, +) / Double(max(1, count))
    let scale = mean > 0 ? Self.stiffness / mean : 1
    blocks = pairs.map { pair in
      LatticeBlock(
        row: pair.row, column: pair.column, shift: pair.shift,
        block: (0..<d * d).map { $0 % (d + 1) == 0 ? scale * pair.weight : 0 })
    }
  }
}
