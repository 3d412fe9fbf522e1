/// The matrix of LAMMPS' command `dynamical_matrix`: (3N)² numbers without a header, atoms in the order
/// of their identifiers, mass-weighted. Binary (`binary yes`) or as text of eight decimals.
extension StoredHessian {
  /// The unit of a dynamical matrix: its style in units metal.
  public enum DynamicalMatrixStyle: String, CaseIterable, Sendable {
    /// eV/(Å² u).
    case regular
    /// 10 J/(mol Å² u): eV/(Å² u) times 9648.5.
    case eskm

    var factor: Double { self == .regular ? 1 : 1 / 9648.5 }
  }

  /// Reads a dynamical matrix.
  ///
  /// - Parameter masses: In u, shape [N]; the file does not hold them.
  /// - Throws: ``InputError`` where the file has another size, or breaks its format.
  public init(
    dynamicalMatrix bytes: [UInt8], isText: Bool, masses: [Double], style: DynamicalMatrixStyle,
    name: String
  ) throws(InputError) {
    let n = masses.count
    let count = 9 * n * n
    var values: [Double] = []
    if isText {
      // A number takes a digit and a blank at least.
      guard count <= bytes.count else {
        throw InputError(
          file: name, "expected \(count) numbers for \(n) atoms, found \(bytes.count) bytes")
      }
      values.reserveCapacity(count)
      var words = WordReader(bytes: bytes, name: name)
      for _ in 0..<count { values.append(try words.real()) }
      do { try words.end() } catch {
        throw InputError(
          file: name, "expected \(count) numbers for \(n) atoms, found more")
      }
    } else {
      guard bytes.count == 8 * count else {
        let found = (Double(bytes.count) / 72).squareRoot()
        throw InputError(
          file: name,
          "expected a dynamical matrix of \(n) atoms, \(8 * count) bytes, found \(bytes.count) bytes"
            + (found == found.rounded() ? ", one of \(Int(found)) atoms" : ""))
      }
      values.reserveCapacity(count)
      for start in stride(from: 0, to: bytes.count, by: 8) {
        let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        values.append(Double(bitPattern: bits))
      }
    }
    for k in values.indices { values[k] *= style.factor }
    try self.init(dense: values, siteCount: n, massWeighted: true, masses: masses, file: name)
  }
}
