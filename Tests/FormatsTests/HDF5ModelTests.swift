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
    model.about.baseline = StoredBaseline(
      source: .init(name: "sw:A.sw", contentHash: "12"), steps: 3, radius: 5.5,
      isMassWeighted: false)
    #expect(try version(model) == [2])
    #expect(try StoredModel(image: model.bytes(), name: "m.h5") == model)
  }

  @Test func whatAModelSaysOfItselfIsReadBack() throws {
    var model = sampleModel()
    model.about.meaning = LabelMeaning(
      kind: "quantum", temperature: 300, isMassWeighted: false, embedding: "infinite",
      source: .init(name: "sw:A.sw", contentHash: "12"), tolerance: 1e-4)
    (model.about.basisHash, model.about.isAnchored) = ("ab", true)
    (model.about.lambdaMethod, model.about.prior, model.about.seed) = ("folds", 1.5, .max)
    model.about.isScaleCommon = true
    (model.about.split, model.about.target) = ("frames", "site_entropy")
    var training = ModelDescription.Training()
    training.perturbations = ["rattled", "tail"]
    (training.amplitudes, training.atoms) = (0.01...0.3, 8...216)
    model.about.training = training
    #expect(try StoredModel(image: model.bytes(), name: "m.h5") == model)
  }

  @Test(arguments: [
    ("temperature", "-3", "a positive number"), ("mass_weighted", "x", "T or F"),
    ("entropy_tolerance", "nan", "a positive number"), ("anchor", "nobody", "reference"),
    ("scale", "each", "common"),
    ("prior", "algebraic:", "none or algebraic:POWER"), ("seed", "1.5", "a whole number"),
    ("atoms", "9 8", "the least and the largest of two numbers"),
    ("baseline_steps", "0", "a whole number above 0"),
    ("baseline_mass_weighted", "T F", "T or F"),
  ])
  func aTextThatIsNotWhatItSaysIsRefused(name: String, text: String, expected: String) throws {
    var about = sampleDescription()
    about.training = ModelDescription.Training()
    about.baseline = StoredBaseline(
      source: .init(name: "sw:A.sw", contentHash: "12"), steps: 3, radius: 5.5,
      isMassWeighted: true)
    var texts = about.texts
    texts[name] = text
    let error = #expect(throws: HDF5Error.self) { try ModelDescription(texts, potential: "") }
    #expect(error?.description == "/texts/\(name): expected \(expected), found '\(text)'")
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
