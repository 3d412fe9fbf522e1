internal import LinearAlgebra

extension RidgeModel {
  /// The leverage of a site of a channel without rows of training, whose largest is taken as 1: what
  /// marks it as never seen.
  public static let unseenLeverage = 1e6

  /// The same channels among others that have no rows of training.
  ///
  /// Those predict 0, with an extrapolation of ``unseenLeverage`` and, as nothing is known of their
  /// labels, the deviation of labels from 0.
  ///
  /// - Parameters:
  ///   - places: The number of each channel among all, ascending.
  ///   - count: Of all channels.
  ///   - variance: ⟨y²⟩ of the labels, in squared units of the targets.
  public func placed(at places: [Int], of count: Int, variance: Double) -> RidgeModel {
    precondition(places.count == channels.count, "ridge: one place a channel")
    guard count > channels.count else { return self }
    let k = channels.first?.coefficients.count ?? 0
    var all: [RidgeChannel?] = .init(repeating: nil, count: count)
    for (place, channel) in zip(places, channels) { all[place] = channel }
    var blocks = self.blocks.map { block in
      block.placed(at: block.channels.map { places[$0] })
    }
    let zeros = [Double](repeating: 0, count: k)
    let result = all.enumerated().map { index, channel -> RidgeChannel in
      if let channel { return channel }
      var unseen = RidgeChannel(
        featureMean: zeros, featureScale: zeros, valueAtMean: 0, coefficients: zeros,
        posterior: PosteriorFactor(
          factor: Matrix(rowCount: 1, columnCount: k), offset: [Self.unseenLeverage.squareRoot()]),
        block: blocks.count, rowCount: 0)
      unseen.largestLeverage = 1
      blocks.append(
        RidgeBlock(
          channels: [index],
          lambda: LambdaReport(
            value: 0, method: blocks[0].lambda.method, heldOutError: nil, foldCount: 0),
          rank: 0, featureCount: 0, conditionNumber: 1, effectiveDegrees: 0, rowCount: 0,
          residualVariance: variance / Self.unseenLeverage, trainingError: 0))
      return unseen
    }
    return RidgeModel(channels: result, blocks: blocks)
  }
}

extension RidgeBlock {
  fileprivate func placed(at channels: [Int]) -> RidgeBlock {
    RidgeBlock(
      channels: channels, lambda: lambda, rank: rank, featureCount: featureCount,
      conditionNumber: conditionNumber, effectiveDegrees: effectiveDegrees, rowCount: rowCount,
      residualVariance: residualVariance, trainingError: trainingError)
  }
}
