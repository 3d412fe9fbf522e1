/// The options that, with the number of neighbour channels, define an ACE basis.
public struct ACEOptions: Codable, Equatable, Sendable {
  /// Largest degree D_ν of the products of ν factors, shape [order].
  public var degrees: [Double]
  /// w_L in Σ (n + w_L l) ≤ D.
  public var weightL: Double
  /// In Å.
  public var cutoff: Double
  public var radial: RadialOptions

  /// - Parameter degrees: One for each order, or one for all.
  public init(
    order: Int, degrees: [Double], weightL: Double = 1.5, cutoff: Double, radial: RadialOptions
  ) throws(DescriptorError) {
    guard (1...8).contains(order) else {
      throw .option("--order", expected: "1 to 8", found: "\(order)")
    }
    guard degrees.count == 1 || degrees.count == order else {
      throw .option(
        "--degree", expected: "1 or \(order) numbers", found: "\(degrees.count)")
    }
    self.degrees = degrees.count == order ? degrees : [Double](repeating: degrees[0], count: order)
    (self.weightL, self.cutoff, self.radial) = (weightL, cutoff, radial)
    try check()
  }

  public var order: Int { degrees.count }

  func check() throws(DescriptorError) {
    guard (1...8).contains(degrees.count) else {
      throw .option("--order", expected: "1 to 8", found: "\(degrees.count)")
    }
    guard degrees.allSatisfy({ (0...60).contains($0) }) else {
      throw .option("--degree", expected: "numbers from 0 to 60", found: "\(degrees)")
    }
    guard (0.25...100).contains(weightL) else {
      throw .option("--weight-l", expected: "a number from 0.25 to 100", found: "\(weightL)")
    }
    guard (0.1...1000).contains(cutoff) else {
      throw .option("--cutoff", expected: "0.1 to 1000 Å", found: "\(cutoff)")
    }
  }
}

/// One factor of a product: A_(z n l).
public struct ACEFactor: Codable, Hashable, Sendable {
  /// Neighbour channel, from 0.
  public let z: Int
  /// Radial index, from 1.
  public let n: Int
  /// Angular degree.
  public let l: Int
}

/// One invariant basis function.
public struct ACEFunction: Sendable {
  /// Ascending by (l, n, z).
  public let factors: [ACEFactor]
  /// Which of the independent invariants of these factors, from 0.
  public let multiplicityIndex: Int
  /// How many independent invariants these factors have.
  public let multiplicity: Int

  /// Σ (n^p + w l^p): a measure of roughness for priors.
  public func roughness(power: Double, weightL: Double) -> Double {
    factors.reduce(0) { $0 + raised($1.n, power) + weightL * raised($1.l, power) }
  }
}

/// The O(3)-invariant functions of a truncation, in the order of the format.
///
/// Products of ν = 1 ... order factors A_(znl) = Σ_j δ_(z z_j) R_n(r_j) Y_l(r̂_j), coupled to L = 0
/// with even parity, under Σ_t (n_t + w_L l_t) ≤ D_ν, n ≥ 1 (mathematics.md (8.3), eq. (63)). Functions are
/// ordered by ν, then by (l_1 ... l_ν), (n_1 ... n_ν), (z_1 ... z_ν), then multiplicity.
public struct ACEBasis: Sendable {
  public static let functionLimit = 200_000

  public let options: ACEOptions
  public let channelCount: Int
  public let functions: [ACEFunction]
  let couplings: [Pattern: Coupling]
  var cache: RealCouplingCache

  /// Degrees, and which factors are equal: all that the coupling depends on.
  struct Pattern: Hashable {
    var degrees: [Int]
    var groups: [Int]

    init(_ factors: [ACEFactor]) {
      degrees = factors.map(\.l)
      groups = []
      for (index, factor) in factors.enumerated() {
        let last = groups.last ?? 0
        groups.append(index > 0 && factors[index - 1] != factor ? last + 1 : last)
      }
    }
  }

  /// - Throws: ``DescriptorError/option(_:expected:found:)``,
  ///   ``DescriptorError/tooManyFunctions(limit:)``.
  public init(options: ACEOptions, channelCount: Int) throws(DescriptorError) {
    precondition(channelCount > 0, "expected at least one channel")
    try options.check()
    (self.options, self.channelCount) = (options, channelCount)
    var couplings: [Pattern: Coupling] = [:]
    var cache = RealCouplingCache()
    var functions: [ACEFunction] = []
    for order in 1...options.order {
      var products: [[ACEFactor]] = []
      try collectProducts(
        order: order, degree: options.degrees[order - 1], weightL: options.weightL,
        channelCount: channelCount, into: &products)
      products.sort { Self.sortKey($0).lexicographicallyPrecedes(Self.sortKey($1)) }
      for factors in products {
        let pattern = Pattern(factors)
        let coupling: Coupling
        if let known = couplings[pattern] {
          coupling = known
        } else {
          coupling = Coupling(degrees: pattern.degrees, groups: pattern.groups, cache: &cache)
          couplings[pattern] = coupling
        }
        for index in 0..<coupling.multiplicity {
          functions.append(
            ACEFunction(
              factors: factors, multiplicityIndex: index, multiplicity: coupling.multiplicity))
        }
        guard functions.count <= Self.functionLimit else {
          throw .tooManyFunctions(limit: Self.functionLimit)
        }
      }
    }
    guard !functions.isEmpty else {
      throw .option("--degree", expected: "at least one function (1 or more)", found: "none")
    }
    (self.functions, self.couplings, self.cache) = (functions, couplings, cache)
  }

  public var count: Int { functions.count }

  private static func sortKey(_ factors: [ACEFactor]) -> [Int] {
    factors.map(\.l) + factors.map(\.n) + factors.map(\.z)
  }
}

/// Multisets of `order` factors within the degree whose Σ l is even and that can couple to 0.
private func collectProducts(
  order: Int, degree: Double, weightL: Double, channelCount: Int,
  into products: inout [[ACEFactor]]
) throws(DescriptorError) {
  // 1 + w l is the least cost of a factor; the rounding of w must not decide.
  let budget = degree + 1e-9
  var candidates: [ACEFactor] = []
  let spare = budget - Double(order - 1)
  guard spare >= 1 else { return }
  for l in 0...Int((spare - 1) / weightL) {
    for n in 1..<Int(spare - weightL * Double(l)) + 1 {
      for z in 0..<channelCount { candidates.append(ACEFactor(z: z, n: n, l: l)) }
    }
  }
  func cost(_ factor: ACEFactor) -> Double { Double(factor.n) + weightL * Double(factor.l) }
  func extend(
    _ factors: inout [ACEFactor], from start: Int, spent: Double
  ) throws(DescriptorError) {
    let left = order - factors.count
    guard left > 0 else {
      let degrees = factors.map(\.l)
      // The largest l must be reached by the others.
      guard degrees.reduce(0, +).isMultiple(of: 2),
        2 * (degrees.last ?? 0) <= degrees.reduce(0, +)
      else { return }
      products.append(factors)
      guard products.count <= ACEBasis.functionLimit else {
        throw DescriptorError.tooManyFunctions(limit: ACEBasis.functionLimit)
      }
      return
    }
    for index in start..<candidates.count {
      let factor = candidates[index]
      // Later candidates have an l at least as large.
      if spent + Double(left) * (1 + weightL * Double(factor.l)) > budget { break }
      let next = spent + cost(factor)
      if next + Double(left - 1) * (1 + weightL * Double(factor.l)) > budget { continue }
      factors.append(factor)
      try extend(&factors, from: index, spent: next)
      factors.removeLast()
    }
  }
  var factors: [ACEFactor] = []
  try extend(&factors, from: 0, spent: 0)
}

private func raised(_ base: Int, _ power: Double) -> Double {
  // Exponents of priors are small whole numbers: no need of the C library.
  precondition(power >= 0 && power == power.rounded() && power < 64, "expected a whole power")
  return (0..<Int(power)).reduce(1) { value, _ in value * Double(base) }
}
