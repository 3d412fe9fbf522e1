internal import Crystal
public import Formats

/// The two ends of a path: the same atoms in two places.
public struct PathEnds: Sendable {
  /// Positions of the end, each the image nearest to the start, in Å, shape [N, 3], in the order of
  /// the start.
  public let end: [Double]

  /// Ends nearer than this everywhere are one, in Å.
  private static let same = 0.05

  /// - Parameter isMatching: Whether the atoms of the end may stand in another order.
  /// - Throws: ``InputError`` for other atoms, another cell or order, and for equal ends.
  public init(
    from start: Frame, to end: Frame, isMatching: Bool = false
  ) throws(InputError) {
    guard start.atomCount == end.atomCount else {
      throw InputError(
        end.source,
        "expected the \(start.atomCount) atoms of \(start.source.place), found \(end.atomCount)")
    }
    let isEqual = zip(start.cell, end.cell).allSatisfy { abs($0 - $1) <= 1e-8 * (1 + abs($0)) }
    guard isEqual, start.periodic == end.periodic, start.dimension == end.dimension else {
      throw InputError(
        end.source, "Lattice: expected the cell of \(start.source.place), found another")
    }
    let cell = try start.positionCell()
    let nearest: Double
    do { nearest = try nearestNeighborDistance(start.positions, cell: cell) } catch {
      throw InputError(start.source, error)
    }
    let order =
      isMatching ? try Self.match(start, end, cell, nearest: nearest) : Array(0..<start.atomCount)
    let (before, after) = (start.species, end.species)
    if let atom = order.indices.first(where: { before[$0] != after[order[$0]] }) {
      throw InputError(
        end.source, atom: order[atom],
        "expected \(before[atom]) as in \(start.source.place), found \(after[order[atom]]) at atom "
          + "\(atom + 1): other atoms, or another order (--match)")
    }
    let reduced = ReducedCell(cell)
    var (positions, lengths) = (start.positions, [Double]())
    for (atom, other) in order.enumerated() {
      let u = reduced.minimumImage(
        end.positions[3 * other] - positions[3 * atom],
        end.positions[3 * other + 1] - positions[3 * atom + 1],
        end.positions[3 * other + 2] - positions[3 * atom + 2])
      for (axis, value) in [u.0, u.1, u.2].enumerated() { positions[3 * atom + axis] += value }
      lengths.append((u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot())
    }
    let farthest = lengths.indices.max { lengths[$0] < lengths[$1] } ?? 0
    guard (lengths.max() ?? 0) > Self.same else {
      throw InputError(
        end.source, "expected another minimum than \(start.source.place), found the same")
    }
    guard lengths[farthest] <= 2 * nearest else {
      let found = "atom \(farthest + 1) \(short(lengths[farthest])) Å away from its place there"
      throw InputError(
        end.source, atom: order[farthest],
        isMatching
          ? "expected a jump of at most two neighbour distances (\(short(2 * nearest)) Å), found "
            + found
          : "expected the atoms in the order of \(start.source.place), found \(found) (--match)")
    }
    if let atom = Self.exchanged(start, positions, lengths, nearest, reduced) {
      throw InputError(
        end.source, atom: order[atom],
        "expected the atoms in the order of \(start.source.place), found atom \(atom + 1) in the "
          + "place of another of its species in a closed exchange (--match)")
    }
    self.end = positions
  }

  /// An atom of a cycle of equal atoms that only take each other's places; nil where there is none.
  private static func exchanged(
    _ start: Frame, _ end: [Double], _ lengths: [Double], _ nearest: Double,
    _ reduced: ReducedCell
  ) -> Int? {
    let movers = lengths.indices.filter { lengths[$0] > 0.5 * nearest }
    let (from, species) = (start.positions, start.species)
    var next: [Int: Int] = [:]
    for i in movers {
      next[i] = movers.first { j in
        guard j != i, species[j] == species[i] else { return false }
        let u = reduced.minimumImage(
          end[3 * i] - from[3 * j], end[3 * i + 1] - from[3 * j + 1],
          end[3 * i + 2] - from[3 * j + 2])
        return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 < 0.25 * nearest * nearest
      }
    }
    for first in movers {
      var atom = first
      for _ in 0..<movers.count {
        guard let target = next[atom] else { break }
        if target == first { return first }
        atom = target
      }
    }
    return nil
  }

  /// The atom of the end for each one of the start: the one of its species in its place, and for those
  /// whose place is left, the nearest of those that are over.
  private static func match(
    _ start: Frame, _ end: Frame, _ cell: Cell, nearest: Double
  ) throws(InputError) -> [Int] {
    let (x, y) = (start.positions, end.positions)
    let (before, after) = (start.species, end.species)
    let reduced = ReducedCell(cell)
    func squared(_ i: Int, _ j: Int) -> Double {
      let u = reduced.minimumImage(
        y[3 * j] - x[3 * i], y[3 * j + 1] - x[3 * i + 1], y[3 * j + 2] - x[3 * i + 2])
      return u.0 * u.0 + u.1 * u.1 + u.2 * u.2
    }
    // Atoms keep their order for the most part: the next one is tried before all others.
    let home = 0.25 * nearest * nearest
    var (order, isTaken) = ([Int](repeating: -1, count: x.count / 3), [Bool]())
    isTaken = [Bool](repeating: false, count: order.count)
    var guess = 0
    for i in order.indices {
      func fits(_ j: Int) -> Bool {
        j < order.count && !isTaken[j] && before[i] == after[j] && squared(i, j) < home
      }
      guard let j = fits(guess) ? guess : order.indices.first(where: fits) else { continue }
      (order[i], isTaken[j], guess) = (j, true, j + 1)
    }
    var left = order.indices.filter { order[$0] < 0 }
    while !left.isEmpty {
      let over = order.indices.filter { !isTaken[$0] }
      var best: (squared: Double, i: Int, j: Int)?
      for i in left {
        for j in over where before[i] == after[j] {
          let found = squared(i, j)
          if found < best?.squared ?? .infinity { best = (found, i, j) }
        }
      }
      guard let (_, i, j) = best else {
        throw InputError(
          end.source, "expected the atoms of \(start.source.place), found other species")
      }
      (order[i], isTaken[j]) = (j, true)
      left.removeAll { $0 == i }
    }
    return order
  }
}
