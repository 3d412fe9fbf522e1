internal import Crystal
internal import LinearAlgebra

/// Block Lanczos at the sites of one sublattice, within a radius (mathematics.md (12.1)).
///
/// A vector of the process is X = e C + F Y. Only S = F X is kept, on the sites of the patch, and
/// H̃0⁺ = F² is all that is ever applied:
///
///     W = D S,   M = Sᵀ W,   S_next = H̃0⁺ W - S α - S_before β,   R_next = S_nextᵀ W
///
/// The last as X_next is orthogonal to X and to the one before. Several sites share the product
/// with H̃0⁺, whose block is that of the patch of each.
struct MomentsPatch: Sendable {
  /// Sites side by side: 63 columns and what the lanes of the last one take. Rows of 68 spread over
  /// all sets of the first cache.
  static let batch = 21
  private static let width = 68

  let basis: Int
  let radius: Double
  private let patch: LocalPatch
  /// H̃0⁺ in single precision, where that is enough.
  private let single: SingleMatrix?
  /// XᵀX of the first vectors.
  private let norm: [Double]
  private let perturbation: BlockSparseMatrix
  private let normalizer: Normalizer
  /// m^(1/2) of the basis sites: what a rigid shift is in weighted coordinates.
  private let rootMasses: [Double]

  var order: Int { patch.sites.count * normalizer.dimension }

  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - isShared: Whether other frames will want the same patch.
  init(
    basis: Int, radius: Double, perturbation: BlockSparseMatrix, crystal: ReferenceCrystal,
    operators: MomentsOperator, isShared: Bool
  ) {
    (self.basis, self.radius, self.perturbation) = (basis, radius, perturbation)
    norm = operators.norms[basis]
    if isShared && operators.isRelative {
      patch = crystal.patch(basis: basis, radius: radius)
      single = operators.isSingle ? crystal.singleGreen(basis: basis, radius: radius) : nil
    } else {
      let own = LocalPatch(
        basis: basis, radius: radius, reach: 0, crystal: crystal,
        kernels: (operators.green, operators.start))
      single = operators.isSingle ? SingleMatrix(own.green) : nil
      patch = operators.isSingle ? own.withoutGreen : own
    }
    normalizer = crystal.normalizer
    rootMasses = (0..<normalizer.basisCount).map {
      1 / crystal.inverseRootMasses[crystal.multilattice.atoms[$0]]
    }
  }

  /// Memory of one thread.
  struct Workspace: Sendable {
    fileprivate var placeOfSite: [Int32]
    fileprivate var blocks: [PatchBlocks]
    fileprivate var vectors: [[Double]] = []
    fileprivate var scratch = SingleMatrix.Scratch()
    fileprivate var spectrum = SmallSpectrum()

    init(siteCount: Int) {
      placeOfSite = [Int32](repeating: -1, count: siteCount)
      blocks = [PatchBlocks](repeating: PatchBlocks(), count: MomentsPatch.batch)
    }
  }

  /// The matrices J of some sites of this sublattice.
  ///
  /// - Parameters:
  ///   - translations: Of the sites, at most ``batch``.
  ///   - isOpen: Whether the coupling of the last block to the next is wanted, too.
  func jacobi(
    at translations: ArraySlice<Int>, steps: Int, isOpen: Bool = false,
    _ workspace: inout Workspace
  ) -> [BlockJacobi] {
    let (d, width, n) = (normalizer.dimension, Self.width, order)
    var vectors = Vectors(count: n * width, reusing: &workspace)
    defer { vectors.giveBack(to: &workspace) }
    for (index, translation) in translations.enumerated() {
      read(translation, index, &workspace)
      for row in 0..<n {
        for a in 0..<d { vectors.current[row * width + d * index + a] = patch.roots[4 * row + a] }
      }
    }
    let rank = BlockJacobi.relativeRank
    let start = BlockJacobi(
      dimension: d, norm: norm, relativeRank: single == nil ? rank.double : rank.single)
    var result = [BlockJacobi](repeating: start, count: translations.count)
    var gram = [Double](repeating: 0, count: 16)
    let twelve = [Double](repeating: 0, count: 12)
    var alphas = [[Double]](repeating: twelve, count: translations.count)
    var betas = alphas
    for step in 1...max(steps, 1) {
      for index in result.indices where !result[index].isComplete {
        vectors.multiply(perturbation, workspace.blocks[index], width, d * index, &gram)
        result[index].appendDiagonal(gram, alpha: &alphas[index], beta: &betas[index])
      }
      guard step < steps || isOpen, !result.allSatisfy(\.isComplete) else { break }
      let columns = d * translations.count
      if let single {
        vectors.applyGreen(single, width: width, columns: columns, &workspace.scratch)
      } else {
        vectors.applyGreen(patch.green, width: width, columns: columns)
      }
      for index in result.indices where !result[index].isComplete {
        vectors.advance(alphas[index], betas[index], width, d, d * index, &gram)
        result[index].appendNorm(gram, using: &workspace.spectrum)
      }
      swap(&vectors.current, &vectors.before)
    }
    return result
  }

  /// Finds the blocks of δH̃ around a site.
  private func read(_ translation: Int, _ index: Int, _ workspace: inout Workspace) {
    let sites = patch.numbers(from: translation, normalizer)
    for (place, site) in sites.enumerated() {
      workspace.placeOfSite[site] = Int32(truncatingIfNeeded: place)
    }
    workspace.blocks[index].read(
      perturbation, sites: sites, placeOfSite: workspace.placeOfSite, weights: rootMasses)
    for site in sites { workspace.placeOfSite[site] = -1 }
  }
}

/// S, the S before, W and H̃0⁺ W of some sites, shape [order, width] each.
private struct Vectors {
  var current: [Double]
  var before: [Double]
  private var product: [Double]
  private var image: [Double]

  init(count: Int, reusing workspace: inout MomentsPatch.Workspace) {
    var memory: [[Double]] = []
    swap(&memory, &workspace.vectors)
    if memory.count != 4 || memory[0].count != count {
      memory = [[Double]](repeating: [Double](repeating: 0, count: count), count: 4)
    }
    (image, product) = (memory.removeLast(), memory.removeLast())
    (before, current) = (memory.removeLast(), memory.removeLast())
    for e in before.indices { before[e] = 0 }
  }

  mutating func giveBack(to workspace: inout MomentsPatch.Workspace) {
    workspace.vectors = [current, before, product, image]
    (current, before, product, image) = ([], [], [], [])
  }

  mutating func multiply(
    _ matrix: BlockSparseMatrix, _ blocks: PatchBlocks, _ width: Int, _ column: Int,
    _ gram: inout [Double]
  ) {
    Self.multiply(matrix, blocks, current, width, column, into: &product, &gram)
  }

  private static func multiply(
    _ matrix: BlockSparseMatrix, _ blocks: PatchBlocks, _ vectors: [Double], _ width: Int,
    _ column: Int, into product: inout [Double], _ gram: inout [Double]
  ) {
    var target = product.mutableSpan
    var products = gram.mutableSpan
    multiplyPatch(
      matrix, blocks, vectors.span, width: width, column: column, into: &target,
      gram: &products)
  }

  mutating func applyGreen(_ green: Matrix, width: Int, columns: Int) {
    Self.applyGreen(green, product, width, columns, into: &image)
  }

  mutating func applyGreen(
    _ green: SingleMatrix, width: Int, columns: Int, _ scratch: inout SingleMatrix.Scratch
  ) {
    Self.applyGreen(green, product, width, columns, into: &image, &scratch)
  }

  private static func applyGreen(
    _ green: SingleMatrix, _ product: [Double], _ width: Int, _ columns: Int,
    into image: inout [Double], _ scratch: inout SingleMatrix.Scratch
  ) {
    var target = image.mutableSpan
    green.multiply(
      product.span, width: width, columns: min(width, (columns + 15) / 16 * 16), into: &target,
      &scratch)
  }

  private static func applyGreen(
    _ green: Matrix, _ product: [Double], _ width: Int, _ columns: Int, into image: inout [Double]
  ) {
    let n = green.rowCount
    // What the product takes at once; the columns beyond are numbers of no meaning.
    let columns = min(width, (columns + 7) / 8 * 8)
    var target = image.mutableSpan
    multiplyAdd(
      shape: (n, columns, n), green.storage.span, MatrixWindow(stride: n), product.span,
      MatrixWindow(stride: width), into: &target, MatrixWindow(stride: width))
  }

  mutating func advance(
    _ alpha: [Double], _ beta: [Double], _ width: Int, _ components: Int, _ column: Int,
    _ gram: inout [Double]
  ) {
    Self.advance(
      &before, image, current, product, (alpha, beta), (width, components, column), &gram)
  }

  private static func advance(
    _ next: inout [Double], _ image: [Double], _ current: [Double], _ product: [Double],
    _ factors: (alpha: [Double], beta: [Double]),
    _ place: (width: Int, components: Int, column: Int), _ gram: inout [Double]
  ) {
    var target = next.mutableSpan
    var products = gram.mutableSpan
    advancePatch(
      &target, image: image.span, current: current.span, product: product.span,
      alpha: factors.alpha.span, beta: factors.beta.span, components: place.components,
      width: place.width, column: place.column, gram: &products)
  }
}
