import Formats
import Testing

@Suite struct FrameStreamTests {
  @Test func theFirstBytesTellTheFormat() throws {
    let text = try FrameStream(ByteSource(bytes: Array(labelledFrame.utf8), name: "a"))
    #expect(text.format == .extendedXYZ && text.archive == nil)
    let damaged: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
    #expect(throws: InputError.self) {
      try FrameStream(ByteSource(bytes: damaged, name: "a", pieceSize: 3))
    }
  }

  @Test(arguments: FrameFormat.allCases) func whatIsEncodedStreamsBack(format: FrameFormat) throws {
    let frames = try readFrames(labelledFrame + labelledFrame)
    var encoder = try FrameEncoder(format: format)
    var bytes: [UInt8] = []
    for frame in frames { try encoder.append(frame, to: &bytes) }
    try encoder.finish(to: &bytes)
    var stream = try FrameStream(ByteSource(bytes: bytes, name: "a", pieceSize: 7))
    #expect(stream.format == format)
    #expect((stream.archive == nil) == (format == .extendedXYZ))
    var again: [Frame] = []
    while let frame = try stream.next() { again.append(frame) }
    #expect(again == frames)
  }

  @Test func aSuffixNamesAFormat() {
    #expect(FrameFormat(suffixOf: "a/b.xyz") == .extendedXYZ)
    #expect(FrameFormat(suffixOf: "a.EXTXYZ") == .extendedXYZ)
    #expect(FrameFormat(suffixOf: "a.h5") == .hdf5)
    #expect(FrameFormat(suffixOf: "a.xyz/b") == nil)
    #expect(FrameFormat(suffixOf: "xyz") == nil)
    #expect(FrameFormat(suffixOf: "-") == nil)
  }
}
