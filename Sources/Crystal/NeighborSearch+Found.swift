/// What was found around one centre, with the memory of a search: kept from centre to centre.
struct Found {
  struct Candidate {
    var atom: Int32 = 0
    var shift: (Int32, Int32, Int32) = (0, 0, 0)
    var x = 0.0
    var y = 0.0
    var z = 0.0
    var squared = 0.0
  }

  /// A bin of one axis as a centre sees it.
  struct Slot {
    /// The one inside the cell that it repeats, and by how many cells.
    var bin: Int
    var cells: Int
    /// From the centre to it along the normal of the axis in Å, with its sign; 0 if it is within.
    var gap: Double
  }

  /// The bins around this centre by axis.
  var slots: ([Slot], [Slot], [Slot]) = ([], [], [])
  /// The first `count` are of this centre.
  private(set) var candidates: [Candidate] = []
  var count = 0
  /// Entries of a run of bins that a first look leaves.
  var run: [Int32]
  /// The candidates in order: the atom in the high half of each element, the index in the low one.
  private(set) var order: [UInt64] = []

  init(longestRun: Int) { run = [Int32](repeating: 0, count: longestRun) }

  @inline(__always) mutating func append(_ candidate: Candidate) {
    if count == candidates.count {
      candidates += repeatElement(Candidate(), count: max(64, count))
      order += repeatElement(0, count: max(64, count))
    }
    candidates[count] = candidate
    order[count] = UInt64(candidate.atom) << 32 | UInt64(count)
    count += 1
  }

  /// The bins of axis 2 that lie within a squared distance in Å².
  @inline(__always) func slots(within left: Double) -> Range<Int> {
    var (first, last) = (0, slots.2.count)
    while first < last && slots.2[first].gap * slots.2[first].gap > left { first += 1 }
    while last > first && slots.2[last - 1].gap * slots.2[last - 1].gap > left { last -= 1 }
    return first..<last
  }

  /// Orders by atom, then by image.
  mutating func sort() {
    if count <= 128 {
      Self.insertionSort(&order, count: count)
    } else {
      order[..<count].sort()
    }
    var first = 0
    while first < count {
      var end = first + 1
      while end < count && order[end] >> 32 == order[first] >> 32 { end += 1 }
      if end - first > 1 {
        let candidates = candidates
        order[first..<end].sort {
          candidates[Int($0 & 0xffff_ffff)].shift < candidates[Int($1 & 0xffff_ffff)].shift
        }
      }
      first = end
    }
  }

  /// Quickest for the few atoms around a site, many of them in order already.
  private static func insertionSort(_ order: inout [UInt64], count: Int) {
    var keys = order.mutableSpan
    for index in 0..<count {
      let key = keys[index]
      var place = index
      while place > 0 && keys[place - 1] > key {
        keys[place] = keys[place - 1]
        place -= 1
      }
      keys[place] = key
    }
  }
}

extension NeighborList {
  mutating func reserve(pairs: Int) {
    neighbors.reserveCapacity(pairs)
    shifts.reserveCapacity(3 * pairs)
    vectors.reserveCapacity(3 * pairs)
    distances.reserveCapacity(pairs)
  }

  /// Adds the neighbours of the next centre.
  mutating func append(_ found: Found) {
    let first = neighbors.count
    neighbors += repeatElement(0, count: found.count)
    shifts += repeatElement(0, count: 3 * found.count)
    vectors += repeatElement(0, count: 3 * found.count)
    distances += repeatElement(0, count: found.count)
    starts.append(first + found.count)
    found.fill(&neighbors, &shifts, &vectors, &distances, from: first)
  }
}

extension Found {
  /// Writes the candidates in order as pairs `first` and on.
  fileprivate func fill(
    _ neighbors: inout [Int32], _ shifts: inout [Int32], _ vectors: inout [Double],
    _ distances: inout [Double], from first: Int
  ) {
    let (candidates, order) = (candidates.span, order.span)
    var neighbors = neighbors.mutableSpan
    var shifts = shifts.mutableSpan
    var vectors = vectors.mutableSpan
    var distances = distances.mutableSpan
    for index in 0..<count {
      let candidate = candidates[Int(truncatingIfNeeded: order[index] & 0xffff_ffff)]
      let pair = first + index
      neighbors[pair] = candidate.atom
      shifts[3 * pair] = candidate.shift.0
      shifts[3 * pair + 1] = candidate.shift.1
      shifts[3 * pair + 2] = candidate.shift.2
      vectors[3 * pair] = candidate.x
      vectors[3 * pair + 1] = candidate.y
      vectors[3 * pair + 2] = candidate.z
      distances[pair] = candidate.squared.squareRoot()
    }
  }
}
