internal import Base

/// 95 % intervals of error measures when whole frames are drawn anew.
///
/// The sites of one frame are not independent of each other, frames are: so frames are drawn with
/// replacement (block bootstrap) and the measures taken of each draw; the interval holds the middle
/// 95 % of them.
public struct MetricIntervals: Equatable, Sendable {
  public let rmse: ClosedRange<Double>?
  public let mae: ClosedRange<Double>?
  public let r2: ClosedRange<Double>?

  /// - Parameters:
  ///   - frames: The errors of each frame.
  ///   - seed: Equal seeds give equal intervals.
  /// - Complexity: At most 1000 draws, fewer (but 200) for more than 20,000 frames.
  public init(bootstrapping frames: [Metrics], seed: UInt64) {
    let frames = frames.filter { $0.count > 0 }
    guard frames.count > 1 else {
      (rmse, mae, r2) = (nil, nil, nil)
      return
    }
    let draws = min(1000, max(200, 20_000_000 / frames.count))
    var generator = SplitMix64(state: seed ^ 0xB007)
    var (rmses, maes, r2s): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<draws {
      var draw = Metrics()
      for _ in frames.indices { draw.merge(frames[generator.next(below: frames.count)]) }
      if let value = draw.rmse { rmses.append(value) }
      if let value = draw.mae { maes.append(value) }
      if let value = draw.r2 { r2s.append(value) }
    }
    (rmse, mae, r2) = (Self.middle(rmses), Self.middle(maes), Self.middle(r2s))
  }

  private static func middle(_ values: [Double]) -> ClosedRange<Double>? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let last = Double(sorted.count - 1)
    return sorted[Int((0.025 * last).rounded())]...sorted[Int((0.975 * last).rounded())]
  }
}
