internal import Crystal
public import Formats

/// The options of the Cartesian baseline; they hold the reference neighbours, whose order is the
/// order of the variables.
public struct CartesianOptions: Codable, Equatable, Sendable {
  /// Sites up to this much beyond the cutoff count as within, in Å: a shell at the cutoff is whole.
  static let margin = 1e-4

  /// Largest total degree of a monomial.
  public let degree: Int
  /// In Å.
  public let cutoff: Double
  /// Active Cartesian axes.
  public let dimension: Int
  /// Reference vectors to the neighbours of each sublattice in Å, shape [sublattices][3 neighbours],
  /// ordered by distance, then x, y, z.
  public let neighbors: [[Double]]

  /// - Throws: ``InputError`` for missing labels or a reference that is no crystal,
  ///   ``DescriptorError`` for options out of range.
  public init(degree: Int, cutoff: Double, reference frame: Frame) throws {
    let sublattice = try frame.requiredSublattice()
    let list = try referenceNeighbors(frame, cutoff: cutoff)
    var neighbors: [[Double]] = []
    for label in 0..<(sublattice.max() ?? -1) + 1 {
      guard let site = sublattice.firstIndex(of: label) else {
        throw InputError(frame.source, "expected atoms on sublattice \(label), found none")
      }
      let sorted = list.pairs(of: site).sorted { first, second in
        Self.key(list, first).lexicographicallyPrecedes(Self.key(list, second))
      }
      neighbors.append(sorted.flatMap { Array(list.vectors[3 * $0..<3 * $0 + 3]) })
    }
    (self.degree, self.cutoff) = (degree, cutoff)
    (self.dimension, self.neighbors) = (frame.dimension, neighbors)
    try check()
  }

  private static func key(_ list: NeighborList, _ pair: Int) -> [Double] {
    // In 1e-3 Å: equal lengths must not be told apart by rounding.
    ([list.distances[pair]] + list.vectors[3 * pair..<3 * pair + 3]).map {
      ($0 * 1000 + 0.25).rounded()
    }
  }

  func check() throws(DescriptorError) {
    guard (1...12).contains(degree) else {
      throw .option("--cartesian", expected: "a degree from 1 to 12", found: "\(degree)")
    }
    guard (0.1...1000).contains(cutoff) else {
      throw .option("--cutoff", expected: "0.1 to 1000 Å", found: "\(cutoff)")
    }
    guard (1...3).contains(dimension), !neighbors.isEmpty,
      neighbors.allSatisfy({ $0.count.isMultiple(of: 3) && $0.allSatisfy(\.isFinite) }),
      neighbors.contains(where: { !$0.isEmpty })
    else {
      throw .option("--cutoff", expected: "neighbours within it", found: "none")
    }
  }

  var variableCount: Int { dimension * (neighbors.map { $0.count / 3 }.max() ?? 0) }
}

/// Neighbours of every reference site, a shell at the cutoff included.
func referenceNeighbors(_ frame: Frame, cutoff: Double) throws(InputError) -> NeighborList {
  do {
    let search = try NeighborSearch(
      positions: frame.requiredReferencePositions(), cell: frame.cellOfReference(),
      cutoff: cutoff + CartesianOptions.margin)
    return try search.neighborsOfAll()
  } catch {
    throw InputError(frame.source, error, in: "reference positions")
  }
}

/// Monomials of the displacement components u_j - u_i over the reference neighbours (mathematics.md (8.4)).
///
/// Variable d j + a is the component a of neighbour j in the fixed order of the sublattice.
/// Monomials are ordered by degree, then by their ascending variables. Where a sublattice has fewer
/// neighbours than another, the variables it lacks are zero.
package struct CartesianPolynomial: Sendable {
  package let options: CartesianOptions
  /// Each monomial is an earlier one (-1: the number 1) times a variable.
  let parents: [Int32]
  let variables: [Int32]

  package init(_ options: CartesianOptions) throws(DescriptorError) {
    try options.check()
    self.options = options
    let count = options.variableCount
    var (parents, variables): ([Int32], [Int32]) = ([], [])
    var previous = -1..<0
    for _ in 0..<options.degree {
      let start = parents.count
      for parent in previous {
        let first = parent < 0 ? 0 : Int(variables[parent])
        guard parents.count + count - first <= ACEBasis.functionLimit else {
          throw .tooManyFunctions(limit: ACEBasis.functionLimit)
        }
        for variable in first..<count {
          parents.append(Int32(parent))
          variables.append(Int32(variable))
        }
      }
      previous = start..<parents.count
    }
    (self.parents, self.variables) = (parents, variables)
  }

  package var featureCount: Int { parents.count }

  /// Exponents of a monomial by variable, for the manifest.
  func factors(_ index: Int) -> [Int] {
    var result: [Int] = []
    var monomial = index
    while monomial >= 0 {
      result.append(Int(variables[monomial]))
      monomial = Int(parents[monomial])
    }
    return result.reversed()
  }

  /// The monomials of one centre.
  ///
  /// - Parameters:
  ///   - relative: u_j - u_i in Å, shape [variables].
  ///   - row: Shape [K]; overwritten.
  func monomials(of relative: [Double], into row: inout MutableSpan<Double>, at start: Int) {
    for index in parents.indices {
      let parent = Int(parents[index])
      let value = relative[Int(variables[index])]
      row[start + index] = parent < 0 ? value : row[start + parent] * value
    }
  }

  /// Derivatives of a weighted sum of the monomials with respect to the variables.
  ///
  /// - Parameter relative: u_j - u_i in Å, shape [variables].
  /// - Returns: Shape [variables], per Å.
  func derivatives(of relative: [Double], weights: [Double]) -> [Double] {
    var values = [Double](repeating: 0, count: featureCount)
    var span = values.mutableSpan
    monomials(of: relative, into: &span, at: 0)
    var adjoints = weights
    var result = [Double](repeating: 0, count: relative.count)
    for index in parents.indices.reversed() {
      let (parent, variable) = (Int(parents[index]), Int(variables[index]))
      result[variable] += adjoints[index] * (parent < 0 ? 1 : values[parent])
      if parent >= 0 { adjoints[parent] += adjoints[index] * relative[variable] }
    }
    return result
  }

  /// The variables of every centre of a frame.
  struct Variables: Sendable {
    /// u_j - u_i in Å, shape [N, variables].
    var values: [Double] = []
    /// The atom j of each place, -1 where there is none, shape [N, variables / dimension].
    var neighbors: [Int32] = []
  }

  /// u_j - u_i of every centre of a frame.
  ///
  /// - Throws: ``InputError`` where a reference site lacks the neighbours of its sublattice.
  func relativeDisplacements(of frame: Frame) throws(InputError) -> Variables {
    let sublattice = try frame.requiredSublattice()
    let list = try referenceNeighbors(frame, cutoff: options.cutoff)
    let vectors = try deformedVectors(frame, list)
    let width = options.variableCount
    let places = width / options.dimension
    var result = Variables(
      values: [Double](repeating: 0, count: frame.atomCount * width),
      neighbors: [Int32](repeating: -1, count: frame.atomCount * places))
    for atom in 0..<frame.atomCount {
      let label = sublattice[atom]
      let template = options.neighbors.indices.contains(label) ? options.neighbors[label] : []
      let pairs = list.pairs(of: atom)
      guard pairs.count == template.count / 3 else {
        throw mismatch(frame, atom, label, template.count / 3, pairs.count)
      }
      for pair in pairs {
        guard let place = Self.place(of: list, pair, in: template) else {
          throw mismatch(frame, atom, label, template.count / 3, pairs.count - 1)
        }
        result.neighbors[atom * places + place] = list.neighbors[pair]
        for axis in 0..<options.dimension {
          result.values[atom * width + place * options.dimension + axis] =
            vectors[3 * pair + axis] - list.vectors[3 * pair + axis]
        }
      }
    }
    return result
  }

  /// x_j - x_i of the reference pairs in the deformed frame.
  private func deformedVectors(
    _ frame: Frame, _ list: NeighborList
  ) throws(InputError) -> [Double] {
    let displacements = try frame.displacements()
    let (cell, referenceCell) = (try frame.positionCell(), try frame.cellOfReference())
    let isStrained = frame.cell != frame.referenceCell
    var result = list.vectors
    for atom in 0..<frame.atomCount {
      for pair in list.pairs(of: atom) {
        let neighbor = Int(list.neighbors[pair])
        if isStrained {
          let s = referenceCell.fractional(
            result[3 * pair], result[3 * pair + 1], result[3 * pair + 2])
          (result[3 * pair], result[3 * pair + 1], result[3 * pair + 2]) =
            cell.cartesian(s.0, s.1, s.2)
        }
        for axis in 0..<3 {
          result[3 * pair + axis] +=
            displacements[3 * neighbor + axis] - displacements[3 * atom + axis]
        }
      }
    }
    return result
  }

  private static func place(of list: NeighborList, _ pair: Int, in template: [Double]) -> Int? {
    (0..<template.count / 3).first { index in
      let d = (0..<3).map { list.vectors[3 * pair + $0] - template[3 * index + $0] }
      return d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < 1e-4
    }
  }

  private func mismatch(
    _ frame: Frame, _ atom: Int, _ label: Int, _ expected: Int, _ found: Int
  ) -> InputError {
    let error = DescriptorError.referenceEnvironment(
      sublattice: label, expected: expected, found: found)
    return InputError(frame.source, atom: atom, error.description)
  }
}
