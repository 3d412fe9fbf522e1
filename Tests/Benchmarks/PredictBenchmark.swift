import Base
internal import Formats
internal import LinearAlgebra
internal import Surrogate

/// Site entropies and extrapolation of the frames of a file by a model, both named on the command
/// line, as predict computes them: neighbours, features, model, leverages. On one thread and on two;
/// the size is in atoms.
func benchmarkPredicting() throws {
  let names = CommandLine.arguments.dropFirst()
  guard let path = names.first(where: { $0.hasSuffix(".h5") }),
    let input = names.first(where: { $0.hasSuffix(".xyz") })
  else { return }
  let predictor = try ModelPredictor(
    StoredModel(image: ByteSource(path: path).readToEnd(), name: path), file: path,
    withDeviations: false, withGradient: false)
  var frames: [Frame] = []
  var reader = ExtendedXYZReader(try ByteSource(path: input), name: input)
  while let frame = try reader.next() { frames.append(frame) }
  let all = frames
  for threads in [1, 2] {
    setConcurrentBlockLimit(threads)
    try Benchmarks.measure(
      "predict-\(threads)", size: all.reduce(0) { $0 + $1.atomCount }, repeats: 5
    ) {
      let totals = mapConcurrently(all.count) { index in
        Result { try predictor.predict(all[index]).total }
      }
      let total = try totals.reduce(0) { try $0 + $1.get() }
      precondition(total.isFinite, "no prediction")
    }
  }
}
