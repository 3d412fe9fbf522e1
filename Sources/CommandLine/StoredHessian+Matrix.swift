public import Formats
public import LinearAlgebra

extension BlockSparseMatrix {
  /// The matrix of a file in eV/Å², without mass weights.
  public init(_ stored: StoredHessian) {
    let plain = BlockSparseMatrix(
      blockSize: stored.blockSize, siteCount: stored.siteCount, rowStarts: stored.rowStarts,
      indices: stored.indices, values: stored.values)
    self =
      stored.massWeighted
      ? plain.scaledSymmetrically(by: stored.masses.map { $0.squareRoot() })
      : plain
  }
}

extension StoredHessian {
  /// A matrix in eV/Å² as a file holds it.
  ///
  /// - Parameters:
  ///   - masses: In u, shape [N].
  ///   - massWeighted: Whether to write (m_i m_j)^(-1/2) H_ij.
  /// - Throws: `InputError` for a matrix that is not finite.
  public init(
    _ matrix: BlockSparseMatrix, masses: [Double], massWeighted: Bool
  ) throws(InputError) {
    let written =
      massWeighted ? matrix.scaledSymmetrically(by: masses.map { 1 / $0.squareRoot() }) : matrix
    try self.init(
      blockSize: written.blockSize, siteCount: written.siteCount, rowStarts: written.rowStarts,
      indices: written.indices, values: written.values, massWeighted: massWeighted,
      masses: masses)
  }
}
