internal import Base
internal import Crystal
internal import Formats
public import LinearAlgebra

extension PreparedPotential {
  /// ∂²E/∂x_i∂x_j in eV/Å², blocks of `dimension`.
  ///
  /// - Parameters:
  ///   - positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  ///   - threads: Equal bytes at any number.
  /// - Throws: `InputError` for atoms in one place.
  /// - Complexity: O(N).
  public func hessian(
    positions: [Double]? = nil, threads: Int = 1
  ) throws -> BlockSparseMatrix {
    try hessian(positions: positions, threads: threads, starBudget: StarPlan.budget)
  }

  /// The same with so many bytes for stars; equal bytes for any budget.
  package func hessian(
    positions: [Double]? = nil, threads: Int = 1, starBudget: Int
  ) throws -> BlockSparseMatrix {
    Phase.begin("Hessian of \(atomCount) atoms")
    let source = try starSource(at: positions)
    let count = max(1, min(threads, atomCount))
    let blocks = (0..<count).map { atomCount * $0 / count..<atomCount * ($0 + 1) / count }
    let plan = try StarPlan(self, source: source, budget: starBudget)
    guard plan.isSmall else {
      let rows = mapConcurrently(blocks.count) { block -> Result<RowBlocks, InputError> in
        Result { () throws(InputError) in
          try plan.rows(blocks[block], sharing: count, of: self, from: source)
        }
      }
      return try matrix(rows.map { row throws(InputError) in try row.get() }, siteCount: atomCount)
    }
    var set = StarSet()
    let parts = mapConcurrently(blocks.count) { block -> Result<StarSet, InputError> in
      Result { () throws(InputError) in
        var set = StarSet()
        append(try stars(of: blocks[block], from: source), to: &set)
        return set
      }
    }
    for part in parts { set.append(try part.get()) }
    let (whole, members) = (set, StarMembers(set, rowCount: atomCount))
    let rows = mapConcurrently(blocks.count) { block in
      RowBlocks(
        blocks[block], of: whole, members: members, rowCount: atomCount, dimension: dimension)
    }
    return try matrix(rows, siteCount: atomCount)
  }

  /// Adds stars with their second derivatives.
  func append(_ stars: Stars, to set: inout StarSet) {
    forEachStar(in: stars) { center, terms, _ in set.append(center, of: stars, terms: terms) }
  }

  /// Rows put together.
  func matrix(_ parts: [RowBlocks], siteCount: Int) throws(InputError) -> BlockSparseMatrix {
    guard parts.allSatisfy(\.isFinite) else { throw overflow() }
    var starts = [0]
    starts.reserveCapacity(siteCount + 1)
    for part in parts {
      for count in part.counts { starts.append((starts.last ?? 0) + count) }
    }
    let isWhole = parts.count == 1
    return BlockSparseMatrix(
      blockSize: dimension, siteCount: siteCount, rowStarts: starts,
      indices: isWhole ? parts[0].indices : parts.flatMap(\.indices),
      values: isWhole ? parts[0].values : parts.flatMap(\.values))
  }
}
