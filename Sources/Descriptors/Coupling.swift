/// The ways to couple the factors of one product to an invariant: the degrees on the inner edges
/// of the coupling tree, and the mixture of those ways that is orthonormal.
///
/// The tree splits ν factors into the first ⌈ν/2⌉ and the rest, again and again; both halves of
/// the root have the same degree and couple to 0.
package struct CouplingTree: Hashable, Sendable {
  /// Degree of the vector that the subtree forms.
  package let degree: Int
  /// Two subtrees, or none for a single factor.
  package let halves: [CouplingTree]

  /// Number of factors.
  package var factorCount: Int {
    halves.isEmpty ? 1 : halves.reduce(0) { $0 + $1.factorCount }
  }

  /// Degrees of the inner vertices, outermost first: what tells two ways of coupling apart.
  package var innerDegrees: [Int] {
    halves.isEmpty ? [] : [degree] + halves.flatMap(\.innerDegrees)
  }

  /// All trees over factors of these degrees.
  static func trees(_ degrees: ArraySlice<Int>) -> [CouplingTree] {
    guard degrees.count > 1 else { return degrees.map { CouplingTree(degree: $0, halves: []) } }
    let split = degrees.startIndex + (degrees.count + 1) / 2
    var result: [CouplingTree] = []
    for left in trees(degrees[..<split]) {
      for right in trees(degrees[split...]) {
        for degree in abs(left.degree - right.degree)...left.degree + right.degree {
          result.append(CouplingTree(degree: degree, halves: [left, right]))
        }
      }
    }
    return result
  }
}

/// The invariants of one pattern of factors: degrees l ascending, with equal factors side by side.
package struct Coupling: Sendable {
  /// Trees that are independent after symmetrisation over equal factors, in lexicographic order of
  /// their inner degrees; shape [multiplicity].
  package let trees: [CouplingTree]
  /// Rows mix the trees into orthonormal invariants, shape [multiplicity, multiplicity], lower
  /// triangular with a positive diagonal.
  package let mixture: [Double]

  package var multiplicity: Int { trees.count }

  /// - Parameters:
  ///   - degrees: l of each factor, ascending.
  ///   - groups: Number of the group of equal factors that each one belongs to, ascending.
  package init(degrees: [Int], groups: [Int], cache: inout RealCouplingCache) {
    let copies = Dictionary(grouping: groups.indices, by: { groups[$0] })
    let rank = invariantCount(copies.values.map { (degrees[$0[0]], $0.count) })
    guard rank > 0 else {
      (trees, mixture) = ([], [])
      return
    }
    let candidates = CouplingTree.trees(degrees[...]).filter { $0.degree == 0 }
    let vectors = candidates.map { tree in
      symmetricPolynomial(tree, degrees: degrees, groups: groups, cache: &cache)
    }
    let chosen = independent(vectors, rank: rank)
    trees = chosen.map { candidates[$0] }
    mixture = orthonormalMixture(chosen.map { vectors[$0] })
  }
}

/// Real couplings already computed.
package struct RealCouplingCache: Sendable {
  private var known: [[Int]: RealCoupling] = [:]

  package init() {}

  package mutating func coupling(_ l1: Int, _ l2: Int, _ l3: Int) -> RealCoupling {
    if let coupling = known[[l1, l2, l3]] { return coupling }
    let coupling = RealCoupling(l1, l2, l3)
    known[[l1, l2, l3]] = coupling
    return coupling
  }
}

/// A monomial in the components of the factors: sorted (group, m) pairs, packed.
private typealias Monomial = [Int32]

/// The invariant of a tree as a polynomial in the components of the groups of equal factors, each
/// coefficient divided by √(number of distinct orders), which makes the Euclidean product of two
/// such vectors that of the symmetrised tensors.
private func symmetricPolynomial(
  _ tree: CouplingTree, degrees: [Int], groups: [Int], cache: inout RealCouplingCache
) -> [Monomial: Double] {
  var position = 0
  let components = polynomials(
    tree, degrees: degrees, groups: groups, position: &position, cache: &cache)
  var result = components[0]
  for (monomial, value) in result {
    result[monomial] = value / Double(orderings(monomial)).squareRoot()
  }
  return result
}

/// The 2L + 1 components of a subtree as polynomials.
private func polynomials(
  _ tree: CouplingTree, degrees: [Int], groups: [Int], position: inout Int,
  cache: inout RealCouplingCache
) -> [[Monomial: Double]] {
  if tree.halves.isEmpty {
    defer { position += 1 }
    let label = Int32(groups[position]) << 16
    return (0...2 * tree.degree).map { [[label + Int32($0)]: 1] }
  }
  let left = polynomials(
    tree.halves[0], degrees: degrees, groups: groups, position: &position, cache: &cache)
  let right = polynomials(
    tree.halves[1], degrees: degrees, groups: groups, position: &position, cache: &cache)
  let coupling = cache.coupling(tree.halves[0].degree, tree.halves[1].degree, tree.degree)
  return coupling.components.map { terms in
    var sum: [Monomial: Double] = [:]
    for term in terms {
      for (monomial1, value1) in left[term.left] {
        for (monomial2, value2) in right[term.right] {
          sum[(monomial1 + monomial2).sorted(), default: 0] += term.coefficient * value1 * value2
        }
      }
    }
    return sum
  }
}

/// In how many distinct orders the factors of a monomial can stand, within their groups.
private func orderings(_ monomial: Monomial) -> Int {
  var (count, start) = (1, 0)
  while start < monomial.count {
    let group = monomial[start] >> 16
    var (seen, run) = (0, 0)
    var index = start
    while index < monomial.count, monomial[index] >> 16 == group {
      seen += 1
      run = index > start && monomial[index] == monomial[index - 1] ? run + 1 : 1
      count = count * seen / run
      index += 1
    }
    start = index
  }
  return count
}

private func product(_ a: [Monomial: Double], _ b: [Monomial: Double]) -> Double {
  // Summed in a fixed order: the hash order of a dictionary changes from run to run.
  let (small, large) = a.count <= b.count ? (a, b) : (b, a)
  return small.keys.filter { large[$0] != nil }.sorted { $0.lexicographicallyPrecedes($1) }
    .reduce(0) { $0 + small[$1, default: 0] * large[$1, default: 0] }
}

/// `rank` independent vectors by pivoted Gram-Schmidt, ascending.
///
/// The exact rank is known; the pivots only decide which trees stand for it. Ties go to the first.
private func independent(_ vectors: [[Monomial: Double]], rank: Int) -> [Int] {
  let count = vectors.count
  var gram = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
  for i in 0..<count {
    for j in 0...i {
      gram[i][j] = product(vectors[i], vectors[j])
      gram[j][i] = gram[i][j]
    }
  }
  var chosen: [Int] = []
  for _ in 0..<rank {
    let largest = gram.indices.map { gram[$0][$0] }.max() ?? 0
    precondition(largest > 1e-6, "coupling: rank below the exact count")
    let pivot = gram.indices.first { gram[$0][$0] > largest * (1 - 1e-9) } ?? 0
    chosen.append(pivot)
    let row = gram[pivot]
    for i in 0..<count {
      let factor = gram[i][pivot] / row[pivot]
      for j in 0..<count { gram[i][j] -= factor * row[j] }
    }
  }
  precondition(
    gram.indices.allSatisfy { gram[$0][$0] < 1e-9 }, "coupling: rank above the exact count")
  return chosen.sorted()
}

/// T with T G Tᵀ = 1, G the Gram matrix: the inverse of its Cholesky factor.
private func orthonormalMixture(_ vectors: [[Monomial: Double]]) -> [Double] {
  let n = vectors.count
  var factor = [Double](repeating: 0, count: n * n)
  for i in 0..<n {
    for j in 0...i {
      var sum = product(vectors[i], vectors[j])
      for k in 0..<j { sum -= factor[i * n + k] * factor[j * n + k] }
      factor[i * n + j] = i == j ? sum.squareRoot() : sum / factor[j * n + j]
    }
  }
  var inverse = [Double](repeating: 0, count: n * n)
  for column in 0..<n {
    for i in column..<n {
      var sum = i == column ? 1.0 : 0.0
      for k in column..<i { sum -= factor[i * n + k] * inverse[k * n + column] }
      inverse[i * n + column] = sum / factor[i * n + i]
    }
  }
  return inverse
}
