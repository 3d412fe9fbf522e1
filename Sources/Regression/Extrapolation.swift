extension RidgeChannel {
  /// How far the features of a site lie outside the box of the training features: the largest
  /// excess over all features, in widths of that feature's range; 0 inside.
  ///
  /// A feature that was constant in training has its magnitude as width.
  ///
  /// - Parameter features: φ of one site, shape [K].
  public func hullExcess(_ features: Span<Double>) -> Double {
    precondition(features.count == coefficients.count, "hull: expected [\(coefficients.count)]")
    var worst = 0.0
    for j in 0..<coefficients.count {
      let (low, high) = (featureMinima[j], featureMaxima[j])
      let outside = max(low - features[j], features[j] - high)
      guard outside > 0 else { continue }
      let width = featureScale[j] > 0 ? high - low : max(abs(low), abs(high), 1e-12)
      worst = max(worst, outside / width)
    }
    return worst
  }
}
