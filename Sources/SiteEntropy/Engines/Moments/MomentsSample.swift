internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// The sites on which steps and radii are tried.
struct MomentsSample {
  /// Of each basis site; the first ones are evenly spread, the next those with the largest rows, the
  /// others those that have such a row at some distance, where a radius may end.
  let cells: [[Int]]
  /// How many of each basis site are evenly spread.
  private let spreadCount: Int
  /// tr XᵀE²X with nothing cut, in the order of `cells`.
  let squares: [Double]

  /// Distances, in those of nearest neighbours, beyond which a large row is left out.
  private static let edges = [2, 2.8, 4]
  /// Sites for each of them.
  private static let edgeCount = 4
  /// Evenly spread sites, and largest rows, of a basis site, at least.
  private static let least = 6
  /// Large rows whose surroundings are searched.
  private static let strongCount = 48

  init(
    _ matrix: BlockSparseMatrix, crystal: ReferenceCrystal, _ operators: MomentsOperator, count: Int
  ) {
    let normalizer = crystal.normalizer
    let (cells, s) = (normalizer.group.count, normalizer.basisCount)
    let each = min(cells, max(Self.least, count / 2 / s))
    spreadCount = each
    let sizes = Self.rowSizes(matrix)
    let largest = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    var sample = [[Int]](repeating: (0..<each).map { $0 * cells / each }, count: s)
    let most = min(cells, 2 * each)
    for site in largest {
      let (cell, basis) = (site / s, site % s)
      if sample[basis].count < most, !sample[basis].contains(cell) { sample[basis].append(cell) }
      if sample.allSatisfy({ $0.count == most }) { break }
    }
    let strong = Array(largest.prefix(Self.strongCount))
    for edge in Self.edges {
      for site in Self.sites(beyond: edge, of: strong, sizes, crystal) {
        let (cell, basis) = (site / s, site % s)
        if !sample[basis].contains(cell) { sample[basis].append(cell) }
      }
    }
    self.cells = sample
    squares = wholeSquares(
      matrix, at: sample.enumerated().flatMap { basis, cells in cells.map { $0 * s + basis } },
      normalizer, operators)
  }

  /// Σ |δH̃_ij|² of each row.
  private static func rowSizes(_ matrix: BlockSparseMatrix) -> [Double] {
    let area = matrix.blockSize * matrix.blockSize
    return (0..<matrix.siteCount).map { site in
      var size = 0.0
      for e in area * matrix.rowStarts[site]..<area * matrix.rowStarts[site + 1] {
        size += matrix.values[e] * matrix.values[e]
      }
      return size
    }
  }

  /// The sites that see most of some large rows just beyond a distance: by r^-2d, the square of what
  /// an element of E falls by.
  private static func sites(
    beyond edge: Double, of strong: [Int], _ sizes: [Double], _ crystal: ReferenceCrystal
  ) -> [Int] {
    let (lattice, group) = (crystal.multilattice, crystal.normalizer.group)
    let (s, radius) = (crystal.normalizer.basisCount, edge * lattice.nearestNeighborDistance)
    let places = (0..<s).map {
      LocalPatch.places(basis: $0, radius: 1.3 * radius, crystal: crystal).filter {
        $0.distance > radius
      }
    }
    var seen: [Int: Double] = [:]
    for site in strong {
      for place in places[site % s] {
        let cell = group.difference(site / s, group.opposite(place.site.translation))
        seen[cell * s + place.site.basis, default: 0] +=
          sizes[site] * pow(place.distance / radius, Double(-2 * lattice.dimension))
      }
    }
    let order = seen.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return order.prefix(edgeCount).map(\.key)
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
