/// Feature vectors of atoms, with their labels: `/sitevib/features` (formats/features.md).
public struct StoredFeatures: Equatable, Sendable {
  /// Features of an atom, K.
  public let featureCount: Int
  /// X, shape [M, K], row-major.
  public var rows: [Double]
  /// y, the label of each row in k_B, shape [M]; nil where the frames carry none.
  public var targets: [Double]?
  /// The frame of each row, counted from 0, shape [M].
  public var frames: [Int]
  /// The atom of each row, counted from 0, shape [M].
  public var atoms: [Int]
  /// The index in `channelNames` of each row, shape [M].
  public var channels: [Int]
  public let channelNames: [String]
  /// The options that made the features, as JSON.
  public let basis: String
  /// A name for each feature, shape [K]; empty where there are none.
  public let featureNames: [String]
  /// Derivatives of the rows by positions; nil where there are none.
  public var gradients: FeatureGradients?

  public var rowCount: Int { frames.count }

  /// - Precondition: The shapes agree.
  public init(
    featureCount: Int, rows: [Double], targets: [Double]? = nil, frames: [Int], atoms: [Int],
    channels: [Int], channelNames: [String], basis: String, featureNames: [String] = [],
    gradients: FeatureGradients? = nil
  ) {
    let count = frames.count
    precondition(featureCount > 0 && rows.count == count * featureCount, "rows: not [M, K]")
    precondition(atoms.count == count && channels.count == count, "atoms, channels: not [M]")
    precondition(targets == nil || targets?.count == count, "targets: not [M]")
    precondition(featureNames.isEmpty || featureNames.count == featureCount, "names: not [K]")
    (self.featureCount, self.rows, self.targets) = (featureCount, rows, targets)
    (self.frames, self.atoms, self.channels) = (frames, atoms, channels)
    if let gradients {
      precondition(
        gradients.counts.count == count
          && gradients.values.count == gradients.atoms.count * featureCount * 3,
        "gradients: not [P, K, 3]")
    }
    (self.channelNames, self.basis, self.featureNames) = (channelNames, basis, featureNames)
    self.gradients = gradients
  }
}

// MARK: HDF5

extension StoredFeatures {
  static let group = "sitevib/features"
  /// Version of the tree `/sitevib/features`.
  static let version = 1

  /// Appends rows to the datasets of an image.
  final class Writer {
    private let header: StoredFeatures
    private var rows: DatasetWriter<Double>
    private var targets: DatasetWriter<Double>?
    private var frames: DatasetWriter<Int32>
    private var atoms: DatasetWriter<Int32>
    private var channels: DatasetWriter<Int32>
    private var gradients: FeatureGradients.Writer?

    /// Rows of a chunk are counted for this many.
    private static let manyRows = 1 << 20

    init(like features: StoredFeatures, in image: borrowing FileImage) throws(HDF5Error) {
      header = features
      func column(_ name: String) throws(HDF5Error) -> DatasetWriter<Int32> {
        try image.create("\(group)/\(name)", of: Int32.self, rows: Self.manyRows)
      }
      rows = try image.create(
        group + "/X", of: Double.self, rowShape: [features.featureCount], rows: Self.manyRows,
        like: features.rows)
      if features.targets != nil {
        targets = try image.create(group + "/y", of: Double.self, rows: Self.manyRows)
      }
      frames = try column("frame")
      atoms = try column("atom")
      channels = try column("channel")
      if let gradients = features.gradients {
        self.gradients = try FeatureGradients.Writer(
          like: gradients, features.featureCount, in: image)
      }
    }

    func append(_ features: StoredFeatures) throws {
      guard features.featureCount == header.featureCount, features.basis == header.basis,
        features.channelNames == header.channelNames,
        features.featureNames == header.featureNames,
        (features.targets == nil) == (header.targets == nil),
        (features.gradients == nil) == (header.gradients == nil)
      else {
        throw InputError(
          file: "-", frame: features.frames.first.map { $0 + 1 },
          "expected features of the same basis, channels and labels as in the first frame, "
            + "found others")
      }
      if let value = features.rows.first(where: { !$0.isFinite })
        ?? features.targets?.first(where: { !$0.isFinite })
      {
        throw InputError(
          file: "-", frame: features.frames.first.map { $0 + 1 },
          "expected finite features and labels, found \(value)")
      }
      try rows.append(features.rows)
      if let targets = features.targets { try self.targets?.append(targets) }
      try frames.append(narrow(features.frames))
      try atoms.append(narrow(features.atoms))
      try channels.append(narrow(features.channels))
      if let gradients = features.gradients { try self.gradients?.append(gradients) }
    }

    func finish(in image: borrowing FileImage) throws(HDF5Error) {
      try image.setAttribute("version", of: group, to: [Int32(version)], isScalar: true)
      try image.write(header.channelNames, to: group + "/channel_names")
      try image.write([header.basis], to: group + "/basis")
      if !header.featureNames.isEmpty {
        try image.write(header.featureNames, to: group + "/feature_names")
      }
    }
  }

  static func narrow(_ values: [Int]) throws(InputError) -> [Int32] {
    try values.map { value throws(InputError) in
      guard let narrow = Int32(exactly: value) else {
        throw InputError(file: "-", "expected a 32-bit index, found \(value)")
      }
      return narrow
    }
  }

  /// Reads rows of the features in an image; all of them where `range` is nil.
  ///
  /// - Throws: Where there are none, or the datasets disagree.
  init(from image: borrowing FileImage, rows range: Range<Int>? = nil, file: String) throws {
    let group = Self.group
    try image.checkVersion(of: group, understood: Self.version)
    let matrix = try image.dataset(group + "/X")
    try matrix.expect(shape: [-1, -1])
    let (count, featureCount) = (matrix.shape[0], matrix.shape[1])
    guard featureCount > 0 else {
      throw HDF5Error.unexpected(object: "/\(group)/X", expected: "features", found: "none")
    }
    let range = (range ?? 0..<count).clamped(to: 0..<count)
    func indices(_ name: String) throws -> [Int] {
      let reader = try image.dataset("\(group)/\(name)")
      try reader.expect(shape: [count])
      let values = try reader.integers(rows: range)
      if let value = values.first(where: { $0 < 0 || $0 > Int32.max }) {
        throw HDF5Error.unexpected(
          object: reader.object, expected: "indices from 0", found: "\(value)")
      }
      return values
    }
    var targets: [Double]?
    if let reader = try image.datasetIfPresent(group + "/y") {
      try reader.expect(shape: [count])
      targets = try reader.finiteReals(rows: range)
    }
    var featureNames: [String] = []
    if let reader = try image.datasetIfPresent(group + "/feature_names") {
      try reader.expect(shape: [featureCount])
      featureNames = try reader.texts()
    }
    let channelNames = try image.dataset(group + "/channel_names").texts()
    let channels = try indices("channel")
    if let channel = channels.first(where: { $0 >= channelNames.count }) {
      throw HDF5Error.unexpected(
        object: "/\(group)/channel", expected: "indices of \(channelNames.count) channels",
        found: "\(channel)")
    }
    let basis = try image.dataset(group + "/basis")
    try basis.expect(shape: [1])
    try self.init(
      featureCount: featureCount, rows: matrix.finiteReals(rows: range), targets: targets,
      frames: indices("frame"), atoms: indices("atom"), channels: channels,
      channelNames: channelNames, basis: basis.texts()[0], featureNames: featureNames,
      gradients: FeatureGradients.read(
        from: image, rows: range, rowCount: count, featureCount: featureCount))
  }
}

extension FileImage {
  /// - Throws: Where a group of ours has no version, or one that we do not understand.
  borrowing func checkVersion(of path: String, understood: Int) throws(HDF5Error) {
    let object = "/\(path)@version"
    guard let version = try integerAttribute("version", of: path) else {
      throw .missing(object: object)
    }
    guard version == [understood] else {
      throw .unexpected(
        object: object, expected: "version \(understood)",
        found: "version \(version.map(String.init).joined(separator: " "))")
    }
  }
}

extension DatasetReader {
  /// Reads doubles that must be finite.
  borrowing func finiteReals(rows: Range<Int>? = nil) throws(HDF5Error) -> [Double] {
    let values = try reals(rows: rows)
    if let value = values.first(where: { !$0.isFinite }) {
      throw .unexpected(object: object, expected: "finite numbers", found: "\(value)")
    }
    return values
  }
}
