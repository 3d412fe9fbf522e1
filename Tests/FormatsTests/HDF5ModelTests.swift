import Formats
import Testing

struct HDF5ModelTests {
  @Test func aModelRoundTrips() throws {
    let model = sampleModel()
    #expect(try StoredModel(image: model.bytes(), name: "model.h5") == model)
  }

  @Test func aModelWithoutExtrasRoundTrips() throws {
    let model = StoredModel(
      coefficients: [1], valuesAtMean: [0], featureMeans: [0], featureScales: [1], lambdas: [0],
      channelNames: ["Si"], species: [14], basis: String(repeating: "x", count: 200_000))
    #expect(try StoredModel(image: model.bytes(), name: "model.h5") == model)
  }

  @Test func theInterceptIsThePredictionWithoutFeatures() {
    #expect(sampleModel().intercepts == [0.5 - 2 - 6, -0.25 - 12 - 20 - 1.0 / 3 * 5])
  }

  @Test func equalModelsGiveEqualBytes() throws {
    #expect(try sampleModel().bytes() == sampleModel().bytes())
  }

  /// Readers of version 1 would leave the baseline out.
  @Test func aModelWithABaselineIsOfVersion2() throws {
    func version(_ model: StoredModel) throws -> [Int]? {
      let image = try FileImage(image: model.bytes())
      return try image.integerAttribute("sitevib_format", of: "")
    }
    var model = sampleModel()
    #expect(try version(model) == [1])
    model.texts["baseline_potential"] = "sw:A.sw"
    #expect(try version(model) == [2])
    #expect(try StoredModel(image: model.bytes(), name: "m.h5") == model)
  }

  @Test func aFileOfAnotherKindIsRefused() throws {
    var writer = try H5MDWriter()
    try writer.append(sampleFrames(1)[0])
    let bytes = try writer.finish()
    #expect(
      throws: InputError(
        file: "a.h5", "/@sitevib_kind: expected 'model', found no such attribute")
    ) { try StoredModel(image: bytes, name: "a.h5") }
  }

  @Test func aModelOfALaterFormatIsRefused() throws {
    let image = try FileImage()
    try image.setFixedAttribute("sitevib_kind", of: "", to: ["model"])
    try image.setAttribute("sitevib_format", of: "", to: [3], isScalar: true)
    let bytes = try image.bytes()
    #expect(
      throws: InputError(
        file: "a.h5", "/@sitevib_format: expected version 1 or 2, found version 3")
    ) { try StoredModel(image: bytes, name: "a.h5") }
  }

  @Test func aCoefficientThatIsNotFiniteIsRefused() throws {
    var model = sampleModel()
    model.coefficients[2] = .infinity
    #expect(throws: InputError(file: "model", "expected finite numbers, found inf")) {
      try model.bytes()
    }
  }
}
