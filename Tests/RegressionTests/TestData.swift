import Regression

/// x = ((7 i² + 13 j² + 5 i j + 3 i + salt) mod 101) / 101, as in Tests/interop/ridge_reference.py.
func data(_ rows: Int, _ columns: Int, salt: Int = 0) -> [Double] {
  (0..<rows * columns).map { index in
    let (i, j) = (index / columns, index % columns)
    let whole: Int = i * (7 * i + 5 * j + 3) + 13 * j * j + salt
    return Double(whole % 101) / 101
  }
}

/// y = ((11 i² + 17 i + salt) mod 97) / 97.
func target(_ rows: Int, salt: Int = 0) -> [Double] {
  (0..<rows).map { i in
    let whole: Int = i * (11 * i + 17) + salt
    return Double(whole % 97) / 97
  }
}

func zeros(_ count: Int) -> [Int] { [Int](repeating: 0, count: count) }

func ones(_ count: Int) -> [Double] { [Double](repeating: 1, count: count) }

func isNear(_ values: [Double], _ expected: [Double], within tolerance: Double) -> Bool {
  values.count == expected.count
    && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

extension RidgeChannel {
  /// Intercept, then coefficients.
  var parameters: [Double] { [intercept] + coefficients }
}

/// A fit of one channel.
func fit(
  _ features: [Double], _ targets: [Double], columns: Int, folds: [Int]? = nil,
  foldCount: Int = 1, prior: [Double]? = nil, lambda: LambdaChoice
) throws -> RidgeModel {
  var rows = ChannelRows(featureCount: columns, foldCount: foldCount)
  try rows.append(features: features, targets: targets, folds: folds ?? zeros(targets.count))
  return try fitRidge([rows], priors: [prior ?? ones(columns)], lambda: lambda)
}
