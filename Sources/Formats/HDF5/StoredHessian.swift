public import LinearAlgebra

/// A Hessian as a file holds it, its numbers finite.
public struct StoredHessian: Equatable, Sendable {
  /// In eV/Å², or eV/(Å² u) where mass-weighted.
  public let matrix: BlockSparseMatrix
  /// Whether block (i, j) is divided by (m_i m_j)^(1/2).
  public let massWeighted: Bool
  /// In u, shape [siteCount]; empty where the file does not say.
  public let masses: [Double]

  /// - Throws: ``InputError`` naming `file` where the arrays do not fit together.
  public init(
    blockSize: Int, siteCount: Int, rowStarts: [Int], indices: [Int32], values: [Double],
    massWeighted: Bool = false, masses: [Double] = [], file: String = "-"
  ) throws(InputError) {
    if let problem = Self.problem(
      blockSize: blockSize, siteCount: siteCount, rowStarts: rowStarts, indices: indices,
      values: values, masses: masses)
    {
      throw InputError(file: file, "Hessian: " + problem)
    }
    let matrix = BlockSparseMatrix(
      blockSize: blockSize, siteCount: siteCount, rowStarts: rowStarts, indices: indices,
      values: values)
    (self.matrix, self.massWeighted, self.masses) = (matrix, massWeighted, masses)
  }

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
    if let problem = Self.problem(values: written.values, masses: masses, written.siteCount) {
      throw InputError(file: "-", "Hessian: " + problem)
    }
    (self.matrix, self.massWeighted, self.masses) = (written, massWeighted, masses)
  }

  public var blockSize: Int { matrix.blockSize }
  public var siteCount: Int { matrix.siteCount }

  /// The matrix in eV/Å², without mass weights.
  public var withoutMassWeights: BlockSparseMatrix {
    massWeighted ? matrix.scaledSymmetrically(by: masses.map { $0.squareRoot() }) : matrix
  }

  /// A matrix whose every block is stored, shape [N, d, N, d] row-major.
  ///
  /// - Throws: ``InputError`` for a wrong count or a number that is not finite.
  public init(
    dense values: [Double], blockSize: Int = 3, siteCount: Int, massWeighted: Bool = false,
    masses: [Double] = [], file: String
  ) throws(InputError) {
    let (d, n) = (blockSize, siteCount)
    guard n > 0, values.count == n * d * n * d else {
      throw InputError(
        file: file, "Hessian: expected \(n * d) x \(n * d) numbers, found \(values.count)")
    }
    var blocks = [Double](repeating: 0, count: values.count)
    for i in 0..<n {
      for j in 0..<n {
        for a in 0..<d {
          for b in 0..<d {
            blocks[((i * n + j) * d + a) * d + b] = values[(i * d + a) * n * d + j * d + b]
          }
        }
      }
    }
    try self.init(
      blockSize: d, siteCount: n, rowStarts: (0...n).map { $0 * n },
      indices: (0..<n * n).map { Int32($0 % n) }, values: blocks, massWeighted: massWeighted,
      masses: masses, file: file)
  }

  /// What is wrong with the arrays, or nil.
  private static func problem(
    blockSize: Int, siteCount: Int, rowStarts: [Int], indices: [Int32], values: [Double],
    masses: [Double]
  ) -> String? {
    let area = blockSize * blockSize
    guard (1...3).contains(blockSize) else {
      return "expected blocks of 1 to 3 rows, found \(blockSize)"
    }
    guard siteCount > 0, siteCount <= Int32.max, rowStarts.count == siteCount + 1 else {
      return "expected \(siteCount + 1) row starts, found \(rowStarts.count)"
    }
    guard rowStarts[0] == 0, rowStarts[siteCount] == indices.count else {
      return "expected row starts from 0 to \(indices.count), found \(rowStarts[0]) to "
        + "\(rowStarts[siteCount])"
    }
    guard values.count == indices.count * area else {
      return "expected \(indices.count) blocks of \(area) numbers, found \(values.count) numbers"
    }
    for i in 0..<siteCount {
      guard rowStarts[i] <= rowStarts[i + 1], rowStarts[i + 1] <= indices.count else {
        return "expected ascending row starts, found \(rowStarts[i + 1]) after \(rowStarts[i])"
      }
      for k in rowStarts[i]..<rowStarts[i + 1] {
        guard indices[k] >= 0, indices[k] < siteCount else {
          return "expected indices below \(siteCount), found \(indices[k])"
        }
        guard k == rowStarts[i] || indices[k - 1] < indices[k] else {
          return "expected ascending indices in row \(i), found \(indices[k]) after "
            + "\(indices[k - 1])"
        }
      }
    }
    return problem(values: values, masses: masses, siteCount)
  }

  private static func problem(
    values: [Double], masses: [Double], _ siteCount: Int
  ) -> String? {
    if let value = values.first(where: { !$0.isFinite }) {
      return "expected finite numbers, found \(value)"
    }
    guard masses.isEmpty || masses.count == siteCount else {
      return "expected \(siteCount) masses, found \(masses.count)"
    }
    if let mass = masses.first(where: { !($0 > 0 && $0.isFinite) }) {
      return "expected positive masses, found \(mass)"
    }
    return nil
  }

  /// The Hessian of other rows and columns: block (i, j) of the result is block
  /// (`order[i]`, `order[j]`) of this one.
  ///
  /// - Precondition: `order` names rows, none of them twice.
  public func ordered(by order: [Int]) -> StoredHessian {
    StoredHessian(
      checked: matrix.ordered(by: order), massWeighted: massWeighted,
      masses: masses.isEmpty ? [] : order.map { masses[$0] })
  }

  private init(checked matrix: BlockSparseMatrix, massWeighted: Bool, masses: [Double]) {
    (self.matrix, self.massWeighted, self.masses) = (matrix, massWeighted, masses)
  }

  /// The matrix with every zero written out, shape [N, d, N, d] row-major.
  public func dense() -> [Double] { matrix.dense().storage }
}

// MARK: HDF5

extension StoredHessian {
  /// Where the Hessians of frames stand in a file; "reference" is the one they share.
  static let group = "sitevib/hessian"

  /// Writes Hessians one after the other; those of equal pattern share its datasets.
  struct GroupWriter {
    private var last: (rowStarts: [Int], indices: [Int32], masses: [Double], path: String)?

    /// - Throws: ``HDF5Error`` where one of that name is there already.
    mutating func write(
      _ hessian: StoredHessian, name: String, to image: borrowing FileImage
    ) throws(HDF5Error) {
      let path = "\(StoredHessian.group)/\(name)"
      guard try image.kind(of: path) == nil else {
        throw .unexpected(object: "/" + path, expected: "no Hessian yet", found: "one")
      }
      let d = hessian.blockSize
      try image.write(
        hessian.matrix.values, shape: [hessian.matrix.blockCount, d, d], to: path + "/data")
      let (starts, indices) = (hessian.matrix.rowStarts, hessian.matrix.indices)
      if let last, last.rowStarts == starts, last.indices == indices {
        try image.link(last.path + "/indptr", as: path + "/indptr")
        try image.link(last.path + "/indices", as: path + "/indices")
      } else {
        try image.write(starts, to: path + "/indptr")
        try image.write(indices, to: path + "/indices")
      }
      if !hessian.masses.isEmpty {
        if let last, last.masses == hessian.masses {
          try image.link(last.path + "/masses", as: path + "/masses")
        } else {
          try image.write(hessian.masses, to: path + "/masses")
        }
      }
      let order = hessian.siteCount * d
      try image.setAttribute("shape", of: path, to: [order, order])
      try image.setAttribute("blocksize", of: path, to: [Int32(d), Int32(d)])
      try image.setAttribute(
        "mass_weighted", of: path, to: [hessian.massWeighted ? 1 : 0], isScalar: true)
      for (name, value) in StoredHessian.encoding {
        try image.setVariableAttribute(name, of: path, to: [value])
      }
      try image.setVariableAttribute(
        "unit", of: path, to: [hessian.massWeighted ? "eV Angstrom-2 u-1" : "eV Angstrom-2"])
      last = (starts, indices, hessian.masses, path)
    }
  }

  /// What the group says of itself, in the words of AnnData.
  private static let encoding = [("encoding-type", "bsr_matrix"), ("encoding-version", "0.1.0")]

  /// Reads the Hessian in a group; one that does not say how it is encoded is taken for ours.
  init(from image: borrowing FileImage, group: String, file: String) throws {
    func attribute(_ name: String, count: Int) throws(HDF5Error) -> [Int] {
      guard let values = try image.integerAttribute(name, of: group) else {
        throw .missing(object: "/\(group)@\(name)")
      }
      guard values.count == count else {
        throw .unexpected(
          object: "/\(group)@\(name)", expected: "\(count) integers", found: "\(values.count)")
      }
      return values
    }
    // Behind our seal the words are ours, and text of variable length is not read.
    for (name, expected) in Self.encoding where !image.isSealed {
      guard let found = try image.textsAttribute(name, of: group) else { continue }
      guard found == [expected] else {
        throw HDF5Error.unexpected(
          object: "/\(group)@\(name)", expected: "'\(expected)'",
          found: found.map { "'\($0)'" }.joined(separator: ", "))
      }
    }
    let shape = try attribute("shape", count: 2)
    let blocks = try attribute("blocksize", count: 2)
    let weighted = try image.integerAttribute("mass_weighted", of: group) ?? [0]
    let d = blocks[0]
    guard (1...3).contains(d), blocks[1] == d, shape[0] == shape[1], shape[0] > 0,
      shape[0].isMultiple(of: d)
    else {
      throw HDF5Error.unexpected(
        object: "/\(group)@blocksize", expected: "square blocks that fill a square matrix",
        found: "\(blocks) in \(shape)")
    }
    guard weighted.count == 1, (0...1).contains(weighted[0]) else {
      throw HDF5Error.unexpected(
        object: "/\(group)@mass_weighted", expected: "0 or 1", found: "\(weighted)")
    }
    let factor = try Self.unit(of: group, in: image, massWeighted: weighted[0] == 1)
    let data = try image.dataset(group + "/data")
    try data.expect(shape: [-1, d, d])
    let indexReader = try image.dataset(group + "/indices")
    try indexReader.expect(shape: [data.shape[0]])
    let startReader = try image.dataset(group + "/indptr")
    try startReader.expect(shape: [shape[0] / d + 1])
    let indices = try indexReader.integers().map { index throws(HDF5Error) in
      guard let index = Int32(exactly: index) else {
        throw .unexpected(
          object: "/\(group)/indices", expected: "32-bit integers", found: "\(index)")
      }
      return index
    }
    var masses: [Double] = []
    if let reader = try image.datasetIfPresent(group + "/masses") {
      try reader.expect(shape: [shape[0] / d])
      masses = try reader.reals()
    }
    var values = try data.reals()
    if factor != 1 { for k in values.indices { values[k] *= factor } }
    do {
      try self.init(
        blockSize: d, siteCount: shape[0] / d, rowStarts: startReader.integers(),
        indices: indices, values: values, massWeighted: weighted[0] == 1, masses: masses,
        file: file)
    } catch let error as InputError {
      throw InputError(file: file, "/\(group): \(error.message)")
    }
  }

  private static let weightedUnit = "eV Angstrom-2 u-1"

  /// eV/Å², or eV/(Å² u) where mass-weighted, in the unit that a group names; 1 where it names none.
  private static func unit(
    of group: String, in image: borrowing FileImage, massWeighted: Bool
  ) throws(HDF5Error) -> Double {
    guard !image.isSealed, let names = try image.textsAttribute("unit", of: group) else {
      return 1
    }
    let isWeighted = names == [weightedUnit]
    if isWeighted && massWeighted { return 1 }
    if !massWeighted, names.count == 1,
      let factor = PhysicalUnit.factor(from: names[0], to: "eV/Angstrom^2")
    {
      return factor
    }
    throw .unexpected(
      object: "/\(group)@unit",
      expected: massWeighted
        ? "'\(weightedUnit)', as mass_weighted is 1"
        : "a known unit of force constants, as mass_weighted is 0",
      found: names.map { "'\($0)'" }.joined(separator: ", "))
  }
}
