internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra

extension PreparedFrame {
  /// Derivatives of every feature of every site by the positions of the atoms it depends on.
  ///
  ///     ∂B_k(i)/∂x_n,  Σ_n ∂B_k(i)/∂x_n = 0
  ///
  /// Images of one atom count as one; the site itself takes what keeps the sum at zero.
  ///
  /// - Returns: nil for Cartesian features.
  /// - Throws: ``InputError`` for atoms in one place, or too many neighbours.
  /// - Complexity: K/8 backward passes a site; 24 K (neighbours + 1) bytes a site.
  public func featureGradients() throws(InputError) -> FeatureGradients? {
    guard case .ace(let evaluator) = calculator.kernel else { return nil }
    let blocks = blocks(of: 0..<atomCount)
    let parts = mapConcurrently(blocks.count) { block in
      Result { () throws(InputError) in try self.gradients(blocks[block], evaluator) }
    }
    var result = FeatureGradients(counts: [], atoms: [], values: [])
    for part in parts {
      let block = try part.get()
      result.counts += block.counts
      result.atoms += block.atoms
      result.values += block.values
    }
    return result
  }

  /// Pairs of a site and a neighbour, images counted one by one; 0 for Cartesian features.
  ///
  /// - Throws: ``InputError`` for atoms in one place, or too many neighbours.
  public func pairCount() throws(InputError) -> Int {
    guard case .ace = calculator.kernel else { return 0 }
    var sum = 0
    for block in blocks(of: 0..<atomCount) { sum += try neighbors(of: block).pairCount }
    return sum
  }

  private func gradients(
    _ centers: Range<Int>, _ evaluator: ACEEvaluator
  ) throws(InputError) -> FeatureGradients {
    let list = try neighbors(of: centers)
    let environments = environments(list)
    let k = evaluator.featureCount
    var scratch = evaluator.makeScratch()
    var result = FeatureGradients(counts: [], atoms: [], values: [])
    for center in centers {
      let pairs = list.pairs(of: center)
      let neighbors = pairs.map { Int(list.neighbors[$0]) }
      var jacobian = [Double](repeating: 0, count: k * pairs.count * 3)
      var span = jacobian.mutableSpan
      evaluator.jacobian(
        environments, center: center - centers.lowerBound, into: &span, scratch: &scratch)
      let atoms = Set(neighbors).union([center]).sorted()
      var place: [Int: Int] = [:]
      for (index, atom) in atoms.enumerated() { place[atom] = index }
      let own = place[center, default: 0]
      var values = [Double](repeating: 0, count: atoms.count * k * 3)
      for (pair, atom) in neighbors.enumerated() {
        let row = place[atom, default: 0]
        for feature in 0..<k {
          for axis in 0..<3 {
            let value = jacobian[(feature * pairs.count + pair) * 3 + axis]
            values[(row * k + feature) * 3 + axis] += value
            values[(own * k + feature) * 3 + axis] -= value
          }
        }
      }
      result.counts.append(atoms.count)
      result.atoms += atoms
      result.values += values
    }
    return result
  }
}
