internal import Base
internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials

/// Where the Hessian of a frame comes from.
enum HessianOrigin: Sendable {
  case potential(any Potential)
  /// In eV/Å², not mass-weighted.
  case given(BlockSparseMatrix)

  /// The Hessian of the atoms of a frame in eV/Å², not mass-weighted.
  ///
  /// - Parameter positions: Where a potential gives it; those of the frame by default.
  /// - Throws: `InputError`.
  func hessian(
    of frame: Frame, at positions: [Double]? = nil, threads: Int = 1
  ) throws -> BlockSparseMatrix {
    let hessian =
      switch self {
      case .potential(let potential):
        try potential.prepared(for: frame).hessian(positions: positions, threads: threads)
      case .given(let hessian): hessian
      }
    try hessian.check(for: frame)
    return hessian
  }
}

/// One frame of kind relative with its reference; what an engine asks for is computed then, once.
final class LabelProblem: Sendable {
  let frame: Frame
  let crystal: ReferenceCrystal
  private let origin: HessianOrigin
  private let threads: Int
  private let knownHessian = BuiltOnce<Void, BlockSparseMatrix>()
  private let knownPerturbation = BuiltOnce<Void, SparsePerturbation>()
  private let knownFactors = BuiltOnce<Void, FactoredPerturbation>()

  /// - Parameter threads: Of the Hessian; the bytes do not depend on it.
  init(_ frame: Frame, crystal: ReferenceCrystal, origin: HessianOrigin, threads: Int) {
    (self.frame, self.crystal, self.origin, self.threads) = (frame, crystal, origin, threads)
  }

  var potential: (any Potential)? {
    if case .potential(let potential) = origin { potential } else { nil }
  }

  /// Number ℓ·S + α of the site of each atom.
  var siteNumbers: [Int] { crystal.multilattice.siteNumbers }

  /// In eV/Å², not mass-weighted, of the atoms of the frame.
  ///
  /// - Throws: `InputError`.
  func hessian() throws -> BlockSparseMatrix {
    try knownHessian.value { try makeHessian() }
  }

  private func makeHessian() throws -> BlockSparseMatrix {
    try origin.hessian(of: frame, at: crystal.positions(of: frame), threads: threads)
  }

  /// δH̃: from the displaced atoms alone where these are few and there is a potential.
  ///
  /// - Throws: `InputError`.
  func perturbation() throws -> SparsePerturbation {
    try knownPerturbation.value { try localPerturbation() ?? wholePerturbation() }
  }

  private func localPerturbation() throws -> SparsePerturbation? {
    guard let potential else { return nil }
    return try crystal.localPerturbation(of: frame, potential: potential)
  }

  private func wholePerturbation() throws -> SparsePerturbation {
    // Where no dense matrix fits nothing else asks for the Hessian, and it is as large as the rest.
    if let potential, frame.atomCount * frame.dimension > DenseEngine.largestOrder {
      do {
        Phase.begin("Hessian of \(frame.atomCount) atoms")
        return try SparsePerturbation(
          bySite: frame, positions: crystal.positions(of: frame), potential: potential,
          crystal: crystal, threads: threads)
      } catch is InputError {
        // What is wrong is said again, of the atoms as the file counts them.
        return SparsePerturbation(to: try makeHessian(), crystal: crystal)
      }
    }
    return SparsePerturbation(to: try hessian(), crystal: crystal)
  }

  /// δH̃ in the form that is multiplied fastest.
  ///
  /// - Throws: `InputError`.
  func factoredPerturbation() throws -> FactoredPerturbation {
    try knownFactors.value {
      try FactoredPerturbation(
        perturbation(), of: frame, crystal: crystal, potential: potential)
    }
  }

  /// - Throws: `InputError`.
  func size(tolerance: Double, threads: Int) throws -> ProblemSize {
    let perturbation = try perturbation()
    var size = ProblemSize(
      order: perturbation.matrix.order, coreOrder: perturbation.coreOrder,
      cellOrder: crystal.normalizer.cellOrder, dimension: perturbation.matrix.blockSize,
      blocks: perturbation.blocksPerRow, operations: 0,
      hasPotential: potential != nil, isStrained: frame.cell != frame.referenceCell,
      tolerance: tolerance, threads: threads)
    let whole = FactoredPerturbation(perturbation).operations
    // Only where engine polynomial would be taken if a product cost nothing is it asked what it does.
    let others: [any Engine] = [
      CoreEngine(), DenseEngine(kind: .relative), MomentsEngine(tolerance: tolerance),
    ]
    let least = PolynomialEngine(tolerance: tolerance).cost(of: size)?.seconds ?? 0
    let isOutdone = others.compactMap { $0.cost(of: size) }.contains {
      $0.error <= tolerance && $0.seconds < least
    }
    size.operations = isOutdone ? whole : try factoredPerturbation().operations
    return size
  }
}

extension BlockSparseMatrix {
  /// Refuses what is no Hessian of a frame.
  func check(for frame: Frame) throws(InputError) {
    guard siteCount == frame.atomCount, blockSize == frame.dimension else {
      throw InputError(
        frame.source,
        "expected a Hessian of \(frame.atomCount) atoms and dimension \(frame.dimension), found "
          + "\(siteCount) and \(blockSize)")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw InputError(frame.source, "expected a finite Hessian, found a NaN or an infinity")
    }
  }
}
