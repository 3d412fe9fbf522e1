import Crystal
import Formats

/// Fixed bonds as stars: every atom with the bonds that start at it.
struct BondTable: Sendable {
  /// Shape [N + 1].
  let starts: [Int]
  /// Shape [bonds].
  let neighbors: [Int32]
  /// Image of the neighbour for the positions of the frame, shape [bonds, 3].
  let shifts: [Int32]
  let tags: [Int32]

  /// - Parameters:
  ///   - bonds: With shifts between the reference positions.
  ///   - positions: Of the frame in `cell`, in Å; an atom that lies whole cells away from its
  ///     reference position (a wrapped one) keeps its bonds.
  init(_ bonds: [Bond], frame: Frame, positions: [Double], cell: Cell) throws {
    let atomCount = frame.atomCount
    let reference = PreparedPotential.flat(
      try frame.requiredReferencePositions(), frame.dimension)
    let referenceCell: Cell
    do { referenceCell = try Cell(rows: frame.referenceCell, periodic: cell.periodic) } catch {
      throw InputError(frame.source, "ref_lattice: \(error)")
    }
    // Whole cells between an atom and its reference site.
    var wraps = [SIMD3<Int32>](repeating: .zero, count: atomCount)
    for atom in 0..<atomCount {
      let s = cell.fractional(
        positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2])
      let t = referenceCell.fractional(
        reference[3 * atom], reference[3 * atom + 1], reference[3 * atom + 2])
      let apart = SIMD3(s.0 - t.0, s.1 - t.1, s.2 - t.2)
      for axis in 0..<3 where cell.periodic[axis] {
        let whole = apart[axis].rounded()
        guard abs(whole) < 1e6 else {
          throw InputError(
            frame.source, atom: atom, "expected an atom near its ref_pos, found one far from it")
        }
        wraps[atom][axis] = Int32(whole)
      }
    }
    var counts = [Int](repeating: 0, count: atomCount + 1)
    for bond in bonds { counts[bond.first + 1] += 1 }
    for atom in 0..<atomCount { counts[atom + 1] += counts[atom] }
    var next = counts
    var order = [Int](repeating: 0, count: bonds.count)
    for (index, bond) in bonds.enumerated() {
      order[next[bond.first]] = index
      next[bond.first] += 1
    }
    starts = counts
    neighbors = order.map { Int32(bonds[$0].second) }
    tags = order.map { bonds[$0].tag }
    shifts = order.flatMap { index -> [Int32] in
      let bond = bonds[index]
      let shift = bond.shift &+ wraps[bond.first] &- wraps[bond.second]
      return [shift[0], shift[1], shift[2]]
    }
  }

  /// The legs of some centres at some positions.
  func legs(
    of centers: Range<Int>, at positions: [Double], cell: Cell
  ) throws(NeighborError) -> (list: NeighborList, tags: [Int32]) {
    let all = starts[centers.lowerBound]..<starts[centers.upperBound]
    var vectors: [Double] = []
    vectors.reserveCapacity(3 * all.count)
    for center in centers {
      for leg in starts[center]..<starts[center + 1] {
        let neighbor = Int(neighbors[leg])
        let offset = cell.cartesian(
          Double(shifts[3 * leg]), Double(shifts[3 * leg + 1]), Double(shifts[3 * leg + 2]))
        let x = positions[3 * neighbor] - positions[3 * center] + offset.0
        let y = positions[3 * neighbor + 1] - positions[3 * center + 1] + offset.1
        let z = positions[3 * neighbor + 2] - positions[3 * center + 2] + offset.2
        let squared = x * x + y * y + z * z
        guard squared < 1e18 else { throw .notFinite(atom: neighbor) }
        guard squared > NeighborSearch.coincidence * NeighborSearch.coincidence else {
          throw .coincident(center, neighbor)
        }
        vectors.append(x)
        vectors.append(y)
        vectors.append(z)
      }
    }
    let list = NeighborList(
      centers: centers, starts: centers.map { starts[$0] - all.lowerBound } + [all.count],
      neighbors: Array(neighbors[all]),
      shifts: Array(shifts[3 * all.lowerBound..<3 * all.upperBound]), vectors: vectors)
    return (list, Array(tags[all]))
  }
}
