internal import Crystal
internal import LinearAlgebra

/// What the second moment adds to labels, but for what stands in the Bloch sums.
struct SecondShare: Sendable {
  private let remainders: [Double]
  private let pairs: SecondMoments.Pairs
  private let near: [NearPairs]
  private let normalizer: Normalizer

  /// - Parameters:
  ///   - patches: One for each basis site: the sites within R.
  ///   - radius: Pairs farther apart than this, in Å, do not count.
  init(
    _ second: SecondMoments, pairs: SecondMoments.Pairs, patches: [MomentsPatch],
    within radius: Double, crystal: ReferenceCrystal
  ) {
    remainders = second.remainders
    self.pairs = pairs
    let normalizer = crystal.normalizer
    self.normalizer = normalizer
    let counted = patches.indices.map { basis in
      radius < pairs.radius
        ? Set(LocalPatch.places(basis: basis, radius: radius, crystal: crystal).map(\.site))
        : Set(pairs.seconds[basis])
    }
    near = patches.map {
      NearPairs(
        sites: $0.sites, roots: $0.roots, pairs: pairs.seconds, counted: counted, normalizer)
    }
  }

  /// Of a label, times -2.
  func value(at cell: Int, basis: Int) -> Double {
    let sums = sums(at: cell, basis: basis)
    return -0.5 * (sums.pairs - sums.remainders)
  }

  /// The two sums of ``NearPairs``.
  func sums(at cell: Int, basis: Int) -> (pairs: Double, remainders: Double) {
    near[basis].sums(at: cell, pairs, remainders: remainders, normalizer)
  }
}

/// The share of the pairs near a site in its second moment (mathematics.md (12.7)).
///
///     Σ_p Σ_q F_ip Q_pq F_qi - Σ_p F_ip B_p F_pi
///
/// over the sites p, q within R, the pairs among those of ``SecondMoments/Pairs``, with B the
/// remainders. What stands before Q is the same for all sites of a sublattice.
struct NearPairs: Sendable {
  private let opposites: [Int]
  private let bases: [Int]
  /// Σ_a F_ip,·a F_iq,·a for each pair of each place, in the order of the blocks of Q.
  private let weights: [Double]
  private let starts: [Int]
  /// The same of a place with itself, shape [places, d, d].
  private let squares: [Double]
  private let area: Int

  /// - Parameters:
  ///   - sites: Those within R, seen from the basis site of translation 0.
  ///   - roots: F e of the basis site at `sites`, shape [sites · d, 4].
  ///   - pairs: The second sites of the blocks of Q, for each basis site.
  ///   - counted: Those of them that count.
  init(
    sites: [LatticeSite], roots: [Double], pairs: [[LatticeSite]], counted: [Set<LatticeSite>],
    _ normalizer: Normalizer
  ) {
    let (group, d) = (normalizer.group, normalizer.dimension)
    var place: [LatticeSite: Int] = [:]
    for (index, site) in sites.enumerated() { place[site] = index }
    var weights: [Double] = []
    var (starts, squares) = ([0], [Double]())
    for (p, site) in sites.enumerated() {
      func product(_ q: Int, _ factor: Double) -> [Double] {
        var result = [Double](repeating: 0, count: d * d)
        for c in 0..<d {
          for a in 0..<d {
            for x in 0..<d {
              result[c * d + a] +=
                factor * roots[4 * (p * d + a) + x] * roots[4 * (q * d + c) + x]
            }
          }
        }
        return result
      }
      squares += product(p, 1)
      for second in pairs[site.basis] {
        let other = LatticeSite(
          translation: group.sum(site.translation, second.translation), basis: second.basis)
        let q = place[other]
        guard let q, counted[site.basis].contains(second) else {
          weights += [Double](repeating: 0, count: d * d)
          continue
        }
        weights += product(q, Double(group.weight(ofPair: site.basis, second)))
      }
      starts.append(weights.count)
    }
    opposites = sites.map { group.opposite($0.translation) }
    bases = sites.map(\.basis)
    (self.weights, self.starts, self.squares, area) = (weights, starts, squares, d * d)
  }

  /// The two sums of one site.
  func sums(
    at cell: Int, _ pairs: SecondMoments.Pairs, remainders: [Double], _ normalizer: Normalizer
  ) -> (pairs: Double, remainders: Double) {
    let (group, s) = (normalizer.group, normalizer.basisCount)
    var (sum, rest) = (0.0, 0.0)
    for p in opposites.indices {
      let there = group.difference(cell, opposites[p])
      let row = Int(pairs.rowOfCell[bases[p]][there])
      guard row >= 0 else { continue }
      let count = starts[p + 1] - starts[p]
      let blocks = pairs.values[bases[p]]
      sum += dotProduct(
        blocks.span, from: row * count, weights.span, from: starts[p],
        count: count)
      rest += dotProduct(
        remainders.span, from: (there * s + bases[p]) * area, squares.span, from: p * area,
        count: area)
    }
    return (sum, rest)
  }
}
