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
  let features: [Double]

  var siteCount: Int { channels.count }
}

/// The rows of all frames, in the order they came: a fit passes over them more than once.
///
/// Features beyond the limit of memory lie in a scratch file; labels and channels stay here.
final class RowStore {
  private enum Place {
    case memory([Double])
    case scratch(Int)
  }
  private let limit: Int
  private var held = 0
  private var scratch: ScratchFile?
  private var frames: [(rows: FrameRows, place: Place)] = []

  /// - Parameter limit: Bytes of features to hold in memory.
  init(limit: Int) { self.limit = limit }

  var frameCount: Int { frames.count }

  func siteCount(ofFrame frame: Int) -> Int { frames[frame].rows.siteCount }

  func append(_ rows: FrameRows) throws {
    let bytes = rows.features.count * MemoryLayout<Double>.stride
    let light = FrameRows(
      source: rows.source, channels: rows.channels, targets: rows.targets, features: [])
    if held + bytes <= limit {
      held += bytes
      frames.append((light, .memory(rows.features)))
    } else {
      let file = try scratch ?? ScratchFile()
      scratch = file
      frames.append((light, .scratch(try file.append(rows.features))))
    }
  }

  /// Hands on every frame in order.
  ///
  /// - Parameter featureCount: K.
  func forEach(featureCount: Int, _ body: (Int, FrameRows) throws -> Void) throws {
    for (index, (rows, place)) in frames.enumerated() {
      var features: [Double]
      switch place {
      case .memory(let values): features = values
      case .scratch(let start):
        guard let scratch else { preconditionFailure("no scratch file") }
        features = try scratch.read(at: start, count: rows.siteCount * featureCount)
      }
      try body(
        index,
        FrameRows(
          source: rows.source, channels: rows.channels, targets: rows.targets, features: features))
    }
  }
}
