internal import Formats

/// A place between the sites of a crystal where an atom can be added.
public struct Interstice: Equatable, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// The centre of four sites at the corners of a tetrahedron (or of eight, at those of a cube).
    case tetrahedral
    /// The centre of a ring of six sites, puckered or flat.
    case hexagonal
    /// The centre of three pairs of opposite sites at right angles.
    case octahedral
    /// The middle between a site and a nearest neighbour.
    case bond
  }

  public let kind: Kind
  /// In the home primitive cell in Å, shape [3].
  public let position: [Double]
}

/// Finds the interstices of a primitive cell.
///
/// Candidates are the centres of the empty spheres through four sites (the vertices of the Voronoi
/// cells) and the middles of pairs of sites; the directions to the nearest sites tell their kind.
package struct IntersticeSearch {
  private let lattice: Multilattice
  private let positions: [Double]
  /// Nearest-neighbour distance in Å.
  private let spacing: Double

  /// Empty spheres with a larger radius, in units of the nearest-neighbour distance, are no
  /// interstices but pores.
  private static let largestRadius = 1.25
  /// The corners of an empty sphere lie no farther apart, in the same units.
  private static let largestEdge = 2.01
  /// Sites at the same distance, as a share of it.
  private static let shell = 0.1
  /// Primitive cells with more sites are not searched.
  static let siteLimit = 400

  package init(_ lattice: Multilattice) {
    self.lattice = lattice
    positions = lattice.basis.flatMap(\.position)
    spacing = lattice.nearestNeighborDistance
  }

  /// The interstices of a kind, each once, in the order of their fractional coordinates.
  ///
  /// - Throws: ``NeighborError``.
  package func found(_ kind: Interstice.Kind) throws(NeighborError) -> [Interstice] {
    var places: [[Double]] = []
    let candidates =
      switch kind {
      case .bond: try middles(within: (1 + Self.shell) * spacing)
      case .octahedral: try spheres() + middles(within: 1.75 * spacing)
      case .tetrahedral, .hexagonal: try spheres()
      }
    let reduced = ReducedCell(lattice.primitiveCell)
    for candidate in candidates {
      let isKnown = places.contains { place in
        let u = reduced.minimumImage(
          place[0] - candidate[0], place[1] - candidate[1], place[2] - candidate[2])
        return u.0 * u.0 + u.1 * u.1 + u.2 * u.2 < 0.01 * spacing * spacing
      }
      if isKnown { continue }
      if kind != .bond {
        guard try self.kind(at: candidate) == kind else { continue }
      }
      places.append(home(candidate))
    }
    // Fractions in whole thousandths: the order does not depend on rounding.
    let cell = lattice.primitiveCell
    func key(_ place: [Double]) -> [Int] {
      let s = cell.fractional(place[0], place[1], place[2])
      return [s.0, s.1, s.2].map { Int((1000 * $0).rounded()) }
    }
    return places.map { (key($0), $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
      .map { Interstice(kind: kind, position: $0.1) }
  }

  /// The image of a place in the home cell.
  private func home(_ place: [Double]) -> [Double] {
    let cell = lattice.primitiveCell
    let s = cell.fractional(place[0], place[1], place[2])
    // A place on a face of the cell stays on one side, whatever its last digits.
    let whole = zip([s.0, s.1, s.2], cell.periodic).map { $1 ? ($0 + 1e-6).rounded(.down) : 0 }
    let shift = cell.cartesian(whole[0], whole[1], whole[2])
    return [place[0] - shift.0, place[1] - shift.1, place[2] - shift.2]
  }

  // MARK: Candidates

  private func middles(within distance: Double) throws(NeighborError) -> [[Double]] {
    let list = try NeighborSearch(
      positions: positions, cell: lattice.primitiveCell, cutoff: distance
    ).neighborsOfAll()
    return list.centers.flatMap { site in
      list.pairs(of: site).map { pair in
        (0..<3).map { positions[3 * site + $0] + 0.5 * list.vectors[3 * pair + $0] }
      }
    }
  }

  /// The centres of the empty spheres through four sites.
  private func spheres() throws(NeighborError) -> [[Double]] {
    let list = try NeighborSearch(
      positions: positions, cell: lattice.primitiveCell,
      cutoff: 2 * Self.largestRadius * spacing * (1 + 1e-9)
    ).neighborsOfAll()
    var result: [[Double]] = []
    for site in list.centers {
      let around = list.pairs(of: site).map { pair in
        SIMD3(list.vectors[3 * pair], list.vectors[3 * pair + 1], list.vectors[3 * pair + 2])
      }
      let corners = around.filter { ($0 * $0).sum().squareRoot() < Self.largestEdge * spacing }
      let own = SIMD3(positions[3 * site], positions[3 * site + 1], positions[3 * site + 2])
      var known: [SIMD3<Double>] = []
      for i in corners.indices {
        for j in corners.indices.dropFirst(i + 1) {
          for k in corners.indices.dropFirst(j + 1) {
            guard let center = circumcenter(corners[i], corners[j], corners[k]),
              isEmpty(center, around),
              !known.contains(where: {
                let u = $0 - center
                return (u * u).sum() < 1e-6 * spacing * spacing
              })
            else { continue }
            known.append(center)
            let place = own + center
            result.append([place[0], place[1], place[2]])
          }
        }
      }
    }
    return result
  }

  /// The centre of the sphere through the origin and three points (mathematics.md (1.4)), if it is
  /// small enough.
  private func circumcenter(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>
  ) -> SIMD3<Double>? {
    func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    }
    let (bc, ca, ab) = (cross(b, c), cross(c, a), cross(a, b))
    let determinant = (a * bc).sum()
    guard abs(determinant) > 1e-3 * spacing * spacing * spacing else { return nil }
    let center =
      ((a * a).sum() * bc + (b * b).sum() * ca + (c * c).sum() * ab) / (2 * determinant)
    let squared = (center * center).sum()
    let largest = Self.largestRadius * spacing
    return squared <= largest * largest ? center : nil
  }

  private func isEmpty(_ center: SIMD3<Double>, _ around: [SIMD3<Double>]) -> Bool {
    let squared = (center * center).sum() * (1 - 1e-6)
    return around.allSatisfy {
      let u = $0 - center
      return (u * u).sum() >= squared
    }
  }

  // MARK: Kinds

  /// What the sites around a place make of it, or nil for none of the kinds.
  private func kind(at place: [Double]) throws(NeighborError) -> Interstice.Kind? {
    let count = positions.count / 3
    let list: NeighborList
    do {
      list = try NeighborSearch(
        positions: positions + place, cell: lattice.primitiveCell, cutoff: 1.8 * spacing
      ).neighbors(of: count..<count + 1)
    } catch NeighborError.coincident { return nil }
    let sites = (0..<list.pairCount).filter { Int(list.neighbors[$0]) < count }
      .sorted { list.distances[$0] < list.distances[$1] }
    guard let nearest = sites.first.map({ list.distances[$0] }) else { return nil }
    func directions(from: Double = 0, to factor: Double) -> [SIMD3<Double>] {
      sites.filter {
        list.distances[$0] > from * nearest && list.distances[$0] <= factor * nearest
      }.map { pair in
        SIMD3(list.vectors[3 * pair], list.vectors[3 * pair + 1], list.vectors[3 * pair + 2])
          / list.distances[pair]
      }
    }
    let first = directions(to: 1 + Self.shell)
    switch first.count {
    case 2 where cosine(first[0], first[1]) < -0.95:
      // The flattened octahedron of a body-centred lattice.
      return isOctahedron(directions(to: 1.5)) ? .octahedral : nil
    case 4:
      let isTetrahedron = pairs(first).allSatisfy { -0.65 < $0 && $0 < -0.05 }
      return isTetrahedron ? .tetrahedral : nil
    case 6: return isOctahedron(first) ? .octahedral : isRing(first) ? .hexagonal : nil
    case 8:
      let isCube = pairs(first).allSatisfy { abs(abs($0) - 1 / 3) < 0.15 || $0 < -0.95 }
      guard isCube else { return nil }
      let second = directions(from: 1 + Self.shell, to: 1.25)
      return second.count == 6 && isOctahedron(second) ? .octahedral : .tetrahedral
    default: return nil
    }
  }

  private func cosine(_ x: SIMD3<Double>, _ y: SIMD3<Double>) -> Double { (x * y).sum() }

  private func pairs(_ directions: [SIMD3<Double>]) -> [Double] {
    directions.indices.flatMap { i in
      directions.indices.dropFirst(i + 1).map { cosine(directions[i], directions[$0]) }
    }
  }

  /// Six directions, each with one opposite and four at right angles.
  private func isOctahedron(_ directions: [SIMD3<Double>]) -> Bool {
    directions.count == 6 && pairs(directions).allSatisfy { abs($0) < 0.3 || $0 < -0.9 }
      && pairs(directions).count { $0 < -0.9 } == 3
  }

  /// Six directions, each with one opposite and four at about 60° or 120°.
  private func isRing(_ directions: [SIMD3<Double>]) -> Bool {
    pairs(directions).allSatisfy { 0.3 < abs($0) && abs($0) < 0.7 || $0 < -0.9 }
      && pairs(directions).count { $0 < -0.9 } == 3
  }
}
