import Foundation
import Testing

/// The files of formats/vectors, found beside the sources.
enum Vectors {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "formats/vectors")

  /// The names of the files with a suffix in a folder, sorted.
  static func names(in folder: String, suffix: String) -> [String] {
    let path = root.appending(path: folder).path
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return entries.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
      .sorted()
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: root.appending(path: path)))
  }
}
