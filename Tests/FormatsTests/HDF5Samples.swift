import Formats

/// Frames with a column of every type and a key of every kind.
func sampleFrames(_ count: Int = 3, atoms: Int = 8, padded: Bool = false) -> [Frame] {
  (0..<count).map { index in
    let n = padded ? atoms + index : atoms
    let values = (0..<n).map { Double($0) * 0.1 + Double(index) / 3 }
    let position = (0..<3 * n).map { Double($0 * $0 % 17) / 3 - Double(index) * 1e-9 }
    var columns = [
      Column("species", .text((0..<n).map { ["Cd", "Te", "X"][$0 % 3] })),
      Column("pos", width: 3, .real(position)),
      Column("sublattice", .integer((0..<n).map { $0 % 2 })),
      Column("ref_pos", width: 3, .real(position.map { $0.rounded() })),
      Column("core", .logical((0..<n).map { $0 == 3 })),
      Column("label", .text((0..<n).map { "site\($0)" })),
      Column("pair", width: 2, .text((0..<2 * n).map { $0 == 5 ? "" : "p\($0)" })),
      Column("big", .integer((0..<n).map { $0 + (padded ? 1 << 40 : 1 << 60) })),
    ]
    if index > 0 { columns.append(Column("site_entropy", .real(values))) }
    var keys = [
      Key("config_id", .text("cdte-\(index)"), rawText: "\"cdte-\(index)\""),
      Key("seed", .integer(42 + index)), Key("lambda_min", .real(0.1 + Double(index) / 3)),
      Key("stable", .logical(index == 0), rawText: index == 0 ? "T" : "F"),
      Key("grid", .integers([1, 2, 3])), Key("ref_lattice", .reals((0..<9).map { Double($0) / 7 })),
      Key("flags", .logicals([true, false])), Key("words", .texts(["a b", "\"c\""])),
      Key("odd", .real(.nan), rawText: "nan"), Key("history", .text("xyz-build 0.1.0 | hessian")),
    ]
    if index == 1 {
      keys.append(Key("entropy", .real(-0.5)))
      keys.swapAt(0, 3)
    }
    return Frame(
      columns: columns, keys: keys, cell: [6.482, 0, 0, 0.1, 6.5, 0, 0, 1.0 / 3, 7],
      periodic: [true, index != 1, true], source: FrameSource(file: "sample", frame: index + 1))
  }
}

/// A Hessian of a chain with neighbours on both sides.
func sampleHessian(sites: Int = 5, scale: Double = 1) throws -> StoredHessian {
  var rowStarts = [0]
  var indices: [Int32] = []
  for i in 0..<sites {
    indices += Set([i, (i + 1) % sites, (i + sites - 1) % sites]).sorted().map { Int32($0) }
    rowStarts.append(indices.count)
  }
  return try StoredHessian(
    blockSize: 3, siteCount: sites, rowStarts: rowStarts, indices: indices,
    values: (0..<9 * indices.count).map { scale * Double($0) / 7 },
    masses: (0..<sites).map { 28 + Double($0) })
}

func sampleFeatures(_ frame: Int) -> StoredFeatures {
  StoredFeatures(
    featureCount: 3, rows: (0..<12).map { Double($0) / 9 + Double(frame) }, targets: [1, 2, 3, 4],
    frames: [frame, frame, frame, frame], atoms: [0, 1, 2, 3], channels: [0, 1, 0, 1],
    channelNames: ["Cd/0", "Te/1"], basis: "{\"order\": 3}", featureNames: ["a", "b", "c"])
}

func sampleModel() -> StoredModel {
  StoredModel(
    coefficients: [1, 2, 3, 4, 5, 1.0 / 3], valuesAtMean: [0.5, -0.25],
    featureMeans: [0, 1, 2, 3, 4, 5], featureScales: [1, 2, 3, 4, 0, 6], lambdas: [1e-8, 1e-7],
    channelNames: ["Cd/0", "Te/1"], species: [48, 52], featureNames: ["a", "b", "c"],
    basis: "{\"order\": 3}", history: ["xyz-build", "ridge --order 3"],
    trainingMinima: [-1, -2, -3, -4, -5, -6], trainingMaxima: [1, 2, 3, 4, 5, 6],
    posteriors: [
      .init(factor: [1, 2, 3, 4, 5, 6], offset: [7, 8]), .init(factor: [], offset: []),
    ],
    channelValues: ["residual_variance": [0.5, 0.75]],
    metrics: ["rmse": [1e-4, 2e-4], "r2": [0.99]], scalars: ["cutoff": 5.5],
    about: sampleDescription())
}

func sampleDescription() -> ModelDescription {
  var about = ModelDescription()
  about.meaning = LabelMeaning(kind: "relative", source: .init(name: "sw:CdTe.sw"))
  return about
}
