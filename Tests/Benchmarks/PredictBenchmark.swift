internal import Descriptors
internal import Formats
internal import LinearAlgebra
internal import Regression

/// Site entropies and leverages of the frames of a file by a model, both named on the command line:
/// neighbours, features, model. On one thread and on two; the size is in atoms.
func benchmarkPredicting() throws {
  let names = CommandLine.arguments.dropFirst()
  guard let path = names.first(where: { $0.hasSuffix(".h5") }),
    let input = names.first(where: { $0.hasSuffix(".xyz") })
  else { return }
  let stored = try StoredModel(image: ByteSource(path: path).readToEnd(), name: path)
  let calculator = try FeatureCalculator(FeatureBasis(json: stored.basis))
  let model = try RidgeModel(stored, file: path)
  var frames: [Frame] = []
  var reader = ExtendedXYZReader(try ByteSource(path: input), name: input)
  while let frame = try reader.next() { frames.append(frame) }
  let all = frames
  for threads in [1, 2] {
    setConcurrentBlockLimit(threads)
    try Benchmarks.measure(
      "predict-\(threads)", size: all.reduce(0) { $0 + $1.atomCount }, repeats: 5
    ) {
      let sums = mapConcurrently(all.count) { index in
        Result { try prediction(of: all[index], calculator, model) }
      }
      let total = try sums.reduce(0) { try $0 + $1.get() }
      precondition(total.isFinite, "no prediction")
    }
  }
}

/// Sum of the site entropies in k_B; the sites have one channel.
private func prediction(
  of frame: Frame, _ calculator: FeatureCalculator, _ model: RidgeModel
) throws -> Double {
  let prepared = try calculator.prepare(frame)
  let channel = model.channels[0]
  let parts = try prepared.mapBlocks { atoms, features in
    (
      sum: channel.predict(features, siteCount: atoms.count).reduce(0, +),
      leverage: channel.leverages(features, siteCount: atoms.count).max() ?? 0
    )
  }
  precondition(parts.allSatisfy { $0.leverage > 0 }, "no leverage")
  return parts.reduce(0) { $0 + $1.sum }
}
