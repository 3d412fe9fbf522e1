/// The plain form of the features: every function alone, straight from its definition.
///
///     B = Σ_trees T Σ_(m1 ... mν) K(m1 ... mν) Π_t A_(z n l)_t m_t
///
/// Slow; what the evaluator is tested against.
package func plainFeatures(
  _ basis: ACEBasis, vectors: [Double], channels: [Int]
) throws(DescriptorError) -> [Double] {
  let largestL = basis.functions.flatMap(\.factors).map(\.l).max() ?? 0
  let largestN = basis.functions.flatMap(\.factors).map(\.n).max() ?? 1
  let radial = try RadialBasis(
    options: basis.options.radial, cutoff: basis.options.cutoff, count: largestN)
  let harmonics = SphericalHarmonics(maximumDegree: largestL)
  let harmonicCount = SphericalHarmonics.count(largestL)
  var projections: [ACEFactor: [Double]] = [:]
  for (pair, channel) in channels.enumerated() {
    let v = vectors[3 * pair..<3 * pair + 3].map { $0 }
    let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).squareRoot()
    var r = [SIMD8<Double>](repeating: .zero, count: largestN)
    var y = [SIMD8<Double>](repeating: .zero, count: harmonicCount)
    var scratch = [SIMD8<Double>](repeating: .zero, count: harmonics.scratchCount)
    var rSpan = r.mutableSpan
    var ySpan = y.mutableSpan
    var scratchSpan = scratch.mutableSpan
    radial.values(SIMD8(repeating: length), into: &rSpan)
    harmonics.values(
      x: SIMD8(repeating: v[0] / length), y: SIMD8(repeating: v[1] / length),
      z: SIMD8(repeating: v[2] / length), into: &ySpan, scratch: &scratchSpan)
    for l in 0...largestL {
      for n in 1...largestN {
        let factor = ACEFactor(z: channel, n: n, l: l)
        for m in 0...2 * l {
          projections[factor, default: [Double](repeating: 0, count: 2 * l + 1)][m] +=
            r[n - 1][0] * y[l * l + m][0]
        }
      }
    }
  }
  var cache = RealCouplingCache()
  return basis.functions.map { function in
    guard let coupling = basis.couplings[ACEBasis.Pattern(function.factors)] else {
      preconditionFailure("no coupling")
    }
    let row = function.multiplicityIndex * coupling.multiplicity
    return (0..<coupling.multiplicity).reduce(0) { sum, j in
      var position = 0
      let value = coupled(coupling.trees[j], function.factors, &position, projections, &cache)[0]
      return sum + coupling.mixture[row + j] * value
    }
  }
}

/// The components of the vector of a subtree.
private func coupled(
  _ tree: CouplingTree, _ factors: [ACEFactor], _ position: inout Int,
  _ projections: [ACEFactor: [Double]], _ cache: inout RealCouplingCache
) -> [Double] {
  if tree.halves.isEmpty {
    defer { position += 1 }
    let factor = factors[position]
    return projections[factor] ?? [Double](repeating: 0, count: 2 * factor.l + 1)
  }
  let left = coupled(tree.halves[0], factors, &position, projections, &cache)
  let right = coupled(tree.halves[1], factors, &position, projections, &cache)
  return cache.coupling(tree.halves[0].degree, tree.halves[1].degree, tree.degree).components.map {
    terms in
    terms.reduce(0) { $0 + $1.coefficient * left[$1.left] * right[$1.right] }
  }
}
