import ArgumentParser
import Base
package import CommandLine
import Formats
import Potentials
import Regression
import Surrogate
import Synchronization

package var predict: any CheckedCommand.Type { Predict.self }

struct Predict: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predict site entropies with a model of ridge.",
    usage: """
      predict -m si.h5 frames.xyz > predicted.xyz
      predict -m si.h5 --std --max-extrapolation 2 < frames.xyz
      predict -m rest.h5 --potential Si.sw frames.xyz > predicted.xyz
      """,
    discussion: """
      Adds the columns site_entropy_pred (k_B) and extrapolation, and the key entropy_pred, the sum \
      of the sites. extrapolation is the leverage of a site relative to the largest one in \
      training: above 1 the model has not seen the like. The key frame_extrapolation compares what \
      the sites of the frame have in common with that of the frames of training: above 1 the \
      displacements are of another kind, such as a strain or a long wave, however small.

      --std adds site_entropy_std and entropy_std, standard deviations of a prediction against its \
      label: what training leaves open (the posterior of the coefficients) and what the features \
      cannot tell, both calibrated on training frames left out in turn, so that 95 % of their sites \
      lie within 1.96 deviations. That of the total holds the covariances of the sites.

      --gradient adds entropy_pred_gradient (k_B/Å), the derivative of entropy_pred by the position \
      of every atom.

      With --max-extrapolation a frame with a site above the limit, or itself above it, is written all the same, named on \
      standard error, and the exit code is 3.

      A model of what a baseline leaves (ridge --baseline) needs that potential: --potential. \
      Frames then need their reference positions too.

      A model of kind formation takes frames with vacancies, antisites and added atoms, any other \
      one refuses them. Where a frame has the keys reservoir_vacancies and reservoir_antisites, the \
      key formation_entropy_pred is their sum with that of the sites.

      Where frames carry the labels the model was trained for, their errors are shown on standard \
      error. Labels of another kind or potential than those of training are named there and, of \
      another kind, not compared. Species and sublattices that the model does not know are refused.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The model, from ridge.", valueName: "file"))
  var model: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Parameter file of the baseline that the model adds to (ridge --baseline).", valueName: "file"
    ))
  var potential: String?

  @Flag(help: "Standard deviations of the sites and the total.") var std = false

  @Flag(help: "Derivative of the predicted total by every position.") var gradient = false

  @Option(
    help: ArgumentHelp("Largest extrapolation of a site that is not reported.", valueName: "ratio"))
  var maxExtrapolation: PositiveReal?

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try tables.validate(beside: potential)
    guard model != "-" else {
      throw ValidationError("--model: expected a file, found '-' (standard input holds frames)")
    }
  }

  func perform(_ session: FilterSession) throws {
    let stored = try StoredModel(image: ByteSource(path: model).readToEnd(), name: model)
    let potential = try potential.map { try tables.load($0, for: .hessians, session) }
    let predictor = try ModelPredictor(
      stored, file: model, potential: potential, withDeviations: std, withGradient: gradient)
    let target = stored.about.target
    let limit = maxExtrapolation?.value
    let errors = Mutex<[Int: FrameErrors]>([:])
    let doubts = Mutex<Set<String>>([])
    try session.mapFrames(matrices: .keep) { job in
      var frame = job.frame
      let prediction = try predictor.predict(frame)
      let (doubt, isComparable) = try predictor.doubt(of: frame)
      if let doubt {
        doubts.withLock { found in
          // One line each, not one a frame; a stream of odd frames fills no memory.
          if found.count < 10 { found.insert(doubt) }
        }
      }
      if let target, frame.column(target) != nil, isComparable {
        let labels = try frame.requiredTargets(target)
        let found = FrameErrors(labels, prediction)
        errors.withLock { $0[job.index] = found }
      }
      frame.apply(prediction)
      return FrameResult(
        frame, rejection: prediction.rejection(above: limit), report: prediction.report)
    }
    let all = errors.withLock { found in
      // In the order of the frames: sums do not depend on which thread was first.
      found.sorted { $0.key < $1.key }.map(\.value)
    }
    for doubt in doubts.withLock({ $0.sorted() }) { session.warn(doubt) }
    if !all.isEmpty { session.note(FrameErrors.text(all)) }
  }
}

extension Frame {
  fileprivate mutating func apply(_ prediction: Prediction) {
    setColumn(Column("site_entropy_pred", .real(prediction.values)))
    if let deviations = prediction.deviations {
      setColumn(Column("site_entropy_std", .real(deviations)))
    }
    setColumn(Column("extrapolation", .real(prediction.extrapolation)))
    if let gradient = prediction.gradient {
      setColumn(Column("entropy_pred_gradient", width: 3, .real(gradient)))
    }
    setKey("entropy_pred", .real(prediction.total))
    if let extrapolation = prediction.frameExtrapolation {
      setKey("frame_extrapolation", .real(extrapolation))
    }
    // What labels of kind formation leave out of their sum stands in the frame (formation.md).
    if let vacancies = real("reservoir_vacancies"), let antisites = real("reservoir_antisites") {
      setKey("formation_entropy_pred", .real(prediction.total + vacancies + antisites))
    }
    if let deviation = prediction.totalDeviation { setKey("entropy_std", .real(deviation)) }
  }
}

extension Prediction {
  /// Why a frame is named, or nil.
  fileprivate func rejection(above limit: Double?) -> String? {
    guard let limit else { return nil }
    guard let worst = extrapolation.max(), worst > limit else {
      guard let frameExtrapolation, frameExtrapolation > limit else { return nil }
      return "expected a frame_extrapolation of at most \(fourDigits(limit)), "
        + "found \(fourDigits(frameExtrapolation)): displacements of another kind"
    }
    let atom = extrapolation.firstIndex(of: worst) ?? 0
    return "expected extrapolation of at most \(fourDigits(limit)), "
      + "found \(fourDigits(worst)) at atom \(atom + 1)"
  }

  fileprivate var report: JSONObject {
    var object: JSONObject = [
      "entropy_pred": .real(total), "largest_extrapolation": .real(extrapolation.max() ?? 0),
    ]
    if let frameExtrapolation { object.append("frame_extrapolation", .real(frameExtrapolation)) }
    if let totalDeviation { object.append("entropy_std", .real(totalDeviation)) }
    return object
  }
}

/// Errors of one frame against its labels.
private struct FrameErrors: Sendable {
  var sites = Metrics()
  let label: Double
  let prediction: Double

  init(_ labels: [Double], _ prediction: Prediction) {
    for (label, value) in zip(labels, prediction.values) {
      sites.add(label: label, prediction: value)
    }
    (label, self.prediction) = (labels.reduce(0, +), prediction.total)
  }

  static func text(_ frames: [FrameErrors]) -> [String] {
    var (sites, totals) = (Metrics(), Metrics())
    for frame in frames {
      sites.merge(frame.sites)
      totals.add(label: frame.label, prediction: frame.prediction)
    }
    func line(_ name: String, _ metrics: Metrics) -> String {
      func word(_ value: Double?) -> String { value.map(fourDigits) ?? "-" }
      return "\(metrics.count) \(name): rmse \(word(metrics.rmse)), mae \(word(metrics.mae)), "
        + "R2 \(metrics.r2.map { String(($0 * 1e7).rounded() / 1e7) } ?? "-")"
    }
    return [line("labelled sites", sites), line("totals", totals)]
  }
}
