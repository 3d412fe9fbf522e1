internal import Crystal
internal import LinearAlgebra

/// The kinds of pairs of sites that a sparse matrix couples: the second site as it is seen from the
/// first, of which there is one list for each basis site.
struct CouplingKinds: Sendable {
  /// Second sites, with the first one at translation 0; the site itself is the first of its list,
  /// and the mirror of every kind is a kind.
  let seconds: [[LatticeSite]]
  /// For each block of the matrix, the number of its kind in the list of its row's basis site.
  let blocks: RowPlaces

  init(_ matrix: BlockSparseMatrix, _ normalizer: Normalizer) {
    let (group, s) = (normalizer.group, normalizer.basisCount)
    let sites = group.count * s
    var number = [Int32](repeating: -1, count: s * sites)
    var seconds = (0..<s).map { [LatticeSite(translation: 0, basis: $0)] }
    for basis in 0..<s { number[basis * sites + basis] = 0 }
    func kind(_ first: Int, _ second: LatticeSite) -> Int32 {
      let key = first * sites + second.translation * s + second.basis
      if number[key] < 0 {
        number[key] = Int32(truncatingIfNeeded: seconds[first].count)
        seconds[first].append(second)
      }
      return number[key]
    }
    var kinds = [Int32](repeating: 0, count: matrix.blockCount)
    for site in 0..<matrix.siteCount {
      let (cell, basis) = (site / s, site % s)
      for k in matrix.rowStarts[site]..<matrix.rowStarts[site + 1] {
        let other = Int(matrix.indices[k])
        kinds[k] = kind(
          basis, LatticeSite(translation: group.difference(other / s, cell), basis: other % s))
      }
    }
    for basis in 0..<s {
      for second in seconds[basis] {
        let opposite = group.opposite(second.translation)
        _ = kind(second.basis, LatticeSite(translation: opposite, basis: basis))
      }
    }
    self.seconds = seconds
    blocks = RowPlaces(kinds: kinds, kindCount: seconds.reduce(1) { max($0, $1.count) })
  }
}

extension CouplingKinds {
  /// The largest distance of a pair, by minimum image, in Å.
  func reach(_ crystal: ReferenceCrystal) -> Double {
    let lattice = crystal.multilattice
    let reduced = ReducedCell(lattice.cell)
    var largest = 0.0
    for (first, seconds) in seconds.enumerated() {
      let home = lattice.basis[first].position
      for second in seconds {
        let t = lattice.vector(of: lattice.group.translation(at: second.translation))
        let there = lattice.basis[second.basis].position
        let u = reduced.minimumImage(
          t[0] + there[0] - home[0], t[1] + there[1] - home[1], t[2] + there[2] - home[2])
        largest = max(largest, (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot())
      }
    }
    return largest
  }
}

extension TranslationGroup {
  /// Which of the two ways to see a pair of sites is kept, and how often the pair counts then.
  ///
  /// - Returns: 0 where it is the other way, 1 where both are the same, else 2.
  func weight(ofPair first: Int, _ second: LatticeSite) -> Int {
    let key = (second.translation, first, second.basis)
    let mirror = (opposite(second.translation), second.basis, first)
    return key == mirror ? 1 : key < mirror ? 2 : 0
  }
}
