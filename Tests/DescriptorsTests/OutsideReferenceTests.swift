import Descriptors
import Foundation
import Testing

/// Features computed with SciPy from the definitions of formats/ace-basis.md
/// (Tests/interop/generators/ace_reference.py).
struct OutsideReferenceTests {
  struct Case: Decodable {
    struct Options: Decodable {
      var transform: RadialOptions.Transform
      var p: Int
      var q: Int
      var bondLength: Double
      var envelope: Int
      var cutoff: Double
      var order: Int
      var degree: Double
      var weightL: Double
      var channelCount: Int
    }
    var options: Options
    var vectors: [Double]
    var channels: [Int]
    var names: [String]
    var values: [Double]
  }

  @Test func featuresAndTheirOrderAreThoseOfThePage() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../formats/vectors/ace-basis/features.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    #expect(cases.count == 2)
    for example in cases {
      let options = example.options
      let basis = try ACEBasis(
        options: ACEOptions(
          order: options.order, degrees: [options.degree], weightL: options.weightL,
          cutoff: options.cutoff,
          radial: RadialOptions(
            transform: options.transform, p: options.p, q: options.q,
            bondLength: options.bondLength, envelope: options.envelope)),
        channelCount: options.channelCount)
      let names = basis.functions.map { function in
        function.factors.map { "\($0.z)(\($0.n),\($0.l))" }.joined(separator: "*")
      }
      #expect(names == example.names)
      var cloud = Cloud(count: example.channels.count, channelCount: 1, seed: 1)
      (cloud.vectors, cloud.channels) = (example.vectors, example.channels)
      let values = features(try ACEEvaluator(basis), [cloud])
      #expect(relativeDistance(values, example.values) < 1e-12)
    }
  }
}
