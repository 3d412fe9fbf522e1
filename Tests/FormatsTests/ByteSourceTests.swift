import Formats
import Foundation
import Testing

@Suite struct ByteSourceTests {
  private func scratch(_ bytes: [UInt8]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).xyz").path
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  @Test func aFileGivesItsBytes() throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let path = try scratch(bytes)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try ByteSource(path: path).readToEnd() == bytes)
    let source = try ByteSource(path: path)
    #expect(try source.peek(8) == Array(bytes.prefix(8)))
    #expect(try source.peek(20) == Array(bytes.prefix(20)))
    #expect(try source.readToEnd() == bytes)
  }

  @Test func peekingTakesNothingAway() throws {
    let source = ByteSource(bytes: [1, 2, 3, 4, 5], name: "-", pieceSize: 2)
    #expect(try source.peek(3) == [1, 2, 3])
    #expect(try source.peek(9) == [1, 2, 3, 4, 5])
    #expect(try source.readToEnd() == [1, 2, 3, 4, 5])
    #expect(try source.peek(1) == [])
  }

  @Test func moreThanTheLimitIsRefused() throws {
    let bytes = [UInt8](repeating: 1, count: 1000)
    #expect(try ByteSource(bytes: bytes, name: "-").readToEnd(limit: 1000) == bytes)
    #expect(throws: SourceError.tooLarge(file: "-", limit: 999)) {
      try ByteSource(bytes: bytes, name: "-").readToEnd(limit: 999)
    }
  }

  @Test func aMissingFileIsNoInput() {
    #expect(throws: SourceError.noInput(file: "/nowhere/a", reason: "no such file or directory")) {
      try ByteSource(path: "/nowhere/a")
    }
  }

  @Test func aFolderIsNoInput() throws {
    let source = try ByteSource(path: "/tmp")
    #expect(throws: SourceError.noInput(file: "/tmp", reason: "is a directory")) {
      try source.peek(8)
    }
  }

  @Test func aPipeIsReadToItsEnd() throws {
    let pipe = Pipe()
    let text = Array(String(repeating: labelledFrame, count: 500).utf8)
    // A thread of its own: a pipe holds less than this, and the reader below blocks.
    Thread.detachNewThread {
      pipe.fileHandleForWriting.write(Data(text))
      pipe.fileHandleForWriting.closeFile()
    }
    let source = ByteSource(
      descriptor: pipe.fileHandleForReading.fileDescriptor, name: "-")
    var stream = try FrameStream(source)
    var count = 0
    while try stream.next() != nil { count += 1 }
    #expect(count == 500)
  }

  @Test func controlBytesOfANameAreNotShown() {
    let error = SourceError.noInput(file: "a\u{1B}[2J", reason: "gone")
    #expect(error.description == "a\\x1B[2J: cannot open: gone")
  }
}
