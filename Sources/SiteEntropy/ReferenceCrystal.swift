internal import Base
public import Crystal
public import Formats
public import LinearAlgebra
public import Potentials

/// The reference of a frame with everything that frames of the same reference share.
public struct ReferenceCrystal: Sendable {
  public let multilattice: Multilattice
  /// The mass-weighted Hessian of the reference between its basis sites.
  public let kernel: ReferenceKernel
  /// F and the Green function of the frame's own cell.
  public let normalizer: Normalizer
  /// The rows of the mass-weighted Hessian of the reference in the frame's cell.
  let foldedRows: FoldedRows
  /// The largest |H̃0| in eV/(Å² u).
  let largestElement: Double
  /// The site of every atom.
  public let sites: [LatticeSite]
  /// m_i^(-1/2) in u^(-1/2), shape [N]; ones where labels are not mass-weighted.
  public let inverseRootMasses: [Double]
  /// The largest force on a site of the reference in eV/Å: zero where it is in equilibrium, by
  /// symmetry or by its parameters. nil where no potential is known.
  public let residualForce: Double?
  private let folded = BuiltOnce<Void, BlockSparseMatrix>()
  private let local = BuiltOnce<Void, LocalHessian>()
  private struct PatchKey: Equatable, Sendable {
    var basis: Int
    var radius: Double
  }
  private let patches = BuiltOnce<PatchKey, LocalPatch>(capacity: 16)
  private let singleGreens = BuiltOnce<PatchKey, SingleMatrix>(capacity: 16)
  private let surroundings = BuiltOnce<Int, [Place]>(capacity: 16)

  /// A site as a basis site of translation 0 sees it.
  typealias Place = (site: LatticeSite, distance: Double)

  /// The reference of a frame under a potential: its primitive cell is evaluated, its ranges known.
  ///
  /// - Throws: ``InputError`` for missing labels and what the potential does not know,
  ///   ``SiteEntropyError/unstableReference(_:)``.
  public init(of frame: Frame, potential: any Potential, isMassWeighted: Bool = true) throws {
    let lattice = try Multilattice(referenceOf: frame)
    let d = lattice.dimension
    let scale = lattice.basis.map { isMassWeighted ? 1 / $0.mass.squareRoot() : 1 }
    let primitive = lattice.primitiveFrame(source: frame.source)
    let blocks = try potential.latticeHessian(of: primitive)
    let forces = try potential.prepared(for: primitive, at: .reference).forces()
    let largest = stride(from: 0, to: forces.count, by: 3).reduce(0.0) { largest, start in
      max(largest, forces[start..<start + 3].reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    let kernel = ReferenceKernel(
      dimension: d, basisCount: lattice.basis.count,
      entries: blocks.map { block in
        let factor = scale[block.row] * scale[block.column]
        return ReferenceKernel.Entry(
          row: block.row, column: block.column, translation: block.shift,
          block: block.block.map { $0 * factor })
      })
    try self.init(lattice, kernel, scale, residualForce: largest)
  }

  /// The reference of a frame whose Hessian is given, averaged over the translations.
  ///
  /// - Parameter hessian: Of the reference, not mass-weighted, in eV/Å².
  /// - Throws: ``InputError``, ``SiteEntropyError``.
  public init(
    of frame: Frame, hessian: BlockSparseMatrix, isMassWeighted: Bool = true
  ) throws {
    let lattice = try Multilattice(referenceOf: frame)
    guard hessian.siteCount == lattice.atomCount, hessian.blockSize == lattice.dimension else {
      throw InputError(
        frame.source,
        "expected a reference Hessian of \(lattice.atomCount) atoms and dimension "
          + "\(lattice.dimension), found \(hessian.siteCount) and \(hessian.blockSize)")
    }
    try hessian.translationViolation(in: lattice, limit: GivenHessian.largestViolation)
      .refuse(name: "\(frame.source.place): reference Hessian")
    let scale = lattice.basis.map { isMassWeighted ? 1 / $0.mass.squareRoot() : 1 }
    let weighted = hessian.scaledSymmetrically(by: lattice.basisOfAtom.map { scale[$0] })
    try self.init(lattice, ReferenceKernel(averaging: weighted, over: lattice), scale)
  }

  private init(
    _ lattice: Multilattice, _ kernel: ReferenceKernel, _ scale: [Double],
    residualForce: Double? = nil
  ) throws(SiteEntropyError) {
    self.residualForce = residualForce
    (multilattice, self.kernel) = (lattice, kernel)
    normalizer = try Normalizer(kernel: kernel, group: lattice.group)
    inverseRootMasses = lattice.basisOfAtom.map { scale[$0] }
    foldedRows = FoldedRows(kernel, lattice.group)
    largestElement = foldedRows.largestElement
    sites = (0..<lattice.atomCount).map {
      LatticeSite(translation: lattice.translationOfAtom[$0], basis: lattice.basisOfAtom[$0])
    }
  }

  /// The mass-weighted Hessian of the reference in the frame's cell: kept for the next frame where
  /// a dense matrix fits, else put together anew.
  public var foldedHessian: BlockSparseMatrix {
    func make() -> BlockSparseMatrix { kernel.folded(over: multilattice) }
    guard sites.count * normalizer.dimension <= DenseEngine.largestOrder else { return make() }
    return built(folded, ()) { make() }
  }

  /// The positions to evaluate: those of the file, but of the ideal site for each atom that the file
  /// leaves on its reference position. Sites at rest are then at rest exactly, however the file was
  /// rounded. A strained frame keeps its own.
  public func positions(of frame: Frame) throws(InputError) -> [Double] {
    let displacements = try frame.displacements(
      nearestNeighborDistance: multilattice.nearestNeighborDistance)
    guard frame.cell == frame.referenceCell else { return frame.positions }
    var positions = frame.positions
    for atom in 0..<frame.atomCount {
      let range = 3 * atom..<3 * atom + 3
      if displacements[range].allSatisfy({ $0 == 0 }) {
        positions.replaceSubrange(range, with: multilattice.idealPositions[range])
      }
    }
    return positions
  }
}

extension ReferenceCrystal {
  /// δH̃ of a frame in which few atoms are displaced, at a cost set by those atoms; nil where more
  /// than half of them are, or where the cell is strained.
  ///
  /// - Throws: `InputError` for what the potential does not know.
  func localPerturbation(
    of frame: Frame, potential: any Potential
  ) throws -> SparsePerturbation? {
    guard let (positions, moved) = try displacedPositions(of: frame),
      2 * moved.count <= frame.atomCount
    else { return nil }
    let ideal = multilattice.idealPositions
    let hessian = try local.value {
      try LocalHessian(potential.prepared(for: frame, at: .reference).at(ideal))
    }
    return SparsePerturbation(
      try hessian.difference(moved: moved, to: positions), crystal: self)
  }
}

extension ReferenceCrystal {
  /// The surroundings of a basis site within a radius in Å, which all frames share.
  func patch(basis: Int, radius: Double) -> LocalPatch {
    built(patches, PatchKey(basis: basis, radius: radius)) {
      LocalPatch(basis: basis, radius: radius, reach: 0, crystal: self)
    }
  }

  /// The Green function of a patch in single precision.
  func singleGreen(basis: Int, radius: Double) -> SingleMatrix {
    built(singleGreens, PatchKey(basis: basis, radius: radius)) {
      SingleMatrix(patch(basis: basis, radius: radius).green)
    }
  }

  /// Sites that are kept around a basis site, in distances of nearest neighbours.
  private static let keptReach = 13.0

  /// Sites around a basis site, at least all within a distance, in the order of the atoms: those near
  /// by are found once.
  func surroundings(of basis: Int, within radius: Double) -> [Place] {
    let kept = Self.keptReach * multilattice.nearestNeighborDistance
    guard radius <= kept else { return places(around: basis, within: radius) }
    return built(surroundings, basis) { places(around: basis, within: kept) }
  }

  private func places(around basis: Int, within radius: Double) -> [Place] {
    let distances = multilattice.distances(from: multilattice.atoms[basis])
    return multilattice.atoms.compactMap { atom in
      distances[atom] <= radius ? (sites[atom], distances[atom]) : nil
    }
  }

  private func built<Key, Value>(
    _ values: BuiltOnce<Key, Value>, _ key: Key, _ build: () -> Value
  ) -> Value {
    do { return try values.value(for: key) { build() } } catch {
      preconditionFailure("a sum cannot fail: \(error)")
    }
  }

  /// The displaced atoms of a frame, ascending, and all positions in Å, shape [N, 3]: ideal ones,
  /// and those of displaced atoms at the image next to their ideal site, as neighbours are counted
  /// from there. nil where the cell is strained.
  func displacedPositions(
    of frame: Frame
  ) throws(InputError) -> (positions: [Double], moved: [Int])? {
    guard frame.cell == frame.referenceCell else { return nil }
    let displacements = try frame.displacements(
      nearestNeighborDistance: multilattice.nearestNeighborDistance)
    let ideal = multilattice.idealPositions
    var (positions, moved) = (ideal, [Int]())
    for atom in 0..<frame.atomCount {
      let at = 3 * atom
      guard !displacements[at..<at + 3].allSatisfy({ $0 == 0 }) else { continue }
      moved.append(atom)
      let u = multilattice.displacement(
        of: frame.positions[at], frame.positions[at + 1], frame.positions[at + 2], from: atom)
      (positions[at], positions[at + 1], positions[at + 2]) = (
        ideal[at] + u.0, ideal[at + 1] + u.1, ideal[at + 2] + u.2
      )
    }
    return (positions, moved)
  }
}

/// Builds each reference crystal of a stream once.
public struct ReferenceCache: Sendable {
  private struct Key: Sendable {
    let frame: Frame
    let hessian: BlockSparseMatrix?
  }

  private let known = BuiltOnce<Key, ReferenceCrystal> {
    $0.frame.sharesReference(with: $1.frame) && $0.hessian == $1.hessian
  }
  private let build: @Sendable (Frame, BlockSparseMatrix?) throws -> ReferenceCrystal

  public init(_ build: @escaping @Sendable (Frame, BlockSparseMatrix?) throws -> ReferenceCrystal) {
    self.build = build
  }

  /// The reference crystal of a frame, whose reference Hessian may come with it.
  ///
  /// - Throws: What building it throws.
  public func crystal(
    of frame: Frame, hessian: BlockSparseMatrix? = nil
  ) throws -> ReferenceCrystal {
    try known.value(for: Key(frame: frame, hessian: hessian)) { try build(frame, hessian) }
  }
}
