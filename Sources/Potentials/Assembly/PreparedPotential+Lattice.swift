internal import Crystal

extension PreparedPotential {
  /// The Hessian resolved by image, ordered by row, column, shift; `Potential.latticeHessian`.
  public func latticeHessian() throws -> [LatticeBlock] {
    let stars = try stars(of: 0..<atomCount)
    var sums: [ImagePair: [Double]] = [:]
    forEachStar(in: stars) { center, terms, _ in
      var set = StarSet()
      set.append(center, of: stars, terms: terms)
      addImages(of: set, stars: stars, to: &sums)
    }
    addDiagonals(to: &sums)
    guard sums.values.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { throw overflow() }
    let d = dimension
    return sums.sorted { $0.key < $1.key }.map { pair, block in
      LatticeBlock(
        row: Int(pair.row), column: Int(pair.column),
        shift: (Int(pair.shift[0]), Int(pair.shift[1]), Int(pair.shift[2])),
        block: (0..<d).flatMap { block[3 * $0..<3 * $0 + d] })
    }
  }

  /// Adds the couplings of one star; legs a and b see each other through shift_b - shift_a.
  private func addImages(of set: StarSet, stars: Stars, to sums: inout [ImagePair: [Double]]) {
    let center = set.centers[0]
    let base = stars.list.pairs(of: Int(center)).lowerBound
    let n = set.atoms.count
    func shift(_ leg: Int) -> SIMD3<Int32> {
      let at = 3 * (base + leg)
      return SIMD3(
        stars.list.shifts[at], stars.list.shifts[at + 1], stars.list.shifts[at + 2])
    }
    func add(
      _ row: Int32, _ column: Int32, _ shift: SIMD3<Int32>, _ element: (Int, Int) -> Double
    ) {
      let forth = ImagePair(row: row, column: column, shift: shift)
      let back = ImagePair(row: column, column: row, shift: .zero &- shift)
      for i in 0..<3 {
        for j in 0..<3 {
          let value = element(i, j)
          sums[forth, default: [Double](repeating: 0, count: 9)][3 * i + j] += value
          sums[back, default: [Double](repeating: 0, count: 9)][3 * j + i] += value
        }
      }
    }
    let data = set.data
    for a in 0..<n where data.present[a] {
      add(set.atoms[a], center, .zero &- shift(a)) { -data.blocks[9 * a + 3 * $0 + $1] }
      for b in a + 1..<n {
        let apart = shift(b) &- shift(a)
        let from = StarBlocks.offset(a, b, legs: n)
        if set.coupled(0), data.present[from / 9] {
          add(set.atoms[a], set.atoms[b], apart) { data.blocks[from + 3 * $0 + $1] }
        }
        if set.slopeStart(0) != nil, data.present[b] {
          add(set.atoms[a], set.atoms[b], apart) {
            data.curvatures[0] * data.slopes[a][$0] * data.slopes[b][$1]
          }
        }
      }
    }
  }

  /// C(0) of an atom with itself: minus the sum of its row.
  private func addDiagonals(to sums: inout [ImagePair: [Double]]) {
    var totals = [[Double]](repeating: [Double](repeating: 0, count: 9), count: atomCount)
    for (pair, block) in sums.sorted(by: { $0.key < $1.key }) {
      for e in 0..<9 { totals[Int(pair.row)][e] -= block[e] }
    }
    for atom in totals.indices {
      symmetrize(&totals[atom])
      let own = Int32(atom)
      sums[ImagePair(row: own, column: own, shift: .zero)] = totals[atom]
    }
  }
}

/// An atom of the cell at the origin and one of the cell at `shift`.
private struct ImagePair: Hashable, Comparable {
  var row: Int32
  var column: Int32
  var shift: SIMD3<Int32>

  static func < (left: ImagePair, right: ImagePair) -> Bool {
    if left.row != right.row { return left.row < right.row }
    if left.column != right.column { return left.column < right.column }
    return (left.shift[0], left.shift[1], left.shift[2])
      < (right.shift[0], right.shift[1], right.shift[2])
  }
}
