public import Crystal

/// Groups of atoms that may be displaced at once: no atom's force depends on two of a group.
///
/// Where the force on an atom depends on atoms within a range R, two atoms farther apart than 2 R share
/// none; the number of groups then depends on R and the density, not on the size of the cell.
public struct PerturbationColoring: Sendable {
  /// The atoms of each group, ascending; every atom is in one of them.
  public let groups: [[Int]]

  /// - Parameters:
  ///   - positions: In Å, shape [N, 3].
  ///   - range: R in Å.
  /// - Throws: `NeighborError`.
  /// - Complexity: O(N · atoms within 2 R · groups).
  public init(positions: [Double], cell: Cell, range: Double) throws(NeighborError) {
    let list = try NeighborSearch(
      positions: positions, cell: cell, cutoff: 2 * range * (1 + 1e-9)
    ).neighborsOfAll()
    self.init(
      conflicts: (0..<positions.count / 3).map { atom in
        var others: [Int32] = []
        // Images of one neighbour lie one behind the other.
        for pair in list.starts[atom]..<list.starts[atom + 1] {
          let other = list.neighbors[pair]
          if other != Int32(atom), other != others.last { others.append(other) }
        }
        return others
      })
  }

  /// Recursive largest first (Leighton 1979): a group grows by the atom with the most neighbours that
  /// the group excludes already, so that groups are packed densely.
  ///
  /// - Parameter conflicts: For each atom those that may not be in its group; symmetric.
  init(conflicts: [[Int32]]) {
    let count = conflicts.count
    var isGrouped = [Bool](repeating: false, count: count)
    var groups: [[Int]] = []
    var left = count
    while left > 0 {
      var isExcluded = isGrouped
      var score = [Int](repeating: 0, count: count)
      var buckets: [[Int]] = []
      var group: [Int] = []
      func first() -> Int? {
        (0..<count).filter { !isExcluded[$0] }.max { left, right in
          let (a, b) = (degree(left), degree(right))
          return a == b ? left > right : a < b
        }
      }
      func degree(_ atom: Int) -> Int { conflicts[atom].count { !isGrouped[Int($0)] } }
      var next = first()
      while let atom = next {
        group.append(atom)
        isExcluded[atom] = true
        for neighbor in conflicts[atom].map(Int.init) where !isExcluded[neighbor] {
          isExcluded[neighbor] = true
          for other in conflicts[neighbor].map(Int.init) where !isExcluded[other] {
            score[other] += 1
            while buckets.count <= score[other] { buckets.append([]) }
            buckets[score[other]].append(other)
          }
        }
        next = nil
        // Entries are left behind where a score has grown or an atom was excluded since.
        while next == nil, let top = buckets.indices.last {
          guard let candidate = buckets[top].popLast() else {
            buckets.removeLast()
            continue
          }
          if !isExcluded[candidate], score[candidate] == top { next = candidate }
        }
        // Atoms that nothing touches yet: another region.
        if next == nil { next = (0..<count).first { !isExcluded[$0] } }
      }
      for atom in group { isGrouped[atom] = true }
      left -= group.count
      groups.append(group.sorted())
    }
    self.groups = groups
  }
}
