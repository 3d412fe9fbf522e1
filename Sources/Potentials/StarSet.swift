internal import Crystal

/// Stars with the second derivatives of their terms, ready to be summed into rows.
struct StarSet: Sendable {
  /// The row of each centre, shape [stars].
  var centers: [Int32] = []
  /// The legs of star k are `starts[k] ..< starts[k + 1]`.
  var starts: [Int] = [0]
  /// The row of each leg.
  var atoms: [Int32] = []
  /// Where the blocks of each star start in `blocks`, shape [stars + 1].
  var offsets: [Int] = [0]
  /// In the order of ``StarHessian``, in eV/Å².
  var blocks: [Double] = []
  /// Whether some term touches a block, shape [blocks / 9].
  var present: [Bool] = []

  var count: Int { centers.count }

  /// Whether the legs of a star are coupled to each other.
  @inline(__always)
  func coupled(_ star: Int) -> Bool {
    offsets[star + 1] - offsets[star] > 9 * (starts[star + 1] - starts[star])
  }

  /// Adds the star of a centre.
  ///
  /// - Parameter sign: +1 or -1: a difference of Hessians is a sum of stars of both signs.
  mutating func append(
    _ center: Int, of stars: borrowing Stars, terms: TermList, sign: Double = 1
  ) {
    let legs = stars.list.pairs(of: center)
    let start = blocks.count
    let size = StarHessian.size(legs: legs.count, coupled: !terms.triplets.isEmpty)
    blocks.append(contentsOf: repeatElement(0, count: size))
    present.append(contentsOf: repeatElement(false, count: size / 9))
    StarHessian.add(
      terms, list: stars.list, base: legs.lowerBound, legs: legs.count,
      to: &blocks, present: &present, at: start)
    if sign < 0 {
      for element in start..<start + size { blocks[element] = -blocks[element] }
    }
    centers.append(Int32(stars.atom(of: center)))
    atoms.append(contentsOf: stars.list.neighbors[legs])
    starts.append(atoms.count)
    offsets.append(blocks.count)
  }

  /// Adds all stars of another set.
  mutating func append(_ other: StarSet) {
    if count == 0 {
      self = other
      return
    }
    let (legs, elements) = (atoms.count, blocks.count)
    centers.append(contentsOf: other.centers)
    starts.append(contentsOf: other.starts.dropFirst().lazy.map { $0 + legs })
    atoms.append(contentsOf: other.atoms)
    offsets.append(contentsOf: other.offsets.dropFirst().lazy.map { $0 + elements })
    blocks.append(contentsOf: other.blocks)
    present.append(contentsOf: other.present)
  }
}

/// For every row the stars that hold it, in the order of the stars.
///
/// As block (i, j) and block (j, i) are summed over the same stars in the same order, the Hessian
/// of a cell beyond the reach of its own images is symmetric to the last bit.
struct StarMembers: Sendable {
  /// Shape [rows + 1].
  let starts: [Int]
  let stars: [Int32]
  /// Leg of the star, or -1 where the row is its centre.
  let legs: [Int32]

  init(_ set: StarSet, rowCount: Int) {
    var next = [Int](repeating: 0, count: rowCount + 2)
    for star in 0..<set.count {
      next[Int(set.centers[star]) + 2] += 1
      let first = set.offsets[star] / 9
      for (leg, entry) in (set.starts[star]..<set.starts[star + 1]).enumerated()
      where set.present[first + leg] {
        next[Int(set.atoms[entry]) + 2] += 1
      }
    }
    for row in 0..<rowCount { next[row + 2] += next[row + 1] }
    let total = next[rowCount + 1]
    var stars = [Int32](repeating: 0, count: total)
    var legs = [Int32](repeating: -1, count: total)
    for star in 0..<set.count {
      let center = Int(set.centers[star])
      stars[next[center + 1]] = Int32(star)
      next[center + 1] += 1
      let first = set.offsets[star] / 9
      for (leg, entry) in (set.starts[star]..<set.starts[star + 1]).enumerated()
      where set.present[first + leg] {
        let row = Int(set.atoms[entry])
        stars[next[row + 1]] = Int32(star)
        legs[next[row + 1]] = Int32(leg)
        next[row + 1] += 1
      }
    }
    next.removeLast()
    (self.starts, self.stars, self.legs) = (next, stars, legs)
  }
}
