import CommandLine
import Formats

/// The sites of one frame: features and labels.
struct FrameRows: Sendable {
  let source: FrameSource
  /// Channel of each site, shape [N].
  let channels: [Int]
  /// Label of each site in k_B, shape [N].
  let targets: [Double]
  /// Shape [N, K].
  var features: [Double]
  /// Derivatives of the total by the positions in k_B/Å, shape [3N]; empty where they do not count.
  var slopes: [Double] = []
  /// Derivatives of the sums of the features, shape [3N, channels · K], or empty.
  var slopeFeatures: [Double] = []

  var siteCount: Int { channels.count }
}

/// The rows of all frames, in the order they came: a fit passes over them more than once.
///
/// Features beyond the limit of memory lie in a scratch file; labels and channels stay here.
final class RowStore {
  private enum Place {
    case memory([Double])
    case scratch(Int, count: Int)
  }
  private let limit: Int
  private var held = 0
  private var scratch: ScratchFile?
  private var frames: [(rows: FrameRows, place: Place)] = []

  /// - Parameter limit: Bytes of features to hold in memory.
  init(limit: Int) { self.limit = limit }

  var frameCount: Int { frames.count }

  func siteCount(ofFrame frame: Int) -> Int { frames[frame].rows.siteCount }

  /// Whether two labels differ.
  var labelsVary: Bool {
    guard let first = frames.first(where: { !$0.rows.targets.isEmpty })?.rows.targets[0] else {
      return false
    }
    return frames.contains { $0.rows.targets.contains { $0 != first } }
  }

  func append(_ rows: FrameRows) throws {
    let numbers = rows.features + rows.slopeFeatures
    let bytes = numbers.count * MemoryLayout<Double>.stride
    var light = rows
    (light.features, light.slopeFeatures) = ([], [])
    if held + bytes <= limit {
      held += bytes
      frames.append((light, .memory(numbers)))
    } else {
      let file = try scratch ?? ScratchFile()
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
      let count = rows.siteCount * featureCount
      rows.features = Array(numbers[..<count])
      rows.slopeFeatures = Array(numbers[count...])
      try body(index, rows)
    }
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
