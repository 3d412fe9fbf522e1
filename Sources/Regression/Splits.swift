internal import Base

/// What is left out of training as one.
public enum SplitKind: String, CaseIterable, Sendable {
  /// Nothing: all sites train.
  case none
  /// Random sites, so that test sites have neighbours in training: an optimistic figure.
  case site
  /// Whole frames.
  case config
}

/// The standard library's `shuffled(using:)` may change between versions; this may not.
extension SplitMix64 {
  /// A whole number below `bound`, each as likely.
  mutating func next(below bound: Int) -> Int {
    let limit = UInt64(bound)
    let excess = (UInt64.max % limit + 1) % limit
    while true {
      let value = next()
      if value <= UInt64.max - excess { return Int(value % limit) }
    }
  }

  /// 0 ..< count in random order (Fisher and Yates).
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, next(below: i + 1)) }
    return order
  }
}

/// Chooses what trains: `fraction` of `count`, rounded, at least one and not all.
///
/// - Parameters:
///   - count: Frames or sites.
///   - name: "frames" or "sites", for the message.
/// - Returns: Whether each trains, shape [count]; equal seeds give equal choices anywhere.
/// - Throws: ``RegressionError/cannotSplit(count:of:)``, ``RegressionError/invalidFraction(_:)``.
public func chooseTraining(
  count: Int, of name: String, fraction: Double, seed: UInt64
) throws(RegressionError) -> [Bool] {
  guard fraction > 0 && fraction < 1 else { throw .invalidFraction(fraction) }
  guard count >= 2 else { throw .cannotSplit(count: count, of: name) }
  let training = min(max(Int((fraction * Double(count)).rounded()), 1), count - 1)
  var generator = SplitMix64(state: seed)
  var chosen = [Bool](repeating: false, count: count)
  for index in generator.permutation(count).prefix(training) { chosen[index] = true }
  return chosen
}

/// Deals items (frames) into folds at random, sizes differing by one at most.
///
/// - Returns: The fold of each item, shape [count], below min(folds, count).
/// - Throws: ``RegressionError/invalidFolds(_:)``.
public func dealIntoFolds(
  count: Int, folds: Int, seed: UInt64
) throws(RegressionError) -> [Int] {
  guard folds >= 2 else { throw .invalidFolds(folds) }
  // Another stream than that of the split.
  var generator = SplitMix64(state: seed ^ 0xF01D)
  var result = [Int](repeating: 0, count: count)
  for (place, index) in generator.permutation(count).enumerated() { result[index] = place % folds }
  return result
}
