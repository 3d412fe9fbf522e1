internal import Crystal
internal import LinearAlgebra

/// The surroundings of a basis site: all that local labels of its translations share.
struct LocalPatch: Sendable {
  let basis: Int
  /// The sites of the patch, seen from the basis site of translation 0.
  let sites: [LatticeSite]
  /// The cyclic coordinates of the translation of each site.
  private let steps: [(Int, Int, Int)]
  /// Whether a site lies within the radius: its displacement counts.
  let isInside: [Bool]
  /// P, the Green function between the sites, shape [m, m] (mathematics.md (4.4)).
  private(set) var green: Matrix
  /// F e for the d components of the basis site, at the sites, shape [m, 4].
  let roots: [Double]

  /// - Parameters:
  ///   - radius: Of the displacements, in Å.
  ///   - reach: Beyond the radius, in Å, how far a displacement changes the Hessian.
  ///   - kernels: The Green function and F between the translations; nil for those of the crystal.
  init(
    basis: Int, radius: Double, reach: Double, crystal: ReferenceCrystal,
    kernels: (green: [Double], root: [Double])? = nil
  ) {
    let places = Self.places(basis: basis, radius: radius + reach, crystal: crystal)
    let normalizer = crystal.normalizer
    let (d, m) = (normalizer.dimension, normalizer.dimension * places.count)
    self.basis = basis
    sites = places.map(\.site)
    isInside = places.map { $0.distance <= radius }
    steps = sites.map { normalizer.group.components(of: $0.translation) }
    green = CoreEngine.coreBlock(kernels?.green ?? normalizer.green, sites, normalizer)
    let root = kernels?.root ?? normalizer.root
    var rows = [Double](repeating: 0, count: d * m)
    do {
      var span = rows.mutableSpan
      CoreTable(sites, normalizer).fill(
        rows: &span, offset: 0, of: LatticeSite(translation: 0, basis: basis),
        kernel: root.span)
    }
    // F is symmetric: its rows are its columns.
    var roots = [Double](repeating: 0, count: 4 * m)
    for a in 0..<d { for e in 0..<m { roots[4 * e + a] = rows[a * m + e] } }
    self.roots = roots
  }

  /// The numbers of the sites, seen from a translation.
  func numbers(from translation: Int, _ normalizer: Normalizer) -> [Int] {
    let (here, s) = (normalizer.group.components(of: translation), normalizer.basisCount)
    let orders = normalizer.group.orders
    let (n, m, l) = (orders[0], orders[1], orders[2])
    return sites.indices.map { index in
      var (x, y, z) = steps[index]
      x += here.0
      y += here.1
      z += here.2
      if x >= n { x -= n }
      if y >= m { y -= m }
      if z >= l { z -= l }
      return ((x * m + y) * l + z) * s + sites[index].basis
    }
  }

  /// The same where something else stands for P.
  var withoutGreen: LocalPatch {
    var copy = self
    copy.green = Matrix(rowCount: 0, columnCount: 0)
    return copy
  }

  /// The sites within a distance by minimum image, in the order of the atoms.
  static func places(
    basis: Int, radius: Double, crystal: ReferenceCrystal
  ) -> [(site: LatticeSite, distance: Double)] {
    crystal.surroundings(of: basis, within: radius).filter { $0.distance <= radius }
  }
}

/// δh and P of a few patches, each of which has four columns (mathematics.md (4.4)).
struct LocalOperators: LanczosOperators {
  /// δH̃ around one site; block row k is that of patch site `places[k]`.
  struct Difference: Sendable {
    let matrix: BlockSparseMatrix
    let places: [Int32]
  }

  /// P, shape [m, m].
  let green: Matrix
  let blockSize: Int
  /// One for each four columns.
  let differences: [Difference]

  /// One more site than the patch takes what the patch leaves out, and is never read.
  var order: Int { green.rowCount + blockSize }

  func multiply(_ x: [Double], into y: inout [Double], dots: inout [Double]) {
    let width = dots.count
    for e in y.indices { y[e] = 0 }
    for c in dots.indices { dots[c] = 0 }
    var image = y.mutableSpan
    var products = dots.mutableSpan
    for (index, difference) in differences.enumerated() {
      difference.matrix.multiplyFour(
        x.span, places: difference.places.span, width: width, column: 4 * index, into: &image,
        dots: &products)
    }
  }

  func applyGreen(_ w: inout [Double], scratch: inout [Double], width: Int) {
    let m = green.rowCount
    if scratch.count != w.count { scratch = [Double](repeating: 0, count: w.count) }
    // Of what the last step left there, only this is not overwritten.
    for e in m * width..<scratch.count { scratch[e] = 0 }
    do {
      var image = scratch.mutableSpan
      multiplyAdd(
        shape: (m, width, m), green.storage.span, MatrixWindow(stride: m), w.span,
        MatrixWindow(stride: width), into: &image, MatrixWindow(stride: width))
    }
    (w, scratch) = (scratch, w)
  }
}
