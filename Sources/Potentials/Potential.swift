internal import Base
public import Formats
public import LinearAlgebra

/// An energy of short range: a sum of terms, each a function of a few relative vectors.
///
/// A new potential is one type that says which atoms it knows and which terms each star has
/// (``Terms.swift``); energy, forces, Hessian and third derivatives are assembled once, for all.
public protocol Potential: Sendable {
  /// The file that it was read from.
  var origin: PotentialOrigin { get }

  /// What it met since it was loaded that a user should know; usually nothing.
  var remarks: [String] { get }

  /// The largest distance in Å at which two atoms share a term.
  var cutoff: Double { get }

  /// The kind of every atom, shape [N], as ``addTerms(of:in:to:)`` wants them.
  ///
  /// - Throws: `InputError` for a species without parameters.
  func kinds(of frame: Frame) throws -> [Int32]

  /// The bonds that the labels of the frame fix; nil where distance decides.
  func bonds(of frame: Frame) throws -> [Bond]?

  /// Adds the terms of the star of an atom.
  func addTerms(of center: Int, in stars: borrowing Stars, to terms: inout TermList)

  /// How rough its second derivatives are in a frame; nil for a potential without tables.
  ///
  /// - Throws: as ``energy(of:at:)``.
  func noise(of frame: Frame, at place: Placement) throws -> TableNoise?

  /// The same with smooth functions fitted to its tables; nil for a potential without tables.
  ///
  /// - Parameter cells: Cells of the tables between two knots of the fit, at least 5.
  /// - Throws: `InputError` for tables shorter than that.
  func refitted(every cells: Int) throws -> (any Potential)?
}

extension Potential {
  /// What labels and gradients call it: `sw:Si.sw`; the same wherever the file lies.
  public var name: String { origin.name }

  /// What tells two files of one name apart, 16 hexadecimal digits.
  public var contentHash: String { origin.contentHash }

  public var remarks: [String] { [] }

  public func noise(of frame: Frame, at place: Placement) throws -> TableNoise? { nil }

  public func refitted(every cells: Int) throws -> (any Potential)? { nil }

  public func bonds(of frame: Frame) throws -> [Bond]? { nil }
}

extension Frame {
  /// The number of every atom's species among the elements of a file.
  ///
  /// - Throws: `InputError` naming the first atom of another species.
  func kinds(amongElements elements: [String], of file: String) throws(InputError) -> [Int32] {
    var known: [String: Int32] = [:]
    for (kind, element) in elements.enumerated() { known[element] = Int32(kind) }
    var kinds: [Int32] = []
    kinds.reserveCapacity(atomCount)
    for (atom, symbol) in species.enumerated() {
      guard let kind = known[symbol] else {
        throw InputError(
          source, atom: atom,
          "expected a species of the potential \(file) (\(elements.joined(separator: " "))), "
            + "found \(quoted(symbol.utf8))")
      }
      kinds.append(kind)
    }
    return kinds
  }
}

/// Which positions of a frame.
public enum Placement: Sendable {
  /// `pos` in `Lattice`.
  case positions
  /// `ref_pos` in the cell of the reference.
  case reference
}

/// A bond from an atom to an image of another, fixed by the labels.
public struct Bond: Equatable, Sendable {
  public var first: Int
  public var second: Int
  /// Image of `second` in whole vectors of the reference cell, seen from `first`, both at their
  /// reference positions.
  public var shift: SIMD3<Int32>
  /// What the potential wants to know again in `Stars.tags`.
  public var tag: Int32

  public init(first: Int, second: Int, shift: SIMD3<Int32>, tag: Int32) {
    (self.first, self.second, self.shift, self.tag) = (first, second, shift, tag)
  }
}

/// One block C(R) of the Hessian of a periodic cell, resolved by image (mathematics.md (4.1)).
public struct LatticeBlock: Sendable {
  /// An atom of the cell at the origin.
  public let row: Int
  /// An atom of the cell at `shift`.
  public let column: Int
  /// In whole vectors of the cell of the frame.
  public let shift: (Int, Int, Int)
  /// ∂²E/∂x_row ∂x_column in eV/Å², shape [d, d], row-major.
  public let block: [Double]

  package init(row: Int, column: Int, shift: (Int, Int, Int), block: [Double]) {
    (self.row, self.column, self.shift, self.block) = (row, column, shift, block)
  }
}

extension Potential {
  /// The energy of a frame in eV.
  ///
  /// - Throws: `InputError` for unknown species, missing labels, atoms in one place.
  public func energy(of frame: Frame, at place: Placement = .positions) throws -> Double {
    try prepared(for: frame, at: place).energy()
  }

  /// -∂E/∂x in eV/Å, shape [N, 3], row-major; zero along inactive axes.
  ///
  /// - Throws: as ``energy(of:at:)``.
  public func forces(of frame: Frame, at place: Placement = .positions) throws -> [Double] {
    try prepared(for: frame, at: place).forces()
  }

  /// ∂²E/∂x_i∂x_j in eV/Å², blocks of `frame.dimension` (mathematics.md (2.1)).
  ///
  /// Block (i, j) is there where two atoms, or images of them, share a term. Equal bytes at any
  /// number of threads.
  ///
  /// - Throws: as ``energy(of:at:)``.
  public func hessian(
    of frame: Frame, at place: Placement = .positions, threads: Int = 1
  ) throws -> BlockSparseMatrix {
    try prepared(for: frame, at: place).hessian(threads: threads)
  }

  /// The Hessian of a periodic cell of any size resolved by image, ordered by row, column, shift.
  ///
  /// `shift` counts cells between the positions as given: the vector of a block is
  /// x_column + shift · cell - x_row. Sums over shifts are the blocks of ``hessian(of:at:threads:)``.
  ///
  /// - Throws: as ``energy(of:at:)``.
  public func latticeHessian(
    of primitive: Frame, at place: Placement = .positions
  ) throws -> [LatticeBlock] {
    try prepared(for: primitive, at: place).latticeHessian()
  }

  /// ∂/∂x_n Σ_ij M_ij : H_ij for a fixed symmetric M (mathematics.md (5.2)).
  ///
  /// - Parameter weights: M, symmetric; every block of the Hessian of the frame is there.
  /// - Returns: Shape [N, 3], in eV/Å³ times the unit of M; zero along inactive axes.
  /// - Throws: as ``energy(of:at:)``.
  /// - Precondition: `weights` has the shape and covers the pattern of the Hessian.
  public func thirdDerivative(
    contractedWith weights: BlockSparseMatrix, frame: Frame, at place: Placement = .positions
  ) throws -> [Double] {
    try prepared(for: frame, at: place).thirdDerivative(contractedWith: weights)
  }

  /// The potential bound to the labels of a frame, to be evaluated at many positions.
  ///
  /// - Throws: as ``energy(of:at:)``.
  public func prepared(
    for frame: Frame, at place: Placement = .positions
  ) throws -> PreparedPotential {
    try PreparedPotential(self, frame: frame, place: place)
  }
}
