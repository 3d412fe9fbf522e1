/// How many independent O(3) invariants a multiset of factors has, counted exactly.
///
/// The factors of one group (equal channel, n and l) enter symmetrically, so the space is
/// ⊗_g Sym^(k_g)(V_(l_g)). Its invariants number N(0) - N(1), with N(M) the states of total
/// magnetic number M: each multiplet of degree L has one state of M = 0 and one of M = 1, except
/// L = 0, which has none of the latter. All in integers: no rank of a rounded matrix is needed.
///
/// - Parameter groups: Degree and number of equal factors of each group.
/// - Returns: 0 where Σ l is odd (odd parity).
package func invariantCount(_ groups: [(l: Int, copies: Int)]) -> Int {
  guard groups.reduce(0, { $0 + $1.l * $1.copies }).isMultiple(of: 2) else { return 0 }
  var states = [0: 1]
  for group in groups {
    let single = symmetricStates(l: group.l, copies: group.copies)
    var product: [Int: Int] = [:]
    for (m1, count1) in states {
      for (m2, count2) in single { product[m1 + m2, default: 0] += count1 * count2 }
    }
    states = product
  }
  return states[0, default: 0] - states[1, default: 0]
}

/// The states of Sym^k(V_l) by total magnetic number: multisets of k numbers out of -l ... l.
private func symmetricStates(l: Int, copies: Int) -> [Int: Int] {
  // byCopies[c][M]: multisets of c numbers among those seen so far.
  var byCopies = [[Int: Int]](repeating: [:], count: copies + 1)
  byCopies[0] = [0: 1]
  for m in -l...l {
    for c in 1..<copies + 1 {
      for (total, count) in byCopies[c - 1] { byCopies[c][total + m, default: 0] += count }
    }
  }
  return byCopies[copies]
}
