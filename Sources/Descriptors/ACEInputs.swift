/// Where the sums over neighbours A_(z n l m) stand among the values of an ``ACEProgram``.
///
/// Those of a channel come by |m|, as the harmonics are made, then by l; of each l, m stands before -m,
/// and of each of these the values of n = 1, 2, … one behind the other. They are made two rows at a time
/// (`sumRowProducts`): m and -m have as many n; of m = 0 two degrees make a pair, with as many n as the
/// one of them that needs more. What a row has beyond its own is computed and not used.
package struct ACEInputs: Sendable {
  /// The rows of one channel and |m|.
  struct Part: Sendable {
    /// How many n each two rows have.
    var counts: [Int32]
    /// The first value.
    var start: Int
  }

  /// Largest n of each l, 0 for none, shape [channels][L + 1].
  let counts: [[Int]]
  /// Shape [channels][L + 1], by |m|.
  let parts: [[Part]]
  /// The values of n = 1 of each (l, m), shape [channels][(L + 1)²]; that of n stands n - 1 behind.
  let places: [[Int]]
  /// Values, the number 1 included, which is value 0.
  package let valueCount: Int

  /// - Parameter counts: Largest n of each l, shape [channels][degrees].
  init(counts: [[Int]]) {
    self.counts = counts
    var next = 1
    var (parts, places): ([[Part]], [[Int]]) = ([], [])
    for counts in counts {
      var own: [Part] = []
      var place = [Int](repeating: 0, count: counts.count * counts.count)
      for m in counts.indices {
        let rows = Self.rows(m, degree: counts.count - 1)
        own.append(Part(counts: [], start: next))
        for first in stride(from: 0, to: rows.count, by: 2) {
          let pair = rows[first..<min(first + 2, rows.count)]
          let most = pair.reduce(0) { max($0, counts[$1.l]) }
          own[m].counts.append(Int32(most))
          for (index, row) in pair.enumerated() { place[row.lm] = next + most * index }
          next += 2 * most
        }
      }
      parts.append(own)
      places.append(place)
    }
    (self.parts, self.places, valueCount) = (parts, places, next)
  }

  /// l of the rows of one |m|, and their l² + l ± m.
  private static func rows(_ m: Int, degree: Int) -> [(l: Int, lm: Int)] {
    var rows: [(l: Int, lm: Int)] = []
    for l in m..<degree + 1 {
      let middle = l * l + l
      rows.append((l, middle + m))
      if m > 0 { rows.append((l, middle - m)) }
    }
    return rows
  }

  /// The value of one component of a factor.
  ///
  /// - Parameter m: l + m, from 0 to 2l.
  func index(_ factor: ACEFactor, m: Int) -> Int {
    places[factor.z][factor.l * factor.l + m] + factor.n - 1
  }

  /// All factors, by channel, l and n.
  var factors: [ACEFactor] {
    counts.indices.flatMap { z in
      counts[z].indices.flatMap { l in
        (0..<counts[z][l]).map { ACEFactor(z: z, n: $0 + 1, l: l) }
      }
    }
  }

  /// The scale of the harmonic of each value, shape [valueCount]; 1 for those that stand for none.
  func scales(of rows: HarmonicRows) -> [Double] {
    var scales = [Double](repeating: 1, count: valueCount)
    for factor in factors {
      for m in 0...2 * factor.l {
        scales[index(factor, m: m)] = rows.scale(l: factor.l, m: abs(m - factor.l))
      }
    }
    return scales
  }

  /// Largest degree, 0 where there is no factor.
  var largestDegree: Int { counts.map { max(0, $0.count - 1) }.max() ?? 0 }

  /// Radial functions that are needed.
  var radialCount: Int { counts.flatMap(\.self).max() ?? 0 }
}
