public import Crystal
internal import Formats
public import LinearAlgebra

/// What a displacement of a few atoms changes in the Hessian.
public struct HessianDifference: Sendable {
  /// The atoms whose rows have a block, ascending.
  public let atoms: [Int]
  /// δH in eV/Å²: block row (and column) k is that of `atoms[k]`.
  public let matrix: BlockSparseMatrix
}

/// Hessian differences against fixed positions, at a cost in proportion to the atoms that move.
///
/// The neighbours at the fixed positions are found once, within the cutoff and a margin, and serve
/// for every displacement of the same atoms.
public struct LocalHessian: Sendable {
  private let prepared: PreparedPotential
  private let stars: Stars
  /// The centres of the stars with a leg to each atom, other than its own.
  private let centerStarts: [Int]
  private let centers: [Int32]
  /// Atoms may move this far in Å; farther ones cost a new search.
  private let reach: Double

  /// - Parameters:
  ///   - prepared: At the positions x₀ that the differences are taken from.
  ///   - reach: The largest displacement in Å that needs no new search.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: O(N).
  public init(_ prepared: PreparedPotential, reach: Double = 0.5) throws {
    precondition(reach >= 0 && reach.isFinite, "reach: expected a distance")
    (self.prepared, self.reach) = (prepared, reach)
    let source = try prepared.starSource(margin: 2 * reach)
    stars = try prepared.stars(of: 0..<prepared.atomCount, from: source)
    var counts = [Int](repeating: 0, count: prepared.atomCount + 1)
    for atom in stars.list.neighbors { counts[Int(atom) + 1] += 1 }
    for atom in 0..<prepared.atomCount { counts[atom + 1] += counts[atom] }
    var next = counts
    var centers = [Int32](repeating: 0, count: stars.list.pairCount)
    for center in 0..<prepared.atomCount {
      for pair in stars.list.pairs(of: center) {
        let atom = Int(stars.list.neighbors[pair])
        centers[next[atom]] = Int32(center)
        next[atom] += 1
      }
    }
    (centerStarts, self.centers) = (counts, centers)
  }

  /// H(x) - H(x₀), from the terms that touch a displaced atom alone; all other blocks are absent.
  ///
  /// - Parameters:
  ///   - moved: The atoms at which x differs from x₀, each once.
  ///   - positions: x in Å, shape [N, 3]; equal to x₀ at all other atoms.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: O(moved atoms), unless one moves farther than `reach` or an axis is inactive.
  public func difference(moved: [Int], to positions: [Double]) throws -> HessianDifference {
    try difference(moved: moved, toFlat: PreparedPotential.flat(positions, prepared.dimension))
  }

  /// The same where the coordinates on inactive axes are zero already: positions are not copied.
  package func difference(moved: [Int], toFlat new: [Double]) throws -> HessianDifference {
    let old = prepared.positions
    precondition(new.count == old.count, "positions: expected [\(prepared.atomCount), 3]")
    var farthest = 0.0
    var touched: Set<Int32> = []
    for atom in moved {
      let u = SIMD3(
        new[3 * atom] - old[3 * atom], new[3 * atom + 1] - old[3 * atom + 1],
        new[3 * atom + 2] - old[3 * atom + 2])
      farthest = max(farthest, (u * u).sum().squareRoot())
      guard (u * u).sum() < 1e12 else { throw prepared.named(.notFinite(atom: atom)) }
      touched.insert(Int32(atom))
      touched.formUnion(centers[centerStarts[atom]..<centerStarts[atom + 1]])
    }
    guard farthest <= reach else {
      return try LocalHessian(prepared, reach: farthest).difference(moved: moved, toFlat: new)
    }
    var set = StarSet()
    let order = touched.sorted()
    let places = [try stars(of: order, at: old), try stars(of: order, at: new)]
    let isMoved = movedAtoms(moved, new)
    for (stars, sign) in zip(places, [-1.0, 1.0]) {
      var terms = TermList()
      for center in order.indices {
        terms.removeAll()
        prepared.potential.addTerms(of: center, in: stars, to: &terms)
        if !isMoved.contains(order[center]) {
          // An atom that enters or leaves a star changes what depends on all of its legs.
          let isTouched = places.contains { place in
            place.list.pairs(of: center).contains { isMoved.contains(place.list.neighbors[$0]) }
          }
          let legs = stars.list.pairs(of: center).map {
            isMoved.contains(stars.list.neighbors[$0])
          }
          terms.keep(touching: legs, wholeStar: isTouched)
        }
        guard !terms.isEmpty else { continue }
        set.append(center, of: stars, terms: terms, sign: sign)
      }
    }
    let atoms = set.renumber()
    let members = StarMembers(set, rowCount: atoms.count)
    var rows = [
      RowBlocks(
        0..<atoms.count, of: set, members: members, rowCount: atoms.count,
        dimension: prepared.dimension)
    ]
    return HessianDifference(
      atoms: atoms, matrix: try prepared.matrix(&rows, siteCount: atoms.count))
  }

  /// The stars of some atoms at one of the two positions.
  private func stars(of atoms: [Int32], at positions: [Double]) throws(InputError) -> Stars {
    var (starts, neighbors, shifts) = ([0], [Int32](), [Int32]())
    var (vectors, tags) = ([Double](), [Int32]())
    let cutoff = prepared.potential.cutoff
    let limit = prepared.bonds == nil ? cutoff * cutoff : .infinity
    for center in atoms.map({ Int($0) }) {
      for pair in stars.list.pairs(of: center) {
        let atom = Int(stars.list.neighbors[pair])
        let shift = stars.list.shifts[3 * pair..<3 * pair + 3]
        let offset = prepared.cell.cartesian(
          Double(shift[3 * pair]), Double(shift[3 * pair + 1]), Double(shift[3 * pair + 2]))
        // As NeighborSearch does it, to the last bit: what does not move must cancel.
        let x = positions[3 * atom] - positions[3 * center] + offset.0
        let y = positions[3 * atom + 1] - positions[3 * center + 1] + offset.1
        let z = positions[3 * atom + 2] - positions[3 * center + 2] + offset.2
        let squared = x * x + y * y + z * z
        guard squared < limit else { continue }
        guard squared > NeighborSearch.coincidence * NeighborSearch.coincidence else {
          throw prepared.named(.coincident(center, atom))
        }
        neighbors.append(Int32(atom))
        shifts.append(contentsOf: shift)
        vectors.append(x)
        vectors.append(y)
        vectors.append(z)
        if !stars.tags.isEmpty { tags.append(stars.tags[pair]) }
      }
      starts.append(neighbors.count)
    }
    let list = NeighborList(
      centers: 0..<atoms.count, starts: starts, neighbors: neighbors, shifts: shifts,
      vectors: vectors)
    return Stars(atoms: atoms, list: list, kinds: stars.kinds, tags: tags)
  }

  /// The atoms that do move.
  private func movedAtoms(_ atoms: [Int], _ new: [Double]) -> Set<Int32> {
    let old = prepared.positions
    return Set(
      atoms.lazy.filter { atom in
        (0..<3).contains { new[3 * atom + $0] != old[3 * atom + $0] }
      }.map { Int32($0) })
  }
}

extension StarSet {
  /// Numbers the rows by the atoms that occur, and returns those in ascending order.
  mutating func renumber() -> [Int] {
    var occurring = centers
    for star in 0..<count {
      let first = offsets[star] / 9
      for (leg, entry) in (starts[star]..<starts[star + 1]).enumerated()
      where data.present[first + leg] { occurring.append(atoms[entry]) }
    }
    occurring.sort()
    var names: [Int32] = []
    for atom in occurring where atom != names.last { names.append(atom) }
    func row(_ atom: Int32) -> Int32 {
      var (low, high) = (0, names.count)
      while low < high {
        let middle = (low + high) / 2
        if names[middle] < atom { low = middle + 1 } else { high = middle }
      }
      // Legs without a term may be of atoms that do not occur; nobody asks for their row.
      return Int32(min(low, names.count - 1))
    }
    centers = centers.map(row)
    atoms = atoms.map(row)
    return names.map { Int($0) }
  }
}

extension PreparedPotential {
  /// H(to) - H(from) from the terms that touch displaced atoms; one difference of ``LocalHessian``.
  ///
  /// - Parameter moved: The atoms at which the two differ, each once.
  public func hessianDifference(
    moved: [Int], from: [Double], to: [Double]
  ) throws -> HessianDifference {
    try LocalHessian(at(from)).difference(moved: moved, to: to)
  }

  /// The same atoms at other positions in the same cell.
  ///
  /// - Parameter positions: Shape [N, 3] in Å.
  public func at(_ positions: [Double]) -> PreparedPotential {
    precondition(positions.count == 3 * atomCount, "positions: expected [\(atomCount), 3]")
    var result = self
    result.positions = Self.flat(positions, dimension)
    return result
  }

  /// The same atoms at other positions in another cell, of the same periodic axes; fixed bonds keep
  /// their images.
  ///
  /// - Parameter positions: Shape [N, 3] in Å.
  public func at(_ positions: [Double], cell: Cell) -> PreparedPotential {
    precondition(cell.periodic == self.cell.periodic, "cell: expected the same periodic axes")
    var result = at(positions)
    result.cell = cell
    return result
  }
}
