import Base
import CommandLine
import Glibc
import Regression
import Surrogate

/// What a fit is worth.
struct FitReport {
  let channelNames: [String]
  /// Training, training with each frame left out, test, then the files of --test.
  let parts: [PartScore]
  private let lines: [Line]
  /// Error of the cutoff in k_B, if it was given.
  private let cutoffError: Double?

  /// One row of the table.
  private struct Line {
    let part: String
    let of: String
    let metrics: Metrics
    let intervals: MetricIntervals
  }

  init(channelNames: [String], parts: [PartScore], cutoffError: Double?, seed: UInt64) {
    self.channelNames = channelNames
    self.parts = parts.filter { $0.siteCount > 0 }
    self.cutoffError = cutoffError
    lines = self.parts.flatMap { part in
      part.lines(channelNames).map { line in
        Line(
          part: part.name, of: line.of, metrics: line.frames.merged,
          intervals: MetricIntervals(bootstrapping: line.frames, seed: seed))
      }
    }.filter { $0.metrics.count > 0 }
  }

  /// The table for people, and a line on each fit.
  func text(_ model: RidgeModel) -> [String] {
    let partWidth = max(6, (parts.map(\.name.count).max() ?? 0) + 2)
    func cells(_ words: [String]) -> String {
      let channelWidth = max(8, (channelNames.map(\.count).max() ?? 0) + 1)
      let widths = [partWidth, channelWidth, 9, 11, 11, 11, 11, 11]
      return zip(words, widths).enumerated().map { index, cell in
        let pad = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
        return index < 2 ? cell.0 + pad : pad + cell.0
      }.joined()
    }
    var result = [cells(["part", "channel", "number", "rmse", "mae", "R2", "R2_low", "R2_high"])]
    for line in lines {
      result.append(
        cells([
          line.part, line.of, String(line.metrics.count), figure(line.metrics.rmse),
          figure(line.metrics.mae), coefficient(line.metrics.r2),
          coefficient(line.intervals.r2?.lowerBound), coefficient(line.intervals.r2?.upperBound),
        ]))
    }
    for block in model.blocks {
      let names = block.channels.map { channelNames[$0] }.joined(separator: " ")
      guard block.rowCount > 0 else {
        result.append("\(names): no site in training")
        continue
      }
      let chosen =
        switch block.lambda.method {
        case .fixed: "given"
        case .folds: "least error on \(block.lambda.foldCount) folds of frames left out"
        case .generalized: "generalised cross-validation"
        }
      result.append(
        "\(names): lambda \(figure(block.lambda.value)) (\(chosen)), "
          + "held-out rmse of weighted rows \(figure(block.lambda.heldOutError)), "
          + "rank \(block.rank) of \(block.featureCount), "
          + "condition \(figure(block.conditionNumber)), "
          + "degrees of freedom \(figure(block.effectiveDegrees)), "
          + "residual deviation \(figure(block.residualVariance?.squareRoot()))")
      result.append(
        "\(names): errors by origin: cutoff \(figure(cutoffError)), fit \(figure(fitError(block))), "
          + "estimation \(figure(estimationError(block)))")
    }
    for part in parts where part.name != "train" {
      result.append(
        "\(part.name): \(percent(part.covered, of: part.siteCount)) of the sites within 1.96 quoted "
          + "deviations, \(percent(part.outside, of: part.siteCount)) outside the training leverage"
      )
    }
    return result
  }

  /// What the features cannot tell, the cutoff not counted: the second term of eq. (60), in k_B.
  private func fitError(_ block: RidgeBlock) -> Double? {
    block.residualVariance.map { max(0, $0 - (cutoffError ?? 0) * (cutoffError ?? 0)).squareRoot() }
  }

  /// The third term of eq. (60), σ √(B log(1/δ) / N) with the effective number B of coefficients
  /// and δ = 0.05, in k_B.
  private func estimationError(_ block: RidgeBlock) -> Double? {
    block.residualVariance.map {
      ($0 * block.effectiveDegrees * log(20) / Double(max(1, block.rowCount))).squareRoot()
    }
  }

  /// The metrics of the model file: by channel, then all sites, then totals; left out where one of
  /// them is undefined.
  var stored: [String: [Double]] {
    var result: [String: [Double]] = [:]
    for part in parts where ["train", "left-out", "test"].contains(part.name) {
      let rows = part.lines(channelNames).map(\.frames.merged)
      let name = part.name == "left-out" ? "left_out" : part.name
      for (metric, values) in [
        ("rmse", rows.map(\.rmse)), ("mae", rows.map(\.mae)), ("r2", rows.map(\.r2)),
      ] {
        let known = values.compactMap { $0 }
        if known.count == rows.count { result["\(name)_\(metric)"] = known }
      }
    }
    return result
  }

  func json(_ model: RidgeModel) -> JSONObject {
    func number(_ value: Double?) -> JSON { value.map { .real($0) } ?? .null }
    func interval(_ range: ClosedRange<Double>?) -> JSON {
      range.map { .array([.real($0.lowerBound), .real($0.upperBound)]) } ?? .null
    }
    let metrics = lines.map { line -> JSON in
      .object([
        "part": .text(line.part), "channel": .text(line.of),
        "number": .integer(line.metrics.count), "rmse": number(line.metrics.rmse),
        "mae": number(line.metrics.mae), "r2": number(line.metrics.r2),
        "rmse_interval": interval(line.intervals.rmse),
        "mae_interval": interval(line.intervals.mae), "r2_interval": interval(line.intervals.r2),
        "largest_error": .real(line.metrics.largestError),
        "label_deviation": number(line.metrics.labelDeviation),
      ])
    }
    let fits = model.blocks.filter { $0.rowCount > 0 }.map { block -> JSON in
      .object([
        "channels": .array(block.channels.map { .text(channelNames[$0]) }),
        "lambda": .real(block.lambda.value), "lambda_method": .text(block.lambda.method.rawValue),
        "folds": .integer(block.lambda.foldCount),
        "held_out_rmse": number(block.lambda.heldOutError), "rank": .integer(block.rank),
        "features": .integer(block.featureCount), "rows": .integer(block.rowCount),
        "condition_number": .real(block.conditionNumber),
        "degrees_of_freedom": .real(block.effectiveDegrees),
        "residual_variance": number(block.residualVariance),
        "cutoff_error": number(cutoffError), "fit_error": number(fitError(block)),
        "estimation_error": number(estimationError(block)),
      ])
    }
    let trust = parts.filter { $0.name != "train" }.map { part -> JSON in
      .object([
        "part": .text(part.name), "sites": .integer(part.siteCount),
        "within_interval": .integer(part.covered), "outside": .integer(part.outside),
      ])
    }
    return [
      "metrics": .array(metrics), "fits": .array(fits), "trust": .array(trust),
      "constant_features": .array(
        model.channels.map { .integer($0.constantFeatureCount) }),
    ]
  }
}

/// Four significant digits, "-" for nothing.
func figure(_ value: Double?) -> String {
  guard let value else { return "-" }
  return fourDigits(value)
}

private func percent(_ part: Int, of whole: Int) -> String {
  "\((Double(part) / Double(max(1, whole)) * 10_000).rounded() / 100) %"
}

/// R² to seven places: the last ones are what a good fit differs in.
private func coefficient(_ value: Double?) -> String {
  guard let value else { return "-" }
  return abs(value) < 1000 ? String((value * 1e7).rounded() / 1e7) : fourDigits(value)
}
