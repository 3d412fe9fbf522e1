public import LinearAlgebra

/// Why there is no fit.
public enum RegressionError: Error, Equatable, Sendable {
  /// A NaN or an infinity in a feature, a target or a weight; the row counts from 0.
  case notFinite(String, row: Int)
  /// A channel (counted from 0) without a row that fixes its intercept.
  case noRows(channel: Int)
  /// λ must be a finite number that is not negative.
  case invalidLambda(Double)
  /// A prior factor must be a positive number; the feature counts from 0.
  case invalidPrior(feature: Int, value: Double)
  /// Fewer frames or sites than a split needs.
  case cannotSplit(count: Int, of: String)
  case invalidFraction(Double)
  case invalidFolds(Int)
  case decomposition(LAPACKError)
}

extension RegressionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFinite(let what, let row):
      "expected finite numbers, found another in \(what) \(row + 1)"
    case .noRows(let channel): "expected training sites, found none in channel \(channel + 1)"
    case .invalidLambda(let value): "expected lambda of at least 0, found \(value)"
    case .invalidPrior(let feature, let value):
      "expected positive prior factors, found \(value) for feature \(feature + 1)"
    case .cannotSplit(let count, let what): "expected at least 2 \(what) to split, found \(count)"
    case .invalidFraction(let value): "expected a training fraction between 0 and 1, found \(value)"
    case .invalidFolds(let count): "expected at least 2 folds, found \(count)"
    case .decomposition(let error): "cannot decompose the features: \(error)"
    }
  }
}
