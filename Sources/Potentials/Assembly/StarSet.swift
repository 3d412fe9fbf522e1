internal import Crystal

/// Stars with the second derivatives of their terms, ready to be summed into rows.
struct StarSet: Sendable {
  /// The row of each centre, shape [stars].
  var centers: [Int32] = []
  /// The legs of star k are `starts[k] ..< starts[k + 1]`.
  var starts: [Int] = [0]
  /// The row of each leg.
  var atoms: [Int32] = []
  /// Where the blocks of each star start, shape [stars + 1].
  var offsets: [Int] = [0]
  var data = StarBlocks()

  var count: Int { centers.count }

  /// Whether pairs of legs have blocks of their own.
  @inline(__always)
  func coupled(_ star: Int) -> Bool {
    offsets[star + 1] - offsets[star] > 9 * (starts[star + 1] - starts[star])
  }

  /// Where g of a star with an embedding starts.
  @inline(__always)
  func slopeStart(_ star: Int) -> Int? {
    let start = data.slopeStarts[star]
    return data.slopeStarts[star + 1] > start ? start : nil
  }

  /// Adds the star of a centre.
  ///
  /// - Parameter sign: +1 or -1.
  mutating func append(
    _ center: Int, of stars: borrowing Stars, terms: TermList, sign: Double = 1
  ) {
    let legs = stars.list.pairs(of: center)
    data.open(
      legs: legs.count, coupled: terms.couplesLegs, embedded: terms.embedding != nil)
    terms.addBlocks(list: stars.list, base: legs.lowerBound, to: &data)
    if sign < 0 { data.negate() }
    centers.append(Int32(stars.atom(of: center)))
    atoms.append(contentsOf: stars.list.neighbors[legs])
    starts.append(atoms.count)
    offsets.append(data.blocks.count)
  }

  /// Adds all stars of another set.
  mutating func append(_ other: StarSet) {
    if count == 0 {
      self = other
      return
    }
    let (legs, elements) = (atoms.count, data.blocks.count)
    centers.append(contentsOf: other.centers)
    starts.append(contentsOf: other.starts.dropFirst().lazy.map { $0 + legs })
    atoms.append(contentsOf: other.atoms)
    offsets.append(contentsOf: other.offsets.dropFirst().lazy.map { $0 + elements })
    data.append(other.data)
  }

  /// Forgets the stars and keeps their room.
  mutating func removeAll() {
    centers.removeAll(keepingCapacity: true)
    starts.removeLast(starts.count - 1)
    atoms.removeAll(keepingCapacity: true)
    offsets.removeLast(offsets.count - 1)
    data.removeAll()
  }

  /// Room for stars of so many legs.
  mutating func reserve(stars: Int, legs: Int, elements: Int, slopes: Int) {
    centers.reserveCapacity(stars)
    starts.reserveCapacity(stars + 1)
    offsets.reserveCapacity(stars + 1)
    atoms.reserveCapacity(legs)
    data.blocks.reserveCapacity(elements)
    data.present.reserveCapacity(elements / 9)
    data.slopes.reserveCapacity(slopes)
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
      where set.data.present[first + leg] {
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
      where set.data.present[first + leg] {
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
