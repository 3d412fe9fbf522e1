import CommandLine
import Regression

/// Errors on one part of the data.
struct PartMetrics {
  /// By channel.
  var channels: [Metrics]
  var sites = Metrics()
  /// Of the sums over whole frames.
  var totals = Metrics()

  init(channelCount: Int) { channels = .init(repeating: Metrics(), count: channelCount) }
}

/// What a fit is worth: the second pass over the rows.
struct FitReport {
  let channelNames: [String]
  var train: PartMetrics
  var test: PartMetrics
  /// Test sites with a leverage above the largest in training.
  private(set) var extrapolated = 0

  init(
    _ model: inout RidgeModel, _ data: TrainingData, _ division: Division
  ) throws {
    let (k, count) = (data.featureCount, data.channelNames.count)
    channelNames = data.channelNames
    var parts = [PartMetrics(channelCount: count), PartMetrics(channelCount: count)]
    var testLeverages: [(channel: Int, leverages: [Double])] = []
    let fitted = model
    var noted = model
    try data.store.forEach(featureCount: k) { frame, rows in
      let trains = division.trains[frame]
      var total = (label: 0.0, prediction: 0.0)
      for channel in 0..<count {
        for (part, wanted) in [true, false].enumerated() {
          let sites = ChannelSites(rows, channel: channel, featureCount: k) {
            trains[$0] == wanted
          }
          guard !sites.indices.isEmpty else { continue }
          let features = sites.features.span
          let predicted = fitted.channels[channel].predict(
            features, siteCount: sites.indices.count)
          for (label, prediction) in zip(sites.targets, predicted) {
            parts[part].channels[channel].add(label: label, prediction: prediction)
            parts[part].sites.add(label: label, prediction: prediction)
          }
          total.label += sites.targets.reduce(0, +)
          total.prediction += predicted.reduce(0, +)
          if wanted {
            noted.noteTraining(features, siteCount: sites.indices.count, channel: channel)
          } else {
            testLeverages.append(
              (
                channel,
                fitted.channels[channel].leverages(features, siteCount: sites.indices.count)
              ))
          }
        }
      }
      let isMixed = trains.contains(true) && trains.contains(false)
      if !isMixed && !trains.isEmpty {
        parts[trains[0] ? 0 : 1].totals.add(label: total.label, prediction: total.prediction)
      }
    }
    for (channel, leverages) in testLeverages {
      let limit = noted.channels[channel].largestLeverage
      extrapolated += leverages.count { $0 > limit }
    }
    (train, test) = (parts[0], parts[1])
    model = noted
  }

  private var parts: [(name: String, metrics: PartMetrics)] {
    [("train", train), ("test", test)].filter { $0.1.sites.count > 0 }
  }

  /// The rows of the table: part, what, metrics.
  private var lines: [(part: String, of: String, metrics: Metrics)] {
    parts.flatMap { part in
      zip(channelNames, part.metrics.channels).map { (part.name, $0, $1) }
        + [(part.name, "all", part.metrics.sites), (part.name, "totals", part.metrics.totals)]
    }.filter { $0.2.count > 0 }
  }

  /// The table for people, and a line on each fit.
  func text(_ model: RidgeModel) -> [String] {
    func cells(_ words: [String]) -> String {
      let widths = [6, max(8, (channelNames.map(\.count).max() ?? 0) + 1), 9, 11, 11, 11]
      return zip(words, widths).enumerated().map { index, cell in
        let pad = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
        return index < 2 ? cell.0 + pad : pad + cell.0
      }.joined()
    }
    var result = [cells(["part", "channel", "number", "rmse", "mae", "R2"])]
    for line in lines {
      result.append(
        cells([
          line.part, line.of, String(line.metrics.count), figure(line.metrics.rmse),
          figure(line.metrics.mae), coefficient(line.metrics.r2),
        ]))
    }
    for block in model.blocks {
      let names = block.channels.map { channelNames[$0] }.joined(separator: " ")
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
    }
    if test.sites.count > 0 {
      result.append(
        "\(extrapolated) of \(test.sites.count) test sites lie outside the training leverage")
    }
    return result
  }

  /// The metrics of the model file: by channel, then all sites, then totals; left out where one of
  /// them is undefined.
  var stored: [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, part) in parts {
      let rows = part.channels + [part.sites, part.totals]
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
    func number(_ value: Double?) -> JSONValue { value.map { .real($0) } ?? .null }
    let metrics = lines.map { line -> JSONValue in
      .object([
        "part": .text(line.part), "channel": .text(line.of),
        "number": .integer(line.metrics.count), "rmse": number(line.metrics.rmse),
        "mae": number(line.metrics.mae), "r2": number(line.metrics.r2),
        "largest_error": .real(line.metrics.largestError),
        "label_deviation": number(line.metrics.labelDeviation),
      ])
    }
    let fits = model.blocks.map { block -> JSONValue in
      .object([
        "channels": .array(block.channels.map { .text(channelNames[$0]) }),
        "lambda": .real(block.lambda.value), "lambda_method": .text(block.lambda.method.rawValue),
        "folds": .integer(block.lambda.foldCount),
        "held_out_rmse": number(block.lambda.heldOutError), "rank": .integer(block.rank),
        "features": .integer(block.featureCount), "rows": .integer(block.rowCount),
        "condition_number": .real(block.conditionNumber),
        "degrees_of_freedom": .real(block.effectiveDegrees),
        "residual_variance": number(block.residualVariance),
      ])
    }
    return [
      "metrics": .array(metrics), "fits": .array(fits),
      "constant_features": .array(
        model.channels.map { .integer($0.constantFeatureCount) }),
      "test_sites_outside": .integer(extrapolated),
    ]
  }
}

/// Four significant digits, "-" for nothing.
func figure(_ value: Double?) -> String {
  guard let value else { return "-" }
  return fourDigits(value)
}

/// R² to seven places: the last ones are what a good fit differs in.
private func coefficient(_ value: Double?) -> String {
  guard let value else { return "-" }
  return abs(value) < 1000 ? String((value * 1e7).rounded() / 1e7) : fourDigits(value)
}
