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
    try image.setAttribute("sitevib_format", of: "", to: [2], isScalar: true)
    let bytes = try image.bytes()
    #expect(
      throws: InputError(
        file: "a.h5", "/@sitevib_format: expected version 1, found version 2")
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
