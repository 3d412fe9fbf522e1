internal import Crystal
internal import Formats
public import LinearAlgebra

extension PreparedPotential {
  /// ∂²E/∂x_i∂x_j in eV/Å², blocks of `dimension`.
  ///
  /// - Parameters:
  ///   - positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  ///   - threads: Equal bytes at any number.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: O(N).
  public func hessian(
    positions: [Double]? = nil, threads: Int = 1
  ) throws -> BlockSparseMatrix {
    let source = try starSource(at: positions)
    let count = max(1, min(threads, atomCount))
    let blocks = (0..<count).map { atomCount * $0 / count..<atomCount * ($0 + 1) / count }
    var set = StarSet()
    let parts = mapConcurrently(blocks.count) { block -> Result<StarSet, InputError> in
      Result { () throws(InputError) in try starSet(of: blocks[block], from: source) }
    }
    for part in parts { set.append(try part.get()) }
    let (whole, members) = (set, StarMembers(set, rowCount: atomCount))
    let rows = mapConcurrently(blocks.count) { block in
      RowBlocks(
        blocks[block], of: whole, members: members, rowCount: atomCount, dimension: dimension)
    }
    return try matrix(rows, siteCount: atomCount)
  }

  /// The stars of some centres with their second derivatives.
  private func starSet(
    of centers: Range<Int>, from source: StarSource
  ) throws(InputError) -> StarSet {
    let stars = try stars(of: centers, from: source)
    var set = StarSet()
    var terms = TermList()
    for center in centers {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      set.append(center, of: stars, terms: terms)
    }
    return set
  }

  /// Rows put together.
  func matrix(_ parts: [RowBlocks], siteCount: Int) throws(InputError) -> BlockSparseMatrix {
    guard parts.allSatisfy(\.isFinite) else { throw overflow() }
    var starts = [0]
    starts.reserveCapacity(siteCount + 1)
    for part in parts {
      for count in part.counts { starts.append((starts.last ?? 0) + count) }
    }
    let isWhole = parts.count == 1
    return BlockSparseMatrix(
      blockSize: dimension, siteCount: siteCount, rowStarts: starts,
      indices: isWhole ? parts[0].indices : parts.flatMap(\.indices),
      values: isWhole ? parts[0].values : parts.flatMap(\.values))
  }

  /// The Hessian resolved by image, ordered by row, column, shift; `Potential.latticeHessian`.
  public func latticeHessian() throws -> [LatticeBlock] {
    let stars = try stars(of: 0..<atomCount)
    var sums: [ImagePair: [Double]] = [:]
    var set = StarSet()
    var terms = TermList()
    for center in 0..<atomCount {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      set = StarSet()
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
      _ row: Int32, _ column: Int32, _ shift: SIMD3<Int32>, _ from: Int, sign: Double
    ) {
      let forth = ImagePair(row: row, column: column, shift: shift)
      let back = ImagePair(row: column, column: row, shift: .zero &- shift)
      for i in 0..<3 {
        for j in 0..<3 {
          let value = sign * set.blocks[from + 3 * i + j]
          sums[forth, default: [Double](repeating: 0, count: 9)][3 * i + j] += value
          sums[back, default: [Double](repeating: 0, count: 9)][3 * j + i] += value
        }
      }
    }
    for a in 0..<n where set.present[a] {
      add(set.atoms[a], center, .zero &- shift(a), 9 * a, sign: -1)
      guard set.coupled(0) else { continue }
      for b in a + 1..<n {
        let from = StarHessian.offset(a, b, legs: n)
        guard set.present[from / 9] else { continue }
        add(set.atoms[a], set.atoms[b], shift(b) &- shift(a), from, sign: 1)
      }
    }
  }

  /// C(0) of an atom with itself: minus the sum of its row.
  private func addDiagonals(to sums: inout [ImagePair: [Double]]) {
    for atom in 0..<Int32(atomCount) {
      var total = [Double](repeating: 0, count: 9)
      for (pair, block) in sums.sorted(by: { $0.key < $1.key }) where pair.row == atom {
        for e in 0..<9 { total[e] -= block[e] }
      }
      symmetrize(&total)
      sums[ImagePair(row: atom, column: atom, shift: .zero)] = total
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
