import Crystal
import Descriptors
import Formats
import Foundation
import Potentials
import Regression
import SiteEntropy
import Surrogate
import TestSupport
import Testing

/// Models of what the labels of a potential leave.
struct BaselineTests {
  private static func potential(_ change: (String) -> String = { $0 }) throws -> any Potential {
    let path = repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)
    let text = String(decoding: try ByteSource(path: path).readToEnd(), as: UTF8.self)
    return try loadPotential(parsing: Array(change(text).utf8), file: "Si.sw")
  }

  /// Its three-body term is a tenth stronger.
  private static func stiffer() throws -> any Potential {
    try potential { $0.replacing(" 21.0 ", with: " 23.1 ") }
  }

  private static func crystal(_ repeats: [Int]) throws -> Frame {
    try #require(Prototype.named("diamond")).supercell(
      repeats, species: ["Si"], latticeConstant: 5.431)
  }

  /// Frames of 64 atoms with their exact labels, as site-entropy gives them.
  private static let frames = Result {
    let labeller = Labeller(potential: try potential(), kind: .relative, engine: .dense)
    let source = try LabelMeaning.Source(
      name: potential().name, contentHash: potential().contentHash)
    return try (0..<8).map { copy in
      var frame = try PerturbationBase(crystal([2, 2, 2])).perturbed(
        by: .rattle(amplitude: 0.03), seed: 5, frameIndex: 0, copy: copy)
      frame.setLabels(try labeller.labels(of: frame).labels)
      var meaning = try frame.labelMeaning()
      meaning.source = source
      frame.setMeaning(meaning)
      return frame
    }
  }

  private static func calculator(_ frame: Frame) throws -> FeatureCalculator {
    try FeatureCalculator(
      FeatureBasis(
        functions: .ace(
          try ACEOptions(
            order: 2, degrees: [6], weightL: 0.75, cutoff: 5,
            radial: RadialOptions(bondLength: 3.5))),
        channels: try Channels(reference: frame, resolution: .species, sharing: .auto)))
  }

  /// The model of all frames but the last, as a file, and the errors of the frames left out.
  private static func fitted(
    _ baseline: (any Potential)?
  ) throws -> (stored: StoredModel, leftOut: Metrics) {
    let frames = try frames.get().dropLast()
    let calculator = try calculator(frames[0])
    let known = try baseline.map { try Baseline(potential: $0, first: frames[0], radius: 5) }
    let reader = try TrainingReader(
      first: frames[0], calculator: calculator, target: "site_entropy", baseline: known)
    var collector = TrainingCollector(
      first: frames[0], reader: reader, anchor: .auto, store: RowStore(limit: .max) { Memory() })
    for frame in frames { try collector.append(frame, reader.rows(of: frame, features: nil)) }
    var data = try collector.data()
    let options = FitOptions()
    let division = try Division(data.store, options)
    var model = try fit(&data, division, options)
    let score = try TrainingScore(&model, data, division, options)
    var origin = RidgeModel.Origin(
      channelNames: data.channelNames, species: [14], basis: data.basis)
    origin.about.basisHash = calculator.basis.contentHash
    origin.about.baseline = known?.definition
    let line = score.leftOut.lines(data.channelNames).first { $0.of == "all" }
    return (
      try StoredModel(image: model.stored(origin).bytes(), name: "m.h5"),
      try #require(line).frames.merged
    )
  }

  private static func predictor(
    _ stored: StoredModel, _ potential: (any Potential)?, withGradient: Bool = false
  ) throws -> ModelPredictor {
    try ModelPredictor(
      stored, file: "m.h5", potential: potential, withDeviations: true, withGradient: withGradient)
  }

  /// The rest is small under the potential of the labels, larger and still small under one nearby.
  @Test func littleIsLeftToTheFit() throws {
    let errors = try [nil, Self.stiffer(), Self.potential()].map { try Self.fitted($0).leftOut }
    let found = try errors.map { try #require($0.rmse) }
    #expect(found[1] < 0.2 * found[0] && found[2] < 0.05 * found[0], "\(found)")
    // What is explained is the label, not the rest.
    let deviations = errors.compactMap(\.labelDeviation)
    #expect(deviations.allSatisfy { abs($0 - deviations[0]) < 1e-12 })
    #expect(try #require(errors[2].r2) > 0.9999, "\(errors[2])")
  }

  @Test func aPredictionIsTheBaselineAndTheRest() throws {
    let (stored, leftOut) = try Self.fitted(Self.potential())
    let predictor = try Self.predictor(stored, Self.potential())
    let frame = try #require(Self.frames.get().last)
    let prediction = try predictor.predict(frame)
    var bare = stored
    bare.about.baseline = nil
    let rest = try Self.predictor(bare, nil).predict(frame)
    let known = try Labeller(
      potential: Self.potential(), kind: .relative, engine: .moments, radius: 5, steps: 3
    ).labels(of: frame).labels.siteEntropy
    for atom in 0..<frame.atomCount {
      #expect(abs(prediction.values[atom] - known[atom] - rest.values[atom]) < 1e-14)
    }
    #expect(prediction.extrapolation == rest.extrapolation)
    #expect(prediction.deviations == rest.deviations)
    // A frame that no fit has seen.
    let labels = try frame.requiredTargets("site_entropy")
    let squares = zip(prediction.values, labels).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let rmse = (squares / Double(labels.count)).squareRoot()
    #expect(try rmse < 3 * #require(leftOut.rmse))
    // Other cells, at rest.
    #expect(try predictor.predict(Self.crystal([3, 2, 2])).values.allSatisfy { $0 == 0 })
  }

  @Test func anotherPotentialIsRefused() throws {
    let stored = try Self.fitted(Self.potential()).stored
    var bare = stored
    bare.about.baseline = nil
    var broken = stored
    let definition = try #require(stored.about.baseline)
    broken.about.baseline = StoredBaseline(
      source: definition.source, steps: 1 << 20, radius: 5, isMassWeighted: true)
    let (own, other) = (try Self.potential(), try Self.stiffer())
    let cases: [(StoredModel, (any Potential)?, Bool, String)] = [
      (stored, nil, false, "expected --potential with the baseline of the model, sw:Si.sw, found"),
      (stored, other, false, "expected the baseline of the model, sw:Si.sw with fnv1a:"),
      (bare, own, false, "expected a model with a baseline, found one without"),
      (broken, own, false, "/texts/baseline_steps: expected 1 to"),
      (stored, own, true, "--gradient: expected a model without a baseline"),
    ]
    for (model, potential, withGradient, message) in cases {
      let error = #expect(throws: InputError.self) {
        try Self.predictor(model, potential, withGradient: withGradient)
      }
      #expect(error.map { "\($0)".contains(message) } ?? false, "\(String(describing: error))")
    }
    // The name of the file is free.
    let renamed = try loadPotential(
      parsing: ByteSource(
        path: repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)
      ).readToEnd(), file: "other.sw")
    _ = try Self.predictor(stored, renamed)
  }

  @Test func otherLabelsHaveNoBaseline() throws {
    var frame = try #require(Self.frames.get().first)
    frame.setKey("entropy_kind", .text("absolute"))
    let message =
      "expected labels of kind relative or formation without embedding, found absolute"
    let error = #expect(throws: InputError.self) {
      try Baseline(potential: Self.potential(), first: frame)
    }
    #expect(error.map { "\($0)".contains(message) } ?? false)
  }

  /// A frame that is no minimum under the baseline has no label there.
  @Test func anUnstableFrameIsRefused() throws {
    let baseline = try Baseline(potential: Self.potential(), first: Self.frames.get()[0])
    let frame = try PerturbationBase(Self.crystal([2, 2, 2])).perturbed(
      by: .rattle(amplitude: 0.25), seed: 5, frameIndex: 0, copy: 0)
    let error = #expect(throws: InputError.self) { try baseline.labels(of: frame) }
    #expect(
      error.map { "\($0)".contains("the baseline sw:Si.sw: expected a stable frame") } ?? false)
  }

  /// What frames share, and estimates that nobody asked for, change no bit of a label.
  @Test func labelsAreThoseOfTheEngine() throws {
    let frames = try Self.frames.get()
    let baseline = try Baseline(
      potential: Self.potential(), first: frames[0], steps: 2, radius: 6)
    for frame in frames.prefix(3) {
      let alone = Labeller(
        potential: try Self.potential(), kind: .relative, engine: .moments, radius: 6, steps: 2)
      let expected = try alone.labels(of: frame).labels
      #expect(expected.errorEstimate != nil)
      #expect(try baseline.labels(of: frame) == expected.siteEntropy)
    }
  }
}
