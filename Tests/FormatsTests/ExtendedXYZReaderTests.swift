import Formats
import Testing

func readFrames(_ text: String, pieceSize: Int = 1 << 17) throws -> [Frame] {
  let source = ByteSource(bytes: Array(text.utf8), name: "a.xyz", pieceSize: pieceSize)
  var reader = ExtendedXYZReader(source, name: "a.xyz")
  var frames: [Frame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}

func written(_ frame: Frame) throws -> String {
  var bytes: [UInt8] = []
  try ExtendedXYZWriter().append(frame, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// A labelled frame in exactly the form we write.
let labelledFrame = """
  2
  Lattice="6.5 0.0 0.0 0.1 6.5 0.0 0.2 0.3 -6.5" Properties=species:S:1:pos:R:3:sublattice:I:1:\
  cell_index:I:3:ref_pos:R:3:site_entropy:R:1:core:L:1:note:S:1 pbc="T T F" sitevib_format=1 \
  config_id=cdte-0000 entropy=-0.16690824480531966 stable=T names="Cd Te" center=[1.5, 2.0, 3.0]
  Cd 0.01036752576194358 -0.0 1e-13 0 0 0 -1 0.0 0.0 0.0 -0.13555812394829844 T a
  Te 5e-324 1.7976931348623157e+308 0.1 1 0 0 0 1.625 1.625 1.625 -0.03135012085702122 F b

  """

@Suite struct ExtendedXYZReaderTests {
  @Test(arguments: [1, 7, 100_000]) func everythingIsReadExactly(pieceSize: Int) throws {
    let frame = try #require(readFrames(labelledFrame, pieceSize: pieceSize).first)
    #expect(frame.atomCount == 2)
    #expect(frame.cell == [6.5, 0, 0, 0.1, 6.5, 0, 0.2, 0.3, -6.5])
    #expect(frame.periodic == [true, true, false])
    #expect(frame.species == ["Cd", "Te"])
    #expect(frame.positions.prefix(3) == [0.01036752576194358, 0, 1e-13])
    #expect(frame.positions[1].sign == .minus)
    #expect(frame.positions.suffix(3) == [.leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1])
    #expect(frame.sublattice == [0, 1])
    #expect(frame.cellIndex == [0, 0, -1, 0, 0, 0])
    #expect(frame.referencePositions == [0, 0, 0, 1.625, 1.625, 1.625])
    #expect(frame.reals("site_entropy") == [-0.13555812394829844, -0.03135012085702122])
    #expect(frame.column("core")?.values == .logical([true, false]))
    #expect(frame.column("note")?.values == .text(["a", "b"]))
    #expect(frame.key("config_id") == .text("cdte-0000"))
    #expect(frame.key("stable") == .logical(true))
    #expect(frame.key("names") == .text("Cd Te"))
    #expect(frame.key("center") == .reals([1.5, 2, 3]))
    #expect(frame.source == FrameSource(file: "a.xyz", frame: 1, line: 1))
  }

  @Test func whatWeWroteIsWrittenAgainByteForByte() throws {
    let frames = try readFrames(labelledFrame + labelledFrame)
    #expect(frames.count == 2)
    #expect(try frames.map(written).joined() == labelledFrame + labelledFrame)
    #expect(frames[1].source.line == 5)
  }

  @Test func anErrorComesAgainAtTheNextCall() throws {
    let source = ByteSource(bytes: Array("x".utf8), name: "-")
    var reader = ExtendedXYZReader(source, name: "-")
    #expect(throws: InputError.self) { try reader.next() }
    #expect(throws: InputError.self) { try reader.next() }
  }
}
