public import Formats
public import Foundation

/// A file of the repository, by its path from the top.
public func repositoryFile(_ path: String) -> URL {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: path)
}

/// All frames of an extended-XYZ file of the repository.
public func frames(ofFile path: String) throws -> [Frame] {
  var reader = ExtendedXYZReader(
    try ByteSource(path: repositoryFile(path).path(percentEncoded: false)), name: path)
  var frames: [Frame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}
