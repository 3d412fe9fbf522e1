public import Formats

/// A homogeneous deformation of space: x → x F for vectors as rows.
public struct Deformation: Equatable, Sendable {
  /// F, shape [3, 3], row-major.
  public let matrix: [Double]

  public static let none = Deformation(matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1])

  /// - Precondition: Nine numbers.
  public init(matrix: [Double]) {
    precondition(matrix.count == 9, "deformation: expected [3, 3]")
    self.matrix = matrix
  }

  /// x → x (1 + ε).
  public init(strain: [Double]) {
    self.init(matrix: zip(strain, Self.none.matrix).map { $0 + $1 })
  }

  /// Vectors as rows, shape [n, 3].
  public func applied(to vectors: [Double]) -> [Double] {
    var result = vectors
    for start in stride(from: 0, to: vectors.count, by: 3) {
      for axis in 0..<3 {
        result[start + axis] =
          vectors[start] * matrix[axis] + vectors[start + 1] * matrix[3 + axis]
          + vectors[start + 2] * matrix[6 + axis]
      }
    }
    return result
  }

  /// This deformation, then another one.
  public func followed(by next: Deformation) -> Deformation {
    Deformation(matrix: next.applied(to: matrix))
  }
}

extension Frame {
  /// Deforms the cell and the atoms in it; the reference stays.
  public mutating func deform(by change: Deformation) {
    cell = change.applied(to: cell)
    positions = change.applied(to: positions)
  }

  /// Deforms the reference: its positions, its cell where it has one of its own, the shift by
  /// which it was matched, and the places that keys name. The labels stay, and so do displacements that were deformed with it.
  ///
  /// `lattice_constant` and what else says how the reference was built no longer hold, and go.
  public mutating func deformReference(by change: Deformation) {
    if let places = referencePositions {
      setColumn(Column("ref_pos", width: 3, .real(change.applied(to: places))))
    }
    for name in ["ref_lattice", "reference_shift", "center", "perturb_center"] {
      guard case .reals(let vectors) = key(name), vectors.count.isMultiple(of: 3) else { continue }
      setKey(name, .reals(change.applied(to: vectors)))
    }
    for name in ["lattice_constant", "c_over_a", "b_over_a", "cell_angles", "internal_parameters"] {
      removeKey(name)
    }
  }
}
