internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The sites on which steps and radii are tried.
struct MomentsSample {
  /// Of each basis site; the first ones are evenly spread, the others those with the largest rows.
  let cells: [[Int]]
  /// How many of each basis site are evenly spread.
  private let spreadCount: Int
  /// tr XᵀE²X with nothing cut, in the order of `cells`.
  let squares: [Double]

  init(
    _ matrix: BlockSparseMatrix, _ normalizer: Normalizer, _ operators: MomentsOperator, count: Int
  ) {
    let (cells, s) = (normalizer.group.count, normalizer.basisCount)
    let area = matrix.blockSize * matrix.blockSize
    let each = min(cells, max(2, count / 2 / s))
    spreadCount = each
    let sample = (0..<s).map { basis in
      let spread = (0..<each).map { $0 * cells / each }
      var sizes: [(cell: Int, size: Double)] = []
      sizes.reserveCapacity(cells)
      for cell in 0..<cells {
        let site = cell * s + basis
        var size = 0.0
        for e in area * matrix.rowStarts[site]..<area * matrix.rowStarts[site + 1] {
          size += matrix.values[e] * matrix.values[e]
        }
        sizes.append((cell, size))
      }
      sizes.sort { ($1.size, $0.cell) < ($0.size, $1.cell) }
      return spread + sizes.lazy.map(\.cell).filter { !spread.contains($0) }.prefix(each)
    }
    self.cells = sample
    squares = wholeSquares(
      matrix, at: sample.enumerated().flatMap { basis, cells in cells.map { $0 * s + basis } },
      normalizer, operators)
  }

  /// The mean over the evenly spread sites of each basis site.
  func means(_ values: [Double]) -> [Double] {
    var first = 0
    return cells.map { cells in
      defer { first += cells.count }
      return values[first..<first + spreadCount].reduce(0, +) / Double(spreadCount)
    }
  }

  func subtracting(_ means: [Double], from values: [Double]) -> [Double] {
    var first = 0
    return cells.indices.flatMap { basis in
      defer { first += cells[basis].count }
      return values[first..<first + cells[basis].count].map { $0 - means[basis] }
    }
  }
}

/// What is taken from the labels of each basis site, in k_B.
struct MomentsShift: Sendable {
  /// For what lies beyond the radii.
  var cut: [Double]
  /// For the steps that are missing, where there are no more than those of all sites.
  var steps: [Double]

  init(cut: [Double], steps: [Double]) { (self.cut, self.steps) = (cut, steps) }

  init(basisCount: Int) {
    cut = [Double](repeating: 0, count: basisCount)
    steps = cut
  }
}

/// What the differences of a sample tell about the largest of all sites.
struct MomentsSpread {
  let largest: Double

  /// - Parameter sites: In all.
  init(_ differences: [Double], sites: Int) {
    let square = differences.reduce(0) { $0 + $1 * $1 }
    let rms = (square / Double(max(differences.count, 1))).squareRoot()
    largest = max(
      differences.reduce(0) { max($0, abs($1)) },
      rms * (2 * log(Double(max(sites, 2)))).squareRoot())
  }
}
