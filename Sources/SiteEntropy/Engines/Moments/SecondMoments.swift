internal import Base
internal import Crystal
internal import LinearAlgebra

/// Q = δH̃ H̃0⁺ δH̃, of which the second moment is made with little cut (mathematics.md (12.7)).
///
///     [E²]_ii = Σ_jm F_ij Q_jm F_mi
///
/// Between sites far from each other Q is small and of either sign, F falls with the distance from
/// i. So the pairs of the kinds that δH̃ couples itself count wherever they are (they join those of
/// δH̃ in the Bloch sums of the first moment), the others where both sites are near i.
struct SecondMoments: Sendable {
  /// Rows that are made together.
  private static let batch = 15

  private let matrix: BlockSparseMatrix
  private let normalizer: Normalizer
  let kinds: CouplingKinds
  /// What the kinds that δH̃ couples give to -½ tr [E²]_ii with nothing cut, by site number.
  let coupledTraces: [Double]
  /// The blocks of the kinds that δH̃ couples.
  let coupledPairs: Pairs
  /// Of each site: what pairs of other kinds would take from its diagonal block, so that a shift of
  /// all sites costs nothing; shape [N, d, d].
  let remainders: [Double]

  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - rootMasses: m^(1/2) of the basis sites.
  init(
    _ perturbation: BlockSparseMatrix, _ kinds: CouplingKinds, _ normalizer: Normalizer,
    rootMasses: [Double]
  ) {
    (matrix, self.kinds, self.normalizer) = (perturbation, kinds, normalizer)
    let (group, s) = (normalizer.group, normalizer.basisCount)
    let d = perturbation.blockSize
    let area = d * d
    var block = [Double](repeating: 0, count: area)
    var coupled: [FirstMoments.PairKind] = []
    var sums = [Double](repeating: 0, count: perturbation.siteCount * area)
    let rows = Rows(matrix, kinds, normalizer)
    let pairs = rows.pairs(
      kinds.seconds.enumerated().map { basis, all in
        all.filter { group.weight(ofPair: basis, $0) > 0 }
      }, within: .infinity, of: nil)
    for basis in 0..<s {
      let (seconds, values) = (pairs.seconds[basis], pairs.values[basis])
      let cells = (0..<group.count).filter { rows.isCoupled($0 * s + basis) }
      for (index, second) in seconds.enumerated() {
        let weight = group.weight(ofPair: basis, second)
        var kind = FirstMoments.PairKind(
          first: basis, second: second.basis, translation: second.translation,
          weight: Double(weight))
        let ratio = rootMasses[second.basis] / rootMasses[basis]
        for (place, cell) in cells.enumerated() {
          let other = group.sum(cell, second.translation) * s + second.basis
          guard rows.isCoupled(other) else { continue }
          let from = (place * seconds.count + index) * area
          for e in 0..<area { block[e % d * d + e / d] = values[from + e] }
          kind.append(cell: cell, times: -0.5, block, from: 0, blockSize: d)
          let site = cell * s + basis
          for e in 0..<area { sums[site * area + e] += ratio * values[from + e] }
          guard weight == 2 else { continue }
          for e in 0..<area { sums[other * area + e] += values[from + e] / ratio }
        }
        coupled.append(kind)
      }
    }
    var remainders = sums
    for site in 0..<perturbation.siteCount {
      for a in 0..<d {
        for b in 0..<d {
          remainders[(site * d + a) * d + b] =
            -0.5 * (sums[(site * d + a) * d + b] + sums[(site * d + b) * d + a])
        }
      }
    }
    self.remainders = remainders
    for index in coupled.indices {
      let kind = coupled[index]
      guard kind.first == kind.second, kind.translation == 0 else { continue }
      for (place, cell) in kind.cells.enumerated() {
        let site = Int(cell) * s + kind.first
        for e in 0..<area {
          coupled[index].values[place * area + e] -= 0.5 * remainders[site * area + e]
        }
      }
    }
    coupledPairs = pairs
    coupledTraces = FirstMoments(coupled, normalizer).traces()
  }

  /// Blocks of Q of some kinds of pairs, each seen from one of its two sites.
  struct Pairs: Sendable {
    /// The largest distance in Å; infinite where the kinds are all that there are.
    let radius: Double
    /// Second sites of each basis site.
    let seconds: [[LatticeSite]]
    /// Q_jm[a, c] at (c, a), shape [rows, pairs, d, d] for each basis site.
    let values: [[Double]]
    /// The row of each cell, -1 where there is none; shape [S][M].
    let rowOfCell: [[Int32]]
  }

  /// - Parameters:
  ///   - radius: The largest distance of a pair in Å.
  ///   - sites: Whose rows are wanted, by number; nil for all.
  func farPairs(
    within radius: Double, of sites: Set<Int>?, crystal: ReferenceCrystal
  ) -> Pairs {
    let coupled = kinds.seconds.map { Set($0) }
    let seconds = coupled.indices.map { basis in
      LocalPatch.places(basis: basis, radius: radius, crystal: crystal).map(\.site).filter {
        !coupled[basis].contains($0) && normalizer.group.weight(ofPair: basis, $0) > 0
      }
    }
    return Rows(matrix, kinds, normalizer).pairs(seconds, within: radius, of: sites)
  }

  /// Makes rows of Q.
  private struct Rows: Sendable {
    let matrix: BlockSparseMatrix
    let kinds: CouplingKinds
    let normalizer: Normalizer

    init(_ matrix: BlockSparseMatrix, _ kinds: CouplingKinds, _ normalizer: Normalizer) {
      (self.matrix, self.kinds, self.normalizer) = (matrix, kinds, normalizer)
    }

    func isCoupled(_ site: Int) -> Bool { matrix.rowStarts[site] < matrix.rowStarts[site + 1] }

    /// - Parameter sites: Whose rows are wanted, by number; nil for all.
    func pairs(_ seconds: [[LatticeSite]], within radius: Double, of sites: Set<Int>?) -> Pairs {
      let (cells, s) = (normalizer.group.count, normalizer.basisCount)
      var (values, rowOfCell): ([[Double]], [[Int32]]) = ([], [])
      for basis in 0..<s {
        let wanted = (0..<cells).filter {
          isCoupled($0 * s + basis) && sites?.contains($0 * s + basis) ?? true
        }
        var row = [Int32](repeating: -1, count: cells)
        for (index, cell) in wanted.enumerated() { row[cell] = Int32(truncatingIfNeeded: index) }
        values.append(blocks(basis, seconds[basis], cells: wanted))
        rowOfCell.append(row)
      }
      return Pairs(radius: radius, seconds: seconds, values: values, rowOfCell: rowOfCell)
    }

    /// Blocks of Q between the cells' sites and those that `seconds` says.
    ///
    /// - Returns: Shape [cells, seconds, d, d] and more: the last batch is whole.
    func blocks(_ basis: Int, _ seconds: [LatticeSite], cells: [Int]) -> [Double] {
      let (d, width) = (normalizer.dimension, 4 * SecondMoments.batch)
      let (area, s) = (d * d, normalizer.basisCount)
      guard !seconds.isEmpty, !cells.isEmpty else { return [] }
      let plan = SecondMomentPlan(basis, seconds, kinds, normalizer)
      let firsts = kinds.seconds[basis].count
      let batches = (cells.count + SecondMoments.batch - 1) / SecondMoments.batch
      let each = seconds.count * area
      var output = [Double](repeating: 0, count: batches * SecondMoments.batch * each)
      fillBlocksConcurrently(&output, blockSize: SecondMoments.batch * each) { batch, blocks in
        let first = batch * SecondMoments.batch
        let group = cells[first..<min(first + SecondMoments.batch, cells.count)]
        // The rows of δH̃, transposed; then X = δH̃ H̃0⁺, transposed.
        var own = [Double](repeating: 0, count: firsts * d * width)
        for (index, cell) in group.enumerated() {
          let site = cell * s + basis
          for k in matrix.rowStarts[site]..<matrix.rowStarts[site + 1] {
            let at = Int(kinds.blocks.kinds[k]) * d * width + 4 * index
            for a in 0..<d {
              for b in 0..<d { own[at + b * width + a] = matrix.values[(k * d + a) * d + b] }
            }
          }
        }
        var x = [Double](repeating: 0, count: plan.green.columnCount * width)
        do {
          var span = x.mutableSpan
          multiplyAdd(
            shape: (plan.green.columnCount, 4 * group.count, firsts * d), plan.green.storage.span,
            MatrixWindow(stride: plan.green.columnCount, isTransposed: true), own.span,
            MatrixWindow(stride: width), into: &span, MatrixWindow(stride: width))
        }
        var rows = [Int32](repeating: 0, count: seconds.count)
        for (index, cell) in group.enumerated() {
          for (pair, second) in seconds.enumerated() {
            rows[pair] = Int32(
              truncatingIfNeeded: normalizer.group.difference(cell, plan.opposites[pair]) * s
                + second.basis)
          }
          multiplyRows(
            matrix, kinds.blocks, rows: rows.span, places: plan.places.span, x: x.span,
            width: width, column: 4 * index, into: &blocks, offset: index * each)
        }
      }
      return output
    }
  }
}

/// What all rows of Q of one basis site share.
private struct SecondMomentPlan: Sendable {
  /// -ℓ of each pair's second site.
  let opposites: [Int]
  /// For each pair and each kind of its second site, where in X the partner is.
  let places: [Int32]
  /// H̃0⁺ from the partners of the first site to those of all second sites.
  let green: Matrix

  init(_ basis: Int, _ seconds: [LatticeSite], _ kinds: CouplingKinds, _ normalizer: Normalizer) {
    let (group, d) = (normalizer.group, normalizer.dimension)
    var place: [LatticeSite: Int32] = [:]
    var targets: [LatticeSite] = []
    var places = [Int32](repeating: 0, count: seconds.count * kinds.blocks.kindCount)
    for (pair, second) in seconds.enumerated() {
      for (kind, partner) in kinds.seconds[second.basis].enumerated() {
        let site = LatticeSite(
          translation: group.sum(second.translation, partner.translation), basis: partner.basis)
        let known = place[site]
        if known == nil { targets.append(site) }
        let index = known ?? Int32(truncatingIfNeeded: targets.count - 1)
        place[site] = index
        places[pair * kinds.blocks.kindCount + kind] = index
      }
    }
    let firsts = kinds.seconds[basis]
    var green = Matrix(rowCount: d * firsts.count, columnCount: d * targets.count)
    let table = CoreTable(targets, normalizer)
    var span = green.storage.mutableSpan
    for (index, first) in firsts.enumerated() {
      table.fill(
        rows: &span, offset: index * d * d * targets.count, of: first,
        kernel: normalizer.green.span)
    }
    opposites = seconds.map { group.opposite($0.translation) }
    (self.places, self.green) = (places, green)
  }
}
