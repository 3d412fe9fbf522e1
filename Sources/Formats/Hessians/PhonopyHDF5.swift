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
}

extension HessianFile {
  /// Reads phonopy's HDF5: full, or compact with `p2s_map`; `physical_unit` is converted.
  static func content(
    ofPhonopy image: borrowing FileImage, name: String
  ) throws -> Content {
    let reader = try image.dataset("force_constants")
    let shape = try reader.expect(shape: [-1, -1, 3, 3])
    let (rows, n) = (shape[0], shape[1])
    guard rows > 0, rows <= n else {
      throw HDF5Error.unexpected(
        object: reader.object, expected: "a block for each pair of atoms",
        found: "\(rows) x \(n) blocks")
    }
    var values = try reader.finiteReals()
    let factor = try unit(in: image)
    if factor != 1 { for k in values.indices { values[k] *= factor } }
    if rows == n {
      return .full(try StoredHessian(blocks: values, siteCount: n, file: name))
    }
    guard let map = try image.datasetIfPresent("p2s_map") else {
      throw HDF5Error.unexpected(
        object: reader.object, expected: "full force constants, or /p2s_map with compact ones",
        found: "\(rows) x \(n) blocks")
    }
    try map.expect(shape: [rows])
    return .compact(
      try CompactForceConstants(
        rowAtoms: map.integers(), siteCount: n, values: values, file: name))
  }

  /// eV/Å² in the unit that the file names; 1 where it names none, as phonopy takes it then.
  private static func unit(in image: borrowing FileImage) throws(HDF5Error) -> Double {
    let object = "physical_unit"
    let names: [String]
    if let reader = try image.datasetIfPresent(object) {
      names = try reader.foreignTexts()
    } else if let words = try image.textsAttribute("unit", of: "force_constants") {
      names = words
    } else {
      return 1
    }
    guard names.count == 1, let factor = PhysicalUnit.factor(from: names[0], to: "eV/Angstrom^2")
    else {
      throw .unexpected(
        object: "/" + object, expected: "a known unit of force constants, such as eV/angstrom^2",
        found: names.map { "'\($0)'" }.joined(separator: ", "))
    }
    return factor
  }
}

extension StoredHessian {
  /// Reads a `force_constants.hdf5` that holds all rows.
  ///
  /// - Throws: ``InputError`` for another file, and for the compact form [p][n] with p < n.
  public init(phonopyHDF5 bytes: [UInt8], name: String) throws {
    try self.init(recognising: bytes, name: name)
  }
}
