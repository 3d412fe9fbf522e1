internal import LinearAlgebra

/// Fits every channel (mathematics.md (9.1), (9.7)):
///
///     min Σ w |φc + b - y|² + λ |Γ S c|²
///
/// with the prior Γ and the standard deviations S of the features, so that λ is in units of Σ w
/// and does not depend on the scale of a feature. The intercept b is free. Anchored channels have
/// none: φ then is the difference from the reference environment, and S its root mean square.
/// Features of a basis that is orthonormal have a scale of their own: those that hardly vary tell
/// little, and S then is better that of them all (``FeatureScaling/common``).
///
/// - Parameters:
///   - channels: The rows of each channel; all with as many folds.
///   - coupled: Rows that tie the channels; with any, all channels are fitted together.
///   - priors: The diagonal of Γ for each channel, shape [K_c], positive.
///   - scaling: What S is.
///   - featureNoise: Standard deviation of a feature from its rounding, in units of S: what a model
///     makes of it counts as error where λ is chosen. 0 for exact features.
/// - Throws: ``RegressionError``.
/// - Complexity: One singular value decomposition a fold and one for all, O(K³) each;
///   O(folds · K²) memory.
public func fitRidge(
  _ channels: [ChannelRows], coupled: CoupledRows? = nil, priors: [[Double]],
  scaling: FeatureScaling = .each, lambda: LambdaChoice, featureNoise: Double = 0
) throws(RegressionError) -> RidgeModel {
  precondition(!channels.isEmpty && priors.count == channels.count, "ridge: one prior a channel")
  let folds = channels[0].foldCount
  precondition(channels.allSatisfy { $0.foldCount == folds }, "ridge: equal folds")
  if case .fixed(let value) = lambda {
    guard value >= 0 && value.isFinite else { throw .invalidLambda(value) }
  }
  var scalings: [ChannelScaling] = []
  for (index, rows) in channels.enumerated() {
    scalings.append(try ChannelScaling(rows, channel: index, prior: priors[index], scaling))
  }
  guard let coupled, coupled.rowCounts.contains(where: { $0 > 0 }) else {
    var fits: [(RidgeChannel, RidgeBlock)] = []
    for (index, rows) in channels.enumerated() {
      let fit = try RidgeBlockFit(
        factors: rows.factors, starts: [0], intercepts: [rows.isAnchored ? nil : 0],
        inversePenalty: scalings[index].inversePenalty, scale: scalings[index].scale,
        lambda: lambda, featureNoise: featureNoise)
      fits.append(
        (try fit.channel(rows, scalings[index], position: 0, block: index), fit.block(of: [index])))
    }
    return RidgeModel(channels: fits.map(\.0), blocks: fits.map(\.1))
  }
  precondition(coupled.foldCount == folds, "ridge: equal folds")
  precondition(coupled.featureCounts == channels.map(\.featureCount), "ridge: coupled features")
  let factors = try (0..<folds).map { fold throws(RegressionError) in
    try jointFactor(channels, coupled, fold: fold)
  }
  let slots = interceptSlots(channels)
  let fit = try RidgeBlockFit(
    factors: factors,
    starts: channels.indices.map { channels[..<$0].reduce(0) { $0 + $1.featureCount } },
    intercepts: slots,
    inversePenalty: scalings.flatMap(\.inversePenalty), scale: scalings.flatMap(\.scale),
    lambda: lambda, featureNoise: featureNoise)
  return RidgeModel(
    channels: try channels.indices.map { index throws(RegressionError) in
      try fit.channel(channels[index], scalings[index], position: index, block: 0)
    },
    blocks: [fit.block(of: Array(channels.indices))])
}

/// In which units coefficients are penalised.
public enum FeatureScaling: String, CaseIterable, Sendable {
  /// In those of the standard deviation of each feature.
  case each
  /// In those of the root mean square of all standard deviations.
  case common
}

/// The mean and the scale of one channel's features, and the penalty they give.
struct ChannelScaling {
  /// Shape [K], about the shift of the rows.
  let mean: [Double]
  let scale: [Double]
  /// 1 / (γ s), s of all features with a common one, shape [K]; 0 for a constant feature.
  let inversePenalty: [Double]

  init(
    _ rows: ChannelRows, channel: Int, prior: [Double], _ scaling: FeatureScaling
  ) throws(RegressionError) {
    let k = rows.featureCount
    precondition(prior.count == k, "ridge: expected \(k) prior factors")
    if let bad = prior.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw .invalidPrior(feature: bad, value: prior[bad])
    }
    let r = try merged(rows.factors).certifiedTriangle()
    let m = rows.isAnchored ? 0 : 1
    // With an intercept its column holds √(Σ w a²).
    let root = m == 0 ? rows.weightSums.reduce(0, +).squareRoot() : abs(r[0, 0])
    guard rows.shift != nil, rows.weightSums.reduce(0, +) > 0, root > 0 else {
      throw .noRows(channel: channel)
    }
    mean = (0..<k).map { m == 0 ? 0 : r[0, 1 + $0] / r[0, 0] }
    var squares = [Double](repeating: 0, count: k)
    for i in 0..<k {
      for j in i..<k { squares[j] += r[m + i, m + j] * r[m + i, m + j] }
    }
    scale = (0..<k).map { rows.isConstant($0) ? 0 : squares[$0].squareRoot() / root }
    let varying = scale.filter { $0 > 0 }
    let common = (varying.reduce(0) { $0 + $1 * $1 } / Double(max(1, varying.count))).squareRoot()
    inversePenalty = zip(scale, prior).map {
      $0 > 0 ? 1 / ((scaling == .common ? common : $0) * $1) : 0
    }
  }
}

extension StreamingQR {
  /// R, where its certificate holds.
  func certifiedTriangle() throws(RegressionError) -> Matrix {
    do throws(LAPACKError) { return try triangle() } catch { throw .decomposition(error) }
  }
}

/// One factor of the rows of all.
func merged(_ factors: [StreamingQR], leavingOut fold: Int? = nil) -> StreamingQR {
  var result: StreamingQR?
  for (index, factor) in factors.enumerated() where index != fold && factor.rowCount > 0 {
    if result == nil { result = factor } else { result?.append(factor) }
  }
  return result ?? StreamingQR(columnCount: factors[0].columnCount)
}

/// The place of the intercept of each channel among those that have one.
private func interceptSlots(_ channels: [ChannelRows]) -> [Int?] {
  var next = 0
  return channels.map { rows in
    guard !rows.isAnchored else { return nil }
    defer { next += 1 }
    return next
  }
}

/// The factor of one fold over the columns [a of every channel that has an intercept, φ of every
/// channel, y].
private func jointFactor(
  _ channels: [ChannelRows], _ coupled: CoupledRows, fold: Int
) throws(RegressionError) -> StreamingQR {
  let slots = interceptSlots(channels)
  let m = slots.count { $0 != nil }
  precondition(
    zip(slots, coupled.anchors).allSatisfy { ($0 == nil) == ($1 != nil) }, "ridge: equal anchors")
  let n = coupled.factors[fold].columnCount
  // The triangles of the channels interleave into one: their first rows, then the others.
  var embedded = Matrix(rowCount: n, columnCount: n)
  var start = m
  var rest = 0.0
  for (c, rows) in channels.enumerated() {
    let k = rows.featureCount
    let r = try rows.factors[fold].certifiedTriangle()
    let own = slots[c] == nil ? 0 : 1
    if let slot = slots[c] {
      embedded[slot, slot] = r[0, 0]
      embedded[slot, n - 1] = r[0, k + 1]
      for j in 0..<k { embedded[slot, start + j] = r[0, 1 + j] }
    }
    for i in 0..<k {
      for j in i..<k { embedded[start + i, start + j] = r[own + i, own + j] }
      embedded[start + i, n - 1] = r[own + i, own + k]
    }
    rest += r[own + k, own + k] * r[own + k, own + k]
    start += k
  }
  embedded[n - 1, n - 1] = rest.squareRoot()
  var factor = StreamingQR(
    triangle: embedded, rowCount: channels.reduce(0) { $0 + $1.rowCounts[fold] })
  guard coupled.rowCounts[fold] > 0 else { return factor }
  // Features and targets of the channels are shifted by φ0 and y0; so must these be, times a.
  // Anchored ones are already.
  var r = try coupled.factors[fold].certifiedTriangle()
  start = m
  for (c, rows) in channels.enumerated() {
    let k = rows.featureCount
    let shift = rows.shift ?? [Double](repeating: 0, count: k + 1)
    if let slot = slots[c] {
      for i in 0...slot {
        for j in 0..<k { r[i, start + j] -= r[i, slot] * shift[j] }
        r[i, n - 1] -= r[i, slot] * shift[k]
      }
    }
    start += k
  }
  factor.append(StreamingQR(triangle: r, rowCount: coupled.rowCounts[fold]))
  return factor
}
