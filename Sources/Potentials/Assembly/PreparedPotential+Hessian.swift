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

  /// The same where each part of the rows gives way to something else as soon as it is made.
  ///
  /// - Parameter change: Told some rows and their numbers.
  package func hessian(
    positions: [Double], threads: Int,
    changing change: @escaping @Sendable (RowBlocks, Range<Int>) -> RowBlocks
  ) throws -> BlockSparseMatrix {
    try hessian(
      positions: positions, threads: threads, starBudget: StarPlan.budget, changing: change)
  }

  /// Parts of the rows that are changed, at least.
  private static let changedParts = 32

  /// The same with so many bytes for stars; equal bytes for any budget.
  package func hessian(
    positions: [Double]? = nil, threads: Int = 1, starBudget: Int,
    changing change: (@Sendable (RowBlocks, Range<Int>) -> RowBlocks)? = nil
  ) throws -> BlockSparseMatrix {
    Phase.begin("Hessian of \(atomCount) atoms")
    let source = try starSource(at: positions)
    // More parts than threads: each is given back when it has been copied.
    let wanted = max(threads > 1 ? 8 * threads : 1, change == nil ? 1 : Self.changedParts)
    let count = max(1, min(wanted, atomCount))
    let blocks = (0..<count).map { atomCount * $0 / count..<atomCount * ($0 + 1) / count }
    let plan = try StarPlan(self, source: source, budget: starBudget)
    guard plan.isSmall else {
      var rows = try mapConcurrently(blocks.count) { block -> Result<RowBlocks, InputError> in
        Result { () throws(InputError) in
          let rows = try plan.rows(
            blocks[block], sharing: min(threads, count), of: self, from: source)
          return change?(rows, blocks[block]) ?? rows
        }
      }.map { try $0.get() }
      return try matrix(&rows, siteCount: atomCount)
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
    var rows = mapConcurrently(blocks.count) { block in
      let rows = RowBlocks(
        blocks[block], of: whole, members: members, rowCount: atomCount, dimension: dimension)
      return change?(rows, blocks[block]) ?? rows
    }
    return try matrix(&rows, siteCount: atomCount)
  }

  /// Adds stars with their second derivatives.
  func append(_ stars: Stars, to set: inout StarSet) {
    forEachStar(in: stars) { center, terms, _ in set.append(center, of: stars, terms: terms) }
  }

  /// Rows put together; the parts are given up one after the other, so that never two matrices are
  /// held.
  func matrix(
    _ parts: inout [RowBlocks], siteCount: Int
  ) throws(InputError) -> BlockSparseMatrix {
    guard parts.allSatisfy(\.isFinite) else { throw overflow() }
    var starts = [0]
    starts.reserveCapacity(siteCount + 1)
    for part in parts {
      for count in part.counts { starts.append((starts.last ?? 0) + count) }
    }
    var (indices, values) = ([Int32](), [Double]())
    if parts.count == 1 {
      (indices, values) = (parts[0].indices, parts[0].values)
    } else {
      // Memory that is not written yet takes no room.
      indices.reserveCapacity(starts.last ?? 0)
      values.reserveCapacity((starts.last ?? 0) * dimension * dimension)
      for part in parts.indices {
        indices.append(contentsOf: parts[part].indices)
        values.append(contentsOf: parts[part].values)
        parts[part] = RowBlocks()
      }
    }
    return BlockSparseMatrix(
      blockSize: dimension, siteCount: siteCount, rowStarts: starts, indices: indices,
      values: values)
  }
}
