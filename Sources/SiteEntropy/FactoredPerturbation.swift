internal import Crystal
package import Formats
package import LinearAlgebra
package import Potentials

/// δH̃ with what embeddings add to it kept as squares (mathematics.md (4.9)):
///
///     δH̃ = δP̃ + Σ_c (F''_c g̃_c g̃_cᵀ - F''⁰_c g̃⁰_c g̃⁰_cᵀ)
///
/// δP̃ couples an atom to those within the cutoff, δH̃ to those within twice as much, which are eight times
/// as many.
package struct FactoredPerturbation: Sendable {
  /// δP̃; δH̃ itself where there are no squares.
  package let blocks: BlockSparseMatrix
  package let squares: SquareDifferences?

  init(_ perturbation: SparsePerturbation) { (blocks, squares) = (perturbation.matrix, nil) }

  /// Rows with fewer blocks have nothing to gain.
  private static let fewBlocks = 60.0

  /// - Parameter potential: nil where Hessians are given.
  /// - Throws: `InputError`.
  package init(
    _ perturbation: SparsePerturbation, of frame: Frame, crystal: ReferenceCrystal,
    potential: (any Potential)?
  ) throws {
    self.init(perturbation)
    guard let potential, frame.dimension == 3, operations > Self.fewBlocks,
      let squares = try potential.prepared(for: frame).embeddingSquares(
        positions: crystal.positions(of: frame)),
      let reference = try potential.prepared(for: frame, at: .reference).embeddingSquares(
        positions: crystal.multilattice.idealPositions)
    else { return }
    let factored = Self(perturbation, from: reference, to: squares, crystal: crystal)
    if factored.operations < 0.8 * operations { self = factored }
  }

  /// What a product costs, in blocks a row of the cell.
  var operations: Double {
    (Double(blocks.blockCount) + 4.0 / 3 * Double(squares?.sites.count ?? 0))
      / Double(max(1, blocks.siteCount))
  }

  /// - Parameters:
  ///   - reference, frame: Of the atoms of the crystal's multilattice, in its order.
  private init(
    _ perturbation: SparsePerturbation, from reference: EmbeddingSquares,
    to frame: EmbeddingSquares, crystal: ReferenceCrystal
  ) {
    let squares = SquareDifferences(from: reference, to: frame, crystal: crystal)
    let tolerance = SparsePerturbation.roundingTolerance * crystal.largestElement
    blocks = perturbation.matrix.subtracting(squares, tolerance: tolerance)
    self.squares = squares
  }
}

extension SquareDifferences {
  /// The squares that differ, mass-weighted and by site number.
  fileprivate init(
    from reference: EmbeddingSquares, to frame: EmbeddingSquares, crystal: ReferenceCrystal
  ) {
    self.init()
    let lattice = crystal.multilattice
    let (scale, numbers) = (crystal.inverseRootMasses, lattice.siteNumbers)
    let none = SIMD8<Double>.zero
    for center in lattice.atoms {
      let (old, new) = (reference.part(center), frame.part(center))
      if old == new { continue }
      var parts: [(site: Int32, vector: SIMD8<Double>)] = []
      func add(_ part: EmbeddingSquares.Part, isNew: Bool) {
        for (atom, gradient) in zip(part.atoms, part.gradients) {
          let weighted = scale[Int(atom)] * gradient
          var vector = none
          if isNew { vector.lowHalf = weighted } else { vector.highHalf = weighted }
          parts.append((Int32(numbers[Int(atom)]), vector))
        }
      }
      add(new, isNew: true)
      add(old, isNew: false)
      parts.sort { $0.site < $1.site }
      var (sites, vectors) = ([Int32](), [SIMD8<Double>]())
      for part in parts {
        if part.site == sites.last {
          vectors[vectors.count - 1] += part.vector
        } else {
          sites.append(part.site)
          vectors.append(part.vector)
        }
      }
      append(sites: sites, parts: vectors, weights: SIMD2(new.curvature, old.curvature))
    }
  }
}

extension EmbeddingSquares {
  /// The square of one atom.
  fileprivate struct Part: Equatable {
    var atoms: ArraySlice<Int32>
    var gradients: ArraySlice<SIMD4<Double>>
    var curvature: Double
  }

  fileprivate func part(_ center: Int) -> Part {
    let range = starts[center]..<starts[center + 1]
    return Part(atoms: atoms[range], gradients: gradients[range], curvature: curvatures[center])
  }
}

extension BlockSparseMatrix {
  /// This less D, for blocks of three.
  ///
  /// - Parameter tolerance: Blocks without a larger element are left out.
  fileprivate func subtracting(_ squares: SquareDifferences, tolerance: Double) -> BlockSparseMatrix
  {
    let members = squares.members(siteCount: siteCount)
    var row = RowDifference(siteCount: siteCount)
    var (starts, columns, elements) = ([0], [Int32](), [Double]())
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        row.add(values[9 * k..<9 * k + 9], at: indices[k])
      }
      for member in members.starts[i]..<members.starts[i + 1] {
        row.subtract(square: members.squares[member], of: squares, entry: members.entries[member])
      }
      row.finish(tolerance, &columns, &elements)
      starts.append(columns.count)
    }
    return BlockSparseMatrix(
      blockSize: 3, siteCount: siteCount, rowStarts: starts, indices: columns, values: elements)
  }
}

/// One row of δH̃ - D.
private struct RowDifference {
  private var slotOf: [Int32]
  private var columns: [Int32] = []
  private var sums: [Double] = []

  init(siteCount: Int) { slotOf = [Int32](repeating: -1, count: siteCount) }

  private mutating func slot(_ column: Int32) -> Int {
    if slotOf[Int(column)] < 0 {
      slotOf[Int(column)] = Int32(columns.count)
      columns.append(column)
      for _ in 0..<9 { sums.append(0) }
    }
    return 9 * Int(slotOf[Int(column)])
  }

  mutating func add(_ block: ArraySlice<Double>, at column: Int32) {
    let at = slot(column)
    for (e, value) in block.enumerated() { sums[at + e] += value }
  }

  mutating func subtract(square k: Int, of squares: SquareDifferences, entry own: Int) {
    let (c, d) = (squares.weights[k].x, squares.weights[k].y)
    let v = squares.parts[own]
    for entry in squares.starts[k]..<squares.starts[k + 1] {
      let at = slot(squares.sites[entry])
      let w = squares.parts[entry]
      for a in 0..<3 {
        for b in 0..<3 {
          sums[at + 3 * a + b] -= c * (v[a] * w[b]) - d * (v[4 + a] * w[4 + b])
        }
      }
    }
  }

  mutating func finish(_ tolerance: Double, _ indices: inout [Int32], _ values: inout [Double]) {
    for column in columns.sorted() {
      let block = sums[9 * Int(slotOf[Int(column)])..<9 * Int(slotOf[Int(column)]) + 9]
      slotOf[Int(column)] = -1
      guard block.contains(where: { abs($0) > tolerance }) else { continue }
      indices.append(column)
      values.append(contentsOf: block)
    }
    columns.removeAll(keepingCapacity: true)
    sums.removeAll(keepingCapacity: true)
  }
}

extension SquareDifferences {
  /// For every site the squares that hold it, and where.
  fileprivate func members(
    siteCount: Int
  ) -> (starts: [Int], squares: [Int], entries: [Int]) {
    var next = [Int](repeating: 0, count: siteCount + 2)
    for site in sites { next[Int(site) + 2] += 1 }
    for site in 0..<siteCount { next[site + 2] += next[site + 1] }
    var (squares, entries) = ([Int](repeating: 0, count: sites.count), [Int]())
    entries = squares
    for k in 0..<count {
      for entry in starts[k]..<starts[k + 1] {
        let site = Int(sites[entry])
        squares[next[site + 1]] = k
        entries[next[site + 1]] = entry
        next[site + 1] += 1
      }
    }
    next.removeLast()
    return (next, squares, entries)
  }
}
