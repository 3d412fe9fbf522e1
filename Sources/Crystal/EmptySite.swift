internal import Formats

/// A site of a crystal that no atom holds, told by the translations of the crystal: a translation
/// carries every held site to a held one or to an empty one.
struct EmptySite {
  /// In the reference cell, in Å, shape [3].
  let position: [Double]
  let sublattice: Int

  /// Shortest vectors between sites of one sublattice that are tried as translations.
  private static let triedVectors = 32
  /// A vector that misses at most this share of the sites would be a translation, if sites were not
  /// missing.
  private static let missedShare = 0.1

  /// The empty sites of the reference crystal of a frame, in the order they are found.
  ///
  /// - Parameters:
  ///   - positions: Of the held sites in the reference cell, in Å, shape [n, 3].
  ///   - sublattice: A number for each of them; sites of one number are translations of each other.
  ///   - expected: How many there are.
  /// - Throws: ``InputError`` where another number of sites is empty.
  /// - Complexity: O(n) a vector that is tried.
  static func all(
    of frame: Frame, positions: [Double], classes sublattice: [Int], expected: Int
  ) throws(InputError) -> [EmptySite] {
    let cell = try frame.cellOfReference()
    do { _ = try nearestNeighborDistance(positions, cell: cell) } catch {
      throw InputError(frame.source, error, in: "reference positions")
    }
    let reduced = ReducedCell(cell)
    let index = PositionIndex(positions: positions, cell: cell, tolerance: Multilattice.tolerance)
    let allowed = max(expected, Int(missedShare * Double(sublattice.count)))
    var found: [EmptySite] = []
    for t in candidates(positions, sublattice, reduced) where cell.isAlongPeriodic(t) {
      var missed: [EmptySite] = []
      var isTranslation = true
      for site in sublattice.indices {
        let place = (0..<3).map { positions[3 * site + $0] + t[$0] }
        if let image = index.atom(atX: place[0], place[1], place[2]) {
          isTranslation = sublattice[image] == sublattice[site]
        } else {
          missed.append(EmptySite(position: place, sublattice: sublattice[site]))
          isTranslation = missed.count <= allowed
        }
        if !isTranslation { break }
      }
      guard isTranslation else { continue }
      for site in missed where !found.contains(where: { isSame($0, site, reduced) }) {
        found.append(site)
      }
      // Not to be expected, and without a bound if sites are missing everywhere.
      guard found.count <= max(allowed, 4 * expected) else { break }
    }
    guard found.count == expected else {
      throw InputError(
        frame.source,
        "expected \(expected) empty \(expected == 1 ? "site" : "sites") of the crystal (key "
          + "vacancies of xyz-label), found \(found.count) that its translations tell")
    }
    return found
  }

  private static func isSame(_ a: EmptySite, _ b: EmptySite, _ reduced: ReducedCell) -> Bool {
    let u = reduced.minimumImage(
      a.position[0] - b.position[0], a.position[1] - b.position[1], a.position[2] - b.position[2])
    let limit = 4 * Multilattice.tolerance
    return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 <= limit * limit
  }

  /// The shortest vectors from one site of the rarest sublattice to the others, in Å.
  private static func candidates(
    _ positions: [Double], _ sublattice: [Int], _ reduced: ReducedCell
  ) -> [[Double]] {
    var counts: [Int: Int] = [:]
    for number in sublattice { counts[number, default: 0] += 1 }
    guard let rarest = counts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key,
      let origin = sublattice.firstIndex(of: rarest)
    else { return [] }
    var vectors: [(squared: Double, vector: [Double])] = []
    for site in sublattice.indices where sublattice[site] == rarest && site != origin {
      let u = reduced.minimumImage(
        positions[3 * site] - positions[3 * origin],
        positions[3 * site + 1] - positions[3 * origin + 1],
        positions[3 * site + 2] - positions[3 * origin + 2])
      vectors.append((u.0 * u.0 + u.1 * u.1 + u.2 * u.2, [u.0, u.1, u.2]))
    }
    vectors.sort { $0.squared < $1.squared }
    return vectors.prefix(triedVectors).map(\.vector)
  }
}

extension Cell {
  /// Whether a vector in Å has no part along an open direction.
  fileprivate func isAlongPeriodic(_ v: [Double]) -> Bool {
    let s = fractional(v[0], v[1], v[2])
    let parts = [s.0, s.1, s.2]
    return (0..<3).allSatisfy {
      periodic[$0] || abs(parts[$0]) * height($0) <= Multilattice.tolerance
    }
  }
}
