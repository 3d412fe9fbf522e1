/// A fitted linear model of site labels as a file holds it (formats/model.md).
///
/// The prediction of an atom of channel c with features φ, and its leverage, are
///
///     valuesAtMean[c] + Σ_k coefficients[c, k] (φ_k - featureMeans[c, k])
///     |F_c (φ - featureMeans[c]) - o_c|²
///
/// C channels, K features; matrices are row-major.
public struct StoredModel: Equatable, Sendable {
  /// The posterior of a channel's coefficients, up to the residual variance.
  public struct Posterior: Equatable, Sendable {
    /// F, shape [r, K].
    public var factor: [Double]
    /// o, shape [r].
    public var offset: [Double]

    public init(factor: [Double], offset: [Double]) {
      (self.factor, self.offset) = (factor, offset)
    }
  }

  /// In k_B per unit of the feature, shape [C, K].
  public var coefficients: [Double]
  /// In k_B, shape [C].
  public var valuesAtMean: [Double]
  /// Shape [C, K].
  public var featureMeans: [Double]
  /// Standard deviation of each feature in training, 0 where it is constant, shape [C, K].
  public var featureScales: [Double]
  /// The regularisation of each channel, shape [C].
  public var lambdas: [Double]
  public var channelNames: [String]
  /// Atomic number of the centre atom of each channel, 0 where it has none, shape [C].
  public var species: [Int]
  /// Names of the features, shape [K]; empty where there are none.
  public var featureNames: [String]
  /// Which functions of the basis the features are, ascending, shape [K]; empty for all.
  public var featureIndices: [Int] = []
  /// The options of the basis, as JSON.
  public var basis: String
  /// One command line per entry.
  public var history: [String]
  /// Smallest value of each feature in training, shape [C, K]; empty where unknown.
  public var trainingMinima: [Double]
  /// Largest value of each feature in training, shape [C, K]; empty where unknown.
  public var trainingMaxima: [Double]
  /// One a channel; empty where the model gives no uncertainty.
  public var posteriors: [Posterior]
  /// Further numbers of each channel by name, each of shape [C].
  public var channelValues: [String: [Double]]
  /// Quality measures by name, such as `rmse`, `mae`, `r2`, of any length.
  public var metrics: [String: [Double]]
  /// Further numbers by name.
  public var scalars: [String: Double]
  /// What its labels mean and where it comes from.
  public var about: ModelDescription

  public var channelCount: Int { channelNames.count }
  public var featureCount: Int { coefficients.count / max(1, channelCount) }

  /// The predictions at φ = 0, shape [C]: for programs that compute X · c + b.
  public var intercepts: [Double] {
    let k = featureCount
    return valuesAtMean.enumerated().map { channel, value in
      (channel * k..<(channel + 1) * k).reduce(value) { $0 - coefficients[$1] * featureMeans[$1] }
    }
  }

  public init(
    coefficients: [Double], valuesAtMean: [Double], featureMeans: [Double],
    featureScales: [Double], lambdas: [Double], channelNames: [String], species: [Int],
    featureNames: [String] = [], basis: String, history: [String] = [],
    trainingMinima: [Double] = [], trainingMaxima: [Double] = [], posteriors: [Posterior] = [],
    channelValues: [String: [Double]] = [:], metrics: [String: [Double]] = [:],
    scalars: [String: Double] = [:], about: ModelDescription = ModelDescription()
  ) {
    (self.coefficients, self.valuesAtMean) = (coefficients, valuesAtMean)
    (self.featureMeans, self.featureScales, self.lambdas) = (featureMeans, featureScales, lambdas)
    (self.channelNames, self.species, self.featureNames) = (channelNames, species, featureNames)
    (self.basis, self.history) = (basis, history)
    (self.trainingMinima, self.trainingMaxima) = (trainingMinima, trainingMaxima)
    self.posteriors = posteriors
    (self.channelValues, self.metrics) = (channelValues, metrics)
    (self.scalars, self.about) = (scalars, about)
  }

  // MARK: Shapes

  /// The first shape or value that is wrong, or nil.
  private var problem: String? {
    let (c, k) = (channelCount, featureCount)
    let shapes: [(String, Int, [Int])] = [
      ("coefficients", coefficients.count, [c * k]), ("value_at_mean", valuesAtMean.count, [c]),
      ("feature_mean", featureMeans.count, [c * k]),
      ("feature_scale", featureScales.count, [c * k]), ("lambda", lambdas.count, [c]),
      ("species", species.count, [c]), ("feature_names", featureNames.count, [0, k]),
      ("feature_index", featureIndices.count, [0, k]),
      ("training_minimum", trainingMinima.count, [0, c * k]),
      ("training_maximum", trainingMaxima.count, [trainingMinima.count]),
      ("posterior", posteriors.count, [0, c]),
    ]
    guard c > 0, k > 0 else { return "expected channels and features, found none" }
    for (name, count, allowed) in shapes where !allowed.contains(count) {
      return "/\(name): expected \(allowed.last ?? 0) elements, found \(count)"
    }
    for (channel, posterior) in posteriors.enumerated()
    where posterior.factor.count != posterior.offset.count * k {
      return "/posterior/\(channel)/factor: expected \(posterior.offset.count) x \(k) numbers, "
        + "found \(posterior.factor.count)"
    }
    for (name, values) in channelValues where values.count != c {
      return "/channel_values/\(name): expected \(c) numbers, found \(values.count)"
    }
    let tables = [channelValues.keys.sorted(), metrics.keys.sorted(), scalars.keys.sorted()]
    for name in tables.joined() where !FrameRecord.isName(name) {
      return "expected a name of letters, digits and _, found '\(printable(name))'"
    }
    return problemOfValues
  }

  private var problemOfValues: String? {
    let tables = Array(channelValues.values) + Array(metrics.values) + [Array(scalars.values)]
    let matrices = [
      coefficients, valuesAtMean, featureMeans, featureScales, lambdas, trainingMinima,
      trainingMaxima,
    ]
    let posterior = posteriors.map(\.factor) + posteriors.map(\.offset)
    for values in matrices + posterior + tables {
      if let value = values.first(where: { !$0.isFinite }) {
        return "expected finite numbers, found \(value)"
      }
    }
    if !zip(featureIndices, featureIndices.dropFirst()).allSatisfy({ $0 < $1 })
      || featureIndices.contains(where: { $0 < 0 || $0 > Int32.max })
    {
      return "/feature_index: expected ascending indices, found others"
    }
    if let scale = featureScales.first(where: { $0 < 0 }) {
      return "/feature_scale: expected no negative numbers, found \(scale)"
    }
    if let number = species.first(where: { !(0...118).contains($0) }) {
      return "/species: expected atomic numbers, found \(number)"
    }
    return nil
  }
}

// MARK: HDF5

extension StoredModel {
  static let kind = "model"
  /// The versions that are read.
  static let formats = 1...2
  /// 2 where a reader of version 1 would leave the baseline out of its predictions.
  var format: Int { about.baseline == nil ? 1 : 2 }

  /// The bytes of `model.h5`.
  ///
  /// - Throws: ``InputError`` for shapes that do not agree or numbers that are not finite.
  public func bytes() throws -> [UInt8] {
    if let problem { throw InputError(file: "model", problem) }
    let image = try FileImage()
    let (c, k) = (channelCount, featureCount)
    try image.setFixedAttribute("sitevib_kind", of: "", to: [Self.kind])
    try image.setAttribute("sitevib_format", of: "", to: [Int32(format)], isScalar: true)
    try image.setFixedAttribute("sitevib_version", of: "", to: [sitevibVersion])
    try image.write(coefficients, shape: [c, k], to: "coefficients")
    try image.write(intercepts, to: "intercept")
    try image.write(valuesAtMean, to: "value_at_mean")
    try image.write(featureMeans, shape: [c, k], to: "feature_mean")
    try image.write(featureScales, shape: [c, k], to: "feature_scale")
    try image.write(lambdas, to: "lambda")
    try image.write(channelNames, to: "channel_names")
    try image.write(species.map { Int32($0) }, to: "species")
    if !featureNames.isEmpty { try image.write(featureNames, to: "feature_names") }
    if !featureIndices.isEmpty {
      try image.write(featureIndices.map { Int32($0) }, to: "feature_index")
    }
    try image.write([basis], to: "basis")
    try image.write([about.meaning.source?.name ?? ""], to: "potential")
    try image.write(history, to: "history")
    if !trainingMinima.isEmpty {
      try image.write(trainingMinima, shape: [c, k], to: "training_minimum")
      try image.write(trainingMaxima, shape: [c, k], to: "training_maximum")
    }
    for (channel, posterior) in posteriors.enumerated() {
      let group = "posterior/\(channel)"
      try image.write(
        posterior.factor, shape: [posterior.offset.count, k], to: group + "/factor")
      try image.write(posterior.offset, to: group + "/offset")
    }
    try write(channelValues, group: "channel_values", to: image)
    try write(metrics, group: "metrics", to: image)
    try write(scalars.mapValues { [$0] }, group: "scalars", to: image)
    try image.createGroup("texts")
    for (name, text) in about.texts.sorted(by: { $0.key < $1.key }) {
      try image.write([text], to: "texts/" + name)
    }
    return try image.bytes()
  }

  private func write(
    _ values: [String: [Double]], group: String, to image: borrowing FileImage
  ) throws(HDF5Error) {
    try image.createGroup(group)
    for (name, values) in values.sorted(by: { $0.key < $1.key }) {
      try image.write(values, to: "\(group)/\(name)")
    }
  }

  /// Reads `model.h5`.
  ///
  /// - Parameter name: The file, for messages.
  /// - Throws: ``InputError`` for another kind, version or shape, with what was found.
  public init(image bytes: [UInt8], name: String) throws(InputError) {
    do {
      try self.init(reading: FileImage(image: bytes))
    } catch let error as HDF5Error {
      throw InputError(file: name, error.description)
    } catch { throw InputError(file: name, "\(error)") }
    if let problem { throw InputError(file: name, problem) }
  }

  private init(reading image: consuming FileImage) throws {
    let kind = try image.textAttribute("sitevib_kind", of: "")
    guard kind == Self.kind else {
      throw HDF5Error.unexpected(
        object: "/@sitevib_kind", expected: "'\(Self.kind)'",
        found: kind.map { "'\($0)'" } ?? "no such attribute")
    }
    let format = try image.integerAttribute("sitevib_format", of: "")
    guard let format, format.count == 1, Self.formats.contains(format[0]) else {
      throw HDF5Error.unexpected(
        object: "/@sitevib_format", expected: "version 1 or 2",
        found: format.map { "version \($0.map(String.init).joined(separator: " "))" }
          ?? "no such attribute")
    }
    let matrix = try image.dataset("coefficients")
    try matrix.expect(shape: [-1, -1])
    let (c, k) = (matrix.shape[0], matrix.shape[1])
    func reals(_ path: String, _ shape: [Int]) throws(HDF5Error) -> [Double] {
      let reader = try image.dataset(path)
      try reader.expect(shape: shape)
      return try reader.reals()
    }
    func texts(_ path: String, _ shape: [Int]) throws(HDF5Error) -> [String] {
      let reader = try image.dataset(path)
      try reader.expect(shape: shape)
      return try reader.texts()
    }
    func numbers(_ group: String, _ shape: [Int]) throws(HDF5Error) -> [String: [Double]] {
      var table: [String: [Double]] = [:]
      for name in try image.children(of: group) {
        table[name] = try reals("\(group)/\(name)", shape)
      }
      return table
    }
    let species = try image.dataset("species")
    try species.expect(shape: [c])
    try self.init(
      coefficients: matrix.reals(), valuesAtMean: reals("value_at_mean", [c]),
      featureMeans: reals("feature_mean", [c, k]), featureScales: reals("feature_scale", [c, k]),
      lambdas: reals("lambda", [c]), channelNames: texts("channel_names", [c]),
      species: species.integers(), basis: texts("basis", [1])[0],
      history: texts("history", [-1]),
      channelValues: numbers("channel_values", [c]), metrics: numbers("metrics", [-1]),
      scalars: numbers("scalars", [1]).mapValues { $0[0] })
    if try image.kind(of: "feature_names") != nil {
      featureNames = try texts("feature_names", [k])
    }
    if let indices = try image.datasetIfPresent("feature_index") {
      try indices.expect(shape: [k])
      featureIndices = try indices.integers()
    }
    if try image.kind(of: "training_minimum") != nil {
      trainingMinima = try reals("training_minimum", [c, k])
      trainingMaxima = try reals("training_maximum", [c, k])
    }
    if try image.kind(of: "posterior") != nil {
      for channel in 0..<c {
        let offset = try reals("posterior/\(channel)/offset", [-1])
        let factor = try reals("posterior/\(channel)/factor", [offset.count, k])
        posteriors.append(Posterior(factor: factor, offset: offset))
      }
    }
    var table: [String: String] = [:]
    for name in try image.children(of: "texts") {
      table[name] = try texts("texts/" + name, [1])[0]
    }
    about = try ModelDescription(table, potential: texts("potential", [1])[0])
  }
}
