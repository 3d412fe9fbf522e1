import Base
import Formats
import Testing

/// Inputs that declare or hold too much: refused or read in linear time and bounded memory.
@Suite struct ExtendedXYZResourceTests {
  static let head = "Lattice=\"5 0 0 0 5 0 0 0 5\" Properties=species:S:1:pos:R:3"

  private func message(_ text: String) -> String {
    do {
      return "read \(try readFrames(text).count)"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: ["2000000000", "2147483647"]) func aDeclaredCountIsNotAllocated(count: String) {
    #expect(message("\(count)\n\(Self.head)\nSi 0 0 0\n").contains("end of the input after 1"))
  }

  @Test func aDeclaredWidthIsNotAllocated() {
    let text = "2000000000\n\(Self.head):q:R:999990\nSi 0 0 0\n"
    #expect(message(text).hasSuffix("expected 999994 values for an atom, found 4"))
  }

  @Test func manyBracketsAreReadWithoutRecursion() throws {
    let open = String(repeating: "[", count: 200_000)
    let close = String(repeating: "]", count: 200_000)
    let frames = try readFrames("1\n\(Self.head) x=\(open)\(close)\nSi 0 0 0\n")
    #expect(frames.first?.text("x")?.utf8.count == 399_998)
    #expect(message("1\n\(Self.head) x=\(open)\nSi 0 0 0\n").contains("expected a closing"))
    #expect(message("1\n\(Self.head) \(open) y=1\nSi 0 0 0\n").contains("expected a closing"))
    #expect(message("1\n\(Self.head) \(open)\nSi 0 0 0\n") == "read 1")
  }

  @Test func manyKeysAndQuotesAreReadInLinearTime() throws {
    let keys = (0..<100_000).map { "k\($0)=\"\($0)\"" }.joined(separator: " ")
    let frames = try readFrames("1\n\(Self.head) \(keys)\nSi 0 0 0\n")
    #expect(frames.first?.keys.count == 100_000)
    #expect(frames.first?.keys.last?.value == .integer(99_999))
  }

  @Test func manyColumnsAreReadInLinearTime() throws {
    let names = (0..<100_000).map { "q\($0):R:1" }.joined(separator: ":")
    let row = "Si 0 0 0" + String(repeating: " 0.5", count: 100_000)
    let frames = try readFrames("1\n\(Self.head):\(names)\n\(row)\n")
    #expect(frames.first?.columns.count == 100_002)
    #expect(frames.first?.reals("q99999") == [0.5])
  }

  @Test(arguments: [UInt8(0), UInt8(ascii: "7"), UInt8(ascii: " ")])
  func anEndlessLineIsRefused(byte: UInt8) {
    let source = ByteSource(bytes: [UInt8](repeating: byte, count: 40_000_000), name: "-")
    var reader = ExtendedXYZReader(source, name: "-")
    #expect {
      try reader.next()
    } throws: {
      "\($0)".hasSuffix("line 1: expected a line of at most 16 MiB, found a longer one")
    }
  }

  @Test func aLongLineWithinTheLimitIsReadInSmallPieces() throws {
    let value = String(repeating: "a", count: 3_000_000)
    let frames = try readFrames("1\n\(Self.head) x=\(value)\nSi 0 0 0\n", pieceSize: 7)
    #expect(frames.first?.text("x") == value)
  }

  @Test func aMillionByteSpeciesGivesAShortMessage() {
    let text = "1\n\(Self.head)\n\(String(repeating: "S\u{1B}", count: 500_000)) 0 0 0\n"
    #expect(message(text).utf8.count < 150)
    #expect(!message(text).contains("\u{1B}"))
  }

  @Test func longNamesGiveShortMessages() {
    let name = String(repeating: "n", count: 100_000)
    for text in [
      "1\n\(Self.head):\(name):R:0\nSi 0 0 0 1\n", "1\n\(Self.head):\(name):R:1\nSi 0 0 0 x\n",
      "1\n\(Self.head) \(name)=1 \(name)=2\nSi 0 0 0\n", "1\n\(Self.head) \(name)=[\nSi 0 0 0\n",
      "1\n\(Self.head):q:\(name):1\nSi 0 0 0\n",
    ] {
      #expect(message(text).utf8.count < 250)
    }
  }

  /// Any byte changed anywhere gives frames without NaN, or an error with a place.
  @Test func mutatedInputNeverCrashes() throws {
    let original = Array((labelledFrame + labelledFrame).utf8)
    let interesting: [UInt8] =
      Array("\n\r\t \"'={}[]\\:-+.0189eEdTFXn,\u{0}\u{7F}".utf8) + [0xFF, 0xC3]
    var generator = SplitMix64(state: 5)
    var accepted = 0
    for round in 0..<20_000 {
      var bytes = original
      for _ in 0...Int(generator.next() % 3) {
        let place = Int(generator.next() % UInt64(bytes.count))
        let random = generator.next()
        let byte =
          random % 3 == 0
          ? UInt8(truncatingIfNeeded: random >> 8)
          : interesting[Int(random >> 8) % interesting.count]
        switch random >> 4 & 3 {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(byte, at: place)
        default: bytes[place] = byte
        }
      }
      if round % 10 == 0 { bytes.removeLast(Int(generator.next() % UInt64(bytes.count))) }
      let source = ByteSource(bytes: bytes, name: "-", pieceSize: round % 2 == 0 ? 64 : 1 << 17)
      var reader = ExtendedXYZReader(source, name: "-")
      do {
        while let frame = try reader.next() {
          accepted += 1
          let isFinite = frame.columns.allSatisfy { column in
            if case .real(let values) = column.values {
              values.allSatisfy(\.isFinite)
            } else {
              true
            }
          }
          #expect(isFinite && frame.cell.allSatisfy(\.isFinite))
        }
      } catch let error as InputError {
        let message = "\(error)"
        let isPlain =
          message.utf8.count < 300 && message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        #expect(isPlain && error.frame != nil && error.line != nil, "\(message)")
      }
    }
    #expect(accepted > 1000)
  }
}
