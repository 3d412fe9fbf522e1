internal import Crystal
internal import Formats

/// How many stars are held at once: all of them where they are small; else those of some rows, as
/// the blocks between all pairs of 70 legs take 180 kB a star.
///
/// Rows have equal bytes either way: each is a sum over the same stars in the same order.
struct StarPlan {
  /// Stars held at once, by all threads, in bytes.
  static let budget = 80 << 20
  private static let sampleCount = 4

  private let budget: Int
  /// What a star takes, in bytes, found from a few.
  private let bytesPerStar: Int
  private let atomCount: Int

  /// Whether all stars are held.
  var isSmall: Bool { bytesPerStar * atomCount <= budget }

  init(
    _ prepared: PreparedPotential, source: PreparedPotential.StarSource, budget: Int
  ) throws(InputError) {
    self.budget = budget
    atomCount = prepared.atomCount
    // Bonds that labels fix are few.
    if case .bonds = source {
      bytesPerStar = 0
      return
    }
    guard atomCount > Self.sampleCount else {
      bytesPerStar = 0
      return
    }
    var set = StarSet()
    prepared.append(try prepared.stars(of: 0..<Self.sampleCount, from: source), to: &set)
    let elements = set.data.blocks.count + 4 * set.data.slopes.count + set.data.present.count / 8
    bytesPerStar = (8 * elements + 4 * set.atoms.count) / Self.sampleCount
  }

  /// Rows from stars of a few rows at a time.
  ///
  /// - Parameter threads: That share the budget.
  func rows(
    _ range: Range<Int>, sharing threads: Int, of prepared: PreparedPotential,
    from source: PreparedPotential.StarSource
  ) throws(InputError) -> RowBlocks {
    let limit = max(8, budget / threads / max(1, bytesPerStar))
    var rows = RowBlocks()
    rows.counts.reserveCapacity(range.count)
    // One for all chunks: to give the room back and take it again costs a page fault for each 4 KiB.
    var set = StarSet()
    set.reserve(stars: limit, legs: 0, elements: limit * bytesPerStar / 8, slopes: 0)
    var (first, count) = (range.lowerBound, max(1, limit / 2))
    while first < range.upperBound {
      let chunk = first..<min(first + count, range.upperBound)
      let centers = try Self.centers(touching: chunk, of: prepared, from: source)
      if centers.count > limit, chunk.count > 1 {
        count = max(1, chunk.count / 2)
        continue
      }
      set.removeAll()
      for run in centers.runs {
        prepared.append(try prepared.stars(of: run, from: source), to: &set)
      }
      rows.append(
        chunk, of: set, members: StarMembers(set, rowCount: atomCount), rowCount: atomCount,
        dimension: prepared.dimension, total: range.count)
      first = chunk.upperBound
    }
    return rows
  }

  /// The centres of the stars that hold some rows: the rows and their neighbours, as whoever sees
  /// an atom is seen by it.
  private static func centers(
    touching rows: Range<Int>, of prepared: PreparedPotential,
    from source: PreparedPotential.StarSource
  ) throws(InputError) -> (count: Int, runs: [Range<Int>]) {
    var isCenter = [Bool](repeating: false, count: prepared.atomCount)
    for row in rows { isCenter[row] = true }
    for atom in try prepared.stars(of: rows, from: source).list.neighbors {
      isCenter[Int(atom)] = true
    }
    var runs: [Range<Int>] = []
    var count = 0
    for atom in isCenter.indices where isCenter[atom] {
      count += 1
      if let last = runs.last, last.upperBound == atom {
        runs[runs.count - 1] = last.lowerBound..<atom + 1
      } else {
        runs.append(atom..<atom + 1)
      }
    }
    return (count, runs)
  }
}
