/// Where numbers go that memory should not hold.
public protocol NumberStore: AnyObject {
  /// - Returns: Where they begin, for ``read(at:count:)``.
  func append(_ values: [Double]) throws -> Int
  func read(at start: Int, count: Int) throws -> [Double]
}

/// The rows of all frames, in the order they came: a fit passes over them more than once.
///
/// Features beyond the limit of memory lie in a scratch file; labels and channels stay here.
public final class RowStore {
  private enum Place {
    case memory([Double])
    case scratch(Int, count: Int)
  }
  private let limit: Int
  private var held = 0
  private let makeScratch: () throws -> any NumberStore
  private var scratch: (any NumberStore)?
  private var frames: [(rows: FrameRows, place: Place)] = []
  /// Which features are handed on, and of how many; nil for all.
  private var kept: (features: [Int], of: Int)?

  /// - Parameters:
  ///   - limit: Bytes of features to hold in memory.
  ///   - scratch: Makes what holds the others, when there are any.
  public init(limit: Int, scratch: @escaping () throws -> any NumberStore) {
    (self.limit, makeScratch) = (limit, scratch)
  }

  public var frameCount: Int { frames.count }

  func siteCount(ofFrame frame: Int) -> Int { frames[frame].rows.siteCount }

  /// The channels with a site that trains, ascending.
  func channels(_ division: Division) -> [Int] {
    var found: Set<Int> = []
    for (frame, trains) in zip(frames, division.trains) {
      for (channel, isTraining) in zip(frame.rows.channels, trains) where isTraining {
        found.insert(channel)
      }
    }
    return found.sorted()
  }

  /// Σ y² of the sites over their number.
  var meanSquareTarget: Double {
    let (sum, count) = frames.reduce((0.0, 0)) { sums, frame in
      (sums.0 + frame.rows.targets.reduce(0) { $0 + $1 * $1 }, sums.1 + frame.rows.siteCount)
    }
    return sum / Double(max(1, count))
  }

  /// Whether two labels differ.
  public var labelsVary: Bool {
    guard let first = frames.first(where: { !$0.rows.targets.isEmpty })?.rows.targets[0] else {
      return false
    }
    return frames.contains { $0.rows.targets.contains { $0 != first } }
  }

  /// From now on some features only are handed on.
  ///
  /// - Parameters:
  ///   - features: Indices in ascending order.
  ///   - count: K, features that the rows have.
  public func keep(_ features: [Int], of count: Int) { kept = (features, count) }

  public func append(_ rows: FrameRows) throws {
    let numbers = rows.features + rows.slopeFeatures
    let bytes = numbers.count * MemoryLayout<Double>.stride
    var light = rows
    (light.features, light.slopeFeatures) = ([], [])
    if held + bytes <= limit {
      held += bytes
      frames.append((light, .memory(numbers)))
    } else {
      let file = try scratch ?? makeScratch()
      scratch = file
      frames.append((light, .scratch(try file.append(numbers), count: numbers.count)))
    }
  }

  /// Hands on every frame in order.
  ///
  /// - Parameter featureCount: K.
  func forEach(featureCount: Int, _ body: (Int, FrameRows) throws -> Void) throws {
    for (index, (light, place)) in frames.enumerated() {
      let numbers: [Double]
      switch place {
      case .memory(let values): numbers = values
      case .scratch(let start, let count):
        guard let scratch else { preconditionFailure("no scratch file") }
        numbers = try scratch.read(at: start, count: count)
      }
      var rows = light
      let count = rows.siteCount * (kept?.of ?? featureCount)
      rows.features = chosen(numbers[..<count])
      rows.slopeFeatures = chosen(numbers[count...])
      try body(index, rows)
    }
  }

  /// Those of the features of each site, or of each channel in a row of derivatives, that are kept.
  private func chosen(_ numbers: ArraySlice<Double>) -> [Double] {
    guard let kept else { return Array(numbers) }
    var result: [Double] = []
    result.reserveCapacity(numbers.count / kept.of * kept.features.count)
    for start in stride(from: numbers.startIndex, to: numbers.endIndex, by: kept.of) {
      for feature in kept.features { result.append(numbers[start + feature]) }
    }
    return result
  }

  /// Hands on the frames in order, some at a time to be worked on in parallel.
  ///
  /// - Parameter featureCount: K.
  func forEachBatch(
    featureCount: Int, _ body: ([(frame: Int, rows: FrameRows)]) throws -> Void
  ) throws {
    var batch: [(frame: Int, rows: FrameRows)] = []
    var held = 0
    try forEach(featureCount: featureCount) { frame, rows in
      batch.append((frame, rows))
      held += rows.features.count + rows.slopeFeatures.count
      // 64 MiB of features.
      if batch.count == 64 || held > 1 << 23 {
        try body(batch)
        batch.removeAll(keepingCapacity: true)
        held = 0
      }
    }
    if !batch.isEmpty { try body(batch) }
  }
}
