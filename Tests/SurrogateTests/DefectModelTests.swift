import Base
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

/// Models of kind formation: crystals with vacancies, antisites and added atoms.
struct DefectModelTests {
  private static func frame(_ name: String) throws -> Frame {
    let path = repositoryFile("formats/vectors/defects/\(name).xyz").path(percentEncoded: false)
    var reader = ExtendedXYZReader(try ByteSource(path: path), name: name)
    return try #require(try reader.next())
  }

  private static func rattled(_ frame: Frame, copy: Int) -> Frame {
    var moved = frame
    var generator = SplitMix64(state: UInt64(77 + copy))
    moved.positions = frame.positions.map {
      $0 + 0.02 * (Double(generator.next() >> 11) * 0x1p-52 - 1)
    }
    return moved
  }

  /// Rattled copies of a vacancy and of its crystal with their labels, the last three of each apart.
  private static let samples = Result {
    let path = repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)
    let labeller = FormationLabeller(potential: try loadPotential(path: path))
    func labelled(_ frame: Frame, _ copy: Int) throws -> Frame {
      var moved = rattled(frame, copy: copy)
      moved.setFormation(try labeller.labels(of: moved))
      return moved
    }
    let vacancy = try frame("si64_vacancy")
    let perfect = try PerfectCrystal(of: vacancy).frame
    let frames = try (0..<9).flatMap { copy in
      [try labelled(vacancy, copy), try labelled(perfect, 50 + copy)]
    }
    return (training: Array(frames.dropLast(6)), tests: Array(frames.suffix(6)), perfect: perfect)
  }

  private static func potential() throws -> any Potential {
    try loadPotential(
      path: repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false))
  }

  private static func fitted(
    totalWeight: Double, withBaseline: Bool = false
  ) throws -> (ModelPredictor, TrainingScore) {
    let frames = try samples.get().training
    let potential = withBaseline ? try potential() : nil
    let baseline = try potential.map { try Baseline(potential: $0, first: frames[0]) }
    let basis = FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: 2, degrees: [8], weightL: 0.75, cutoff: 5,
          radial: RadialOptions(bondLength: 3.5))),
      channels: try Channels(
        reference: PerfectCrystal(of: frames[0]).frame, resolution: .species, sharing: .auto,
        takesDefects: true))
    let calculator = try FeatureCalculator(basis)
    let reader = try TrainingReader(
      first: frames[0], calculator: calculator, target: "site_entropy", baseline: baseline)
    var collector = TrainingCollector(
      first: frames[0], reader: reader, anchor: .auto, store: RowStore(limit: .max) { Memory() })
    for frame in frames { try collector.append(frame, reader.rows(of: frame, features: nil)) }
    var data = try collector.data()
    #expect(data.channelNames == ["Si.0", "Si.i"] && data.takesDefects)
    var options = FitOptions()
    options.totalWeight = totalWeight
    let division = try Division(data.store, options)
    var model = try fit(&data, division, options)
    let score = try TrainingScore(&model, data, division, options)
    var origin = RidgeModel.Origin(
      channelNames: data.channelNames, species: [14, 14], basis: data.basis)
    origin.about.basisHash = basis.contentHash
    origin.about.meaning.kind = "formation"
    origin.about.baseline = baseline?.definition
    let stored = try StoredModel(image: model.stored(origin).bytes(), name: "m.h5")
    return (
      try ModelPredictor(
        stored, file: "m.h5", potential: potential, withDeviations: true,
        withGradient: !withBaseline), score
    )
  }

  @Test(arguments: [0.0, 1.0]) func vacanciesAreLearned(totalWeight: Double) throws {
    let (predictor, _) = try Self.fitted(totalWeight: totalWeight)
    var errors = Metrics()
    for frame in try Self.samples.get().tests {
      let prediction = try predictor.predict(frame)
      let labels = try frame.requiredTargets("site_entropy")
      for (label, value) in zip(labels, prediction.values) {
        errors.add(label: label, prediction: value)
      }
      #expect(prediction.extrapolation.allSatisfy { $0 < 10 })
    }
    #expect(try #require(errors.r2) > 0.99, "\(errors)")
    // Anchored: the perfect crystal, of any size, has no formation entropy.
    let perfect = try Self.samples.get().perfect
    #expect(try predictor.predict(perfect).values.allSatisfy { $0 == 0 })
  }

  /// A few steps of Lanczos' process leave a small rest, also of a defect that no frame has.
  @Test func littleIsLeftByABaseline() throws {
    let (predictor, _) = try Self.fitted(totalWeight: 0, withBaseline: true)
    let (bare, _) = try Self.fitted(totalWeight: 0)
    func squares(_ predictor: ModelPredictor) throws -> Double {
      try Self.samples.get().tests.reduce(0) { sum, frame in
        let (labels, found) = try (
          frame.requiredTargets("site_entropy"), predictor.predict(frame).values
        )
        return zip(found, labels).reduce(sum) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
    }
    let (rest, whole) = try (squares(predictor), squares(bare))
    #expect(rest < 0.5 * whole, "\(rest) of \(whole)")
    let (perfect, added) = (try Self.samples.get().perfect, try Self.frame("si64_interstitial"))
    #expect(try predictor.predict(perfect).values.allSatisfy { abs($0) < 1e-13 })
    let atom = try #require(PerfectCrystal(of: added).interstitials.first)
    let prediction = try predictor.predict(added)
    let exact = try FormationLabeller(potential: Self.potential()).labels(of: added).labels
    #expect(abs(prediction.values[atom] / exact.siteEntropy[atom] - 1) < 0.2)
    #expect(prediction.extrapolation[atom] == RidgeModel.unseenLeverage)
    let error = #expect(throws: InputError.self) {
      try Baseline(potential: Self.potential(), first: Self.samples.get().training[0], radius: 5)
    }
    #expect(error.map { "\($0)".contains("--baseline-radius: expected labels of kind") } ?? false)
  }

  /// No frame of training has an added atom.
  @Test func aDefectThatTrainingLacksIsFlagged() throws {
    let (predictor, _) = try Self.fitted(totalWeight: 1)
    let frame = try Self.frame("si64_interstitial")
    let added = try #require(PerfectCrystal(of: frame).interstitials.first)
    let prediction = try predictor.predict(frame)
    #expect(prediction.values[added] == 0)
    #expect(prediction.extrapolation[added] == RidgeModel.unseenLeverage)
    // Nothing is known of its label: its deviation is that of the labels.
    let spread = try Self.samples.get().training.flatMap { try $0.requiredTargets("site_entropy") }
    let rms = (spread.reduce(0) { $0 + $1 * $1 } / Double(spread.count)).squareRoot()
    let deviation = try #require(prediction.deviations?[added])
    #expect(abs(deviation - rms) < 0.01 * rms)
    #expect(try #require(prediction.totalDeviation).isFinite)
    #expect(try #require(prediction.gradient).allSatisfy(\.isFinite))
  }

  /// Labels of kind relative say nothing of defects, nor do models of them.
  @Test func modelsOfRelativeLabelsRefuseDefects() throws {
    let frame = try Self.frame("si64_vacancy")
    let perfect = try PerfectCrystal(of: frame).frame
    let channels = try Channels(reference: perfect, resolution: .species, sharing: .auto)
    let options = try ACEOptions(
      order: 1, degrees: [4], weightL: 1, cutoff: 4, radial: RadialOptions(bondLength: 3))
    let calculator = try FeatureCalculator(
      FeatureBasis(functions: .ace(options), channels: channels))
    let error = #expect(throws: InputError.self) { try calculator.prepare(frame) }
    let message = "expected the atoms of the reference crystal, one on each site, found 1 vacancy"
    #expect(error.map { "\($0)".contains(message) } ?? false)
    _ = try calculator.prepare(perfect)
  }
}
