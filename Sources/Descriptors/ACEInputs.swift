/// Where the sums over neighbours A_(z n l m) stand among the values of an ``ACEProgram``.
///
/// Those of a channel come by |m|, as the harmonics are made, then by l; of each l, m stands before -m.
/// They are tiles of six such rows by four n, as the kernel makes them (`sumOuterProducts`): six rows
/// one after the other have as many groups of four n as the one of them that needs most. What a tile has
/// beyond that is computed and not used.
package struct ACEInputs: Sendable {
  /// The rows of one channel and |m|.
  struct Part: Sendable {
    /// Groups of four n of each six rows.
    var groups: [Int32]
    /// The first value.
    var start: Int
  }

  /// Largest n of each l, 0 for none, shape [channels][L + 1].
  let counts: [[Int]]
  /// Shape [channels][L + 1], by |m|.
  let parts: [[Part]]
  /// The values of n = 1 of each (l, m), shape [channels][(L + 1)²]; that of n stands
  /// 24 ⌊(n - 1) / 4⌋ + (n - 1) mod 4 behind.
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
        own.append(Part(groups: [], start: next))
        for first in stride(from: 0, to: rows.count, by: 6) {
          let six = rows[first..<min(first + 6, rows.count)]
          let most = six.reduce(0) { max($0, counts[$1.l]) }
          own[m].groups.append(Int32((most + 3) / 4))
          for (index, row) in six.enumerated() { place[row.lm] = next + 4 * index }
          next += 24 * ((most + 3) / 4)
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
    let n = factor.n - 1
    return places[factor.z][factor.l * factor.l + m] + 24 * (n / 4) + n % 4
  }

  /// All factors, by channel, l and n.
  var factors: [ACEFactor] {
    counts.indices.flatMap { z in
      counts[z].indices.flatMap { l in
        (0..<counts[z][l]).map { ACEFactor(z: z, n: $0 + 1, l: l) }
      }
    }
  }

  /// Largest degree, 0 where there is no factor.
  var largestDegree: Int { counts.map { max(0, $0.count - 1) }.max() ?? 0 }

  /// Groups of four n that the radial functions must fill.
  var radialGroups: Int { ((counts.flatMap(\.self).max() ?? 0) + 3) / 4 }
}
