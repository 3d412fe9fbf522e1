/// phonopy's `force_constants.hdf5`: the dataset `force_constants` f8[n][n][3][3] in eV/Å² (and,
/// since phonopy 2, `p2s_map`, whose rows tell a full from a compact file).
extension StoredHessian {
  /// The bytes of a `force_constants.hdf5`.
  ///
  /// - Throws: ``InputError`` for a mass-weighted Hessian or blocks that are not 3 x 3.
  public func phonopyHDF5() throws -> [UInt8] {
    try checkDense(format: "force_constants.hdf5")
    let (n, dense) = (siteCount, dense())
    var values: [Double] = []
    values.reserveCapacity(dense.count)
    for i in 0..<n {
      for j in 0..<n {
        for a in 0..<3 {
          let start = (3 * i + a) * 3 * n + 3 * j
          values += dense[start..<start + 3]
        }
      }
    }
    let image = try FileImage()
    try image.write(values, shape: [n, n, 3, 3], to: "force_constants")
    return try image.bytes()
  }

  /// Reads a `force_constants.hdf5`.
  ///
  /// - Throws: ``InputError`` for another file, and for the compact form [p][n] with p < n.
  public init(phonopyHDF5 bytes: [UInt8], name: String) throws {
    self = try H5MDReader.naming(name) {
      try Self(phonopy: FileImage(image: bytes), name: name)
    }
  }

  init(phonopy image: borrowing FileImage, name: String) throws {
    let reader = try image.dataset("force_constants")
    let shape = try reader.expect(shape: [-1, -1, 3, 3])
    guard shape[0] == shape[1] else {
      throw InputError(
        file: name,
        "/force_constants: expected full force constants, found \(shape[0]) x \(shape[1]) blocks")
    }
    let (n, values) = (shape[0], try reader.reals())
    guard n > 0 else {
      throw InputError(file: name, "/force_constants: expected atoms, found none")
    }
    try self.init(
      blockSize: 3, siteCount: n, rowStarts: (0...n).map { $0 * n },
      indices: (0..<n * n).map { Int32($0 % n) }, values: values, file: name)
  }
}
