internal import Base

/// An ACE basis as straight-line code: products of two earlier values, summed.
///
/// Value 0 is the number 1; then come the A_(z n l m) (``ACEInputs``); every later one is a step,
///
///     v_s = Σ_t c_t v_(left t) v_(right t)
///
/// the component of a coupled vector, an invariant, or a mixture of invariants (right = 0). Coupled
/// vectors are shared by all functions that contain them, so that a function of order 3 or 4 costs
/// 2L + 1 products. The same list read backwards gives gradients.
package struct ACEProgram: Sendable {
  package struct Term: Sendable {
    package var left: Int32
    package var right: Int32
    package var coefficient: Double
  }

  package let inputs: ACEInputs
  /// Terms of step s: starts[s] ..< starts[s + 1].
  package let starts: [Int32]
  package let terms: [Term]
  /// Value of each function.
  package let outputs: [Int32]

  private init(
    inputs: ACEInputs, starts: [Int32], terms: [Term], outputs: [Int32]
  ) {
    (self.inputs, self.starts, self.terms, self.outputs) = (inputs, starts, terms, outputs)
  }

  /// Values before the first step.
  package var inputCount: Int { inputs.valueCount }

  package var valueCount: Int { inputCount + starts.count - 1 }

  package init(_ basis: ACEBasis) {
    var builder = Builder(basis)
    for product in basis.productRanges { builder.append(product) }
    inputs = builder.inputs
    (starts, terms, outputs) = (builder.starts, builder.terms, builder.outputs)
  }

  /// Values of all steps from those of the inputs.
  ///
  /// - Parameter values: Shape [valueCount]; the first `inputCount` are read.
  package func run(_ values: inout MutableSpan<SIMD8<Double>>) {
    let (starts, terms) = (starts.span, terms.span)
    var t = 0
    for step in 0..<starts.count &- 1 {
      let end = Int(starts[step &+ 1])
      var sum = SIMD8<Double>(repeating: 0)
      while t < end {
        let term = terms[t]
        sum = sum.plus(values[Int(term.left)] * values[Int(term.right)], times: term.coefficient)
        t &+= 1
      }
      values[inputCount &+ step] = sum
    }
  }

  /// Derivatives of a sum of steps with respect to the inputs, by going back over the steps.
  ///
  /// - Parameters:
  ///   - values: As left by ``run(_:)``.
  ///   - adjoints: Shape [valueCount]; on entry the weight of each step, 0 for the inputs; on
  ///     return the derivatives with respect to every value.
  package func runBackwards(
    _ values: Span<SIMD8<Double>>, adjoints: inout MutableSpan<SIMD8<Double>>
  ) {
    let (starts, terms) = (starts.span, terms.span)
    var step = starts.count &- 1
    while step > 0 {
      step &-= 1
      let adjoint = adjoints[inputCount &+ step]
      for t in Int(starts[step])..<Int(starts[step &+ 1]) {
        let term = terms[t]
        let (left, right) = (Int(term.left), Int(term.right))
        let scaled = term.coefficient * adjoint
        adjoints[left] = adjoints[left].plus(scaled, times: values[right])
        adjoints[right] = adjoints[right].plus(scaled, times: values[left])
      }
    }
  }
}

extension ACEProgram {
  /// The steps that some of the functions need, and the sums over neighbours that those need.
  ///
  /// - Parameter functions: Indices in ascending order.
  func keeping(_ functions: [Int]) -> ACEProgram {
    var isNeeded = [Bool](repeating: false, count: valueCount)
    for function in functions { isNeeded[Int(outputs[function])] = true }
    for step in stride(from: starts.count - 2, through: 0, by: -1)
    where isNeeded[inputCount + step] {
      for term in terms[Int(starts[step])..<Int(starts[step + 1])] {
        isNeeded[Int(term.left)] = true
        isNeeded[Int(term.right)] = true
      }
    }
    var counts = inputs.counts.map { [Int](repeating: 0, count: $0.count) }
    for factor in inputs.factors
    where (0...2 * factor.l).contains(where: { isNeeded[inputs.index(factor, m: $0)] }) {
      counts[factor.z][factor.l] = factor.n
    }
    let kept = ACEInputs(
      counts: counts.map { Array($0.prefix(1 + ($0.lastIndex { $0 > 0 } ?? -1))) })
    // Value 0, the number 1, stays where it is.
    var place = [Int32](repeating: 0, count: valueCount)
    for factor in kept.factors {
      for m in 0...2 * factor.l {
        place[inputs.index(factor, m: m)] = Int32(kept.index(factor, m: m))
      }
    }
    var next = kept.valueCount
    var (newStarts, newTerms): ([Int32], [Term]) = ([0], [])
    for step in 0..<starts.count - 1 where isNeeded[inputCount + step] {
      newTerms += terms[Int(starts[step])..<Int(starts[step + 1])].map {
        Term(left: place[Int($0.left)], right: place[Int($0.right)], coefficient: $0.coefficient)
      }
      newStarts.append(Int32(newTerms.count))
      place[inputCount + step] = Int32(next)
      next += 1
    }
    return ACEProgram(
      inputs: kept, starts: newStarts, terms: newTerms,
      outputs: functions.map { place[Int(outputs[$0])] })
  }
}

extension ACEBasis {
  /// The functions of each product of factors, in order.
  var productRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < functions.count {
      ranges.append(start..<start + functions[start].multiplicity)
      start += functions[start].multiplicity
    }
    return ranges
  }
}

private struct Builder {
  /// A subtree with its factors: two equal ones have one set of values.
  private struct Key: Hashable {
    var left: Int
    var right: Int
    var degree: Int
  }

  private let basis: ACEBasis
  private var cache: RealCouplingCache
  let inputs: ACEInputs
  var starts: [Int32] = [0]
  var terms: [ACEProgram.Term] = []
  var outputs: [Int32] = []
  /// Values of the components of each coupled vector.
  private var vectors: [[Int32]] = []
  private var leaves: [ACEFactor: Int] = [:]
  private var known: [Key: Int] = [:]

  init(_ basis: ACEBasis) {
    self.basis = basis
    cache = basis.cache
    var counts = [[Int]](repeating: [], count: basis.channelCount)
    for factor in basis.functions.flatMap(\.factors) {
      while counts[factor.z].count <= factor.l { counts[factor.z].append(0) }
      counts[factor.z][factor.l] = max(counts[factor.z][factor.l], factor.n)
    }
    inputs = ACEInputs(counts: counts)
    for factor in inputs.factors {
      leaves[factor] = vectors.count
      vectors.append((0...2 * factor.l).map { Int32(inputs.index(factor, m: $0)) })
    }
  }

  /// Appends the functions of one product of factors.
  mutating func append(_ range: Range<Int>) {
    let factors = basis.functions[range.lowerBound].factors
    guard let coupling = basis.couplings[ACEBasis.Pattern(factors)] else {
      preconditionFailure("no coupling")
    }
    if factors.count == 1 {
      let vector = vectors[leaf(factors[0])]
      outputs.append(vector[0])
      return
    }
    let count = coupling.multiplicity
    if count == 1 {
      outputs.append(invariant(coupling.trees[0], factors, scale: coupling.mixture[0]))
      return
    }
    let raw = coupling.trees.map { invariant($0, factors, scale: 1) }
    for i in 0..<count {
      outputs.append(
        appendStep(
          (0...i).map {
            ACEProgram.Term(left: raw[$0], right: 0, coefficient: coupling.mixture[i * count + $0])
          }))
    }
  }

  private func leaf(_ factor: ACEFactor) -> Int {
    guard let index = leaves[factor] else { preconditionFailure("no such factor") }
    return index
  }

  private mutating func appendStep(_ new: [ACEProgram.Term]) -> Int32 {
    terms += new
    starts.append(Int32(terms.count))
    return Int32(inputs.valueCount + starts.count - 2)
  }

  private mutating func invariant(
    _ tree: CouplingTree, _ factors: [ACEFactor], scale: Double
  ) -> Int32 {
    let split = tree.halves[0].factorCount
    let left = vector(tree.halves[0], factors[..<split])
    let right = vector(tree.halves[1], factors[split...])
    let terms = products(left, right, 0)[0]
    return appendStep(
      terms.map {
        ACEProgram.Term(left: $0.left, right: $0.right, coefficient: scale * $0.coefficient)
      })
  }

  /// The index of the vector of a subtree over these factors.
  private mutating func vector(_ tree: CouplingTree, _ factors: ArraySlice<ACEFactor>) -> Int {
    if tree.halves.isEmpty { return leaf(factors[factors.startIndex]) }
    let split = factors.startIndex + tree.halves[0].factorCount
    let left = vector(tree.halves[0], factors[..<split])
    let right = vector(tree.halves[1], factors[split...])
    let key = Key(left: left, right: right, degree: tree.degree)
    if let index = known[key] { return index }
    let components = products(left, right, tree.degree).map { appendStep($0) }
    known[key] = vectors.count
    vectors.append(components)
    return vectors.count - 1
  }

  /// The terms of each component; a vector with itself has its equal products merged.
  private mutating func products(_ left: Int, _ right: Int, _ degree: Int) -> [[ACEProgram.Term]] {
    let (l1, l2) = ((vectors[left].count - 1) / 2, (vectors[right].count - 1) / 2)
    return cache.coupling(l1, l2, degree).components.map { component in
      var merged: [ACEProgram.Term] = []
      for term in component {
        var (a, b) = (vectors[left][term.left], vectors[right][term.right])
        if a > b { swap(&a, &b) }
        if let index = merged.firstIndex(where: { $0.left == a && $0.right == b }) {
          merged[index].coefficient += term.coefficient
        } else {
          merged.append(ACEProgram.Term(left: a, right: b, coefficient: term.coefficient))
        }
      }
      return merged.filter { abs($0.coefficient) > 1e-13 }
    }
  }
}
