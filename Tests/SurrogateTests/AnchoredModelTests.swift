import Crystal
import Descriptors
import Formats
import Regression
import Surrogate
import Testing

/// Models of labels that vanish in the reference crystal: |u|², three times as large on chlorine.
struct AnchoredModelTests {
  private func crystal(_ repeats: [Int]) throws -> Frame {
    let prototype = try #require(Prototype.named("rocksalt"))
    return try prototype.supercell(repeats, species: ["Na", "Cl"], latticeConstant: 5.64)
  }

  private func labelled(_ copy: Int, kind: String? = "relative") throws -> Frame {
    var frame = try PerturbationBase(crystal([2, 2, 2])).perturbed(
      by: .rattle(amplitude: 0.05), seed: 3, frameIndex: 0, copy: copy)
    let (x, sites, sublattice) = (
      frame.positions, try frame.requiredReferencePositions(), try frame.requiredSublattice()
    )
    let labels = (0..<frame.atomCount).map { atom in
      (0..<3).reduce(0.0) {
        let u = x[3 * atom + $1] - sites[3 * atom + $1]
        return $0 + u * u * Double(1 + 2 * sublattice[atom])
      }
    }
    frame.setColumn(Column("site_entropy", .real(labels)))
    if let kind { frame.setKey("entropy_kind", .text(kind)) }
    return frame
  }

  private func basis(_ frame: Frame) throws -> FeatureBasis {
    FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: 2, degrees: [8], weightL: 0.75, cutoff: 4.5,
          radial: RadialOptions(bondLength: 4.2))),
      channels: try Channels(reference: frame, resolution: .species, sharing: .auto))
  }

  /// A model of some frames, and what the fit says of itself.
  private func model(
    _ anchor: AnchorChoice, kind: String? = "relative", options: FitOptions = FitOptions()
  ) throws -> (ModelPredictor, TrainingData, TrainingScore) {
    let frames = try (0..<6).map { try labelled($0, kind: kind) }
    let calculator = try FeatureCalculator(basis(frames[0]))
    let reader = try TrainingReader(
      first: frames[0], calculator: calculator, target: "site_entropy")
    var collector = TrainingCollector(
      first: frames[0], reader: reader, anchor: anchor,
      store: RowStore(limit: 100_000) { Memory() })
    for frame in frames { try collector.append(frame, reader.rows(of: frame, features: nil)) }
    var data = try collector.data()
    let division = try Division(data.store, options)
    var model = try fit(&data, division, options)
    let score = try TrainingScore(&model, data, division, options)
    var origin = RidgeModel.Origin(
      channelNames: data.channelNames, species: [11, 17], basis: data.basis)
    origin.featureIndices = data.keptFeatures
    origin.about.basisHash = calculator.basis.contentHash
    let stored = try StoredModel(image: model.stored(origin).bytes(), name: "m.h5")
    let predictor = try ModelPredictor(
      stored, file: "m.h5", withDeviations: true, withGradient: false)
    return (predictor, data, score)
  }

  @Test(arguments: [[2, 2, 2], [3, 2, 4], [5, 5, 5]])
  func aPerfectCrystalOfAnySizeHasNoEntropy(repeats: [Int]) throws {
    let (predictor, data, _) = try model(.auto)
    #expect(data.anchors != nil)
    let prediction = try predictor.predict(crystal(repeats))
    #expect(prediction.values.allSatisfy { $0 == 0 })
    #expect(prediction.extrapolation.allSatisfy { $0 < 1e-9 })
  }

  @Test func anInterceptLeavesARestInEverySite() throws {
    let (predictor, data, _) = try model(.none)
    #expect(data.anchors == nil)
    let (small, large) = (
      try predictor.predict(crystal([2, 2, 2])).total,
      try predictor.predict(crystal([4, 2, 2])).total
    )
    #expect(abs(small) > 1e-9)
    #expect(abs(large - 2 * small) < 1e-9 * abs(small))
  }

  /// The labels say themselves whether they vanish at rest.
  @Test func onlyRelativeLabelsAreAnchoredUnasked() throws {
    #expect(try model(.auto, kind: "absolute").1.anchors == nil)
    #expect(try model(.auto, kind: nil).1.anchors == nil)
    #expect(try model(.reference, kind: nil).1.anchors != nil)
  }

  @Test func anchoredFitsAreAsGoodAsThoseWithAnIntercept() throws {
    let (anchored, plain) = (try model(.auto).2, try model(.none).2)
    func error(_ score: TrainingScore) -> Double {
      score.leftOut.lines(["Na.0", "Cl.1"]).first { $0.of == "all" }?.frames.merged.rmse ?? 1
    }
    #expect(error(anchored) < 1.2 * error(plain))
  }

  /// A model of a few functions predicts with these alone, and is still anchored.
  @Test func someFunctionsAreEnough() throws {
    var options = FitOptions()
    options.keptCount = 12
    let (predictor, data, score) = try model(.auto, options: options)
    #expect(data.keptFeatures.count == 12 && data.featureCount == 12)
    #expect(predictor.calculator.featureCount == 12)
    #expect(try predictor.predict(crystal([3, 3, 3])).total == 0)
    // Training, as predicted from the file.
    let frame = try labelled(0)
    let (labels, predicted) = (
      try frame.requiredTargets("site_entropy"), try predictor.predict(frame).values
    )
    let squares = zip(labels, predicted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let training = score.train.lines(["Na.0", "Cl.1"]).first { $0.of == "all" }
    let expected = try #require(training?.frames[0].rmse)
    let found = (squares / Double(labels.count)).squareRoot()
    #expect(abs(found - expected) <= 1e-9 * expected)
    options.totalWeight = 1
    #expect(try model(.auto, options: options).1.featureCount == 12)
  }

  /// Displacements of another kind add up over the cell, however small; its size does not matter.
  @Test func displacementsOfAnotherKindAreFlagged() throws {
    let predictor = try model(.auto).0
    func flag(_ repeats: [Int], _ kind: Perturbation, copy: Int = 0) throws -> Double {
      let frame = try PerturbationBase(crystal(repeats)).perturbed(
        by: kind, seed: 11, frameIndex: 0, copy: copy)
      let prediction = try predictor.predict(frame)
      return try #require(prediction.frameExtrapolation)
    }
    let alike = try (0..<4).map { try flag([2, 2, 2], .rattle(amplitude: 0.05), copy: $0) }
    #expect(alike.allSatisfy { $0 < 2 }, "\(alike)")
    let larger = try flag([4, 4, 4], .rattle(amplitude: 0.05))
    #expect(larger < 2, "\(larger)")
    let strained = try flag([2, 2, 2], .strain(amplitude: 0.02))
    #expect(strained > 4, "\(strained)")
    #expect(try flag([2, 2, 2], .rattle(amplitude: 0)) < 1e-9)
  }

  /// Rows of totals keep the anchor.
  @Test func totalsAreFittedWithoutAnIntercept() throws {
    var options = FitOptions()
    options.totalWeight = 1
    let prediction = try model(.auto, options: options).0.predict(crystal([3, 3, 3]))
    #expect(prediction.total == 0)
  }

  /// One rule for training and prediction: an empty site is no neighbour yet.
  @Test func framesWithEmptySitesAreRefused() throws {
    let predictor = try model(.auto).0
    var frame = try labelled(0)
    frame.setKey("vacancies", .integer(1))
    let reader = try TrainingReader(
      first: frame, calculator: predictor.calculator, target: "site_entropy")
    let message = "expected the atoms of the reference crystal, one on each site, found 1 vacancy"
    let reasons = [
      #expect(throws: InputError.self) { try predictor.predict(frame) },
      #expect(throws: InputError.self) { try reader.rows(of: frame, features: nil) },
    ]
    for reason in reasons { #expect(reason.map { "\($0)".contains(message) } ?? false) }
  }

  @Test(arguments: [1e155, -1e200]) func labelsWithoutASquareAreRefused(label: Double) throws {
    var frame = try labelled(0)
    var labels = try frame.requiredTargets("site_entropy")
    labels[6] = label
    frame.setColumn(Column("site_entropy", .real(labels)))
    let error = #expect(throws: InputError.self) { try frame.requiredTargets("site_entropy") }
    #expect("\(error.map { "\($0)" } ?? "")".contains("expected at most 1e+30, found \(label)"))
  }
}
