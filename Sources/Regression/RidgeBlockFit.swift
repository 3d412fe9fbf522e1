internal import Base
internal import LinearAlgebra

/// The fit of one block of channels: the choice of λ, the solution and its posterior.
struct RidgeBlockFit {
  private let decomposition: RidgeDecomposition
  private let report: LambdaReport
  /// Shape [K] and [m], about the shift of the rows.
  private let coefficients: [Double]
  private let intercepts: [Double]
  /// Where the features of each channel start, shape [channels].
  private let starts: [Int]
  /// Which of the m intercepts each channel has, shape [channels]; nil for an anchored one.
  private let interceptOfChannel: [Int?]

  /// - Parameters:
  ///   - factors: By fold, columns [a (m), φ (K), y].
  ///   - starts: Where the features of each channel start among the K.
  ///   - intercepts: The place of the intercept of each channel, nil where it has none; m in all.
  ///   - inversePenalty: 1 / (γ s), shape [K].
  ///   - scale: S, shape [K].
  ///   - featureNoise: In units of s.
  init(
    factors: [StreamingQR], starts: [Int], intercepts slots: [Int?], inversePenalty: [Double],
    scale: [Double], lambda: LambdaChoice, featureNoise: Double
  ) throws(RegressionError) {
    (self.starts, interceptOfChannel) = (starts, slots)
    let m = slots.count { $0 != nil }
    @Sendable func reduce(_ factor: StreamingQR) throws(RegressionError) -> RidgeTriangle {
      RidgeTriangle(
        interceptCount: m, featureCount: factor.columnCount - m - 1,
        matrix: try factor.certifiedTriangle(), rowCount: factor.rowCount)
    }
    let whole = try reduce(merged(factors))
    if let channel = whole.undeterminedIntercept { throw .noRows(channel: channel) }
    let used = factors.indices.filter { factors[$0].rowCount > 0 }
    let results = mapConcurrently(used.count + 1) {
      index -> Result<(RidgeDecomposition, HeldOutFold?), RegressionError> in
      func decompose(_ triangle: RidgeTriangle) throws(RegressionError) -> RidgeDecomposition {
        do throws(LAPACKError) {
          return try RidgeDecomposition(triangle, inversePenalty: inversePenalty)
        } catch { throw .decomposition(error) }
      }
      do throws(RegressionError) {
        guard index > 0 else { return .success((try decompose(whole), nil)) }
        let fold = used[index - 1]
        let others = try reduce(merged(factors, leavingOut: fold))
        let decomposition = try decompose(others)
        guard others.rowCount > 0, others.undeterminedIntercept == nil else {
          return .success((decomposition, nil))
        }
        return .success(
          (decomposition, HeldOutFold(decomposition, fold: try reduce(factors[fold]))))
      } catch {
        return .failure(error)
      }
    }
    var all: [(RidgeDecomposition, HeldOutFold?)] = []
    for result in results { all.append(try result.get()) }
    let folds = all.dropFirst().compactMap(\.1)
    decomposition = all[0].0
    report = Self.choose(
      lambda, decomposition, folds: folds.count == used.count ? folds : [],
      scale.map { featureNoise * $0 })
    coefficients = decomposition.coefficients(decomposition.filtered(report.value))
    intercepts = decomposition.intercepts(coefficients)
  }

  private static func choose(
    _ choice: LambdaChoice, _ decomposition: RidgeDecomposition, folds: [HeldOutFold],
    _ featureNoise: [Double]
  ) -> LambdaReport {
    let rows = Double(decomposition.triangle.rowCount)
    func heldOut(_ lambda: Double) -> Double {
      let squares = mapConcurrently(folds.count) { folds[$0].residualSquares(lambda) }
      return (squares.reduce(0, +) / rows).squareRoot()
    }
    // What a model makes of the rounding of features is an error of its predictions too.
    func noiseSquare(_ lambda: Double) -> Double {
      guard featureNoise.contains(where: { $0 > 0 }) else { return 0 }
      let coefficients = decomposition.coefficients(decomposition.filtered(lambda))
      return zip(featureNoise, coefficients).reduce(0) { $0 + $1.0 * $1.0 * $1.1 * $1.1 }
    }
    /// Of rounded features, by fold.
    func expectedSquares(_ lambda: Double) -> [Double] {
      let share = noiseSquare(lambda) * rows / Double(folds.count)
      return mapConcurrently(folds.count) { folds[$0].residualSquares(lambda) + share }
    }
    // Where hardly a degree of freedom is left, both factors of the quotient are rounding.
    func generalized(_ lambda: Double) -> Double {
      let left = rows - decomposition.effectiveDegrees(lambda)
      guard left > 0.02 * rows else { return .infinity }
      return (rows * decomposition.residualSquares(lambda)).squareRoot() / left
    }
    switch choice {
    case .fixed(let value):
      return LambdaReport(
        value: value, method: .fixed, heldOutError: folds.isEmpty ? nil : heldOut(value),
        foldCount: folds.count)
    case .automatic:
      let method = folds.isEmpty ? LambdaReport.Method.generalized : .folds
      let largest = decomposition.values.first ?? 0
      guard largest > 0 else {
        // No feature varies: any λ gives the mean.
        return LambdaReport(
          value: 0, method: method, heldOutError: folds.isEmpty ? nil : heldOut(0),
          foldCount: folds.count)
      }
      let smallest = largest * RidgeDecomposition.tolerance(decomposition.values.count)
      let (m, k) = (decomposition.triangle.interceptCount, decomposition.values.count)
      let spread = (m...m + k).reduce(0) {
        let y = decomposition.triangle.matrix[$1, m + k]
        return $0 + y * y
      }
      let (rounding, highest) = (
        1e-12 * (spread / rows).squareRoot(), 1e3 * largest * largest
      )
      func error(_ lambda: Double) -> Double {
        guard folds.isEmpty else {
          return (expectedSquares(lambda).reduce(0, +) / rows).squareRoot()
        }
        let own = generalized(lambda)
        return (own * own + noiseSquare(lambda)).squareRoot()
      }
      let least = minimizeOverLambda(
        lowest: smallest * smallest, highest: highest, error: error)
      let leastSquares = folds.isEmpty ? [] : expectedSquares(least.lambda)
      let value = largestLambda(from: least.lambda, to: highest) { lambda in
        guard !folds.isEmpty else { return error(lambda) <= max(1.005 * least.error, rounding) }
        return isAsGood(
          expectedSquares(lambda), as: leastSquares, rounding: rounding * rounding * rows)
      }
      return LambdaReport(
        value: value, method: method, heldOutError: folds.isEmpty ? nil : heldOut(value),
        foldCount: folds.count)
    }
  }

  func block(of channels: [Int]) -> RidgeBlock {
    let rows = decomposition.triangle.rowCount
    let degrees = decomposition.effectiveDegrees(report.value)
    let squares = decomposition.residualSquares(report.value)
    let left = Double(rows) - degrees
    return RidgeBlock(
      channels: channels, lambda: report, rank: decomposition.rank,
      featureCount: decomposition.values.count,
      conditionNumber: decomposition.conditionNumber, effectiveDegrees: degrees, rowCount: rows,
      residualVariance: left > 1e-6 * Double(rows) ? squares / left : nil,
      trainingError: (squares / Double(max(1, rows))).squareRoot())
  }

  /// The part of the solution that belongs to one channel.
  ///
  /// - Parameter position: Of the channel within the block.
  func channel(
    _ rows: ChannelRows, _ scaling: ChannelScaling, position: Int, block: Int
  ) throws(RegressionError) -> RidgeChannel {
    let k = rows.featureCount
    let shift = rows.shift ?? [Double](repeating: 0, count: k + 1)
    let start = starts[position]
    let own = Array(coefficients[start..<start + k])
    let intercept = interceptOfChannel[position].map { intercepts[$0] } ?? 0
    let value = zip(scaling.mean, own).reduce(intercept + shift[k]) { $0 + $1.0 * $1.1 }
    return RidgeChannel(
      featureMean: zip(scaling.mean, shift).map { $0 + $1 }, featureScale: scaling.scale,
      valueAtMean: value, coefficients: own,
      posterior: try posterior(position, mean: scaling.mean, features: start..<start + k),
      block: block, rowCount: rows.rowCount)
  }

  /// T⁻ᵀ[a; φ] with TᵀT = [R11 R12; 0 C]ᵀ[…], CᵀC = R22ᵀR22 + λG², as an affine map of φ - mean.
  ///
  /// A direction whose singular value is rounding counts as if it had been seen at the rounding
  /// level: its variance stays finite, and is large for a site that leaves the training span.
  private func posterior(
    _ position: Int, mean: [Double], features: Range<Int>
  ) throws(RegressionError) -> PosteriorFactor {
    let triangle = decomposition.triangle
    let (m, total) = (triangle.interceptCount, triangle.featureCount)
    var unit = [Double](repeating: 0, count: m)
    if let slot = interceptOfChannel[position] { unit[slot] = 1 }
    let u = triangle.solveInterceptsTransposed(unit)
    // The centre of this channel's rows among all features of the block, less its own mean.
    var centre = (0..<total).map { j in
      (0..<m).reduce(0) { $0 + triangle.matrix[$1, m + j] * u[$1] }
    }
    for (j, feature) in features.enumerated() { centre[feature] -= mean[j] }
    let floor = RidgeDecomposition.tolerance(total) * (decomposition.values.first ?? 0)
    var factor = Matrix(rowCount: m + total, columnCount: features.count)
    var offset = u.map { -$0 } + [Double](repeating: 0, count: total)
    for i in 0..<total {
      let sigma = max(decomposition.values[i], floor)
      let length = (sigma * sigma + report.value).squareRoot()
      guard length > 0 else { continue }
      for j in 0..<total {
        let element = decomposition.right[i, j] * decomposition.inversePenalty[j] / length
        offset[m + i] += element * centre[j]
        if features.contains(j) { factor[m + i, j - features.lowerBound] = element }
      }
    }
    let whole = PosteriorFactor(factor: factor, offset: offset)
    // Channels that were fitted together add their q: they keep the common rows.
    return starts.count == 1 ? try whole.triangular() : whole
  }
}
