/// Derivatives of the features of some sites by the positions of atoms, kept where they are not
/// zero by distance (formats/features.md).
public struct FeatureGradients: Equatable, Sendable {
  /// Atoms that the features of each site depend on, itself included, shape [M].
  public var counts: [Int]
  /// Those atoms, ascending within a site, counted from 0 in its frame, shape [P], P = Σ counts.
  public var atoms: [Int]
  /// ∂B_k/∂x_atom in 1/Å, shape [P, K, 3].
  public var values: [Double]

  /// - Precondition: The shapes agree.
  public init(counts: [Int], atoms: [Int], values: [Double]) {
    precondition(counts.reduce(0, +) == atoms.count, "feature gradients: counts")
    precondition(
      atoms.isEmpty ? values.isEmpty : values.count.isMultiple(of: 3 * atoms.count),
      "feature gradients: not [P, K, 3]")
    (self.counts, self.atoms, self.values) = (counts, atoms, values)
  }
}

extension FeatureGradients {
  private static let group = StoredFeatures.group

  /// Appends to the datasets of an image.
  final class Writer {
    private var counts: DatasetWriter<Int32>
    private var atoms: DatasetWriter<Int32>
    private var values: DatasetWriter<Double>

    init(
      like gradients: FeatureGradients, _ featureCount: Int, in image: borrowing FileImage
    ) throws(HDF5Error) {
      counts = try image.create("\(group)/gradient_count", of: Int32.self, rows: 1 << 20)
      atoms = try image.create("\(group)/gradient_atom", of: Int32.self, rows: 1 << 20)
      values = try image.create(
        "\(group)/gradient", of: Double.self, rowShape: [featureCount, 3], rows: 1 << 20,
        like: gradients.values)
    }

    func append(_ gradients: FeatureGradients) throws {
      if let value = gradients.values.first(where: { !$0.isFinite }) {
        throw InputError(file: "-", "expected finite derivatives of features, found \(value)")
      }
      try counts.append(StoredFeatures.narrow(gradients.counts))
      try atoms.append(StoredFeatures.narrow(gradients.atoms))
      try values.append(gradients.values)
    }
  }

  /// Reads those of some rows of the features.
  ///
  /// - Returns: nil where the image holds none.
  static func read(
    from image: borrowing FileImage, rows range: Range<Int>, rowCount: Int, featureCount: Int
  ) throws(HDF5Error) -> FeatureGradients? {
    guard let countReader = try image.datasetIfPresent("\(group)/gradient_count") else {
      return nil
    }
    try countReader.expect(shape: [rowCount])
    let all = try countReader.integers()
    let atomReader = try image.dataset("\(group)/gradient_atom")
    let valueReader = try image.dataset("\(group)/gradient")
    var sum = 0
    var places = 0..<0
    for (row, count) in all.enumerated() {
      guard count >= 0, count <= Int32.max else {
        throw .unexpected(
          object: countReader.object, expected: "counts of at least 0", found: "\(count)")
      }
      if row == range.lowerBound { places = sum..<sum }
      sum += count
      if range.contains(row) { places = places.lowerBound..<sum }
    }
    try atomReader.expect(shape: [sum])
    try valueReader.expect(shape: [sum, featureCount, 3])
    let atoms = try atomReader.integers(rows: places)
    if let atom = atoms.first(where: { $0 < 0 || $0 > Int32.max }) {
      throw .unexpected(object: atomReader.object, expected: "indices from 0", found: "\(atom)")
    }
    return FeatureGradients(
      counts: Array(all[range]), atoms: atoms, values: try valueReader.finiteReals(rows: places))
  }
}
