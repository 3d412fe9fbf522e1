public import ArgumentParser
import Base
package import CommandLine
import Descriptors
import Formats
import Potentials
public import Regression
public import Surrogate

package var ridge: any CheckedCommand.Type { Ridge.self }

struct Ridge: FilterCommand {
  /// `auto` or a number.
  struct Lambda: ExpressibleByArgument {
    var choice = LambdaChoice.automatic

    init() {}

    init?(argument: String) {
      if argument == "auto" { return }
      guard let value = NonNegativeReal(argument: argument) else { return nil }
      choice = .fixed(value.value)
    }

    var defaultValueDescription: String { "auto" }
  }

  /// `none` or `algebraic:P`.
  struct Prior: ExpressibleByArgument {
    var power: Double? = 1

    init() {}

    init?(argument: String) {
      if argument == "none" {
        power = nil
        return
      }
      guard argument.hasPrefix("algebraic:"),
        let value = PositiveReal(argument: String(argument.dropFirst("algebraic:".count))),
        value.value <= 16
      else { return nil }
      power = value.value
    }

    var defaultValueDescription: String { "algebraic:1" }
  }

  static let configuration = CommandConfiguration(
    commandName: "ridge",
    abstract: "Fit site entropies as a linear function of features, channel by channel.",
    usage: """
      ridge --order 3 --degree 12 --cutoff 5.5 --split config labels.xyz > model.h5
      ace-features --order 3 --degree 12 --cutoff 5.5 labels.xyz | ridge -o model.h5
      """,
    discussion: """
      The input holds features (from ace-features), or frames for which they are computed with the \
      basis options. The labels are the column --target.

      The fit minimises the sum of (phi.c + b - y)^2 plus lambda |G S c|^2 for each centre channel, \
      with S the standard deviations of the features (one for all: --scale common) and G the \
      prior, 1 + sum(n^p + w l^p) over the factors of a feature. 'auto' takes the lambda of least \
      error on folds of whole frames that are left out in turn; with a single frame generalised \
      cross-validation.

      With --split the model is fitted on the training part only, and that model is written. \
      'config' leaves out whole frames, 'site' random sites, whose neighbours then train: an \
      optimistic figure.

      Standard error shows a table of the errors, by channel, over all sites, and of the totals of \
      frames, with 95 % intervals of R2 from drawing frames anew. 'left-out' are the frames of \
      training, each under the model of all others (in closed form, at the same lambda): they set \
      the deviations and the extrapolation that predict quotes. Each --test FILE is a part of its \
      own. Errors by origin follow eq. (60) of the theory: the cutoff (if given), the fit, and the \
      estimation from so many rows, sigma sqrt(B log(20) / N). Units: k_B.

      Relative entropies vanish in the reference crystal, whatever its size. So a fit to them is \
      anchored there: it has no intercept, and takes the features of a site less those of its \
      reference environment. --anchor none fits an intercept instead.

      Labels of kind formation, of frames with vacancies, antisites and added atoms among perfect \
      ones, are anchored at the perfect crystal; the atoms of defects have channels with intercepts. \
      A defect that no frame of training has is predicted as 0, with an extrapolation of 1e6.

      --baseline POTENTIAL fits what the labels of that potential leave of those of the input: they \
      are computed at each site by a few steps of Gauss' quadrature, at some 0.1 ms a site and \
      without training. It may be another potential than that of the labels, a cheap one that is \
      nearly right; a small basis then is enough. predict needs the potential again. Labels of kind \
      formation take steps of Lanczos' process on the Hessian itself, so that also defects that \
      training has not seen are nearly right.
      """,
    version: sitevibVersion)

  @OptionGroup(title: "Basis (where the input has no features)") var basis: BasisOptions

  @Option(help: ArgumentHelp("Column of the labels.", valueName: "column"))
  var target = "site_entropy"

  @Option(help: ArgumentHelp("Regularisation.", valueName: "auto|x")) var lambda = Lambda()

  @Option(help: ArgumentHelp("Weight of each feature.", valueName: "algebraic:p|none"))
  var prior = Prior()

  @Option(
    help: """
      Units in which coefficients are penalised: the standard deviation of each feature, or a common \
      one of all, which suits ACE functions where frames are few or channels several.
      """)
  var scale = FeatureScaling.each

  @Option(
    help: """
      Where the labels vanish; otherwise those of kind relative and formation in the perfect crystal.
      """)
  var anchor = AnchorChoice.auto

  @Option(
    help: ArgumentHelp(
      """
      Keep so many functions of the basis, those that the labels need most: predict takes less \
      time; otherwise all.
      """, valueName: "n"))
  var keep: PositiveInteger?

  @Option(
    help: ArgumentHelp(
      "Parameter file of a potential: fit what its labels leave.", valueName: "file"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      """
      Steps of the quadrature of the baseline at each site; otherwise \(Baseline.usualSteps), of \
      kind formation \(Baseline.usualFormationSteps).
      """, valueName: "k"))
  var baselineSteps: Int?

  @Option(
    help: ArgumentHelp(
      """
      Displacements beyond it count in the first moment of the baseline only; otherwise 3.4 times \
      the nearest distance. Not of kind formation.
      """, valueName: "Å"))
  var baselineRadius: PositiveReal?

  @Option(help: "What is kept for the test.") var split = SplitKind.none

  @Option(help: ArgumentHelp("Fraction that trains.", valueName: "fraction"))
  var train = PositiveReal(0.8)

  @Option(
    help: ArgumentHelp(
      "Folds of frames for lambda and the held-out error, at least 2.", valueName: "n"))
  var folds = PositiveInteger(8)

  @Option(help: ArgumentHelp("Seed of the split and of the folds.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Weight of a row for the total of each frame.", valueName: "w"))
  var weightTotal = NonNegativeReal(0)

  @Option(
    help: ArgumentHelp(
      """
      Weight in Å² of a row for each derivative of the total, from the column entropy_gradient.
      """, valueName: "Å²"))
  var weightGradient = NonNegativeReal(0)

  @Option(
    help: ArgumentHelp(
      "Also test on the frames of this file, of any supercell (repeatable).", valueName: "file"))
  var test: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      What the cutoff costs in k_B, the rmse of cutoff-scan, for the errors by origin.
      """, valueName: "k_B"))
  var cutoffError: PositiveReal?

  @Option(
    help: ArgumentHelp("Also write the report as JSON.", valueName: "file")) var report: String?

  @Option(
    help: ArgumentHelp(
      "Features held in memory, in GiB; beyond, in a file in TMPDIR.", valueName: "GiB"))
  var maxMemory = PositiveReal(1)

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try tables.validate(beside: baseline, option: "--baseline")
    guard train.value < 1 else {
      throw ValidationError("--train: expected a fraction below 1, found \(train)")
    }
    guard folds.value >= 2 else {
      throw ValidationError("--folds: expected at least 2, found \(folds)")
    }
    guard maxMemory.value <= 1e6 else {
      throw ValidationError("--max-memory: expected at most 1e6, found \(maxMemory)")
    }
    guard !test.contains("-"), !test.contains("") else {
      throw ValidationError("--test: expected files, found '-' or none")
    }
    guard split != .site || (weightTotal.value == 0 && weightGradient.value == 0) else {
      throw ValidationError(
        "--split site: expected no --weight-total and no --weight-gradient, found one")
    }
    guard weightGradient.value == 0 || basis.cartesian == nil else {
      throw ValidationError("--cartesian: expected no --weight-gradient, found one")
    }
    guard baseline != nil || (baselineSteps == nil && baselineRadius == nil) else {
      throw ValidationError(
        "--baseline-\(baselineSteps == nil ? "radius" : "steps"): expected --baseline, found none")
    }
    guard baselineSteps.map({ 1...Baseline.mostSteps ~= $0 }) ?? true else {
      throw ValidationError(
        "--baseline-steps: expected 1 to \(Baseline.mostSteps), found \(baselineSteps ?? 0)")
    }
    guard baseline == nil || weightGradient.value == 0 else {
      throw ValidationError(
        "--baseline: expected no --weight-gradient, whose derivatives it lacks, found one")
    }
    guard baseline == nil || target == "site_entropy" else {
      throw ValidationError("--baseline: expected --target site_entropy, found \(target)")
    }
    guard keep == nil || basis.cartesian == nil else {
      throw ValidationError("--cartesian: expected no --keep, found one")
    }
    guard stream.output.format != .extendedXYZ else {
      throw ValidationError("--format: expected h5 for a model, found extxyz")
    }
  }

  func perform(_ session: FilterSession) throws {
    if let report { try session.openReport(report) }
    var data = try read(session)
    let options = fitOptions
    let division = try Division(data.store, options)
    guard data.store.labelsVary else {
      throw InputError(
        file: "-", "\(target): expected labels that differ, found one value everywhere")
    }
    Phase.begin("fit of \(data.featureCount) functions")
    var model = try fit(&data, division, options)
    try refuseSingular(model, takesDefects: data.takesDefects)
    let score = try TrainingScore(&model, data, division, options)
    var parts = [score.train, score.leftOut, score.test]
    for path in test {
      // Folders say nothing about the frames, and a name has no blanks, for awk.
      let name = path.split(separator: "/").last.map(String.init) ?? path
      parts.append(
        try PartScore(
          name: "test:" + name.replacing(" ", with: "_"), testing: model,
          on: readTest(path, data, session), featureCount: data.featureCount))
    }
    let result = FitReport(
      channelNames: data.channelNames, parts: parts, cutoffError: cutoffError?.value, seed: seed)
    try session.write(binary: stored(model, data, result, session).bytes())
    let largest = model.channels.flatMap(\.coefficients).map(abs).max() ?? 0
    if largest > 1e12 {
      session.warn("coefficients of up to \(fourDigits(largest)) k_B a unit of a feature")
    }
    session.note(result.text(model))
    session.report(result.json(model))
    session.setReport(result.json(model).compact + "\n")
  }

  private var fitOptions: FitOptions {
    var options = FitOptions()
    (options.lambda, options.priorPower) = (lambda.choice, prior.power)
    options.scaling = scale
    (options.split, options.trainingFraction) = (split, train.value)
    options.keptCount = keep?.value
    (options.foldCount, options.seed) = (folds.value, seed)
    (options.totalWeight, options.slopeWeight) = (weightTotal.value, weightGradient.value)
    return options
  }

  private func makeStore() -> RowStore {
    RowStore(limit: Int(maxMemory.value * 1_073_741_824)) { try ScratchFile() }
  }

  private func read(_ session: FilterSession) throws -> TrainingData {
    guard let first = try session.firstFrame() else {
      throw InputError(file: "-", "expected a frame, found none")
    }
    var calculator: FeatureCalculator?
    if basis.isGiven {
      let basis = try basis.basis(for: first)
      do { calculator = try FeatureCalculator(basis) } catch { throw ValidationError("\(error)") }
    }
    let potential = try baseline.map { try tables.load($0, for: .hessians, session) }
    let known = try potential.map {
      try Baseline(
        potential: $0, first: first, steps: baselineSteps, radius: baselineRadius?.value)
    }
    let reader = try TrainingReader(
      first: first, calculator: calculator, target: target, withSlopes: weightGradient.value > 0,
      baseline: known)
    var collector = TrainingCollector(
      first: first, reader: reader, anchor: anchor, store: makeStore())
    try session.forEachFrame(matrices: .keep) { job in
      try reader.rows(of: job.frame, features: job.attachments.features)
    } consume: { job, value in
      try collector.append(job.frame, value)
    }
    return try collector.data()
  }

  private func readTest(
    _ path: String, _ data: TrainingData, _ session: FilterSession
  ) throws -> RowStore {
    let (reader, store) = (TrainingReader(testing: data, target: target), makeStore())
    if !data.keptFeatures.isEmpty, let calculator = data.calculator {
      store.keep(data.keptFeatures, of: calculator.featureCount)
    }
    try session.forEachFrame(of: path, matrices: .keep) { job in
      try reader.rows(of: job.frame, features: job.attachments.features)
    } consume: { job, value in
      guard value.1.map({ data.isOfBasis(of: $0) }) ?? true else {
        throw InputError(
          job.frame.source, "expected features of the basis of training, found others")
      }
      try store.append(value.0)
    }
    return store
  }

  /// What has no answer is not written: features that never vary, and λ = 0 where it is needed.
  ///
  /// - Parameter takesDefects: Whether a channel may have few sites: that of a defect of which a
  ///   frame has one then predicts its mean.
  private func refuseSingular(_ model: RidgeModel, takesDefects: Bool) throws(InputError) {
    for block in model.blocks where block.rowCount > 0 {
      let varying = block.channels.reduce(0) {
        let channel = model.channels[$1]
        return $0 + channel.coefficients.count - channel.constantFeatureCount
      }
      guard varying > 0 || takesDefects else {
        throw InputError(
          file: "-", "expected features that differ between sites, found none (larger --cutoff?)")
      }
      guard block.lambda.value > 0 || block.rank >= varying || lambda.choice == .automatic else {
        throw InputError(
          file: "-",
          "--lambda 0: expected independent features, found rank \(block.rank) of \(varying) with "
            + "\(block.rowCount) rows, condition \(figure(block.conditionNumber))")
      }
    }
  }

  private func stored(
    _ model: RidgeModel, _ data: TrainingData, _ result: FitReport, _ session: FilterSession
  ) -> StoredModel {
    var origin = RidgeModel.Origin(
      channelNames: data.channelNames,
      species: data.channelNames.map { name in
        Element(symbol: String(name.prefix { $0 != "." }))?.atomicNumber ?? 0
      }, basis: data.basis)
    (origin.featureNames, origin.featureIndices) = (data.featureNames, data.keptFeatures)
    origin.history = session.historyEntry.map { [$0] } ?? []
    origin.metrics = result.stored
    origin.about.meaning = data.meaning
    origin.about.baseline = data.baseline?.definition
    origin.about.basisHash = data.calculator?.basis.contentHash
    origin.about.isAnchored = data.anchors != nil
    (origin.about.prior, origin.about.seed) = (prior.power, seed)
    origin.about.isScaleCommon = scale == .common
    (origin.about.split, origin.about.target) = (split.rawValue, target)
    origin.about.training = data.training
    return model.stored(origin)
  }
}

extension SplitKind: ExpressibleByArgument {}
extension AnchorChoice: ExpressibleByArgument {}
extension FeatureScaling: ExpressibleByArgument {}
extension ScratchFile: NumberStore {}
